"""Control of the schema check: what was sent that Stripe would not send."""

from __future__ import annotations

from ..store import Obj
from ..world import World


def problems(world: World, _asked: Obj, _ids: tuple[str, ...]) -> Obj:
    """Return `{"data": [{severity, where, what, count, first_in}], "checked": {what: n}}`."""
    return world.problems.told()


def change(world: World, asked: Obj, _ids: tuple[str, ...]) -> Obj:
    """Forget them on `{"clear": true}`; return what is left."""
    if asked.get("clear") is True:
        world.problems.clear()
    return world.problems.told()
