"""Changes of a running subscription: other prices, quantities, items, another anchor."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..periods import window
from ..store import Obj
from ..wire.errors import card_error
from ..wire.lists import envelope
from ..world import World
from . import collecting, credit, invoice_items, invoices, lines, subscriptions
from .differences import announced
from .prorations import Row, remaining, unused
from .subscriptions import UPDATED

PRORATED = ("active", "past_due")


@dataclass(frozen=True)
class Change:
    """The items as they shall be, and how the difference is billed.

    `moment` is the time that prorations count from; `anchor` is "now", "unchanged" or "" for
    Stripe's choice.
    """

    items: list[Obj]
    moment: int
    behaviour: str = "create_prorations"
    anchor: str = ""
    payment: str = "allow_incomplete"
    fields: Obj = field(default_factory=dict)


def rhythm(items: list[Obj]) -> tuple[str, int]:
    """Return interval and count of the items."""
    recurring = items[0]["price"]["recurring"]
    return recurring["interval"], int(recurring["interval_count"])


def restarts(world: World, sub: Obj, change: Change) -> bool:
    """Tell whether a new period begins now: asked for, or by another interval (a setting)."""
    if change.anchor:
        return change.anchor == "now"
    other = rhythm(sub["items"]["data"]) != rhythm(change.items)
    return other and world.settings.interval_change == "restart"


def _billed_now(world: World, sub: Obj, change: Change) -> bool:
    other = rhythm(sub["items"]["data"]) != rhythm(change.items)
    return restarts(world, sub, change) or other or change.behaviour == "always_invoice"


def prorations_of(world: World, sub: Obj, change: Change) -> list[Row]:
    """Return the credits and debits of a change; none on trial or without proration."""
    if change.behaviour == "none" or sub["status"] not in PRORATED:
        return []
    before = {item["id"]: item for item in sub["items"]["data"]}
    after = {item["id"]: item for item in change.items}
    anew = restarts(world, sub, change)
    every = anew or rhythm(sub["items"]["data"]) != rhythm(change.items)
    rows: list[Row] = []
    for ident, item in (before | after).items():
        old, new = before.get(ident), after.get(ident)
        if not every and old and new and _same(old, new):
            continue
        if old and (row := unused(world, old, change.moment)):
            rows.append(row)
        if new and not anew:
            rows.append(remaining(world, item, change.moment, sub["billing_cycle_anchor"]))
    return rows


def _same(old: Obj, new: Obj) -> bool:
    same: bool = old["price"]["id"] == new["price"]["id"] and old["quantity"] == new["quantity"]
    return same


def forecast(world: World, sub: Obj, change: Change) -> list[Obj]:
    """Return the lines of the next invoice if the change were made; nothing is kept."""
    drafts = [invoice_items.proration(world, sub, row) for row in prorations_of(world, sub, change)]
    waiting = invoice_items.pending(world, sub["customer"], sub["id"])
    rows = [lines.for_item(item) for item in waiting + drafts]
    first = change.items[0]["price"]["recurring"]
    if restarts(world, sub, change):
        now = world.now(sub["customer"])
        period = window(first, now, now)
    elif _billed_now(world, sub, change):
        return rows
    else:
        end = subscriptions.period_end(sub)
        period = window(first, sub["billing_cycle_anchor"], end)
    return rows + [lines.for_period(sub, item, period) for item in change.items]


def apply(world: World, sub: Obj, change: Change) -> None:
    """Make the change, bill what it says now or on the next invoice, and announce it.

    Raises 402 with nothing changed where `error_if_incomplete` was asked and the charge would fail.
    """
    now = world.now(sub["customer"])
    anew = restarts(world, sub, change) and sub["status"] != "trialing"
    other = rhythm(sub["items"]["data"]) != rhythm(change.items)
    billed = (_billed_now(world, sub, change) and sub["status"] in PRORATED) or anew
    if billed and change.payment == "error_if_incomplete":
        _check_payable(world, sub, change)
    invoice = None
    with announced(world, UPDATED, sub):
        for row in prorations_of(world, sub, change):
            invoice_items.of_proration(world, sub, row)
        sub |= change.fields
        sub["items"] = envelope(sub["items"]["url"], [dict(item) for item in change.items])
        if anew:
            sub["billing_cycle_anchor"] = now
        if anew or (other and sub["status"] != "trialing"):
            move_period(sub, now)
        if billed:
            invoice = bill_now(world, sub, whole=anew)
    if anew or other:
        subscriptions.start_clock(world, sub)
    if invoice is not None:
        _pay(world, sub, invoice, change.payment)


def move_period(sub: Obj, moment: int) -> tuple[int, int]:
    """Set every item to the period that begins at or contains `moment`; return it."""
    recurring = sub["items"]["data"][0]["price"]["recurring"]
    start, end = window(recurring, sub["billing_cycle_anchor"], moment)
    rows = [
        item | {"current_period_start": start, "current_period_end": end}
        for item in sub["items"]["data"]
    ]
    sub["items"] = envelope(sub["items"]["url"], rows)
    return start, end


def bill_now(world: World, sub: Obj, *, whole: bool) -> Obj | None:
    """Finalise an invoice of what waits, and of the whole new period; None when that is nothing."""
    customer = world.store.get("customer", sub["customer"])
    waiting = invoice_items.pending(world, customer["id"], sub["id"])
    rows = [lines.for_item(item) for item in waiting]
    items = sub["items"]["data"]
    period = (items[0]["current_period_start"], items[0]["current_period_end"])
    if whole:
        rows += [lines.for_period(sub, item, period) for item in items]
    if not rows:
        return None
    now = world.now(customer["id"])
    invoice = invoices.draft(
        world,
        customer,
        "subscription_update",
        rows,
        sub=sub,
        period=(period[0], now),
        at_once=True,
    )
    invoices.finalize(world, invoice)
    return invoice


def _check_payable(world: World, sub: Obj, change: Change) -> None:
    total = sum(line["amount"] for line in forecast(world, sub, change))
    balance = world.store.get("customer", sub["customer"])["balance"]
    failure = collecting.foreseen(world, collecting.method_for(world, sub))
    if credit.due(total, balance) and failure:
        raise card_error(failure)


def _pay(world: World, sub: Obj, invoice: Obj, behaviour: str) -> None:
    # `default_incomplete` leaves the payment to be confirmed by somebody, and the plan overdue.
    if behaviour == "default_incomplete" and invoice["amount_due"]:
        subscriptions.amend(world, sub, status="past_due")
        return
    collecting.collect(world, invoice)
