"""Which control answers which path under /_sandbox/."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ..store import Obj
from ..wire.errors import StripeError
from ..wire.message import Reply, Request, as_json
from ..world import World
from . import clockwork, faults, mail, staff

Verb = Callable[[World, Obj, tuple[str, ...]], Obj]

# These wait or run long and take the lock by themselves.
UNLOCKED = (clockwork.move, mail.flush, clockwork.reset, clockwork.set_clock)
VERBS: dict[tuple[str, str], Verb] = {
    ("POST", "reset"): clockwork.reset,
    ("GET", "clock"): clockwork.read_clock,
    ("POST", "clock"): clockwork.set_clock,
    ("POST", "advance"): clockwork.move,
    ("GET", "state"): clockwork.state,
    ("POST", "refund"): staff.refund,
    ("POST", "refunds/*/fail"): staff.fail_refund,
    ("POST", "subscriptions/*/cancel"): staff.cancel,
    ("POST", "customers/*/card"): staff.swap_card,
    ("POST", "invoices/*/pay"): staff.pay_invoice,
    ("POST", "checkout/*/pay"): staff.pay_session,
    ("POST", "checkout/*/expire"): staff.expire_session,
    ("GET", "deliveries"): mail.deliveries,
    ("POST", "deliveries/flush"): mail.flush,
    ("POST", "deliveries/*/resend"): mail.resend,
    ("POST", "events/*/resend"): mail.resend_event,
    ("POST", "webhooks/hold"): mail.hold,
    ("GET", "events"): mail.events,
    ("GET", "signed"): mail.signed_event,
    ("POST", "down"): faults.down,
    ("GET", "settings"): clockwork.settings,
    ("POST", "settings"): clockwork.settings,
    ("GET", "requests"): faults.requests,
}


def answer(world: World, request: Request) -> Reply:
    """Answer one control request."""
    parts = request.path.removeprefix("/_sandbox/").strip("/").split("/")
    literal = (request.method, "/".join(parts))
    starred = (request.method, "/".join([*parts[:1], "*", *parts[2:]]))
    verb = VERBS.get(literal) or VERBS.get(starred)
    if verb is None:
        return as_json(404, {"error": {"message": f"No such control: {request.path}"}})
    ids = (parts[1],) if literal not in VERBS else ()
    try:
        return as_json(200, _run(world, verb, _asked(request), ids))
    except StripeError as error:
        return as_json(error.status, error.body("req_control"))
    except (KeyError, TypeError, ValueError) as wrong:
        message = f"Cannot read this: {type(wrong).__name__} {wrong}"
        return as_json(400, {"error": {"message": message}})


def _asked(request: Request) -> Obj:
    if request.method == "GET":
        return dict(request.asked())
    given: Any = json.loads(request.body) if request.body.strip() else {}
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    return given


def _run(world: World, verb: Verb, asked: Obj, ids: tuple[str, ...]) -> Obj:
    if verb in UNLOCKED:
        return verb(world, asked, ids)
    with world.lock:
        try:
            # Rendered under the lock: the object may change as soon as it is released.
            told: Obj = json.loads(json.dumps(verb(world, asked, ids)))
            return told
        finally:
            world.changed.set()
