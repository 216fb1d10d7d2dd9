"""A release flattened to lines that can be compared: parameters, fields, enum values, events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .annotations import Type, enum_values
from .library import Library, Place


@dataclass(frozen=True)
class Entry:
    """A parameter or a field: its type in words, whether it is needed, its enum values."""

    kind: str
    flag: str
    values: frozenset[str]


Outline = dict[str, Entry]
_FLAGS = {"!": "always", "?": "optional", "0": "or null or absent"}


def parameters(library: Library, method: str, pattern: str) -> Outline | None:
    """Return the parameters of a call by their dotted names, or None when there is no such call."""
    told = library.call(method, pattern)
    if told is None:
        return None
    asked = told["params"]
    return dict(_inside(library, asked, "", ())) if asked else {}


def fields(library: Library, kind: str) -> Outline | None:
    """Return the fields of a kind by their dotted names; other kinds inside it are left out."""
    place = library.place(kind)
    return None if place is None else dict(_fields(library, place, "", ()))


def _fields(
    library: Library, place: Place, where: str, above: tuple[Place, ...]
) -> Iterator[tuple[str, Entry]]:
    for name, (told, flag) in library.fields(place).items():
        path = f"{where}.{name}" if where else name
        values = frozenset(str(value) for value in _values(told))
        yield path, Entry(_words(library, told), _FLAGS[flag], values)
        yield from _inside(library, told, path, (*above, place))


def _inside(
    library: Library, told: Type, where: str, above: tuple[Place, ...]
) -> Iterator[tuple[str, Entry]]:
    for one in _choices(told):
        place = (one[1], one[2]) if one[0] == "class" else None
        if place and place not in above and library.kind_of(place) is None:
            yield from _fields(library, place, where, above)


def _choices(told: Type) -> Iterator[Type]:
    """Yield the types in a type, lists and unions taken apart."""
    if not isinstance(told, str) and told[0] in ("list", "map", "page", "search", "expandable"):
        yield from _choices(told[1])
    elif not isinstance(told, str) and told[0] == "union":
        for one in told[1]:
            yield from _choices(one)
    else:
        yield told


def _values(told: Type) -> Iterable[str]:
    return (v for one in _choices(told) for v in ([] if isinstance(one, str) else enum_values(one)))


def _words(library: Library, told: Type) -> str:
    if isinstance(told, str):
        return told
    word = told[0]
    if word in ("enum", "open"):
        # Stripe lets an enum grow without notice: whether it may is no change for us.
        return "enum"
    if word == "class":
        return library.kind_of((told[1], told[2])) or "hash"
    if word == "union":
        return " or ".join(dict.fromkeys(sorted(_words(library, one) for one in told[1])))
    return f"{word} of {_words(library, told[1])}"
