"""Subscriptions: started, renewed at their anchor, changed, ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..periods import next_boundary
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid
from ..wire.lists import envelope
from ..world import World
from . import invoices
from .defaults import no_cancellation, subscription_defaults
from .prices import plan_of

INCOMPLETE_SECONDS = 23 * 3600
LIVE = ("active", "past_due", "unpaid", "trialing")
FINAL = ("canceled", "incomplete_expired")


@dataclass
class Order:
    """What is subscribed to: price and quantity pairs, and the fields that are set from start."""

    lines: list[tuple[Obj, int]]
    method: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    description: str | None = None


def make_item(sub_id: str, price: Obj, quantity: int, start: int, end: int, created: int) -> Obj:
    """Return a subscription item with its own period."""
    return shaped(
        "subscription_item",
        id=new_id("si_", 14),
        created=created,
        current_period_end=end,
        current_period_start=start,
        discounts=[],
        metadata={},
        plan=plan_of(price),
        price=price,
        quantity=quantity,
        subscription=sub_id,
        tax_rates=[],
    )


def boundary(price: Obj, anchor: int, after: int) -> int:
    """Return the end of the period that contains `after`."""
    recurring = price["recurring"]
    return next_boundary(anchor, recurring["interval"], recurring["interval_count"], after)


def _checked(order: Order) -> None:
    rhythms = {(p["recurring"] or {}).get("interval", "") + p["currency"] for p, _ in order.lines}
    if any(p["recurring"] is None for p, _ in order.lines):
        raise invalid("The price specified is set to `type=one_time`.", "items[0][price]")
    if len(rhythms) > 1:
        raise invalid("Prices must share currency and interval in this stand-in.", "items")


def make(world: World, customer: Obj, order: Order) -> Obj:
    """Keep a new, still incomplete subscription; nothing is invoiced yet."""
    _checked(order)
    moment = world.now(customer["id"])
    ident = new_id("sub_1")
    end = boundary(order.lines[0][0], moment, moment)
    rows = [make_item(ident, p, q, moment, end, moment) for p, q in order.lines]
    sub = shaped("subscription", id=ident, **subscription_defaults(moment))
    sub |= {
        "currency": order.lines[0][0]["currency"],
        "customer": customer["id"],
        "default_payment_method": order.method,
        "description": order.description,
        "items": envelope(f"/v1/subscription_items?subscription={ident}", rows),
        "metadata": order.metadata,
        "status": "incomplete",
        "test_clock": customer["test_clock"],
    }
    customer["currency"] = customer["currency"] or sub["currency"]
    return world.store.add(sub)


def open_first_invoice(world: World, sub: Obj) -> Obj:
    """Announce the subscription, bill its first period at once, start its clock."""
    item = sub["items"]["data"][0]
    period = (item["current_period_start"], item["current_period_end"])
    invoice = invoices.draft(world, sub, "subscription_create", period=period)
    invoice |= {"automatically_finalizes_at": None, "next_payment_attempt": None}
    world.emit("customer.subscription.created", sub)
    invoices.finalize(world, invoice)
    world.schedule(period[1], "renew", sub["id"], sub["customer"])
    due = world.now(sub["customer"]) + INCOMPLETE_SECONDS
    world.schedule(due, "expire_incomplete", sub["id"], sub["customer"])
    return invoice


def amend(world: World, sub: Obj, **changes: object) -> None:
    """Set fields and announce them, with the old values in `previous_attributes`."""
    previous = {k: sub[k] for k, v in changes.items() if sub[k] != v}
    if previous:
        sub |= changes
        world.emit("customer.subscription.updated", sub, previous)


def provisional(world: World, sub: Obj) -> None:
    """Activate a subscription whose first debit is on its way."""
    if sub["status"] == "incomplete":
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
    """Stop drafts and retries of the latest invoice."""
    latest = world.store.find(sub["latest_invoice"])
    if latest and latest["status"] in ("open", "draft"):
        latest |= {"auto_advance": False, "next_payment_attempt": None}
        latest["automatically_finalizes_at"] = None


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


def renew(world: World, ident: str, due: int) -> None:
    """Timer: the period is over; move it on, draft the next invoice, or end."""
    sub = world.store.get("subscription", ident)
    if sub["status"] not in LIVE or period_end(sub) != due:
        return
    if sub["cancel_at"] is not None and sub["cancel_at"] <= due:
        end(world, sub)
        return
    old = [dict(item) for item in sub["items"]["data"]]
    new_end = boundary(sub["items"]["data"][0]["price"], sub["billing_cycle_anchor"], due)
    for item in sub["items"]["data"]:
        item |= {"current_period_start": due, "current_period_end": new_end}
    before = {"items": {**sub["items"], "data": old}, "latest_invoice": sub["latest_invoice"]}
    invoice = invoices.draft(world, sub, "subscription_cycle", period=(due, new_end))
    if sub["status"] == "unpaid":
        invoice |= {"auto_advance": False, "automatically_finalizes_at": None}
        invoice["next_payment_attempt"] = None
    world.emit("customer.subscription.updated", sub, before)
    world.schedule(due + invoices.HOUR, "finalize", invoice["id"], sub["customer"])
    world.schedule(new_end, "renew", ident, sub["customer"])


def end_due(world: World, ident: str, due: int) -> None:
    """Timer: a planned end has come, unless it was taken back or moved."""
    sub = world.store.get("subscription", ident)
    if sub["cancel_at"] == due and sub["status"] not in FINAL:
        end(world, sub)


def expire_incomplete(world: World, ident: str, due: int) -> None:
    """Timer: 23 hours without a first payment end an incomplete subscription for good."""
    sub = world.store.get("subscription", ident)
    if sub["status"] != "incomplete":
        return
    invoices.void(world, world.store.get("invoice", sub["latest_invoice"]))
    sub["ended_at"] = world.now(sub["customer"])
    amend(world, sub, status="incomplete_expired")
