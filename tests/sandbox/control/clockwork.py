"""Control of the clock, of everything at once, and of the settings a Dashboard would have."""

from __future__ import annotations

import time

from ..engine.timers import advance
from ..periods import DAY, add_months
from ..store import Obj
from ..wire.errors import invalid
from ..world import World


def reset(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Forget everything."""
    with world.advancing, world.lock:
        world.clear()
    return {"ok": True}


def read_clock(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return the global clock, its lead over real time and the timers it holds."""
    line = world.lines[""]
    real = int(time.time())
    return {"now": line.now(), "real": real, "offset": line.now() - real, "timers": len(line.heap)}


def set_clock(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Set the global clock, into the past too, while there is nobody whose life it would bend."""
    with world.advancing, world.lock:
        if world.store.count("customer"):
            raise invalid("The clock can be set only while there are no customers; use advance.")
        world.lines[""].release(int(asked["now"]))
    return read_clock(world, asked, ids)


def move(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Advance the global clock, running everything due on the way."""
    started = time.monotonic()
    # Whoever comes second counts from where the first one has arrived.
    with world.advancing:
        advance(world, _target(world.now(), asked))
    spent = round(time.monotonic() - started, 3)
    return {"now": world.now(), "took_seconds": spent}


def _target(now: int, asked: Obj) -> int:
    if "to" in asked:
        target = int(asked["to"])
    else:
        target = add_months(now, int(asked.get("months", 0)))
        target += int(asked.get("days", 0)) * DAY + int(asked.get("seconds", 0))
    if target < now:
        raise invalid("Time moves forward only.")
    return target


def state(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return how many objects there are of each type, and the clock."""
    counts = {kind: len(table) for kind, table in world.store.tables.items()}
    return {
        "counts": counts | {"event": len(world.log)},
        "deliveries_waiting": world.outbox.busy(),
        "clock": read_clock(world, asked, ids),
    }
