"""What a Checkout Session sells, turned into the object that is paid for."""

from __future__ import annotations

from typing import Any

from ..periods import DAY
from ..store import Obj
from ..wire.params import table, text, whole
from ..world import World
from . import intents, subscriptions


def intent_of(world: World, session: Obj, customer: str | None) -> Obj:
    """Return the payment intent of a session, made at the first try and used for all others."""
    if session["payment_intent"]:
        intent = world.store.get("payment_intent", session["payment_intent"])
        intent["customer"] = customer
        return intent
    data = world.store.peek(session["id"]).get("payment_intent_data", {})
    names = """description receipt_email setup_future_usage statement_descriptor
    statement_descriptor_suffix"""
    fields: dict[str, Any] = {name: data.get(name) or None for name in names.split()}
    fields["metadata"] = dict(data.get("metadata", {}))
    intent = intents.make(
        world,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer,
        types=session["payment_method_types"],
        fields=fields,
    )
    session["payment_intent"] = intent["id"]
    world.store.note(intent["id"])["session"] = session["id"]
    return intent


def subscription(world: World, session: Obj, method: Obj | None) -> subscriptions.Order:
    """Return the order of a session in subscription mode; a trial in days counts from now."""
    note = world.store.peek(session["id"])
    data = note.get("subscription_data", {})
    rows = [
        (world.store.get("price", row["price"]["id"]), row["quantity"])
        for row in note["line_items"]
    ]
    trial_end = whole(data, "trial_end")
    days = whole(data, "trial_period_days")
    if days:
        trial_end = world.now(session["customer"]) + days * DAY
    return subscriptions.Order(
        rows,
        method["id"] if method else None,
        dict(data.get("metadata", {})),
        data.get("description"),
        trial_end=trial_end,
        anchor=whole(data, "billing_cycle_anchor"),
        prorate=text(data, "proration_behavior") != "none",
        fields=_chosen(data),
    )


def _chosen(data: Obj) -> Obj:
    fields: Obj = {}
    if text(table(data, "billing_mode"), "type") == "classic":
        fields["billing_mode"] = {"type": "classic", "flexible": None}
    missing = text(table(table(data, "trial_settings"), "end_behavior"), "missing_payment_method")
    if missing:
        ending = {"billing_cycle_anchor": None, "missing_payment_method": missing}
        fields["trial_settings"] = {"end_behavior": ending}
    return fields
