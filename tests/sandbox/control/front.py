"""Which control answers which path under /_sandbox/."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable
from typing import Any

from ..store import Obj
from ..wire.errors import StripeError
from ..wire.message import Reply, Request, as_json
from ..world import World
from . import (
    chaos,
    clockwork,
    endpoints,
    faults,
    mail,
    money,
    problems,
    requests,
    settings,
    snapshots,
    staff,
    visits,
)

Verb = Callable[[World, Obj, tuple[str, ...]], Obj]

# These wait or run long and take the lock by themselves.
UNLOCKED = (
    clockwork.move,
    clockwork.reset,
    clockwork.set_clock,
    mail.flush,
    snapshots.restore,
    snapshots.take,
)
VERBS: dict[tuple[str, str], Verb] = {
    ("POST", "reset"): clockwork.reset,
    ("GET", "clock"): clockwork.read_clock,
    ("POST", "clock"): clockwork.set_clock,
    ("POST", "advance"): clockwork.move,
    ("GET", "state"): clockwork.state,
    **money.VERBS,
    ("POST", "subscriptions/*/cancel"): staff.cancel,
    ("POST", "customers/*/card"): staff.swap_card,
    ("POST", "invoices/*/pay"): staff.pay_invoice,
    **visits.VERBS,
    ("POST", "checkout/*/expire"): staff.expire_session,
    **mail.VERBS,
    **endpoints.VERBS,
    ("GET", "chaos"): chaos.read,
    ("POST", "chaos"): chaos.change,
    ("GET", "snapshots"): snapshots.names,
    ("POST", "snapshots"): snapshots.take,
    ("POST", "snapshots/*/restore"): snapshots.restore,
    ("POST", "down"): faults.down,
    ("GET", "settings"): settings.settings,
    ("POST", "settings"): settings.settings,
    ("GET", "requests"): requests.read,
    ("POST", "requests/clear"): requests.clear,
    ("GET", "problems"): problems.problems,
    ("POST", "problems"): problems.change,
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
        return Reply(200, _run(world, verb, _asked(request), ids))
    except StripeError as error:
        return as_json(error.status, error.body("req_control"))
    except (KeyError, TypeError, ValueError) as wrong:
        message = f"Cannot read this: {type(wrong).__name__} {wrong}"
        return as_json(400, {"error": {"message": message}})
    except Exception as bug:  # noqa: BLE001 - told to who asked, and on the console
        traceback.print_exc(file=sys.stderr)
        message = f"The local stand-in has a bug: {type(bug).__name__} {bug}"
        return as_json(500, {"error": {"message": message}})


def _asked(request: Request) -> Obj:
    if request.method == "GET":
        return dict(request.asked())
    given: Any = json.loads(request.body) if request.body.strip() else {}
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    return given


def _run(world: World, verb: Verb, asked: Obj, ids: tuple[str, ...]) -> str:
    if verb in UNLOCKED:
        return json.dumps(verb(world, asked, ids), indent=2)
    with world.lock:
        try:
            # Rendered under the lock: the object may change as soon as it is released.
            return json.dumps(verb(world, asked, ids), ensure_ascii=False, indent=2)
        finally:
            world.changed.set()
