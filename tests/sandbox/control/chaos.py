"""Control of chaos: what goes wrong on the way to the endpoints and with the answers."""

from __future__ import annotations

import sys

from ..chaos import asked_for
from ..store import Obj
from ..world import World


def read(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return the chaos there is, with its seed and how often each fault struck."""
    return world.chaos.told()


def change(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Replace the chaos by what is asked for, `{}` for none; the seed is told on stderr.

    What waits is delivered properly and at once when it ends.
    """
    world.chaos = asked_for(asked)
    if world.chaos.on:
        print(f"local Stripe: chaos, seed {world.chaos.seed}: {asked}", file=sys.stderr, flush=True)
    else:
        world.outbox.calm()
    return world.chaos.told()
