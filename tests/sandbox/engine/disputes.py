"""Disputes: a payer's bank takes the money back, or asks about it first.

States and money as in docs.stripe.com/disputes/how-disputes-work. The fee for receiving a dispute
is kept whatever the outcome; only the fee for countering one comes back when it is won
(support.stripe.com/topics/disputes). Disputes of SEPA debits are final; a card's that was lost can
be appealed where its network allows it.
"""

from __future__ import annotations

from ..periods import DAY
from ..shapes import part, shaped
from ..store import Obj, new_id
from ..wire.errors import StripeError, invalid
from ..world import World
from . import balance, fraud
from .methods import behaviour_of, debit_of

REASONS = [
    "bank_cannot_process",
    "check_returned",
    "credit_not_processed",
    "customer_initiated",
    "debit_not_authorized",
    "duplicate",
    "fraudulent",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
    "noncompliant",
    "product_not_received",
    "product_unacceptable",
    "subscription_canceled",
    "unrecognized",
]
INQUIRY_DAYS = 120
LOCKING = ("needs_response", "under_review", "lost")
_OVER = ("won", "lost", "warning_closed")
# Visa's codes for what Stripe calls by these names.
_NETWORK_CODES = {
    "credit_not_processed": "13.7",
    "duplicate": "12.6.1",
    "fraudulent": "10.4",
    "product_not_received": "13.1",
    "product_unacceptable": "13.3",
    "subscription_canceled": "13.2",
}


def of_charge(world: World, charge: Obj) -> list[Obj]:
    """Return the disputes of a charge, the first one first."""
    idents = world.store.peek(charge["id"]).get("disputes", [])
    return [world.store.get("dispute", ident) for ident in idents]


def lock(world: World, charge: Obj) -> StripeError | None:
    """Return the error for refunding a charge whose money a dispute holds, None when it is free."""
    if any(d["status"] in LOCKING for d in of_charge(world, charge)):
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        return invalid(message, None, "charge_disputed")
    return None


def open_one(
    world: World,
    charge: Obj,
    *,
    amount: int | None = None,
    reason: str = "fraudulent",
    inquiry: bool = False,
) -> Obj:
    """Dispute a paid charge over `amount` cents, all that is left when None; return the dispute.

    A SEPA debit can be disputed in full even when it was refunded, and is lost at once.
    """
    amount = _checked(world, charge, amount, reason)
    debit = charge["payment_method_details"]["type"] == "sepa_debit"
    if debit and inquiry:
        raise invalid("A SEPA debit has no inquiries: its disputes are final.", "inquiry")
    dispute = _keep(world, charge, amount, reason, "inquiry" if inquiry else "chargeback")
    dispute["status"] = "warning_needs_response" if inquiry else "needs_response"
    world.store.note(charge["id"]).setdefault("disputes", []).append(dispute["id"])
    charge["disputed"] = True
    if debit:
        dispute["status"] = "lost"
        dispute["evidence_details"]["due_by"] = None
    world.emit("charge.dispute.created", dispute)
    fraud.settle(world, charge)
    if not inquiry:
        _withdraw(world, dispute, charge)
    if debit:
        world.emit("charge.dispute.closed", dispute)
    else:
        _set_deadlines(world, dispute, charge)
    return dispute


def _checked(world: World, charge: Obj, amount: int | None, reason: str) -> int:
    if charge["status"] != "succeeded":
        raise invalid(f"Charge {charge['id']} has not succeeded: there is nothing to dispute.")
    if reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", "reason")
    taken = sum(d["amount"] for d in of_charge(world, charge) if d["status"] != "warning_closed")
    debit = charge["payment_method_details"]["type"] == "sepa_debit"
    left = int(charge["amount"]) - taken - (0 if debit else charge["amount_refunded"])
    wanted = left if amount is None else amount
    if not 1 <= wanted <= left:
        message = f"{wanted} cents of charge {charge['id']} cannot be disputed: {left} are left."
        raise invalid(message, "amount")
    return wanted


