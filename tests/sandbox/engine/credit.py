"""What a customer owes or has to their credit: the balance, and whether they are behind."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World

LEAST_CHARGE = 50


def move(world: World, customer: Obj, amount: int, kind: str, *, invoice: str | None = None) -> Obj:
    """Change the balance by `amount` cents (negative is credit for the customer); keep a row."""
    before = customer["balance"]
    customer["balance"] = before + amount
    row = shaped(
        "customer_balance_transaction",
        id=new_id("cbtxn_1"),
        amount=amount,
        created=world.now(customer["id"]),
        credit_note=None,
        currency=customer["currency"] or "eur",
        customer=customer["id"],
        ending_balance=customer["balance"],
        invoice=invoice,
        metadata={},
        type=kind,
    )
    world.store.add(row)
    if amount:
        world.emit("customer.updated", customer, {"balance": before})
    return row


def due(total: int, balance: int) -> int:
    """Return what is to be paid of an invoice over `total` cents, the balance applied.

    A due under Stripe's least charge of 50 cents is not charged but owed on the balance.
    """
    owed = max(total + balance, 0) if total > 0 else 0
    return owed if owed >= LEAST_CHARGE else 0


def settle(world: World, invoice: Obj) -> None:
    """Apply the balance to an invoice that is being finalised, or the invoice to the balance."""
    customer = world.store.get("customer", invoice["customer"])
    total, before = invoice["total"], customer["balance"]
    owed = due(total, before)
    invoice |= {"starting_balance": before, "amount_due": owed, "amount_remaining": owed}
    # What of the total is not charged now moves to or from the balance.
    moved = total - owed
    if moved:
        few = total > 0 and owed == 0 and total + before > 0
        kind = "invoice_too_small" if few else "applied_to_invoice"
        move(world, customer, moved, kind, invoice=invoice["id"])
    invoice["ending_balance"] = customer["balance"]


def give_back(world: World, invoice: Obj) -> None:
    """Undo what a voided invoice did to the balance."""
    if invoice["ending_balance"] is None:
        return
    moved = invoice["ending_balance"] - invoice["starting_balance"]
    customer = world.store.find(invoice["customer"])
    if moved and customer is not None:
        move(world, customer, -moved, "unapplied_from_invoice", invoice=invoice["id"])


def tell_behind(world: World, customer: str, behind: bool) -> None:
    """Set `delinquent` by the latest change on any invoice, and announce a change of it."""
    owner = world.store.find(customer)
    if owner is not None and owner["delinquent"] != behind:
        owner["delinquent"] = behind
        world.emit("customer.updated", owner, {"delinquent": not behind})
