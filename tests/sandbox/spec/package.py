"""The files of a stripe package: an installed one, a folder or a wheel; nothing is imported."""

from __future__ import annotations

import importlib.util
import re
import zipfile
from functools import cached_property
from pathlib import Path


class Package:
    """Reads the sources of one release of the stripe SDK by their path inside `stripe/`."""

    def __init__(self, place: Path | None = None) -> None:
        """Take the installed package, or a folder or wheel that holds another."""
        self.place = (place or installed()).resolve()
        self._wheel = zipfile.ZipFile(self.place) if self.place.is_file() else None
        inner = self.place / "stripe"
        self._root = inner if (inner / "_version.py").exists() else self.place
        if self._wheel is None and not (self._root / "_version.py").exists():
            raise FileNotFoundError(f"{self.place} holds no stripe package")

    @cached_property
    def version(self) -> str:
        """The SDK's version, e.g. `16.1.0`."""
        return _quoted(self.text("_version.py"), "VERSION")

    @cached_property
    def api_version(self) -> str:
        """The API version the SDK is pinned to, e.g. `2026-10-28.endive`."""
        return _quoted(self.text("_api_version.py"), "CURRENT")

    @cached_property
    def stamp(self) -> str:
        """What changes when these files may have: their place, and when it was filled."""
        return f"{self.place} {(self._root / '_version.py').stat().st_mtime_ns}"

    def text(self, path: str) -> str:
        """Return a source file, e.g. `checkout/_session.py`."""
        if self._wheel is not None:
            return self._wheel.read(f"stripe/{path}").decode()
        return (self._root / path).read_text(encoding="utf-8")

    def has(self, path: str) -> bool:
        """Tell whether there is such a source file."""
        return path in self.paths

    @cached_property
    def paths(self) -> frozenset[str]:
        """The sources of the v1 API, relative to `stripe/`."""
        if self._wheel is not None:
            names = (n.removeprefix("stripe/") for n in self._wheel.namelist())
        else:
            names = (p.relative_to(self._root).as_posix() for p in self._root.rglob("*.py"))
        return frozenset(n for n in names if n.endswith(".py") and "v2" not in n.split("/"))


def installed() -> Path:
    """Return the folder of the installed stripe package without importing it."""
    found = importlib.util.find_spec("stripe")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the local Stripe reads the installed `stripe` package: none")
    return Path(found.origin).parent


def _quoted(text: str, name: str) -> str:
    found = re.search(rf'\b{name}\b[^"]*"([^"]+)"', text)
    if found is None:
        raise ValueError(f"no {name} in the stripe package")
    return found[1]
