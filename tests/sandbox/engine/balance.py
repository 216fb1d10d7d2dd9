"""The balance: every movement of money, its fee, and when it can be paid out."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from ..periods import DAY
from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World

HOUR = 3600
# Money that comes in waits; what goes out or comes back counts at once.
_WAITS = ("charge", "payment")
_CATEGORIES = {
    "adjustment": "dispute",
    "payment": "charge",
    "payment_failure_refund": "charge_failure",
    "payment_refund": "refund",
    "payout_cancel": "payout_reversal",
    "payout_failure": "payout_reversal",
    "stripe_fee": "fee",
}


def share(amount: int, percent: float) -> int:
    """Return a percentage of some cents, rounded half up."""
    exact = Decimal(amount) * Decimal(str(percent)) / 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def fee_for(world: World, method: str, amount: int) -> int:
    """Return the fee in cents for a payment by card or SEPA debit, by the settings."""
    rate = world.settings.card_fee if method == "card" else world.settings.sepa_fee
    return share(amount, rate["percent"]) + int(rate["fixed"])


def record(
    world: World,
    source: Obj,
    amount: int,
    kind: str,
    moment: int,
    fee: int = 0,
    **said: Any,
) -> Obj:
    """Keep one movement of money in cents (negative goes out); return the transaction.

    `said` overrides fields such as `description`, `reporting_category` or `available_on`.
    """
    waiting = (moment // DAY + world.settings.available_days) * DAY
    transaction = shaped(
        "balance_transaction",
        id=new_id("txn_1"),
        amount=amount,
        available_on=waiting if kind in _WAITS else moment,
        balance_type="payments",
        created=moment,
        currency=source["currency"],
        description=source.get("description"),
        fee=fee,
        fee_details=_parts(kind, fee, source["currency"]),
        net=amount - fee,
        reporting_category=_CATEGORIES.get(kind, kind),
        source=source["id"],
        type=kind,
    )
    transaction |= said
    transaction["status"] = "pending" if transaction["available_on"] > moment else "available"
    world.store.add(transaction)
    _keep(world, transaction)
    return transaction


def _parts(kind: str, fee: int, currency: str) -> list[Obj]:
    if not fee:
        return []
    words = "Dispute fee" if kind == "adjustment" else "Stripe processing fees"
    part: Obj = {"amount": fee, "application": None, "currency": currency, "description": words}
    return [part | {"type": "stripe_fee"}]


def book(world: World) -> Obj:
    """Return the notes of the balance: cents available by currency, ids that wait or are unpaid."""
    notes = world.store.note("balance")
    if not notes:
        notes |= {"available": {}, "waiting": [], "unpaid": [], "days": [], "payout_due": None}
    return notes


def _keep(world: World, transaction: Obj) -> None:
    notes = book(world)
    due = transaction["available_on"]
    if transaction["status"] == "available":
        _add(notes, transaction)
        plan_payout(world, transaction["id"])
        return
    notes["waiting"].append(transaction["id"])
    if due not in notes["days"]:
        notes["days"].append(due)
        world.schedule(due, "available", transaction["id"], None)


def _add(notes: Obj, transaction: Obj) -> None:
    notes["unpaid"].append(transaction["id"])
    sums, currency = notes["available"], transaction["currency"]
    sums[currency] = sums.get(currency, 0) + transaction["net"]


def make_available(world: World, ident: str, due: int) -> None:
    """Timer: what was to be available by this day can be paid out now."""
    notes = book(world)
    notes["days"] = [day for day in notes["days"] if day > due]
    rows = [world.store.get("balance_transaction", i) for i in notes["waiting"]]
    ripe = [row for row in rows if row["available_on"] <= due]
    if not ripe:
        return
    for row in ripe:
        row["status"] = "available"
        _add(notes, row)
    notes["waiting"] = [row["id"] for row in rows if row["available_on"] > due]
    world.emit("balance.available", totals(world))
    plan_payout(world, ident)


def plan_payout(world: World, ident: str) -> None:
    """Ask for a payout at the next turn of the schedule, unless one is planned or they are off."""
    notes = book(world)
    if world.settings.payouts == "off" or notes["payout_due"]:
        return
    due = world.now() // DAY * DAY + HOUR
    while due <= world.now() or (world.settings.payouts == "weekly" and not _monday(due)):
        due += DAY
    notes["payout_due"] = due
    world.schedule(due, "pay_out", ident, None)


def _monday(moment: int) -> bool:
    # Unix time began on a Thursday.
    return (moment // DAY + 3) % 7 == 0


def totals(world: World) -> Obj:
    """Return the balance object: what can be paid out and what waits, by currency."""
    notes = book(world)
    pending: dict[str, int] = {}
    for ident in notes["waiting"]:
        row = world.store.get("balance_transaction", ident)
        pending[row["currency"]] = pending.get(row["currency"], 0) + row["net"]
    told = {"available": _amounts(notes["available"]), "pending": _amounts(pending)}
    return shaped("balance", **told)


def _amounts(sums: dict[str, int]) -> list[Obj]:
    return [
        {"amount": net, "currency": currency, "source_types": {"card": net}}
        for currency, net in ({"eur": 0} | sums).items()
    ]