def _keep(world: World, charge: Obj, amount: int, reason: str, case: str) -> Obj:
    moment = world.now(charge["customer"])
    code = _NETWORK_CODES.get(reason)
    dispute = shaped(
        "dispute",
        id=new_id("du_1"),
        amount=amount,
        balance_transactions=[],
        charge=charge["id"],
        created=moment,
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence=part("dispute", "evidence", enhanced_evidence={}),
        evidence_details={
            "due_by": moment + world.settings.dispute_days * DAY,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
            "submission_method": "not_submitted",
        },
        is_charge_refundable=case == "inquiry",
        metadata={},
        network_reason_code=code,
        payment_intent=charge["payment_intent"],
        reason=reason,
    )
    card = charge["payment_method_details"].get("card")
    if card:
        told = {"brand": card["brand"], "network": card["network"]}
        told |= {"case_type": case, "network_reason_code": code}
        dispute["payment_method_details"] = {"type": "card", "card": told}
    return world.store.add(dispute)


def _set_deadlines(world: World, dispute: Obj, charge: Obj) -> None:
    due = dispute["evidence_details"]["due_by"]
    world.schedule(due, "dispute_due", dispute["id"], charge["customer"])
    if dispute["status"] == "warning_needs_response":
        end = dispute["created"] + INQUIRY_DAYS * DAY
        world.schedule(end, "dispute_due", dispute["id"], charge["customer"])


def _withdraw(world: World, dispute: Obj, charge: Obj, *, again: bool = False) -> None:
    card = charge["payment_method_details"]["type"] == "card"
    fee = world.settings.dispute_fee if card else world.settings.sepa_dispute_fee
    fee = 0 if again else fee
    booked = balance.record(
        world,
        dispute,
        -dispute["amount"],
        "adjustment",
        world.now(charge["customer"]),
        fee,
        description=f"Chargeback withdrawal for {charge['id']}",
    )
    dispute["balance_transactions"].append(booked)
    world.emit("charge.dispute.funds_withdrawn", dispute)


def escalate(world: World, dispute: Obj) -> None:
    """Turn an inquiry into a dispute: the money goes, and a new deadline runs."""
    if not dispute["status"].startswith("warning_") or dispute["status"] in _OVER:
        raise invalid(f"Dispute {dispute['id']} is no open inquiry.")
    charge = world.store.get("charge", dispute["charge"])
    previous = {"status": dispute["status"], "is_charge_refundable": True}
    dispute |= {"status": "needs_response", "is_charge_refundable": False}
    dispute["payment_method_details"]["card"]["case_type"] = "chargeback"
    due = world.now(charge["customer"]) + world.settings.dispute_days * DAY
    dispute["evidence_details"] |= {"due_by": due, "past_due": False, "submission_count": 0}
    world.emit("charge.dispute.updated", dispute, previous)
    _withdraw(world, dispute, charge)
    world.schedule(due, "dispute_due", dispute["id"], charge["customer"])


def close(world: World, dispute: Obj, status: str) -> None:
    """End a dispute as won, lost or warning_closed (an inquiry's only end); won brings money back.

    The fee for receiving the dispute stays with Stripe either way. A card's that was lost may be
    won once more, on appeal, and one that was won be lost after all, in arbitration: then the money
    goes again, without another fee.
    """
    inquiry = dispute["status"].startswith("warning_")
    card = (dispute["payment_method_details"] or {}).get("type") == "card"
    charge = world.store.get("charge", dispute["charge"])
    decided = (dispute["status"], status)
    arbitrated = decided == ("won", "lost") and not charge["refunded"]
    again = card and (decided == ("lost", "won") or arbitrated)
    if dispute["status"] in _OVER and not again:
        raise invalid(f"Dispute {dispute['id']} is already closed: {dispute['status']}.")
    if inquiry != (status == "warning_closed") or status not in _OVER:
        raise invalid(f"A dispute that is {dispute['status']} cannot end as {status}.", "status")
    dispute |= {"status": status, "is_charge_refundable": status != "lost"}
    world.emit("charge.dispute.closed", dispute)
    if arbitrated:
        _withdraw(world, dispute, charge, again=True)
    if status != "won":
        return
    moment = world.now(charge["customer"])
    words = f"Chargeback reversal for {charge['id']}"
    said: Obj = {"reporting_category": "dispute_reversal", "description": words}
    booked = balance.record(world, dispute, dispute["amount"], "adjustment", moment, **said)
    dispute["balance_transactions"].append(booked)
    if world.store.peek(dispute["id"]).get("countered"):
        _counter(world, dispute, moment, back=True)
    world.emit("charge.dispute.funds_reinstated", dispute)


