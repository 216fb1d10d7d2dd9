"""Charges: one for every try, `ch_` for cards and `py_` for debits."""

from __future__ import annotations

from typing import Any

from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World
from . import balance

DESCRIPTOR = "LOCAL STAND-IN"


def _card_details(intent: Obj, card: Obj) -> Obj:
    return {
        "amount_authorized": intent["amount"],
        "authorization_code": None,
        "brand": card["brand"],
        "capture_before": None,
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


def _sepa_details(debit: Obj) -> Obj:
    return {
        "bank_code": debit["bank_code"],
        "branch_code": debit["branch_code"],
        "country": debit["country"],
        "expected_debit_date": None,
        "fingerprint": debit["fingerprint"],
        "last4": debit["last4"],
        "mandate": new_id("mandate_1"),
    }


def make(world: World, intent: Obj, method: Obj) -> Obj:
    """Keep a pending charge for the intent's whole amount."""
    kind = method["type"]
    details = _card_details(intent, method[kind]) if kind == "card" else _sepa_details(method[kind])
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


def _descriptor(intent: Obj) -> str:
    if intent["statement_descriptor"]:
        return str(intent["statement_descriptor"])
    suffix = intent["statement_descriptor_suffix"]
    return f"{DESCRIPTOR[:10]}* {suffix}"[:22] if suffix else DESCRIPTOR


def _outcome(kind: str, message: str, failure: dict[str, Any] | None = None) -> Obj:
    return {
        "advice_code": "try_again_later" if failure else None,
        "network_advice_code": None,
        "network_decline_code": "01" if failure else None,
        "network_status": "declined_by_network" if failure else "approved_by_network",
        "reason": (failure or {}).get("decline_code"),
        "risk_level": "normal",
        "risk_score": 12,
        "rule": None,
        "seller_message": message,
        "type": kind,
    }


def succeed(world: World, charge: Obj) -> None:
    """Mark the charge as paid and book the money and its fee."""
    debit = charge["id"].startswith("py_")
    fee = balance.SEPA_FEE if debit else balance.card_fee(charge["amount"])
    moment = world.now(charge["customer"])
    kind = "payment" if debit else "charge"
    booked = balance.record(world, charge, charge["amount"], kind, moment, fee)
    charge |= {
        "status": "succeeded",
        "paid": True,
        "amount_captured": charge["amount"],
        "balance_transaction": booked["id"],
        "outcome": _outcome("authorized", "Payment complete."),
    }
    world.emit("charge.succeeded", charge)


def fail(world: World, charge: Obj, failure: dict[str, Any]) -> None:
    """Mark the charge as failed; no money moved."""
    message = "The bank did not return any further details with this decline."
    charge |= {
        "status": "failed",
        "failure_code": failure["code"],
        "failure_message": failure["message"],
        "outcome": _outcome("issuer_declined", message, failure),
    }
    world.emit("charge.failed", charge)
