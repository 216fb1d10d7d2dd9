"""Control of webhook endpoints: what only the Dashboard can do with them."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..store import Obj, new_id
from ..wire.errors import invalid
from ..world import World

KIND = "webhook_endpoint"
DAY = 86_400


def roll(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Give an endpoint a new secret; the old one signs too for `keep_seconds` (a day, as there)."""
    endpoint = world.store.get(KIND, ids[0])
    keep = float(asked.get("keep_seconds", DAY))
    notes = world.store.note(endpoint["id"])
    notes["old_secret"], notes["old_until"] = notes["secret"], time.time() + keep
    notes["secret"] = new_id("whsec_", 32)
    return {"endpoint": endpoint["id"], "secret": notes["secret"], "old_secret_for": keep}


def payload(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Let an endpoint receive `snapshot` or `thin` events, as an event destination can."""
    endpoint = world.store.get(KIND, ids[0])
    style = asked.get("payload")
    if style not in ("snapshot", "thin"):
        raise invalid("payload is snapshot or thin.", "payload")
    world.store.note(endpoint["id"])["payload"] = style
    return {"endpoint": endpoint["id"], "payload": style}


VERBS: dict[tuple[str, str], Callable[[World, Obj, tuple[str, ...]], Obj]] = {
    ("POST", "webhook_endpoints/*/roll"): roll,
    ("POST", "webhook_endpoints/*/payload"): payload,
}
