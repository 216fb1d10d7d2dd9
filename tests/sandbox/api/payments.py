"""/v1/payment_intents, charges, balance_transactions, refunds."""

from __future__ import annotations

from ..engine import refunds
from ..store import Obj
from ..wire.errors import invalid, required
from ..wire.params import choice, metadata, text, whole
from ..wire.routes import Call, listing, retrieval, route

_REASONS = ("duplicate", "fraudulent", "requested_by_customer")


def create_refund(call: Call) -> Obj:
    """Give money back for a charge or an intent."""
    world, params = call.world, call.params
    charge_id, intent_id = text(params, "charge"), text(params, "payment_intent")
    if intent_id:
        intent = world.store.get("payment_intent", intent_id, "payment_intent")
        charge = refunds.refundable(world, intent)
    elif charge_id:
        charge = world.store.get("charge", charge_id, "charge")
        if charge["status"] != "succeeded":
            raise invalid("This charge did not succeed and cannot be refunded.", "charge")
    else:
        raise required("payment_intent")
    reason = choice(params, "reason", _REASONS) if text(params, "reason") else None
    return refunds.make(
        world,
        charge,
        amount=whole(params, "amount"),
        reason=reason,
        metadata=metadata(params),
    )


def update_refund(call: Call) -> Obj:
    """Change the metadata of a refund."""
    refund = call.world.store.get("refund", call.id)
    refund["metadata"] = metadata(call.params, refund["metadata"])
    call.world.emit("refund.updated", refund, {})
    return refund


def account(call: Call) -> Obj:
    """Return the one account of the stand-in."""
    return {
        "id": "acct_1LocalStandIn",
        "object": "account",
        "business_profile": {"name": "Local stand-in", "url": None},
        "business_type": "non_profit",
        "capabilities": {"card_payments": "active", "sepa_debit_payments": "active"},
        "charges_enabled": True,
        "country": "IE",
        "created": 1_700_000_000,
        "default_currency": "eur",
        "details_submitted": True,
        "email": "account@example.org",
        "metadata": {},
        "payouts_enabled": True,
        "settings": {"dashboard": {"display_name": "Local stand-in (not Stripe)"}},
        "type": "standard",
    }


_REFUND = """amount charge currency customer instructions_email metadata origin payment_intent
reason refund_application_fee reverse_transfer"""
ROUTES = [
    retrieval("/v1/payment_intents/{}", "payment_intent"),
    listing("/v1/payment_intents", "payment_intent", "customer", "customer_account"),
    retrieval("/v1/charges/{}", "charge"),
    listing("/v1/charges", "charge", "customer payment_intent transfer_group"),
    retrieval("/v1/balance_transactions/{}", "balance_transaction"),
    listing("/v1/balance_transactions", "balance_transaction", "currency source type", "payout"),
    route("POST", "/v1/refunds", create_refund, _REFUND),
    route("POST", "/v1/refunds/{}", update_refund, "metadata"),
    retrieval("/v1/refunds/{}", "refund"),
    listing("/v1/refunds", "refund", "charge payment_intent"),
    route("GET", "/v1/account", account),
]
