"""Expansion: ids replaced by their objects, expand-only fields added, four levels at most."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..spec.annotations import Type
from ..spec.checks import checks
from ..spec.nulls import ON_REQUEST
from ..store import Store
from .errors import invalid, unmodelled
from .lists import envelope

Obj = dict[str, Any]
DEEPEST = 4


def _secret(store: Store, invoice: Obj) -> Any:
    """Return what a page needs to confirm the payment itself, None where nothing is open."""
    ids = store.peek(invoice["id"]).get("payments", [])
    if not ids or invoice["status"] != "open":
        return None
    paying = store.get("invoice_payment", ids[0])["payment"]
    intent = store.get("payment_intent", paying["payment_intent"])
    return {"type": "payment_intent", "client_secret": intent["client_secret"]}


def _payments(store: Store, invoice: Obj) -> Obj:
    rows = [store.get("invoice_payment", i) for i in store.peek(invoice["id"]).get("payments", [])]
    return envelope("/v1/invoice_payments", rows)


def _refunds(store: Store, charge: Obj) -> Obj:
    ids = store.peek(charge["id"]).get("refunds", [])
    rows = [store.get("refund", i) for i in reversed(ids)]
    return envelope(f"/v1/charges/{charge['id']}/refunds", rows)


def _line_items(store: Store, session: Obj) -> Obj:
    rows = store.peek(session["id"]).get("line_items", [])
    return envelope(f"/v1/checkout/sessions/{session['id']}/line_items", rows)


def _subscriptions(store: Store, customer: Obj) -> Obj:
    live = [
        sub
        for sub in store.newest("subscription")
        if sub["customer"] == customer["id"] and sub["status"] not in ("canceled",)
    ]
    more = len(live) > 10
    return envelope(f"/v1/customers/{customer['id']}/subscriptions", live[:10], more=more)


MAKERS: dict[tuple[str, str], Callable[[Store, Obj], Obj]] = {
    ("invoice", "confirmation_secret"): _secret,
    ("invoice", "payments"): _payments,
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
    ("customer", "subscriptions"): _subscriptions,
}


def refuse_unexpandable(paths: list[Any], method: str, pattern: str) -> None:
    """Raise Stripe's 400 for a path that this call's answers cannot have expanded.

    According to the SDK's types, so the answer at hand does not matter, nor does it when the call
    writes: nothing has been written yet.
    """
    for path in paths:
        if not isinstance(path, str):
            raise invalid("Invalid string: expand", "expand")
        if not _expandable(method, pattern, path):
            message = f"This property cannot be expanded ({path})."
            if _expandable(method, pattern, f"data.{path}"):
                message += f" You may want to try expanding 'data.{path}' instead."
            raise invalid(message, "expand")
        if sum(part != "data" for part in path.split(".")) > DEEPEST:
            message = f"You cannot expand more than {DEEPEST} levels of a property ({path})."
            raise invalid(message, "expand")


def expanded(store: Store, answer: Obj, paths: list[Any]) -> Obj:
    """Return a copy of the answer with every asked-for path expanded; the paths were checked."""
    for path in paths:
        answer = _walk(store, answer, path.split("."), path)
    return answer


@functools.lru_cache(4096)
def _expandable(method: str, pattern: str, path: str) -> bool:
    call = checks().library.call(method, pattern)
    return call is not None and _leads(call["result"], path.split("."))


def _leads(told: Type, parts: list[str]) -> bool:
    """Whether a path through values of a type ends at something that can be expanded."""
    word = told[0] if isinstance(told, list) else told
    if not parts:
        return word in ("expandable", "page") or (word == "list" and told[1][0] == "expandable")
    if word in ("expandable", "list"):
        return _leads(told[1], parts)
    if word == "union":
        return any(_leads(one, parts) for one in told[1])
    if word in ("page", "search"):
        return parts[0] == "data" and len(parts) > 1 and _leads(told[1], parts[1:])
    return word == "class" and _field_leads(told, parts)


def _field_leads(told: Type, parts: list[str]) -> bool:
    library = checks().library
    place = (told[1], told[2])
    kind = library.kind_of(place)
    if parts[0] in ON_REQUEST.get(kind or "", "").split():
        if (kind, parts[0]) not in MAKERS:
            raise unmodelled(f"the expansion of {kind}.{parts[0]}", "expand")
        if len(parts) == 1:
            return True
    found = library.fields(place).get(parts[0])
    return found is not None and _leads(found[0], parts[1:])


def _walk(store: Store, node: Obj, parts: list[str], path: str) -> Obj:
    head, rest = parts[0], parts[1:]
    copy = dict(node)
    if head not in copy:
        maker = MAKERS.get((str(node.get("object")), head))
        if maker is None:
            return copy
        copy[head] = maker(store, node)
    copy[head] = _value(store, copy[head], rest, path)
    return copy


def _value(store: Store, value: Any, rest: list[str], path: str) -> Any:
    if isinstance(value, list):
        return [_value(store, one, rest, path) for one in value]
    if isinstance(value, str):
        found = store.find(value) or store.tombs.get(value)
        if found is None:
            raise unmodelled(f"the expansion of `{path}`", "expand")
        value = found
    if rest and isinstance(value, dict):
        return _walk(store, value, rest, path)
    return value
