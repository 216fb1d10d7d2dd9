"""The front of /v1: idempotency, routing, expansion, and the faults that were asked for."""

from __future__ import annotations

import json
import sys
import time
import traceback
from dataclasses import dataclass, field

from ..spec.checks import checks
from ..store import Obj, new_id
from ..wire import form
from ..wire.errors import StripeError, broken, rate_limited, unrecognized
from ..wire.expand import expanded, refuse_unexpandable
from ..wire.idempotency import in_use
from ..wire.message import Reply, Request
from ..wire.params import rows
from ..wire.routes import Call, Route, Router, checked
from ..world import API_VERSION, World
from . import (
    balance,
    catalogue,
    checkout,
    clocks,
    coupons,
    credentials,
    credit_notes,
    customer_balance,
    customers,
    disputes,
    events,
    invoice_items,
    invoices,
    payment_intents,
    payment_methods,
    payments,
    portal,
    previews,
    schedules,
    setup_intents,
    subscription_items,
)
from . import subscriptions as subs

MODULES = (
    catalogue,
    coupons,
    credit_notes,
    customers,
    checkout,
    subs,
    invoices,
    payments,
    payment_intents,
    payment_methods,
    disputes,
    balance,
    events,
    portal,
    setup_intents,
    clocks,
    customer_balance,
    invoice_items,
    previews,
    schedules,
    subscription_items,
)
ROUTER = Router([item for module in MODULES for item in module.ROUTES])


# This runs long and takes the lock by itself.
UNLOCKED = (clocks.advance,)
_BUG = "The local stand-in has a bug: its console has the traceback."
_CHAOS = "The local stand-in was told to fail here."


@dataclass
class Told:
    """An answer on its way out; `kept` if its idempotency key will answer it again."""

    status: int
    body: str
    headers: dict[str, str] = field(default_factory=dict)
    kept: bool = False
    lost: bool = False


@dataclass(frozen=True)
class Asked:
    """A request with its id, the API key it came with, and the route it takes."""

    request: Request
    ident: str
    owner: str
    found: tuple[Route, tuple[str, ...]]

    @property
    def form(self) -> str:
        """Its parameters, encoded: Stripe reads both the body and the query."""
        return "&".join(part for part in (self.request.query, self.request.body) if part)

    @property
    def key(self) -> str:
        """The idempotency key, which counts for POST only; empty for none."""
        named = self.request.headers.get("idempotency-key", "")
        return named if self.request.method == "POST" else ""


def answer(world: World, request: Request) -> Reply:
    """Answer one /v1 request in Stripe's manner."""
    ident = new_id("req_", 14)
    try:
        if time.time() < world.faults.down_until:
            raise broken("The local stand-in was told to be down.", 503)
        owner = credentials.check(request)
        found = ROUTER.find(request.method, request.path)
        if found is None:
            print(f"local Stripe: no {request.method} {request.path}", file=sys.stderr)
            raise unrecognized(request.method, request.path)
        kind = request.headers.get("content-type", form.FORM).lower()
        if request.body and not kind.startswith(form.FORM):
            raise form.unreadable(kind)
        told = _with_chaos(world, Asked(request, ident, owner, found))
    except StripeError as error:
        told = _refused(error, ident)
    if told.status >= 400:
        world.problems.add(f"error {told.status}", checks().check_error(json.loads(told.body)))
    key = request.headers.get("idempotency-key")
    named = {"Idempotency-Key": key} if key else {}
    headers = {"Request-Id": ident, "Stripe-Version": API_VERSION} | named | told.headers
    lost = told.lost or _loses(world, told, request)
    return Reply(told.status, told.body, headers=headers, lost=lost)


def _refused(error: StripeError, ident: str) -> Told:
    body = json.dumps(error.body(ident), ensure_ascii=False)
    return Told(error.status, body, dict(error.headers))


def _loses(world: World, told: Told, request: Request) -> bool:
    with world.lock:
        if request.method == "GET" or told.status >= 300 or not world.faults.drop_after_commit:
            return False
        world.faults.drop_after_commit -= 1
        return True


def _with_chaos(world: World, asked: Asked) -> Told:
    route = asked.found[0]
    with world.lock:
        fault = world.chaos.answer(route.method, route.pattern)
    if fault == "429":
        raise rate_limited()
    if fault == "500_before":
        raise broken(_CHAOS)
    told = _once(world, asked, spoil=fault == "500_kept")
    if told.status >= 300:
        return told
    if fault == "409" and asked.key:
        raise in_use(asked.key)
    if fault == "500_after_commit":
        raise broken(_CHAOS)
    told.lost = fault == "timeout_after_commit"
    return told


def _once(world: World, asked: Asked, *, spoil: bool) -> Told:
    if not asked.key:
        return _run(world, asked, spoil=spoil)
    path, owner, key = asked.request.path, asked.owner, asked.key
    earlier = world.answers.claim(owner, key, path, asked.form, world.now())
    if earlier is not None:
        status, body, first = earlier
        return Told(status, body, {"Idempotent-Replayed": "true", "Original-Request": first})
    try:
        told = _run(world, asked, spoil=spoil)
        if told.kept:
            kept = (path, asked.form, told.status, told.body, asked.ident, world.now())
            world.answers.settle(owner, key, kept)
    finally:
        world.answers.free(owner, key)
    told.headers["Original-Request"] = asked.ident
    return told


def _run(world: World, asked: Asked, *, spoil: bool) -> Told:
    route = asked.found[0]
    try:
        params = form.decode(asked.form)
        world.problems.add(f"request {route.method} {route.pattern}", [])
        checked(route, params)
        refuse_unexpandable(rows(params, "expand"), route.method, route.pattern)
    except StripeError as error:
        # What fails here has not begun to execute: Stripe does not keep the answer.
        return _refused(error, asked.ident)
    try:
        body = _act(world, asked, params)
        if spoil:
            raise StripeError(500, _CHAOS, type="api_error")
        return Told(200, body, kept=True)
    except StripeError as error:
        told = _refused(error, asked.ident)
        told.kept = _executed(error)
        return told
    except Exception:  # noqa: BLE001 - a bug of ours must look like Stripe's 500
        traceback.print_exc(file=sys.stderr)
        told = _refused(StripeError(500, _BUG, type="api_error"), asked.ident)
        told.kept = True
        return told


def _executed(error: StripeError) -> bool:
    code = str(error.fields.get("code") or "")
    if error.status in (409, 429):
        return False
    return not code.startswith("parameter") and code != "sandbox_not_modelled"


def _act(world: World, asked: Asked, params: Obj) -> str:
    route, ids = asked.found
    call = Call(world, params, ids, asked.request.path)
    early = route.act(call) if route.act in UNLOCKED else None
    with world.lock:
        world.cause = (asked.ident, asked.request.headers.get("idempotency-key"))
        try:
            result = early or route.act(call)
            told = expanded(world.store, result, rows(params, "expand"))
            wrong = checks().check_response(route.method, route.pattern, told)
            world.problems.add(f"response {route.method} {route.pattern}", wrong)
            # Rendered under the lock: the object may change as soon as it is released.
            return json.dumps(told, ensure_ascii=False)
        finally:
            world.cause = (None, None)
            if route.method != "GET":
                world.changed.set()
