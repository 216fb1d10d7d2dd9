"""/v1/invoices/create_preview: what the next invoice would be; nothing is kept."""

from __future__ import annotations

from ..engine import changes, renewals, schedules, subscriptions
from ..engine.changes import Change
from ..store import Obj
from ..wire.errors import invalid, unmodelled
from ..wire.params import known, table, text
from ..wire.routes import Call, route
from . import items, terms

_NAMES = "currency customer schedule subscription subscription_details"
_DETAILS = ("billing_cycle_anchor", "billing_mode", "items", "proration_behavior", "proration_date")


def create(call: Call) -> Obj:
    """Return the invoice that a change, a renewal or the next phase of a schedule would bring."""
    params = call.params
    details = table(params, "subscription_details")
    known(details, _DETAILS, "subscription_details")
    if text(params, "schedule"):
        return _of_schedule(call)
    sub = _subscription(call)
    if details:
        return _of_change(call, sub, details)
    return renewals.next_invoice(call.world, sub)


def _subscription(call: Call) -> Obj:
    world = call.world
    ident = text(call.params, "subscription")
    if ident:
        sub = world.store.get("subscription", ident, "subscription")
    else:
        customer = text(call.params, "customer")
        if not customer:
            raise invalid("You must provide a customer or a subscription.", "customer")
        if table(call.params, "subscription_details"):
            raise unmodelled("previews of subscriptions that do not exist yet")
        theirs = subscriptions.of_customer(world, customer)
        running = [s for s in theirs if s["status"] in subscriptions.LIVE]
        if not running:
            raise invalid("No upcoming invoices for customer", "customer", "invoice_upcoming_none")
        sub = min(running, key=subscriptions.period_end)
    if sub["status"] not in subscriptions.LIVE:
        message = f"No upcoming invoices for subscription: {sub['id']}"
        raise invalid(message, "subscription", "invoice_upcoming_none")
    return sub


def _of_change(call: Call, sub: Obj, details: Obj) -> Obj:
    world = call.world
    now = world.now(sub["customer"])
    rows = items.changed(world, sub, details, customer_now=now)
    change = terms.change_of(call, sub, details, rows, {})
    return _preview(call, sub, change)


def _preview(call: Call, sub: Obj, change: Change) -> Obj:
    now = call.world.now(sub["customer"])
    forecast = changes.forecast(call.world, sub, change)
    invoice = renewals.preview(call.world, sub, forecast, created=now)
    invoice["parent"]["subscription_details"]["subscription_proration_date"] = change.moment
    return invoice


def _of_schedule(call: Call) -> Obj:
    world = call.world
    schedule = world.store.get("subscription_schedule", text(call.params, "schedule"), "schedule")
    sub = world.store.find(schedule["subscription"])
    if sub is None:
        raise unmodelled("previews of schedules that have not started")
    end = subscriptions.period_end(sub)
    phase = schedules.phase_at(schedule, end)
    ghost = dict(sub)
    if phase is not None:
        ghost["items"] = sub["items"] | {"data": schedules.items_for(world, sub, phase)}
        if changes.rhythm(ghost["items"]["data"]) != changes.rhythm(sub["items"]["data"]):
            ghost["billing_cycle_anchor"] = end
    return renewals.next_invoice(world, ghost)


ROUTES = [route("POST", "/v1/invoices/create_preview", create, _NAMES)]
