"""The state file: JSON, written whole beside the old one and swapped in."""

from __future__ import annotations

import json
import os
import threading
import time
from pathlib import Path

from .world import World

PAUSE = 1.0


def load(world: World, path: Path) -> None:
    """Take up the state of an earlier run, if there is one."""
    if path.exists():
        world.load(json.loads(path.read_text(encoding="utf-8")))


def save(world: World, path: Path) -> None:
    """Write the state; a crash leaves the old file or the new one, never half of one."""
    with world.lock:
        world.changed.clear()
        text = json.dumps(world.dump(), ensure_ascii=False)
    fresh = path.with_name(path.name + ".new")
    with fresh.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)


def keep_saving(world: World, path: Path, stop: threading.Event) -> None:
    """Write shortly after changes, more rarely when the state is large."""
    pause = PAUSE
    while not stop.wait(pause):
        if world.changed.is_set():
            started = time.monotonic()
            save(world, path)
            pause = max(PAUSE, 10 * (time.monotonic() - started))
