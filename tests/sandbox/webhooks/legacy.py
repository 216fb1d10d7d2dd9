"""Older body shapes: an event as an endpoint pinned to an earlier API version receives it.

One function for each version that changed the objects we send, applied from the newest down, as
Stripe itself does. Sources: the SDK's CHANGELOG (12.0.0 for 2025-03-31.basil), the changelog pages
of dahlia, and recorded events of 2020 to 2025.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from ..store import Obj, Store

# What chaos sends, from before basil.
OLD = "2024-06-20"
# Before this one charges and refunds were inlined, which is not modelled.
OLDEST = "2022-11-15"
_UI_MODES = {"hosted_page": "hosted", "embedded_page": "embedded", "elements": "custom"}


def speaks(version: str) -> bool:
    """Tell whether events can be rendered in this version, e.g. `2024-06-20`."""
    try:
        datetime.date.fromisoformat(version[:10])
    except ValueError:
        return False
    return version >= OLDEST


def rendered(store: Store, event: Obj, version: str) -> Obj:
    """Return a rendered event (which is changed) in the shape of an earlier version."""
    event["api_version"] = version
    obj, previous = event["data"]["object"], event["data"].get("previous_attributes")
    for since, kinds in _CHANGES:
        change = kinds.get(obj["object"])
        if version < since and change:
            change(store, obj)
    if version < "2025-03-31" and previous:
        _period_up(previous)
    return event


def _session(_store: Store, session: Obj) -> None:
    session["ui_mode"] = _UI_MODES.get(session["ui_mode"], session["ui_mode"])


def _subscription(_store: Store, sub: Obj) -> None:
    _period_up(sub)
    first = (sub["items"]["data"] or [{}])[0]
    sub["plan"], sub["quantity"] = first.get("plan"), first.get("quantity")
    sub["discount"] = None
    sub.pop("billing_mode", None)


def _period_up(sub: Obj) -> None:
    """Move the period from the items, where it has been since basil, to the subscription."""
    items = (sub.get("items") or {}).get("data") or []
    for name in ("current_period_start", "current_period_end"):
        told = [item.pop(name) for item in items if name in item]
        if told:
            sub[name] = told[0]


def _invoice(store: Store, invoice: Obj) -> None:
    parent = _pop(invoice, "parent") or {}
    details = parent.get("subscription_details") or {}
    intent, charge = _payment_of(store, invoice["id"])
    taxes = _pop(invoice, "total_taxes") or []
    invoice |= {
        "subscription": details.get("subscription"),
        "subscription_details": {"metadata": details.get("metadata")} if details else None,
        "payment_intent": intent,
        "charge": charge,
        "paid": invoice["status"] == "paid",
        "paid_out_of_band": False,
        "tax": sum(one["amount"] for one in taxes) or None,
        "total_tax_amounts": taxes,
        "discount": None,
        "quote": None,
    }
    for line in invoice["lines"]["data"]:
        _line(store, line)


def _line(store: Store, line: Obj) -> None:
    parent = _pop(line, "parent") or {}
    kind = parent.get("type") or "subscription_item_details"
    details = parent.get(kind) or {}
    pricing = _pop(line, "pricing") or {}
    price = store.find((pricing.get("price_details") or {}).get("price"))
    line |= {
        "type": "subscription" if kind == "subscription_item_details" else "invoiceitem",
        "subscription": details.get("subscription"),
        "subscription_item": details.get("subscription_item"),
        "proration": bool(details.get("proration")),
        "price": price,
        "plan": None,
        "tax_amounts": _pop(line, "taxes") or [],
    }


def _charge(store: Store, charge: Obj) -> None:
    charge["invoice"] = _invoice_of(store, charge["payment_intent"])


def _intent(store: Store, intent: Obj) -> None:
    intent["invoice"] = _invoice_of(store, intent["id"])


def _pop(obj: Obj, name: str) -> Any:
    return obj.pop(name, None)


def _payment_of(store: Store, invoice: str) -> tuple[str | None, str | None]:
    paid = [store.find(ident) for ident in store.peek(invoice).get("payments", [])]
    for payment in reversed([one for one in paid if one]):
        intent = store.find(payment["payment"].get("payment_intent"))
        if intent:
            return intent["id"], intent["latest_charge"]
    return None, None


def _invoice_of(store: Store, intent: str | None) -> str | None:
    for payment in store.newest("invoice_payment"):
        if intent and payment["payment"].get("payment_intent") == intent:
            return str(payment["invoice"])
    return None


# The earliest date of each version, and what it was that it changed.
_CHANGES: list[tuple[str, dict[str, Callable[[Store, Obj], None]]]] = [
    ("2026-03-25", {"checkout.session": _session}),
    (
        "2025-03-31",
        {
            "subscription": _subscription,
            "invoice": _invoice,
            "charge": _charge,
            "payment_intent": _intent,
        },
    ),
]
