"""Readings of the SDK kept on disk: a small JSON file for each source, safe for many processes."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .package import Package

_READERS = ("annotations.py", "module.py", "library.py", "cache.py")


class Cache:
    """Answers from the disk what was read before, by SDK and by the readers' own sources."""

    def __init__(self, package: Package) -> None:
        self._folder = _folder(package)

    def get(self, name: str, read: Callable[[], Any]) -> Any:
        """Return what `read` returned once for this name; read again when there is no file."""
        if self._folder is None:
            return read()
        file = self._folder / f"{name.replace('/', '+')}.json"
        # A file that another version of Python or a full disk has spoilt is written again.
        with contextlib.suppress(OSError, ValueError):
            return json.loads(file.read_text(encoding="utf-8"))
        told = read()
        with contextlib.suppress(OSError):
            _write(file, json.dumps(told, separators=(",", ":")))
        return told


def _write(file: Path, text: str) -> None:
    # Renamed into place: a second process sees the whole file or none.
    handle, part = tempfile.mkstemp(dir=file.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
        Path(part).replace(file)
    except OSError:
        Path(part).unlink()
        raise


def _folder(package: Package) -> Path | None:
    mark = hashlib.sha256(f"{package.version} {package.stamp}".encode())
    for name in _READERS:
        mark.update(Path(__file__).with_name(name).read_bytes())
    name = f"stripe-{package.version}-{mark.hexdigest()[:16]}"
    for place in _places():
        folder = place / name
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            # In a shared place a stranger may have made the folder, and put anything in it.
            ours = all(path.stat().st_uid == os.getuid() for path in (place, folder))
            if ours and os.access(folder, os.W_OK):
                return folder
    return None


def _places() -> list[Path]:
    told = Path(os.environ.get("XDG_CACHE_HOME") or "")
    own = told if told.is_absolute() else Path(os.path.expanduser("~")) / ".cache"  # noqa: PTH111 - the Path method raises where a user has no home
    shared = Path(tempfile.gettempdir())
    return [own / "meitheal-local-stripe", shared / f"meitheal-local-stripe-{os.getuid()}"]
