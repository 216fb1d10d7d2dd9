"""Control of snapshots: everything that is remembered, kept under a name in memory."""

from __future__ import annotations

import json
import time

from ..store import Obj
from ..wire.errors import missing, required
from ..world import World


def take(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Keep everything under a name, the clocks' times included; an earlier one is replaced."""
    name = str(asked.get("name") or "")
    if not name:
        raise required("name")
    with world.advancing, world.lock:
        started = time.monotonic()
        text = json.dumps(world.dump(), ensure_ascii=False)
        world.snapshots[name] = (world.now(), text)
        return _told(world, name, started)


def restore(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Go back to a snapshot, its time included; what came since is forgotten.

    The lists of requests seen and of schema problems stay: they are about the test, not the state.
    """
    with world.advancing, world.lock:
        started = time.monotonic()
        if ids[0] not in world.snapshots:
            raise missing("snapshot", ids[0])
        moment, text = world.snapshots[ids[0]]
        world.load(json.loads(text))
        world.lines[""].release(moment)
        return _told(world, ids[0], started)


def names(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return the snapshots there are, with their clock time and size in bytes."""
    rows = [{"name": n, "now": at, "size": len(t)} for n, (at, t) in world.snapshots.items()]
    return {"data": rows}


def _told(world: World, name: str, started: float) -> Obj:
    took = round(time.monotonic() - started, 4)
    size = len(world.snapshots[name][1])
    return {"name": name, "now": world.now(), "size": size, "took_seconds": took}
