"""Subscriptions: started, amended, ended. Renewals, changes and pauses have their own modules."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..periods import DAY, window
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid
from ..wire.lists import envelope
from ..world import World
from . import invoice_items, invoices, lines, prorations
from .defaults import no_cancellation, subscription_defaults
from .differences import changed
from .prices import plan_of

UPDATED = "customer.subscription.updated"
INCOMPLETE_SECONDS = 23 * 3600
TRIAL_NOTICE = 3 * DAY
LIVE = ("active", "past_due", "unpaid", "trialing")
FINAL = ("canceled", "incomplete_expired")


@dataclass
class Order:
    """What is subscribed to: price and quantity pairs, and the fields that are set from start.

    `trial_end` and `anchor` are unix seconds; without `prorate` the time up to the anchor is free.
    """

    lines: list[tuple[Obj, int]]
    method: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    trial_end: int | None = None
    anchor: int | None = None
    prorate: bool = True
    fields: dict[str, Any] = field(default_factory=dict)


def make_item(sub_id: str, price: Obj, quantity: int, period: tuple[int, int], moment: int) -> Obj:
    """Return a subscription item with its own period."""
    return shaped(
        "subscription_item",
        id=new_id("si_", 14),
        created=moment,
        current_period_end=period[1],
        current_period_start=period[0],
        discounts=[],
        metadata={},
        plan=plan_of(price),
        price=price,
        quantity=quantity,
        subscription=sub_id,
        tax_rates=[],
    )


def check_together(prices: list[Obj]) -> None:
    """Raise 400 unless all prices recur in one rhythm and one currency."""
    rhythms = {
        (p["recurring"]["interval"], p["recurring"]["interval_count"], p["currency"])
        for p in prices
        if p["recurring"]
    }
    if any(p["recurring"] is None for p in prices):
        raise invalid("The price specified is set to `type=one_time`.", "items[0][price]")
    if len(rhythms) > 1:
        raise invalid("Prices must share currency and interval in this stand-in.", "items")


def make(world: World, customer: Obj, order: Order) -> Obj:
    """Keep a new subscription, incomplete or on trial; nothing is invoiced yet."""
    check_together([price for price, _ in order.lines])
    moment = world.now(customer["id"])
    ident = new_id("sub_1")
    anchor = order.trial_end or order.anchor or moment
    period = (moment, _first_end(order, anchor, moment))
    rows = [make_item(ident, p, q, period, moment) for p, q in order.lines]
    sub = shaped("subscription", id=ident, **subscription_defaults(moment))
    sub |= {
        "billing_cycle_anchor": anchor,
        "currency": order.lines[0][0]["currency"],
        "customer": customer["id"],
        "default_payment_method": order.method,
        "description": order.description,
        "items": envelope(f"/v1/subscription_items?subscription={ident}", rows),
        "metadata": order.metadata,
        "status": "trialing" if order.trial_end else "incomplete",
        "test_clock": customer["test_clock"],
        "trial_end": order.trial_end,
        "trial_start": moment if order.trial_end else None,
    }
    sub |= order.fields
    world.store.note(ident)["free_start"] = not order.prorate
    world.store.note(customer["id"]).setdefault("subscriptions", []).append(ident)
    if customer["currency"] is None:
        customer["currency"] = sub["currency"]
        world.emit("customer.updated", customer, {"currency": None})
    return world.store.add(sub)


def _first_end(order: Order, anchor: int, moment: int) -> int:
    recurring = order.lines[0][0]["recurring"]
    if order.trial_end:
        return order.trial_end
    end = window(recurring, anchor, moment)[1]
    if order.anchor and not moment < order.anchor <= window(recurring, moment, moment)[1]:
        message = "billing_cycle_anchor cannot be later than next natural billing date"
        raise invalid(message, "billing_cycle_anchor")
    return end


def of_customer(world: World, customer: str) -> list[Obj]:
    """Return every subscription of a customer, first made first."""
    ids = world.store.peek(customer).get("subscriptions", [])
    return [sub for ident in ids if (sub := world.store.find(ident)) is not None]


def open_first_invoice(world: World, sub: Obj) -> Obj:
    """Announce the subscription, bill its first period at once, start its clock."""
    customer = world.store.get("customer", sub["customer"])
    moment = world.now(customer["id"])
    span = (sub["start_date"], moment)
    rows = _first_lines(world, sub, moment)
    invoice = invoices.draft(
        world, customer, "subscription_create", rows, sub=sub, period=span, at_once=True
    )
    world.emit("customer.subscription.created", sub)
    invoices.finalize(world, invoice)
    start_clock(world, sub)
    if sub["status"] == "incomplete":
        due = moment + INCOMPLETE_SECONDS
        world.schedule(due, "expire_incomplete", sub["id"], sub["customer"])
    return invoice


def _first_lines(world: World, sub: Obj, moment: int) -> list[Obj]:
    """Return a trial at nothing, the rest of a period up to the anchor, or a whole period."""
    period = (moment, period_end(sub))
    items = sub["items"]["data"]
    waiting = [lines.for_item(i) for i in invoice_items.pending(world, sub["customer"], sub["id"])]
    free = sub["trial_end"] is not None or world.store.peek(sub["id"]).get("free_start")
    if not free and sub["billing_cycle_anchor"] > moment:
        rows = [prorations.remaining(world, i, moment, sub["billing_cycle_anchor"]) for i in items]
        stub = [lines.for_item(invoice_items.of_proration(world, sub, row)) for row in rows]
        return waiting + stub
    return waiting + [lines.for_period(sub, item, period, trial=bool(free)) for item in items]


def start_clock(world: World, sub: Obj) -> None:
    """Ask to be called at the end of the period, and before it where Stripe tells in advance."""
    end, moment, customer = period_end(sub), world.now(sub["customer"]), sub["customer"]
    world.schedule(end, "renew", sub["id"], customer)
    if sub["status"] == "trialing":
        world.schedule(max(end - TRIAL_NOTICE, moment), "trial_will_end", sub["id"], customer)
    notice = end - world.settings.upcoming_days * DAY
    if world.settings.upcoming_days and notice > moment:
        world.schedule(notice, "upcoming", sub["id"], customer)


def amend(world: World, sub: Obj, **changes: object) -> None:
    """Set fields and announce them, with the old values in `previous_attributes`."""
    previous = changed({name: sub[name] for name in changes}, changes)
    if previous:
        sub |= changes
        world.emit(UPDATED, sub, previous)


def provisional(world: World, sub: Obj) -> None:
    """Activate a subscription whose first debit is on its way, if the setting says so."""
    if sub["status"] == "incomplete" and world.settings.sepa_first == "active":
        amend(world, sub, status="active")


def end(world: World, sub: Obj, *, reason: str | None = None, details: Obj | None = None) -> None:
    """Cancel now: final; open invoices are no longer collected."""
    moment = world.now(sub["customer"])
    told = sub["cancellation_details"] | (details or {})
    if reason:
        told["reason"] = reason
    sub |= {
        "status": "canceled",
        "canceled_at": sub["canceled_at"] or moment,
        "ended_at": moment,
        "cancellation_details": told,
    }
    stop_collecting(world, sub)
    world.emit("customer.subscription.deleted", sub)


def stop_collecting(world: World, sub: Obj) -> None:
    """Stop drafts and retries of the subscription's unsettled invoices."""
    for ident in world.store.peek(sub["customer"]).get("invoices", []):
        invoice = world.store.find(ident)
        waits = invoice is not None and invoice["status"] in ("open", "draft")
        if invoice and waits and invoices.billed(world, invoice) is sub:
            invoice |= {"auto_advance": False, "next_payment_attempt": None}
            invoice["automatically_finalizes_at"] = None


