"""The front of /v1: key and version checks, idempotency, routing, expansion, injected faults."""

from __future__ import annotations

import base64
import json
import sys
import time
import traceback

from ..store import Obj, new_id
from ..wire import form
from ..wire.errors import StripeError, invalid
from ..wire.expand import expanded
from ..wire.message import Reply, Request
from ..wire.params import rows
from ..wire.routes import Call, Router, checked
from ..world import API_VERSION, World
from . import catalogue, checkout, clocks, customers, events, invoices, payments, portal
from . import subscriptions as subs

MODULES = (catalogue, customers, checkout, subs, invoices, payments, events, portal, clocks)
ROUTER = Router([item for module in MODULES for item in module.ROUTES])


def answer(world: World, request: Request) -> Reply:
    """Answer one /v1 request in Stripe's manner."""
    ident = new_id("req_", 14)
    try:
        if time.time() < world.faults.down_until:
            message = "The local stand-in was told to be down."
            raise StripeError(503, message, type="api_error")
        _check_key(request)
        _check_version(request)
        status, body, replayed = _once(world, request, ident)
    except StripeError as error:
        status, body, replayed = error.status, json.dumps(error.body(ident)), False
    headers = {"Request-Id": ident, "Stripe-Version": API_VERSION}
    if status in (409, 429, 500, 503):
        headers["Stripe-Should-Retry"] = "true"
    key = request.headers.get("idempotency-key")
    if key:
        headers["Idempotency-Key"] = key
    if replayed:
        headers["Idempotent-Replayed"] = "true"
    return Reply(status, body, headers=headers, lost=_loses(world, request, status))


def _loses(world: World, request: Request, status: int) -> bool:
    with world.lock:
        if request.method == "GET" or status >= 300 or not world.faults.drop_after_commit:
            return False
        world.faults.drop_after_commit -= 1
        return True


def _check_key(request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            given = base64.b64decode(given).decode().partition(":")[0]
        except ValueError:
            given = ""
    if not given.startswith(("sk_test_", "rk_test_")):
        shown = f"{given[:8]}***" if given else "(none)"
        message = f"Invalid API Key provided: {shown}. The local stand-in takes test keys only."
        raise StripeError(401, message)


def _check_version(request: Request) -> None:
    version = request.headers.get("stripe-version")
    if version not in (None, API_VERSION):
        message = f"Invalid Stripe API version: {version}. The stand-in speaks {API_VERSION} only."
        raise invalid(message)


def _once(world: World, request: Request, ident: str) -> tuple[int, str, bool]:
    key = request.headers.get("idempotency-key")
    if not key or request.method != "POST":
        return *_run(world, request, ident), False
    # Stripe compares parameters: their order does not matter.
    print_of = "\n".join([request.path, *sorted(request.body.split("&"))])
    earlier = world.answers.claim(key, print_of)
    if earlier is not None:
        return *earlier, True
    status, body = 409, ""
    try:
        status, body = _run(world, request, ident)
    finally:
        world.answers.settle(key, print_of, status, body)
    return status, body, False


def _run(world: World, request: Request, ident: str) -> tuple[int, str]:
    try:
        return 200, json.dumps(_act(world, request, ident), ensure_ascii=False)
    except StripeError as error:
        return error.status, json.dumps(error.body(ident), ensure_ascii=False)
    except Exception:  # noqa: BLE001 - a bug of ours must look like Stripe's 500
        traceback.print_exc(file=sys.stderr)
        message = "The local stand-in has a bug: its console has the traceback."
        return 500, json.dumps(StripeError(500, message, type="api_error").body(ident))


def _act(world: World, request: Request, ident: str) -> Obj:
    found = ROUTER.find(request.method, request.path)
    if found is None:
        message = f"Unrecognized request URL ({request.method}: {request.path})."
        print(f"local Stripe: {message}", file=sys.stderr)
        raise StripeError(404, message)
    item, ids = found
    params = form.decode(request.body if request.method == "POST" else request.query)
    checked(item, params)
    with world.lock:
        world.cause = (ident, request.headers.get("idempotency-key"))
        try:
            result = item.act(Call(world, params, ids, request.path))
            return expanded(world.store, result, rows(params, "expand"))
        finally:
            world.cause = (None, None)
            if request.method != "GET":
                world.changed.set()
