"""Charges: one for every try, `ch_` for cards and `py_` for debits."""

from __future__ import annotations

from typing import Any

from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World
from . import balance, mandates
from .methods import behaviour_of, debit_of

DESCRIPTOR = "LOCAL STAND-IN"


def _card_details(intent: Obj, card: Obj) -> Obj:
    return {
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "brand": card["brand"],
        "checks": dict(card["checks"]),
        "country": card["country"],
        "description": None,
        "electronic_commerce_indicator": None,
        "exp_month": card["exp_month"],
        "exp_year": card["exp_year"],
        "extended_authorization": {"status": "disabled"},
        "fingerprint": card["fingerprint"],
        "funding": card["funding"],
        "iin": None,
        "incremental_authorization": {"status": "unavailable"},
        "installments": None,
        "issuer": None,
        "last4": card["last4"],
        "mandate": None,
        "moto": None,
        "multicapture": {"status": "unavailable"},
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "overcapture": {
            "maximum_amount_capturable": intent["amount"],
            "status": "unavailable",
        },
        "regulated_status": "unregulated",
        "setup_credential_usage": None,
        "stored_credential_usage": None,
        "three_d_secure": None,
        "transaction_link_id": None,
        "wallet": None,
    }


def _sepa_details(debit: Obj, mandate: str) -> Obj:
    return {
        "bank_code": debit["bank_code"],
        "branch_code": debit["branch_code"],
        "country": debit["country"],
        "fingerprint": debit["fingerprint"],
        "last4": debit["last4"],
        "mandate": mandate,
    }


def make(world: World, intent: Obj, method: Obj) -> Obj:
    """Keep a pending charge for the intent's whole amount."""
    kind = method["type"]
    details = _details(world, intent, method)
    ident = new_id("ch_3" if kind == "card" else "py_3")
    charge = shaped(
        "charge",
        id=ident,
        amount=intent["amount"],
        amount_captured=0,
        amount_refunded=0,
        billing_details=dict(method["billing_details"]),
        calculated_statement_descriptor=_descriptor(intent),
        captured=True,
        created=world.now(intent["customer"]),
        currency=intent["currency"],
        customer=intent["customer"],
        description=intent["description"],
        disputed=False,
        fraud_details={},
        metadata=dict(intent["metadata"]),
        outcome=None,
        paid=False,
        payment_intent=intent["id"],
        payment_method=method["id"],
        payment_method_details={"type": kind, kind: details},
        radar_options={},
        receipt_email=intent["receipt_email"],
        receipt_url=f"{world.base}/receipts/{ident}",
        refunded=False,
        statement_descriptor_suffix=intent["statement_descriptor_suffix"],
        status="pending",
    )
    return world.store.add(charge)


def _details(world: World, intent: Obj, method: Obj) -> Obj:
    if method["type"] == "card":
        return _card_details(intent, method["card"])
    mandate = mandates.ensure(world, method, world.now(intent["customer"]))
    return _sepa_details(method["sepa_debit"], mandate["id"])


def _descriptor(intent: Obj) -> str:
    if intent["statement_descriptor"]:
        return str(intent["statement_descriptor"])
    suffix = intent["statement_descriptor_suffix"]
    return f"{DESCRIPTOR[:10]}* {suffix}"[:22] if suffix else DESCRIPTOR


def _outcome(kind: str, message: str, risk: str, failure: dict[str, Any] | None = None) -> Obj:
    network = "declined_by_network" if failure else "approved_by_network"
    blocked = kind == "blocked"
    return {
        "advice_code": "try_again_later" if failure and not blocked else None,
        "network_advice_code": None,
        "network_decline_code": "01" if failure and not blocked else None,
        "network_status": "not_sent_to_network" if blocked else network,
        "reason": "highest_risk_level" if blocked else (failure or {}).get("decline_code"),
        "risk_level": risk,
        "risk_score": {"normal": 12, "elevated": 67, "highest": 92}[risk],
        "seller_message": message,
        "type": kind,
    }


def is_debit(charge: Obj) -> bool:
    """Tell whether this is a SEPA debit, not a card payment."""
    return bool(charge["payment_method_details"]["type"] == "sepa_debit")


