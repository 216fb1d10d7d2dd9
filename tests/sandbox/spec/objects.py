"""Checks of wire objects, made once for each class of the SDK and then fast."""

from __future__ import annotations

from typing import Any

from .annotations import Type
from .fields import (
    DICT,
    LIST,
    PLAIN,
    Deep,
    Field,
    Hash,
    Obj,
    Out,
    check_field,
    check_hash,
    decimal,
    each,
    found_in,
    one_of,
    values,
    wrong,
)
from .library import Library, Place
from .nulls import ON_REQUEST, always, null
from .problems import Problem, Where, position


class Objects:
    """Checks objects of any kind the SDK knows."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._hashes: dict[tuple[str, str, str], Hash] = {}
        self._results: dict[str, Field] = {}

    def check(self, obj: object, path: Where, out: Out) -> None:
        """Add what is wrong with an object, found by its `object` field."""
        if not isinstance(obj, dict):
            wrong(out, path, obj, DICT)
            return
        kind = str(obj.get("object"))
        place = self.library.place(kind)
        if place is None:
            out.append(Problem("error", position(path), f"the SDK knows no object {kind!r}"))
        else:
            self._check_kind(obj, kind, place, path or (None, kind), out)

    def check_result(self, name: str, told: Type, value: object, out: Out) -> None:
        """Add what is wrong with the answer to a call, given the call's result type."""
        if name not in self._results:
            self._results[name] = self.field(told, "", "")
        top = value.get("object", name) if isinstance(value, dict) else name
        check_field(self._results[name], value, (None, str(top)), out)

    def check_names(self, value: Obj, place: Place, path: Where, out: Out) -> None:
        """Add the names in a part of an object (`previous_attributes`) that its class lacks."""
        fields = self.library.fields(place)
        for name, inner in value.items():
            if name not in fields:
                out.append(Problem("extra", position((path, name)), "unknown field"))
                continue
            told = fields[name][0]
            told = told[1] if told[0] == "expandable" else told
            if isinstance(inner, dict) and told[0] == "class":
                self.check_names(inner, (told[1], told[2]), (path, name), out)

    def _check_kind(self, obj: Obj, kind: str, place: Place, path: Where, out: Out) -> None:
        told = self._hash(kind, "", place)
        if obj.get("deleted") is True and "deleted" in told.fields:
            gone = {name: value for name, value in obj.items() if value is not None}
            told = Hash(told.fields, frozenset({"id", "object"}), frozenset())
            check_hash(told, gone, path, out)
        else:
            check_hash(told, obj, path, out)

    def _hash(self, kind: str, where: str, place: Place) -> Hash:
        key = (kind, where, place[1])
        if key not in self._hashes:
            # Registered before it is filled: hashes may hold themselves.
            made = self._hashes[key] = Hash({}, frozenset(), frozenset())
            self._fill(made, kind, where, place)
        return self._hashes[key]

    def _fill(self, made: Hash, kind: str, where: str, place: Place) -> None:
        required, nullable = set(), set()
        asked = ON_REQUEST.get(kind, "").split() if not where else []
        for name, (told, flag) in self.library.fields(place).items():
            sent = null(kind, where, name) if flag == "0" else None
            if flag == "!" or always(kind, where, name):
                required.add(name)
            elif sent and name != "deleted":
                nullable.add(name)
            field = self.field(told, kind, f"{where}.{name}" if where else name)
            field.null = flag == "0" and name != "deleted" and (sent is not False or name in asked)
            made.fields[name] = field
        made.required, made.nullable = frozenset(required), frozenset(nullable)

    def field(self, told: Type, kind: str, where: str) -> Field:
        """Return the check of a type found at a path inside an object of this kind."""
        if isinstance(told, str):
            deep = decimal if told == "decimal" else None
            return Field(PLAIN[told], deep, null=told == "any")
        word = told[0]
        if word in ("enum", "open"):
            types = frozenset(type(value) for value in told[1])
            return Field(types, one_of(frozenset(told[1]), "error" if word == "enum" else word))
        if word == "class":
            return Field(DICT, self._class(told, kind, where))
        if word == "list":
            return Field(LIST, each(self.field(told[1], kind, where)))
        if word == "map":
            return Field(DICT, values(self.field(told[1], kind, where)))
        if word == "expandable":
            return self._either([told[1]], kind, where, or_id=True)
        if word == "union":
            return self._either(told[1], kind, where, or_id=False)
        return Field(DICT, self._page(self.field(told[1], kind, where), word))

    def _class(self, told: Type, kind: str, where: str) -> Deep:
        place = (told[1], told[2])
        own = self.library.kind_of(place)
        made: list[Hash] = []

        def hash_(value: Obj, path: Where, out: Out) -> None:
            if not made:
                made.append(self._hash(kind, where, place))
            check_hash(made[0], value, path, out)

        def object_(value: Obj, path: Where, out: Out) -> None:
            if value.get("object") != own:
                what = f"object is {value.get('object')!r}, not {own!r}"
                out.append(Problem("error", position(path), what))
            else:
                # From here on positions are told from the inner object.
                self._check_kind(value, str(own), place, (None, str(own)), out)

        return object_ if own else hash_

    def _either(self, choices: list[Type], kind: str, where: str, *, or_id: bool) -> Field:
        flat = [c for one in choices for c in (one[1] if one[0] == "union" else [one])]
        fields = [self.field(choice, kind, where) for choice in flat]
        types = frozenset(t for field in fields for t in field.types)
        by_kind: dict[str, Deep | None] = {}
        for choice, field in zip(flat, fields, strict=True):
            own = self.library.kind_of((choice[1], choice[2])) if choice[0] == "class" else None
            if own:
                by_kind[own] = field.deep

        def deep(value: Any, path: Where, out: Out) -> None:
            if or_id and type(value) is str:
                return
            known = by_kind.get(value.get("object", "")) if isinstance(value, dict) else None
            if known:
                known(value, path, out)
                return
            tried = [found_in(f, value, path) for f in fields if type(value) in f.types]
            # The best fit speaks for all, else its message drowns in those of the others.
            fewest = min(len(problems) for problems in tried)
            out.extend(next(problems for problems in tried if len(problems) == fewest))

        return Field(types | {str} if or_id else types, deep)

    def _page(self, item: Field, word: str) -> Deep:
        name = "list" if word == "page" else "search_result"

        def deep(value: Obj, path: Where, out: Out) -> None:
            extra = value.keys() - {"object", "data", "has_more", "url", "next_page", "total_count"}
            right = (
                value.get("object") == name
                and type(value.get("data")) is list
                and type(value.get("has_more")) is bool
                and type(value.get("url")) is str
            )
            if extra or not right:
                out.append(Problem("error", position(path), f"not a {name}: {sorted(value)}"))
            else:
                each(item)(value["data"], (path, "data"), out)

        return deep
