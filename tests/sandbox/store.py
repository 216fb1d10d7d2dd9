"""What the stand-in remembers: objects exactly as they go over the wire, and notes beside them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

from .wire.errors import missing

Obj = dict[str, Any]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# A letter for each byte: drawing all bytes at once is ten times faster than drawing letters.
_BY_BYTE = bytes(ord(_LETTERS[byte % len(_LETTERS)]) for byte in range(256))


def new_id(prefix: str, length: int = 24) -> str:
    """Return an unguessable id in Stripe's style, e.g. `cus_Nf2k...`."""
    return prefix + secrets.token_bytes(length).translate(_BY_BYTE).decode()


class Store:
    """Wire objects by type in order of creation, and the notes that Stripe keeps to itself."""

    def __init__(self) -> None:
        self.tables: dict[str, dict[str, Obj]] = {}
        self.notes: dict[str, Obj] = {}
        self.tombs: dict[str, Obj] = {}
        self._by_id: dict[str, Obj] = {}

    def add(self, obj: Obj) -> Obj:
        """Keep a new object; it is listed by its `object` type."""
        self.tables.setdefault(obj["object"], {})[obj["id"]] = obj
        self._by_id[obj["id"]] = obj
        return obj

    def find(self, ident: str | None) -> Obj | None:
        """Return the object of any type with this id, or None."""
        return self._by_id.get(ident) if ident else None

    def get(self, kind: str, ident: str | None, param: str = "id") -> Obj:
        """Return the object of this type; raises Stripe's 404 when there is none."""
        obj = self.tables.get(kind, {}).get(ident or "")
        if obj is None:
            raise missing(kind, ident or "", param)
        return obj

    def count(self, kind: str) -> int:
        """Return how many objects of this type are kept."""
        return len(self.tables.get(kind, {}))

    def newest(self, kind: str) -> Iterator[Obj]:
        """Yield the objects of this type, latest made first."""
        return reversed(self.tables.get(kind, {}).values())

    def oldest(self, kind: str) -> list[Obj]:
        """Return the objects of this type, first made first."""
        return list(self.tables.get(kind, {}).values())

    def note(self, ident: str) -> Obj:
        """Return the private notes of an object, a dictionary that may be written to."""
        return self.notes.setdefault(ident, {})

    def peek(self, ident: str) -> Obj:
        """Return the private notes of an object for reading only."""
        return self.notes.get(ident, {})

    def bury(self, obj: Obj) -> Obj:
        """Delete an object, leaving the tombstone that retrieving it answers."""
        self.tables[obj["object"]].pop(obj["id"], None)
        self._by_id.pop(obj["id"], None)
        tomb = {"id": obj["id"], "object": obj["object"], "deleted": True}
        self.tombs[obj["id"]] = tomb
        return tomb

    def dump(self) -> Obj:
        """Return everything as JSON-ready data."""
        return {"tables": self.tables, "notes": self.notes, "tombs": self.tombs}

    def load(self, data: Obj) -> None:
        """Replace everything by what `dump` returned."""
        self.tables, self.notes, self.tombs = data["tables"], data["notes"], data["tombs"]
        self._by_id = {i: o for table in self.tables.values() for i, o in table.items()}