def succeed(world: World, charge: Obj) -> None:
    """Mark the charge as paid and book the money and its fee, later if the settings say so."""
    method = world.store.get("payment_method", charge["payment_method"])
    charge |= {
        "status": "succeeded",
        "paid": True,
        "amount_captured": charge["amount"],
        "outcome": _outcome("authorized", "Payment complete.", behaviour_of(world, method).risk),
    }
    if method["customer"] is None:
        world.store.note(method["id"])["used"] = True
    late = world.settings.fees_late
    if charge["balance_transaction"] is not None:
        pass  # booked when it was made, as the settings may say of debits
    elif late:
        due = world.now(charge["customer"]) + late
        world.schedule(due, "book_charge", charge["id"], charge["customer"])
    else:
        _book(world, charge)
    _invite_trouble(world, charge, method)
    world.emit("charge.succeeded", charge)


def book_pending(world: World, charge: Obj, due: int) -> None:
    """Book a debit as it is made, where the settings say so; its money can be had when it clears.

    Stripe says that it books delayed payments so, and books back what fails
    (docs.stripe.com/reports/balance-transaction-types).
    """
    if world.settings.sepa_booked == "made":
        _book(world, charge, available_on=due)


def _book(world: World, charge: Obj, **said: Any) -> None:
    kind = "payment" if is_debit(charge) else "charge"
    fee = balance.fee_for(world, charge["payment_method_details"]["type"], charge["amount"])
    moment = world.now(charge["customer"])
    method = world.store.get("payment_method", charge["payment_method"])
    if behaviour_of(world, method).at_once:
        said["available_on"] = moment
    booked = balance.record(world, charge, charge["amount"], kind, moment, fee, **said)
    charge["balance_transaction"] = booked["id"]
    _bill_billing(world, charge, moment)


def _bill_billing(world: World, charge: Obj, moment: int) -> None:
    # Stripe takes its fee for subscriptions in rows of its own that no charge carries.
    fee = balance.share(charge["amount"], world.settings.billing_percent)
    if fee and world.store.peek(charge["payment_intent"]).get("invoice"):
        nobody = {"id": None, "currency": charge["currency"]}
        words = "Billing - Usage Fee"
        balance.record(world, nobody, -fee, "stripe_fee", moment, description=words)


def book_due(world: World, ident: str, due: int) -> None:
    """Timer: the money of a charge made a while ago is booked, and the charge learns its fee."""
    charge = world.store.get("charge", ident)
    if charge["balance_transaction"] is None:
        _book(world, charge)
        world.emit("charge.updated", charge, {"balance_transaction": None})


def _invite_trouble(world: World, charge: Obj, method: Obj) -> None:
    trouble = behaviour_of(world, method).trouble or debit_of(world, method).trouble
    if trouble:
        # By the global clock: Stripe's own processes do not wait for a test clock.
        verb = "warn_from_card" if trouble == "warning" else "dispute_from_card"
        world.schedule(world.now(), verb, charge["id"], None)


def fail(world: World, charge: Obj, failure: dict[str, Any]) -> None:
    """Mark the charge as failed; no money moved, or what was booked ahead is booked back."""
    method = world.store.get("payment_method", charge["payment_method"])
    behaviour = behaviour_of(world, method)
    kind = "blocked" if behaviour.blocked else "issuer_declined"
    message = "The bank did not return any further details with this decline."
    if behaviour.blocked:
        message = "Stripe blocked this payment as too risky."
    charge |= {
        "status": "failed",
        "failure_code": failure["code"],
        "failure_message": failure["message"],
        "outcome": _outcome(kind, message, behaviour.risk, failure),
    }
    if charge["balance_transaction"] is not None:
        _book_back(world, charge)
    world.emit("charge.failed", charge)


def fail_late(world: World, charge: Obj, failure: dict[str, Any]) -> None:
    """Take a debit back that had already succeeded: the money leaves the balance again."""
    if charge["balance_transaction"] is None:
        _book(world, charge)
    _book_back(world, charge)
    charge |= {
        "status": "failed",
        "paid": False,
        "failure_code": failure["code"],
        "failure_message": failure["message"],
    }
    world.emit("charge.failed", charge)


def _book_back(world: World, charge: Obj) -> None:
    moment = world.now(charge["customer"])
    booked = balance.record(world, charge, -charge["amount"], "payment_failure_refund", moment)
    charge["failure_balance_transaction"] = booked["id"]
