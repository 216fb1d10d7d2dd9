"""Prorations to the second: credit for time not used, debit for the time that remains.

Flexible billing: a credit is a share of what was really debited for that time, not of the current
price (https://docs.stripe.com/billing/subscriptions/billing-mode/compare).
"""

from __future__ import annotations

from dataclasses import dataclass

from ..periods import day_text, window
from ..store import Obj
from ..world import World


@dataclass(frozen=True)
class Row:
    """One line to come: cents (negative is a credit) for a subscription item over a period."""

    item: Obj
    amount: int
    start: int
    end: int
    description: str
    credited: Obj | None = None
    credit: bool = False


def share(amount: int, part: int, whole: int) -> int:
    """Return `amount` times `part` seconds of `whole`, rounded half away from zero."""
    if whole <= 0:
        return 0
    size = (abs(amount) * part * 2 + whole) // (2 * whole)
    return size if amount >= 0 else -size


def worth(price: Obj, quantity: int) -> int:
    """Return what a whole period costs in cents."""
    return int(price["unit_amount"]) * quantity


def debited(world: World, item: Obj) -> Obj:
    """Return the latest debit of an item: `amount`, `start`, `end`, and where it was billed."""
    return world.store.peek(item["id"]).get("debit") or {}


def unused(world: World, item: Obj, moment: int, *, since: int | None = None) -> Row | None:
    """Return the credit for what was paid beyond `moment`; `since` credits from earlier on."""
    debit = debited(world, item)
    if not debit or not debit["amount"]:
        return None
    start = max(moment if since is None else since, debit["start"])
    if start >= debit["end"]:
        return None
    amount = -share(debit["amount"], debit["end"] - start, debit["end"] - debit["start"])
    text = f"Unused time on {_name(world, item)} after {day_text(moment)}"
    return Row(item, amount, start, debit["end"], text, _source(debit), credit=True)


def remaining(world: World, item: Obj, moment: int, anchor: int) -> Row:
    """Return the debit for the rest of the period around `moment`, counted from the anchor."""
    start, end = window(item["price"]["recurring"], anchor, moment)
    amount = share(worth(item["price"], item["quantity"]), end - moment, end - start)
    text = f"Remaining time on {_name(world, item)} after {day_text(moment)}"
    return Row(item, amount, moment, end, text)


def _name(world: World, item: Obj) -> str:
    product = world.store.find(item["price"]["product"]) or {}
    name = product.get("name") or "subscription"
    return name if item["quantity"] == 1 else f"{item['quantity']} x {name}"


def _source(debit: Obj) -> Obj | None:
    """Return what a credit takes back: lines of an invoice, or a pending invoice item."""
    if debit.get("line"):
        details = {"invoice": debit["invoice"], "invoice_line_items": [debit["line"]]}
        return {"type": "invoice_line_items", "invoice_line_item_details": details}
    if debit.get("item"):
        return {"type": "invoice_item", "invoice_item": debit["item"]}
    return None


def remember(
    world: World, sub_item: str, amount: int, period: tuple[int, int], **where: str
) -> None:
    """Note what an item was debited for a period, so that it can be credited later."""
    note = world.store.note(sub_item)
    note["debit"] = {"amount": amount, "start": period[0], "end": period[1], **where}


def forget(world: World, sub_item: str, moment: int) -> None:
    """Note that the debit of an item has been given back from `moment` on."""
    debit = world.store.peek(sub_item).get("debit")
    if debit and debit["end"] > moment:
        kept = max(moment, debit["start"])
        left = share(debit["amount"], kept - debit["start"], debit["end"] - debit["start"])
        debit |= {"amount": left, "end": kept}
