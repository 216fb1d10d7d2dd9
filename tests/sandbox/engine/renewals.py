"""Renewals: the period moves on at its boundary and is invoiced; trials come to their end."""

from __future__ import annotations

from ..periods import window
from ..store import Obj, new_id
from ..world import World
from . import (
    changes,
    collecting,
    discounts,
    invoice_items,
    invoices,
    lines,
    pausing,
    schedules,
    subscriptions,
)
from .differences import announced
from .subscriptions import UPDATED


def renew(world: World, ident: str, due: int) -> None:
    """Timer: the period is over; move it on and draft the next invoice, or end."""
    sub = world.store.get("subscription", ident)
    if sub["status"] not in subscriptions.LIVE or subscriptions.period_end(sub) != due:
        return
    if sub["cancel_at"] is not None and sub["cancel_at"] <= due:
        subscriptions.end(world, sub)
        return
    if sub["status"] == "trialing" and _stops_at_trial_end(world, sub):
        return
    if schedules.end_due(world, sub, due):
        return
    # First only the period is told to have moved, as recorded; the new invoice comes after it.
    with announced(world, UPDATED, sub):
        schedules.enter_at_boundary(world, sub, due)
        if sub["status"] == "trialing":
            sub["status"] = "active"
        start, _ = changes.move_period(sub, due)
    # A phase of another interval may fall into a period that began earlier: nothing to bill then.
    if start == due:
        bill_period(world, sub, "subscription_cycle")
    subscriptions.start_clock(world, sub)


def bill_period(world: World, sub: Obj, reason: str) -> Obj:
    """Draft the invoice of the current period, with what waited for it; it advances in an hour."""
    customer = world.store.get("customer", sub["customer"])
    items = sub["items"]["data"]
    period = (items[0]["current_period_start"], items[0]["current_period_end"])
    waiting = invoice_items.pending(world, customer["id"], sub["id"])
    rows = [lines.for_item(item) for item in waiting]
    rows += [lines.for_period(sub, item, period) for item in items]
    quiet = sub["status"] == "unpaid"
    with announced(world, UPDATED, sub):
        invoice = invoices.draft(
            world,
            customer,
            reason,
            rows,
            sub=sub,
            # As in Stripe the invoice's own period looks back, its lines look ahead.
            period=(period[0], period[0]),
            at_once=quiet,
            auto_advance=not quiet,
        )
    if not pausing.withheld(world, sub, invoice) and not quiet:
        due = world.now(customer["id"]) + invoices.HOUR
        world.schedule(due, "finalize", invoice["id"], customer["id"])
    return invoice


def _stops_at_trial_end(world: World, sub: Obj) -> bool:
    """Cancel or pause a trial that ends without a means of payment, as its settings say."""
    ending = (sub["trial_settings"] or {}).get("end_behavior", {})
    wanted = ending.get("missing_payment_method", "create_invoice")
    if wanted == "create_invoice" or collecting.method_for(world, sub) is not None:
        return False
    if wanted == "cancel":
        subscriptions.end(world, sub)
    else:
        pausing.enter(world, sub, "trial_end_without_payment_method")
    return True


def trial_will_end(world: World, ident: str, due: int) -> None:
    """Timer: tell three days before a trial ends, or at once when it is shorter."""
    sub = world.store.get("subscription", ident)
    if sub["status"] == "trialing" and due >= sub["trial_end"] - subscriptions.TRIAL_NOTICE:
        world.emit("customer.subscription.trial_will_end", sub)


def tell_upcoming(world: World, ident: str, due: int) -> None:
    """Timer: tell some days before a renewal what its invoice will be; it is kept nowhere."""
    sub = world.store.get("subscription", ident)
    end = subscriptions.period_end(sub)
    stops = sub["cancel_at"] is not None and sub["cancel_at"] <= end
    silent = stops or sub["pause_collection"] or sub["status"] in ("unpaid", "paused")
    if silent or sub["status"] not in subscriptions.LIVE or end < due:
        return
    world.emit("invoice.upcoming", next_invoice(world, sub))


def next_invoice(world: World, sub: Obj) -> Obj:
    """Return the draft that the next renewal would bring, under an id of its own."""
    items = sub["items"]["data"]
    end = subscriptions.period_end(sub)
    period = window(items[0]["price"]["recurring"], sub["billing_cycle_anchor"], end)
    waiting = invoice_items.pending(world, sub["customer"], sub["id"])
    rows = [lines.for_item(item) for item in waiting]
    rows += [lines.for_period(sub, item, period) for item in items]
    return preview(world, sub, rows, created=end)


def preview(world: World, sub: Obj, rows: list[Obj], *, created: int) -> Obj:
    """Return an invoice of these lines that is kept nowhere."""
    customer = world.store.get("customer", sub["customer"])
    ident = new_id("upcoming_in_1")
    discounts.apply(world, sub, rows)
    invoice = invoices.shape(customer, sub, "upcoming", rows, ident=ident, moment=created)
    return invoice | {"automatically_finalizes_at": None, "period_end": created}
