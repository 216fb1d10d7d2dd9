"""Expansion: ids replaced by their objects, expand-only fields added, four levels at most."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..store import Store
from .errors import invalid
from .lists import envelope

Obj = dict[str, Any]
DEEPEST = 4


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
    return envelope(f"/v1/customers/{customer['id']}/subscriptions", live[:10])


ON_REQUEST: dict[tuple[str, str], Callable[[Store, Obj], Obj]] = {
    ("invoice", "payments"): _payments,
    ("charge", "refunds"): _refunds,
    ("checkout.session", "line_items"): _line_items,
    ("customer", "subscriptions"): _subscriptions,
}

_EXPANDABLE = """balance_transaction charge configuration customer default_payment_method
default_price failure_balance_transaction invoice latest_charge latest_invoice payment_intent
payment_method price product schedule setup_intent source subscription test_clock"""
EXPANDABLE = frozenset(_EXPANDABLE.split())


def expanded(store: Store, answer: Obj, paths: list[Any]) -> Obj:
    """Return a copy of the answer with every asked-for path expanded."""
    for path in paths:
        parts = str(path).split(".")
        if sum(part != "data" for part in parts) > DEEPEST:
            raise invalid("You cannot expand more than 4 levels of a property", "expand")
        answer = _walk(store, answer, parts, str(path))
    return answer


def _walk(store: Store, node: Obj, parts: list[str], path: str) -> Obj:
    head, rest = parts[0], parts[1:]
    copy = dict(node)
    if head not in copy:
        maker = ON_REQUEST.get((node.get("object", ""), head))
        if maker is None:
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
        copy[head] = maker(store, node)
    elif copy[head] is None and not rest and head not in EXPANDABLE:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    elif isinstance(copy[head], str):
        found = store.find(copy[head]) or store.tombs.get(copy[head])
        if head not in EXPANDABLE or found is None:
            raise invalid(f"This property cannot be expanded ({path}).", "expand")
        copy[head] = found
    if rest and isinstance(copy[head], dict):
        copy[head] = _walk(store, copy[head], rest, path)
    elif rest and isinstance(copy[head], list):
        copy[head] = [_walk(store, item, rest, path) for item in copy[head]]
    return copy
