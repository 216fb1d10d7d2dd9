"""/v1/charges, refunds and the account."""

from __future__ import annotations

from ..engine import refunds
from ..store import Obj
from ..wire.errors import invalid, required
from ..wire.params import choice, metadata, table, text, whole
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
    before = refund["metadata"]
    refund["metadata"] = metadata(call.params, before)
    call.world.emit("refund.updated", refund, {"metadata": before})
    return refund


def cancel_refund(call: Call) -> Obj:
    """Refuse: only a refund that waits for its receiver to act can be canceled over the API."""
    refund = call.world.store.get("refund", call.id)
    message = (
        f"Refund {refund['id']} is {refund['status']}: only refunds that are requires_action can "
        "be canceled."
    )
    raise invalid(message)


def update_charge(call: Call) -> Obj:
    """Change what a charge says about itself; no money moves."""
    world, params = call.world, call.params
    charge = world.store.get("charge", call.id)
    changes: Obj = {n: text(params, n) for n in ("description", "receipt_email") if n in params}
    changes["metadata"] = metadata(params, charge["metadata"])
    report = table(params, "fraud_details")
    if report:
        reported = choice(report, "user_report", ("fraudulent", "safe"))
        changes["fraud_details"] = charge["fraud_details"] | {"user_report": reported}
    before = {n: charge[n] for n, v in changes.items() if charge[n] != v}
    charge |= changes
    world.emit("charge.updated", charge, before)
    return charge


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


ROUTES = [
    retrieval("/v1/charges/{}", "charge"),
    listing("/v1/charges", "charge", "customer payment_intent transfer_group"),
    route(
        "POST",
        "/v1/charges/{}",
        update_charge,
        "description fraud_details metadata receipt_email",
    ),
    route(
        "POST",
        "/v1/refunds",
        create_refund,
        "amount charge metadata payment_intent reason",
    ),
    route("POST", "/v1/refunds/{}", update_refund, "metadata"),
    route("POST", "/v1/refunds/{}/cancel", cancel_refund),
    retrieval("/v1/refunds/{}", "refund"),
    listing("/v1/refunds", "refund", "charge payment_intent"),
    route("GET", "/v1/account", account),
]
