"""Control of events and their delivery."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import islice

from ..store import Obj
from ..webhooks.log import body as event_body
from ..webhooks.log import rendered
from ..webhooks.parcel import SHAPES, shape
from ..webhooks.signature import secrets_of, signed
from ..wire.errors import invalid, missing
from ..world import World


def deliveries(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Return the delivery log, latest first; `state`, `type`, `event`, `endpoint` choose."""
    limit = int(asked.get("limit", 200))
    chosen = {n: asked[n] for n in ("state", "type", "event", "endpoint") if asked.get(n)}
    rows = (
        row
        for row in reversed(world.outbox.deliveries.values())
        if all(row[name] == value for name, value in chosen.items())
    )
    return {
        "data": list(islice(rows, limit)),
        "waiting": world.outbox.busy(),
        "holding": world.outbox.holding,
        "counts": {state: n for state, n in world.outbox.counts.items() if n > 0},
    }


def resend(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Send a delivery's event once more."""
    delivery = world.outbox.deliveries.get(ids[0])
    again = world.outbox.resend(delivery) if delivery else None
    if again is None:
        raise missing("delivery", ids[0])
    return again


def resend_failed(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Send again everything that has not reached its endpoint and is not tried any more."""
    failed = list(world.outbox.undelivered())
    for delivery in failed:
        world.outbox.resend(delivery)
    return {"resent": len(failed)}


def resend_event(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Send an event to every endpoint that wants it, `times` times (1)."""
    event = world.log.find(ids[0])
    if event is None:
        raise missing("event", ids[0])
    for _ in range(int(asked.get("times", 1))):
        world.outbox.send(event)
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
    """Return body and signature of an event, for a test that posts it itself.

    `t` dates the signature (unix seconds); `as` asks for a `thin` or `legacy` body.
    """
    event = world.log.find(str(asked.get("event")))
    if event is None:
        raise missing("event", str(asked.get("event")))
    endpoint = world.store.get("webhook_endpoint", asked.get("endpoint"))
    style = asked.get("as")
    if style and style not in SHAPES:
        raise invalid(f"as is one of {', '.join(SHAPES)}.", "as")
    payload = event_body(shape(world, endpoint, event, [style] if style else []))
    at = int(asked["t"]) if "t" in asked else None
    secrets = secrets_of(world.store.peek(endpoint["id"]))
    return {"body": payload.decode(), "signature": signed(payload, secrets, at)}


VERBS: dict[tuple[str, str], Callable[[World, Obj, tuple[str, ...]], Obj]] = {
    ("GET", "deliveries"): deliveries,
    ("POST", "deliveries/flush"): flush,
    ("POST", "deliveries/resend_failed"): resend_failed,
    ("POST", "deliveries/*/resend"): resend,
    ("POST", "events/*/resend"): resend_event,
    ("POST", "webhooks/hold"): hold,
    ("GET", "events"): events,
    ("GET", "signed"): signed_event,
}
