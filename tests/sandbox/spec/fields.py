"""How one value on the wire is checked: its JSON type first, then what lies inside."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .problems import Problem, Where, position

Obj = dict[str, Any]
Out = list[Problem]
Deep = Callable[[Any, Where, Out], None]
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
PLAIN: dict[str, frozenset[type]] = {
    "str": frozenset({str}),
    # A bool is an int to Python, not to Stripe: types are compared, not tested.
    "int": frozenset({int}),
    "bool": frozenset({bool}),
    "float": frozenset({int, float}),
    "decimal": frozenset({str}),
    "any": frozenset({str, int, bool, float, dict, list}),
}
DICT, LIST = frozenset({dict}), frozenset({list})
_JSON = {
    str: "string",
    int: "integer",
    bool: "boolean",
    float: "number",
    dict: "hash",
    list: "array",
}


@dataclass(slots=True)
class Field:
    """How a field is checked: its Python types, whether it may be null, and what lies inside."""

    types: frozenset[type]
    deep: Deep | None
    null: bool = False


@dataclass(slots=True)
class Hash:
    """The fields of a class, those that must be there, and those that must though null."""

    fields: dict[str, Field]
    required: frozenset[str]
    nullable: frozenset[str]


def found_in(field: Field, value: object, path: Where) -> Out:
    """Return what is wrong with a value."""
    found: Out = []
    check_field(field, value, path, found)
    return found


def check_hash(told: Hash, node: Obj, path: Where, out: Out) -> None:
    """Add what is wrong with a hash, and in the hashes inside it."""
    fields = told.fields
    for name, value in node.items():
        field = fields.get(name)
        if field is None:
            out.append(Problem("extra", f"{position(path)}.{name}", "unknown field"))
        elif value is None:
            if not field.null:
                out.append(Problem("error", f"{position(path)}.{name}", "null is not allowed"))
        elif type(value) not in field.types:
            wrong(out, (path, name), value, field.types)
        elif field.deep is not None:
            field.deep(value, (path, name), out)
    if not told.required <= node.keys() or not told.nullable <= node.keys():
        _check_presence(told, node, path, out)


def _check_presence(told: Hash, node: Obj, path: Where, out: Out) -> None:
    for name in sorted(told.required - node.keys()):
        out.append(Problem("error", f"{position(path)}.{name}", "missing"))
    for name in sorted(told.nullable - node.keys()):
        out.append(Problem("absent", f"{position(path)}.{name}", "absent, Stripe sends null"))


def check_field(field: Field, value: object, path: Where, out: Out) -> None:
    """Add what is wrong with a value."""
    if value is None and field.null:
        return
    if type(value) not in field.types:
        wrong(out, path, value, field.types)
    elif field.deep is not None:
        field.deep(value, path, out)


def each(item: Field) -> Deep:
    """Return the check of an array of these."""

    def deep(value: list[Any], path: Where, out: Out) -> None:
        for one in value:
            check_field(item, one, (path, "[]"), out)

    return deep


def values(item: Field) -> Deep:
    """Return the check of a hash whose keys are free, such as metadata."""

    def deep(value: Obj, path: Where, out: Out) -> None:
        for one in value.values():
            check_field(item, one, (path, "*"), out)

    return deep


def one_of(values: frozenset[Any], severity: str) -> Deep:
    """Return the check of an enum; an unknown value is of this severity."""

    def deep(value: Any, path: Where, out: Out) -> None:
        if value not in values:
            out.append(Problem(severity, position(path), f"{value!r} is not a documented value"))

    return deep


def decimal(value: str, path: Where, out: Out) -> None:
    """Add a string that is not a decimal number."""
    if not _DECIMAL.fullmatch(value):
        out.append(Problem("error", position(path), f"{value!r} is not a decimal"))


def wrong(out: Out, path: Where, value: object, types: frozenset[type]) -> None:
    """Add a value of another JSON type than these."""
    wanted = " or ".join(sorted(_JSON[t] for t in types))
    what = f"{_JSON.get(type(value), 'null')} instead of {wanted}"
    out.append(Problem("error", position(path), what))