def schedule_end(
    world: World, sub: Obj, moment: int, *, at_period_end: bool, details: Obj | None = None
) -> None:
    """Let the subscription end by itself at `moment` (unix seconds)."""
    told = sub["cancellation_details"] | (details or {}) | {"reason": "cancellation_requested"}
    amend(
        world,
        sub,
        cancel_at=moment,
        cancel_at_period_end=at_period_end,
        canceled_at=sub["canceled_at"] or world.now(sub["customer"]),
        cancellation_details=told,
    )
    world.schedule(moment, "end_subscription", sub["id"], sub["customer"])


def unschedule_end(world: World, sub: Obj) -> None:
    """Take back a planned end."""
    amend(
        world,
        sub,
        cancel_at=None,
        cancel_at_period_end=False,
        canceled_at=None,
        cancellation_details=no_cancellation(),
    )


def period_end(sub: Obj) -> int:
    """Return the end of the current period in unix seconds."""
    return int(sub["items"]["data"][0]["current_period_end"])


def period_of(sub: Obj) -> tuple[int, int]:
    """Return start and end of the current period in unix seconds."""
    item = sub["items"]["data"][0]
    return int(item["current_period_start"]), int(item["current_period_end"])


def end_due(world: World, ident: str, due: int) -> None:
    """Timer: a planned end has come, unless it was taken back or moved."""
    sub = world.store.get("subscription", ident)
    if sub["cancel_at"] == due and sub["status"] not in FINAL:
        end(world, sub)


def expire_incomplete(world: World, ident: str, due: int) -> None:
    """Timer: 23 hours without a first payment end an incomplete subscription for good."""
    sub = world.store.get("subscription", ident)
    invoice = world.store.find(sub["latest_invoice"])
    if sub["status"] != "incomplete" or invoice is None:
        return
    paying = invoices.payment_of(world, invoice)
    # A debit under way is waited for: its failure expires the subscription then (`collecting`).
    if paying and paying[1]["status"] == "processing":
        return
    if invoice["status"] == "open":
        invoices.void(world, invoice)
    amend(world, sub, status="incomplete_expired", ended_at=world.now(sub["customer"]))
