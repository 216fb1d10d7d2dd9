"""Balance transactions and fees."""

from __future__ import annotations

from ..periods import DAY
from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World

SEPA_FEE = 35


def card_fee(amount: int) -> int:
    """Return Stripe's fee in cents for an EEA card: 1.5 %, rounded half up, plus 25 cents."""
    return (amount * 15 + 500) // 1000 + 25


def record(world: World, source: Obj, amount: int, kind: str, moment: int, fee: int = 0) -> Obj:
    """Keep one movement of money in cents (negative goes out); return the transaction."""
    details = [
        {
            "amount": fee,
            "application": None,
            "currency": source["currency"],
            "description": "Stripe processing fees",
            "type": "stripe_fee",
        }
    ]
    reporting = {"payment": "charge", "payment_refund": "refund"}.get(kind, kind)
    if kind == "payment_failure_refund":
        reporting = "charge_failure"
    transaction = shaped(
        "balance_transaction",
        id=new_id("txn_1"),
        amount=amount,
        available_on=moment + 7 * DAY,
        balance_type="payments",
        created=moment,
        currency=source["currency"],
        description=source.get("description"),
        fee=fee,
        fee_details=details if fee else [],
        net=amount - fee,
        reporting_category=reporting,
        source=source["id"],
        status="pending",
        type=kind,
    )
    world.schedule(transaction["available_on"], "available", transaction["id"], None)
    return world.store.add(transaction)


def make_available(world: World, ident: str, due: int) -> None:
    """Timer: the money can be paid out now."""
    world.store.get("balance_transaction", ident)["status"] = "available"
