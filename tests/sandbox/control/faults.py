"""Misbehaviour on request: a Stripe that is down, and answers that get lost."""

from __future__ import annotations

import time

from ..store import Obj
from ..world import World


def down(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Misbehave: 503 for some seconds, or lose the answers of the next writes."""
    if "seconds" in asked:
        world.faults.down_until = time.time() + float(asked["seconds"])
    if "drop_after_commit" in asked:
        world.faults.drop_after_commit = int(asked["drop_after_commit"])
    left = max(world.faults.down_until - time.time(), 0.0)
    return {"down_seconds": left, "drop_after_commit": world.faults.drop_after_commit}
