"""Objects and hashes that hold nothing yet: each nullable field is there, as null."""

from __future__ import annotations

import functools
from typing import Any

from .annotations import Type, enum_values
from .library import Fields, Place, installed
from .nulls import null

Obj = dict[str, Any]


def empty(kind: str, where: str = "") -> Obj:
    """Return the nulls of an object, or of the hash at a dotted path inside it.

    Raises KeyError for a kind or a path that the installed SDK does not have.
    """
    return dict(_nulls(kind, where))


@functools.cache
def _nulls(kind: str, where: str) -> Obj:
    place = installed().place(kind)
    if place is None:
        raise KeyError(f"the SDK knows no {kind}")
    for part in where.split(".") if where else ():
        place = _inside(installed().fields(place)[part][0])
    told: Obj = {}
    fields = installed().fields(place)
    for name, (_, flag) in fields.items():
        if flag == "0" and _starts_as_null(kind, where, name, fields):
            told[name] = None
        elif name == "livemode":
            told[name] = False
    return told


def _starts_as_null(kind: str, where: str, name: str, fields: Fields) -> bool:
    known = null(kind, where, name)
    if name == "deleted" or known is not None:
        # Only tombstones say that they are deleted.
        return name != "deleted" and bool(known)
    # Newer than the document: null, but of one hash for each value of `type` only that is sent.
    return name not in enum_values(fields["type"][0] if "type" in fields else None)


def _inside(told: Type) -> Place:
    """Return the class of a hash, looking into lists."""
    while told[0] == "list":
        told = told[1]
    if told[0] != "class":
        raise KeyError(f"not a hash: {told}")
    return told[1], told[2]
