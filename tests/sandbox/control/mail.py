"""Control of events and their delivery."""

from __future__ import annotations

import time

from ..store import Obj
from ..webhooks.log import body as event_body
from ..webhooks.log import rendered
from ..webhooks.signature import signed
from ..wire.errors import missing
from ..world import World


def deliveries(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return the delivery log, latest first."""
    limit = int(asked.get("limit", 200))
    rows = list(world.outbox.deliveries.values())[::-1]
    if asked.get("state"):
        rows = [row for row in rows if row["state"] == asked["state"]]
    return {"data": rows[:limit], "waiting": world.outbox.busy(), "holding": world.outbox.holding}


def resend(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Send a delivery's event once more."""
    delivery = world.outbox.deliveries.get(ids[0])
    if delivery is None:
        raise missing("delivery", ids[0])
    return world.outbox.resend(delivery)


def resend_event(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Send an event to every endpoint that wants it, `times` times (1)."""
    event = world.log.find(ids[0])
    if event is None:
        raise missing("event", ids[0])
    for _ in range(int(asked.get("times", 1))):
        world.outbox.queue(event)
    return {"event": ids[0]}


def flush(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Wait until nothing is left to deliver, at most `timeout` seconds (10)."""
    deadline = time.monotonic() + float(asked.get("timeout", 10))
    with world.lock:
        while (waiting := world.outbox.busy()) and time.monotonic() < deadline:
            world.outbox.bell.wait(min(0.2, max(deadline - time.monotonic(), 0.01)))
    return {"flushed": waiting == 0, "waiting": waiting}


def hold(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Collect events undelivered, or let them go (`discard` drops them)."""
    on = bool(asked.get("hold", True))
    released = world.outbox.hold(on, discard=bool(asked.get("discard")))
    return {"holding": on, "released": released}


def events(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return events in the order in which they happened, `after` an id if given."""
    kept = list(world.log.newest())[::-1]
    after = asked.get("after")
    if after:
        at = next((i for i, e in enumerate(kept) if e["id"] == after), -1)
        kept = kept[at + 1 :]
    if asked.get("type"):
        kept = [e for e in kept if e["type"] == asked["type"]]
    return {"data": [rendered(e) for e in kept[: int(asked.get("limit", 1000))]]}


def signed_event(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return body and signature of an event, for a test that posts it itself."""
    event = world.log.find(str(asked.get("event")))
    if event is None:
        raise missing("event", str(asked.get("event")))
    endpoint = world.store.get("webhook_endpoint", asked.get("endpoint"))
    payload = event_body(event)
    at = int(asked["t"]) if "t" in asked else None
    secret = world.store.peek(endpoint["id"])["secret"]
    return {"body": payload.decode(), "signature": signed(payload, secret, at)}
