"""The SDK as a library of calls and kinds, read as far as it is asked for."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

from .annotations import Type
from .cache import Cache
from .module import Data, read_calls, read_classes
from .package import Package

Place = tuple[str, str]
Fields = dict[str, tuple[Type, str]]
_KIND = re.compile(r'OBJECT_NAME: ClassVar\[Literal\[\s*"([^"]+)"\s*\]\]')
_RELATED = re.compile(r'def fetch_related_object\(self\)\s*->\s*"(\w+)"')


class Library:
    """Knows which parameters a call takes, and which fields an object has."""

    def __init__(self, package: Package | None = None) -> None:
        """Read the installed SDK, with a cache on disk, or another package without one."""
        self.package = package or Package()
        self._cache = Cache(self.package) if package is None else None
        self._modules: dict[str, Data] = {}
        self._fields: dict[Place, Fields] = {}

    def call(self, method: str, pattern: str) -> Data | None:
        """Return `{"params", "needed", "result"}` of e.g. `GET /v1/customers/{}`."""
        told: Data | None = self.calls.get(f"{method} {pattern}")
        return told

    def place(self, kind: str) -> Place | None:
        """Return the source and class of an `object` kind, e.g. `charge`."""
        path = self.kinds.get(kind)
        if path is None:
            return None
        named = (n for n, c in self.module(path).items() if c["kind"] == kind)
        return path, next(named)

    def fields(self, place: Place) -> Fields:
        """Return the fields of a class with their type and flag, inherited ones first."""
        if place in self._fields:
            return self._fields[place]
        path, name = place
        told = self.module(path)[name]
        found = self._fields[place] = {}
        for parent in told["bases"]:
            found.update(self.fields((path, parent)))
        found.update({field: (kind, flag) for field, (kind, flag) in told["fields"].items()})
        return found

    def kind_of(self, place: Place) -> str | None:
        """Return the `object` kind of a class, None for a hash inside an object."""
        told: str | None = self.module(place[0])[place[1]]["kind"]
        return told

    def module(self, path: str) -> Data:
        """Return the classes of a source file."""
        if path not in self._modules:
            self._modules[path] = self._kept(
                path, lambda: read_classes(self.package.text(path), path)
            )
        return self._modules[path]

    @functools.cached_property
    def calls(self) -> Data:
        """Every call of the v1 API."""
        return dict(self._kept("calls", self._read_calls))

    @functools.cached_property
    def kinds(self) -> dict[str, str]:
        """The source file of every `object` kind."""
        return dict(self._kept("kinds", self._read_kinds))

    @functools.cached_property
    def events(self) -> dict[str, str]:
        """The event types, each with the kind of its object, or an empty string."""
        return dict(self._kept("events", self._read_events))

    def _kept(self, name: str, read: Any) -> Any:
        return self._cache.get(name, read) if self._cache else read()

    def _read_calls(self) -> Data:
        found: Data = {}
        for path in sorted(self.package.paths):
            if path.endswith("_service.py"):
                found.update(read_calls(self.package.text(path), path))
        return found

    def _read_kinds(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in sorted(self.package.paths):
            folder, _, name = path.rpartition("/")
            if folder.split("/")[0] in ("params", "events") or name.endswith("_service.py"):
                continue
            for kind in _KIND.findall(self.package.text(path)):
                found.setdefault(kind, path)
        return found

    def _read_events(self) -> dict[str, str]:
        place = self.place("event")
        assert place is not None, "the SDK has no events"
        names = self.fields(place)["type"][0][1]
        return {name: self._related(name) for name in names}

    def _related(self, name: str) -> str:
        path = f"events/_v1_{name.replace('.', '_')}_event.py"
        text = self.package.text(path) if self.package.has(path) else ""
        found = _RELATED.search(text)
        if found is None:
            return ""
        source = re.search(rf"from stripe\.([\w.]+) import {found[1]}\b", text)
        file = source[1].replace(".", "/") + ".py" if source else ""
        return next((kind for kind, path in self.kinds.items() if path == file), "")


def other(place: Path) -> Library:
    """Return the library of another release: a folder or a wheel."""
    return Library(Package(place))


@functools.cache
def installed() -> Library:
    """Return the library of the installed SDK."""
    return Library()
