"""SDK annotations as JSON-ready types.

A type is a word (`str int bool float decimal any`) or a list that begins with one:
`["enum", values]`, `["open", values]` (an enum that grows), `["list", T]`, `["map", T]`,
`["class", module, name]`, `["expandable", T]`, `["page", T]`, `["search", T]`, `["union", [T]]`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

Type = Any
Resolve = Callable[[str], Type]

_PLAIN = {
    "str": "str",
    "int": "int",
    "bool": "bool",
    "float": "float",
    "Decimal": "decimal",
    "Any": "any",
    "object": "any",
}
_WRAPPED = {
    "List": "list",
    "ListObject": "page",
    "SearchResultObject": "search",
    "ExpandableField": "expandable",
    "UntypedStripeObject": "map",
}


def read(node: ast.expr, resolve: Resolve) -> tuple[Type, str]:
    """Return the type and one of `!` (required), `?` (NotRequired), `0` (Optional).

    `resolve` turns the name of a class into its type.
    """
    node = _unquoted(node)
    flag = "!"
    while isinstance(node, ast.Subscript) and _word(node.value) in ("Optional", "NotRequired"):
        flag = "0" if _word(node.value) == "Optional" else flag if flag == "0" else "?"
        node = _unquoted(node.slice)
    return _type(node, resolve), flag


def enum_values(told: Type) -> list[Any]:
    """Return the documented values of an enum, none for any other type."""
    return list(told[1]) if told and told[0] in ("enum", "open") else []


def _type(node: ast.expr, resolve: Resolve) -> Type:
    node = _unquoted(node)
    if isinstance(node, ast.BinOp):
        return _union([node.left, node.right], resolve)
    if isinstance(node, ast.Subscript):
        return _subscript(_word(node.value), _arguments(node.slice), resolve)
    name = _word(node)
    return _PLAIN.get(name) or resolve(name)


def _subscript(word: str, inner: list[ast.expr], resolve: Resolve) -> Type:
    if word == "Literal":
        return ["enum", [ast.literal_eval(value) for value in inner]]
    if word == "Union":
        return _union(inner, resolve)
    if word in ("Dict", "Mapping"):
        return ["map", _type(inner[1], resolve)]
    if word == "Optional":
        return _type(inner[0], resolve)
    return [_WRAPPED[word], _type(inner[0], resolve)]


def _union(parts: list[ast.expr], resolve: Resolve) -> Type:
    flat: list[Type] = []
    for part in parts:
        told = _type(part, resolve)
        for one in told[1] if isinstance(told, list) and told[0] == "union" else [told]:
            if one not in flat:
                flat.append(one)
    return _grown(flat)


def _grown(flat: list[Type]) -> Type:
    # `Literal["a", "b"] | str` is an enum that grows; `Literal[""] | str` is a plain string.
    values = [v for one in flat if one[0] == "enum" for v in one[1]]
    if "str" in flat and values:
        shown = [value for value in values if value != ""]
        rest = [one for one in flat if one != "str" and one[0] != "enum"]
        flat = rest + ([["open", values]] if shown else ["str"])
    return flat[0] if len(flat) == 1 else ["union", flat]


def _unquoted(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return ast.parse(node.value.strip(), mode="eval").body
    return node


def _arguments(node: ast.expr) -> list[ast.expr]:
    return list(node.elts) if isinstance(node, ast.Tuple) else [node]


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{_word(node.value)}.{node.attr}"
    raise ValueError(f"cannot read the annotation {ast.dump(node)}")