def _counter(world: World, dispute: Obj, moment: int, *, back: bool) -> None:
    fee = world.settings.dispute_countered_fee
    if fee:
        words = "Dispute countered fee" + (" returned" if back else "")
        amount = fee if back else -fee
        balance.record(world, dispute, amount, "stripe_fee", moment, description=words)
        world.store.note(dispute["id"])["countered"] = True


def submit(world: World, dispute: Obj) -> None:
    """Send the evidence to the bank, which decides later; Stripe's magic words decide at once."""
    inquiry = dispute["status"] == "warning_needs_response"
    dispute["status"] = "warning_under_review" if inquiry else "under_review"
    details = dispute["evidence_details"]
    details["submission_count"] += 1
    details["submission_method"] = "manual"
    charge = world.store.get("charge", dispute["charge"])
    if not inquiry:
        _counter(world, dispute, world.now(charge["customer"]), back=False)
    if dispute["evidence"]["uncategorized_text"] in VERDICTS:
        world.schedule(world.now(), "dispute_decided", dispute["id"], None)


# docs.stripe.com/testing: the text of the evidence decides a test dispute.
VERDICTS = {
    "winning_evidence": "won",
    "losing_evidence": "lost",
    "escalate_inquiry_evidence": "escalate",
}


def decide(world: World, ident: str, due: int) -> None:
    """Timer: the bank has read evidence that holds one of Stripe's magic words."""
    dispute = world.store.get("dispute", ident)
    verdict = VERDICTS.get(dispute["evidence"]["uncategorized_text"], "")
    inquiry = dispute["status"] == "warning_under_review"
    if inquiry and verdict == "escalate":
        escalate(world, dispute)
    elif inquiry:
        close(world, dispute, "warning_closed")
    elif dispute["status"] == "under_review" and verdict in ("won", "lost"):
        close(world, dispute, verdict)


def due(world: World, ident: str, due: int) -> None:
    """Timer: without evidence a dispute is lost when its time is up, an inquiry only late."""
    dispute = world.store.get("dispute", ident)
    details = dispute["evidence_details"]
    if dispute["status"] == "needs_response" and details["due_by"] == due:
        details["past_due"] = True
        close(world, dispute, "lost")
    elif dispute["status"] in ("warning_needs_response", "warning_under_review"):
        if due >= dispute["created"] + INQUIRY_DAYS * DAY:
            close(world, dispute, "warning_closed")
        else:
            details["past_due"] = not details["submission_count"]


def after_refund(world: World, charge: Obj) -> None:
    """Close the inquiries about a charge that has been given back in full."""
    for dispute in of_charge(world, charge):
        if dispute["status"].startswith("warning_") and dispute["status"] not in _OVER:
            close(world, dispute, "warning_closed")


def from_card(world: World, ident: str, due: int) -> None:
    """Timer: a card or account that is known for it disputes soon after its payment."""
    charge = world.store.get("charge", ident)
    method = world.store.get("payment_method", charge["payment_method"])
    trouble = behaviour_of(world, method).trouble or debit_of(world, method).trouble
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded" or not left or of_charge(world, charge):
        return
    inquiry = trouble == "inquiry"
    open_one(world, charge, reason="general" if inquiry else trouble, inquiry=inquiry)
