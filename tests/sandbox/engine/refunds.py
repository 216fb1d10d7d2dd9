"""Refunds: at once, pending first, or failing later, as the card's number says."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import StripeError, invalid
from ..world import World
from . import balance, charges, disputes, fraud
from .methods import behaviour_of


def refundable(world: World, intent: Obj) -> Obj:
    """Return the paid charge of an intent; raises 400 when there is none (yet)."""
    charge = world.store.find(intent["latest_charge"])
    if charge is None or charge["status"] != "succeeded":
        message = (
            f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund."
        )
        raise invalid(message, "payment_intent", "payment_intent_unexpected_state")
    return charge


def make(
    world: World,
    charge: Obj,
    *,
    amount: int | None = None,
    reason: str | None = None,
    metadata: dict[str, str] | None = None,
) -> Obj:
    """Give back `amount` cents of a charge, all that is left when None."""
    amount = _checked(world, charge, amount)
    method = world.store.get("payment_method", charge["payment_method"])
    fate = behaviour_of(world, method).refund
    refund = _keep(world, charge, amount, "pending" if fate == "pending" else "succeeded")
    refund |= {"reason": reason, "metadata": metadata or {}}
    world.store.note(charge["id"]).setdefault("refunds", []).append(refund["id"])
    if fate != "succeeded":
        world.store.note(refund["id"])["fate"] = fate
        due = world.now(charge["customer"]) + world.settings.refund_seconds
        world.schedule(due, "refund", refund["id"], charge["customer"])
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    world.emit("refund.created", refund)
    world.emit("charge.refunded", charge)
    if charge["refunded"]:
        fraud.settle(world, charge)
        disputes.after_refund(world, charge)
    return refund


def _checked(world: World, charge: Obj, amount: int | None) -> int:
    if charge["status"] != "succeeded":
        message = f"Charge {charge['id']} is {charge['status']}: it cannot be refunded."
        raise invalid(message, "charge", "charge_not_refundable")
    left = int(charge["amount"]) - int(charge["amount_refunded"])
    if left <= 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise invalid(message, None, "charge_already_refunded")
    locked = disputes.lock(world, charge)
    if locked:
        raise locked
    wanted = left if amount is None else amount
    if wanted < 1:
        raise invalid("Invalid positive integer", "amount", "parameter_invalid_integer")
    if wanted > left:
        message = f"Refund amount ({wanted} cents) is greater than unrefunded amount ({left} cents)"
        raise invalid(message, "amount")
    return wanted


def _keep(world: World, charge: Obj, amount: int, status: str) -> Obj:
    moment = world.now(charge["customer"])
    kind = charge["payment_method_details"]["type"]
    booked_as = "payment_refund" if charges.is_debit(charge) else "refund"
    refund = shaped(
        "refund",
        id=new_id("re_3" if kind == "card" else "pyr_1"),
        amount=amount,
        charge=charge["id"],
        created=moment,
        currency=charge["currency"],
        customer=charge["customer"],
        destination_details=_destination(kind),
        payment_intent=charge["payment_intent"],
        payment_method=charge["payment_method"],
        status=status,
    )
    if status == "pending":
        refund["pending_reason"] = "processing"
    words = f"REFUND FOR {'PAYMENT' if kind != 'card' else 'CHARGE'}"
    booked = balance.record(world, refund, -amount, booked_as, moment, description=words)
    refund["balance_transaction"] = booked["id"]
    return world.store.add(refund)


def _destination(kind: str) -> Obj:
    if kind != "card":
        return {"type": kind}
    card = {
        "reference_status": "pending",
        "reference_type": "acquirer_reference_number",
        "type": "refund",
    }
    return {"type": "card", "card": card}


def settle(world: World, ident: str, due: int) -> None:
    """Timer: what a pending or doomed refund comes to."""
    refund = world.store.get("refund", ident)
    fate = world.store.peek(ident).get("fate")
    if fate == "pending" and refund["status"] == "pending":
        succeed(world, refund)
    elif fate == "failing" and refund["status"] in ("pending", "succeeded"):
        fail(world, refund)


def succeed(world: World, refund: Obj) -> None:
    """Deliver a pending refund."""
    if refund["status"] != "pending":
        raise invalid(f"Refund {refund['id']} is {refund['status']}, not pending.")
    refund["status"] = "succeeded"
    refund.pop("pending_reason", None)
    world.emit("refund.updated", refund, {"status": "pending"})


def fail(world: World, refund: Obj, reason: str = "expired_or_canceled_card") -> None:
    """Bring the money of a refund back: it could not be delivered."""
    previous = _take_back(world, refund, "failed")
    refund["failure_reason"] = reason
    world.emit("refund.updated", refund, previous | {"failure_reason": None})
    world.emit("refund.failed", refund)
    world.emit("charge.updated", world.store.get("charge", refund["charge"]))


def cancel(world: World, refund: Obj) -> None:
    """Take a pending refund back before it leaves, as staff can in the Dashboard."""
    if refund["status"] != "pending":
        raise invalid(f"Refund {refund['id']} is {refund['status']}: too late to cancel it.")
    previous = _take_back(world, refund, "canceled")
    world.emit("refund.updated", refund, previous)
    world.emit("charge.updated", world.store.get("charge", refund["charge"]))


def _take_back(world: World, refund: Obj, status: str) -> Obj:
    if refund["status"] in ("failed", "canceled"):
        raise StripeError(400, f"Refund {refund['id']} has already {refund['status']}.")
    charge = world.store.get("charge", refund["charge"])
    moment = world.now(charge["customer"])
    booked = balance.record(world, refund, refund["amount"], "refund_failure", moment)
    previous = {"status": refund["status"]}
    refund |= {"status": status, "failure_balance_transaction": booked["id"]}
    refund.pop("pending_reason", None)
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    return previous
