"""Control of the requests that were seen, for assertions on what an application sends."""

from __future__ import annotations

from ..store import Obj
from ..wire import form
from ..wire.errors import StripeError, invalid
from ..world import World

_KNOWN = {"path", "method", "after", "limit"}


def read(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return the /v1 requests seen, oldest first, with their decoded parameters.

    `path` (exact, or a beginning that ends in `*`), `method` and `after` (a number `n`) choose.
    """
    if set(asked) - _KNOWN:
        raise invalid(f"Unknown: {sorted(set(asked) - _KNOWN)[0]}")
    after, limit = int(asked.get("after", 0)), int(asked.get("limit", 10_000))
    rows = [row for row in world.seen if row["n"] > after and _fits(row, asked)]
    return {"data": [_told(row) for row in rows[:limit]]}


def clear(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Forget them; the numbers go on."""
    count = len(world.seen)
    world.seen.clear()
    return {"cleared": count}


def _fits(row: Obj, asked: Obj) -> bool:
    path, method = asked.get("path"), asked.get("method")
    if method and row["method"] != method.upper():
        return False
    if path and path.endswith("*"):
        return bool(row["path"].startswith(path[:-1]))
    return not path or row["path"] == path


def _told(row: Obj) -> Obj:
    try:
        params = form.decode(row["form"])
    except StripeError:
        params = {}
    return {**{name: value for name, value in row.items() if name != "form"}, "params": params}
