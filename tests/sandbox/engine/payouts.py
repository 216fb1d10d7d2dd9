"""Payouts: the available balance goes to the bank, each with the transactions it consists of."""

from __future__ import annotations

from ..periods import DAY
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid
from ..world import World
from . import balance

BANK_ACCOUNT = "ba_1LocalStandIn"
SENT_AFTER = 3600
ARRIVES_DAYS = 2
_FAILURE = {
    "failure_code": "account_closed",
    "failure_message": "The bank account has been closed.",
}


def run(world: World, ident: str, due: int) -> None:
    """Timer: pay out what is available, by currency.

    A balance of nothing or less stays where it is until later payments make up for it; Stripe
    would try to debit the bank account after some days.
    """
    notes = balance.book(world)
    notes["payout_due"] = None
    if world.settings.payouts == "off":
        return
    bundles: dict[str, list[Obj]] = {}
    for row in (world.store.get("balance_transaction", i) for i in notes["unpaid"]):
        bundles.setdefault(row["currency"], []).append(row)
    for currency, rows in bundles.items():
        amount = sum(row["net"] for row in rows)
        if amount > 0:
            payout = _make(world, amount, currency, automatic=True)
            own = world.store.get("balance_transaction", payout["balance_transaction"])
            _bundle(world, payout, [*rows, own])


def _bundle(world: World, payout: Obj, rows: list[Obj]) -> None:
    notes = balance.book(world)
    for row in rows:
        world.store.note(row["id"])["payout"] = payout["id"]
    taken = {row["id"] for row in rows}
    notes["unpaid"] = [ident for ident in notes["unpaid"] if ident not in taken]


def make_manual(world: World, amount: int, currency: str, fields: Obj) -> Obj:
    """Pay out some cents on request; raises 400 when less is available."""
    have = balance.book(world)["available"].get(currency, 0)
    if amount > have:
        message = (
            "You have insufficient funds in your Stripe account for this transfer. Your card "
            f"balance is too low: {have} cents."
        )
        raise invalid(message, None, "balance_insufficient")
    return _make(world, amount, currency, automatic=False, **fields)


def _make(world: World, amount: int, currency: str, *, automatic: bool, **fields: object) -> Obj:
    moment = world.now()
    payout = shaped(
        "payout",
        id=new_id("po_1"),
        amount=amount,
        arrival_date=(moment // DAY + ARRIVES_DAYS) * DAY,
        automatic=automatic,
        created=moment,
        currency=currency,
        description="STRIPE PAYOUT" if automatic else None,
        destination=BANK_ACCOUNT,
        metadata={},
        method="standard",
        reconciliation_status="in_progress" if automatic else "not_applicable",
        source_type="card",
        status="pending",
        trace_id={"status": "pending", "value": None},
        type="bank_account",
    )
    payout |= fields
    booked = balance.record(world, payout, -amount, "payout", moment)
    payout["balance_transaction"] = booked["id"]
    world.store.add(payout)
    world.emit("payout.created", payout)
    world.schedule(moment + SENT_AFTER, "payout_sent", payout["id"], None)
    world.schedule(payout["arrival_date"], "payout_arrived", payout["id"], None)
    return payout


def sent(world: World, ident: str, due: int) -> None:
    """Timer: the bank has the order, and the transactions of an automatic payout can be listed."""
    payout = world.store.get("payout", ident)
    if payout["status"] != "pending":
        return
    payout["status"] = "in_transit"
    world.emit("payout.updated", payout, {"status": "pending"})
    if payout["automatic"]:
        payout["reconciliation_status"] = "completed"
        world.emit("payout.reconciliation_completed", payout)


def arrived(world: World, ident: str, due: int) -> None:
    """Timer: the money should be in the bank by now."""
    payout = world.store.get("payout", ident)
    if payout["status"] == "in_transit":
        payout["status"] = "paid"
        payout["trace_id"] = {"status": "supported", "value": new_id("", 16).upper()}
        world.emit("payout.paid", payout)


def fail(world: World, payout: Obj) -> None:
    """Let the bank refuse a payout, even one that seemed paid: the money comes back."""
    if payout["status"] not in ("pending", "in_transit", "paid"):
        raise invalid(f"Payout {payout['id']} is {payout['status']}.")
    _come_back(world, payout, "payout_failure")
    payout |= {"status": "failed", **_FAILURE}
    world.emit("payout.failed", payout)


def cancel(world: World, payout: Obj) -> None:
    """Take back a manual payout that has not left yet."""
    if payout["automatic"] or payout["status"] != "pending":
        message = f"Payout {payout['id']} can no longer be canceled, or is an automatic one."
        raise invalid(message)
    _come_back(world, payout, "payout_cancel")
    payout["status"] = "canceled"
    world.emit("payout.canceled", payout)


def _come_back(world: World, payout: Obj, kind: str) -> None:
    booked = balance.record(world, payout, payout["amount"], kind, world.now())
    payout["failure_balance_transaction"] = booked["id"]
