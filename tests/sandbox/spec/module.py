"""One SDK source as JSON-ready data: its classes with their fields, its calls with their paths."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from .annotations import Type, read

Data = dict[str, Any]
_VERBS = {"get": "GET", "post": "POST", "delete": "DELETE"}


def read_classes(text: str, path: str) -> Data:
    """Return `{qualified name: {"kind", "bases", "fields": {name: [type, flag]}}}` of a source."""
    tree = ast.parse(text)
    scope = _Scope(path, tree)
    found: Data = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            _add_class(found, node, node.name, scope)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            _add_functional(found, node, scope)
    return found


def read_calls(text: str, path: str) -> Data:
    """Return `{"GET /v1/x/{}": {"params": type, "needed": bool, "result": type}}` of a service."""
    tree = ast.parse(text)
    scope = _Scope(path, tree)
    found: Data = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            for verb, where in _requests(node):
                found.setdefault(f"{verb} {pattern(where)}", _call(node, scope))
    return found


def pattern(where: str) -> str:
    """Return the path with its parameters unnamed: `/v1/customers/{}`."""
    return re.sub(r"\{[^}]*\}", "{}", where)


class _Scope:
    """What a name means in a source file: a class of its own, or one it imports."""

    def __init__(self, path: str, tree: ast.Module) -> None:
        self.path = path
        self.own = {n.name for n in tree.body if isinstance(n, ast.ClassDef)}
        self.own |= {
            t.id
            for n in tree.body
            if isinstance(n, ast.Assign)
            for t in n.targets
            if isinstance(t, ast.Name)
        }
        self.imported: dict[str, tuple[str, str]] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("stripe"):
                file = "/".join((node.module or "").split(".")[1:]) + ".py"
                for name in node.names:
                    self.imported[name.asname or name.name] = (file, name.name)

    def resolve(self, name: str, inside: tuple[ast.ClassDef, ...]) -> Type:
        for depth in range(len(inside), 0, -1):
            nested = {n.name for n in inside[depth - 1].body if isinstance(n, ast.ClassDef)}
            if name.partition(".")[0] in nested:
                return ["class", self.path, ".".join([*(c.name for c in inside[:depth]), name])]
        head, _, rest = name.partition(".")
        file, real = (self.path, head) if head in self.own else self.imported.get(head, ("", head))
        return ["class", file, f"{real}.{rest}" if rest else real]


def _add_class(
    found: Data,
    node: ast.ClassDef,
    name: str,
    scope: _Scope,
    outside: tuple[ast.ClassDef, ...] = (),
) -> None:
    inside = (*outside, node)
    told: Data = {"kind": None, "bases": [], "fields": {}}
    found[name] = told
    told["bases"] = [b.id for b in node.bases if isinstance(b, ast.Name) and b.id in scope.own]
    renamed: dict[str, str] = {}
    for part in node.body:
        if isinstance(part, ast.ClassDef):
            _add_class(found, part, f"{name}.{part.name}", scope, inside)
        elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
            if part.target.id == "OBJECT_NAME":
                told["kind"] = ast.literal_eval(part.value) if part.value else None
            elif not part.target.id.startswith("_"):
                kind, flag = read(part.annotation, lambda n: scope.resolve(n, inside))
                told["fields"][part.target.id] = [kind, flag]
        elif isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "_field_remappings":
            renamed = ast.literal_eval(part.value)
    for ours, theirs in renamed.items():
        if ours in told["fields"]:
            told["fields"][theirs] = told["fields"].pop(ours)


def _add_functional(found: Data, node: ast.Assign, scope: _Scope) -> None:
    call = node.value
    if not isinstance(call, ast.Call) or ast.unparse(call.func) != "TypedDict":
        return
    table = call.args[1]
    if isinstance(table, ast.Dict) and isinstance(node.targets[0], ast.Name):
        fields = {
            ast.literal_eval(key): list(read(value, lambda n: scope.resolve(n, ())))
            for key, value in zip(table.keys, table.values, strict=True)
            if key is not None
        }
        found[node.targets[0].id] = {"kind": None, "bases": [], "fields": fields}


def _requests(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    for node in ast.walk(function):
        if not (isinstance(node, ast.Call) and ast.unparse(node.func) == "self._request"):
            continue
        where: ast.expr = node.args[1]
        if isinstance(where, ast.Call) and isinstance(where.func, ast.Attribute):
            where = where.func.value
        yield _VERBS[ast.literal_eval(node.args[0])], ast.literal_eval(where)


def _call(function: ast.FunctionDef, scope: _Scope) -> Data:
    given = [a.annotation for a in function.args.args if a.arg == "params"]
    asked: Type = None
    flag = "0"
    if given and given[0] is not None:
        asked, flag = read(given[0], lambda n: scope.resolve(n, ()))
    result: Type = None
    if function.returns is not None:
        result, _ = read(function.returns, lambda n: scope.resolve(n, ()))
    return {"params": asked, "needed": flag == "!", "result": result}
