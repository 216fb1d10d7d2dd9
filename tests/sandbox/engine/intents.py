"""Payment intents: made for an amount, tried with a means of payment, settled at once or later."""

from __future__ import annotations

from typing import Any

from ..periods import DAY
from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World
from . import charges
from .methods import behaviour_of, debit_failure

AUTHENTICATE = {
    "code": "authentication_required",
    "decline_code": "authentication_required",
    "message": "Your card was declined. This transaction requires authentication.",
}


def make(
    world: World,
    *,
    amount: int,
    currency: str,
    customer: str | None,
    types: list[str],
    fields: dict[str, Any] | None = None,
) -> Obj:
    """Keep a new intent for an amount in cents; nothing is charged yet."""
    ident = new_id("pi_3")
    intent = shaped(
        "payment_intent",
        id=ident,
        amount=amount,
        amount_capturable=0,
        amount_details={
            "discount_amount": None,
            "error": None,
            "line_items": None,
            "shipping": None,
            "tax": None,
            "tip": {"amount": None},
        },
        amount_received=0,
        capture_method="automatic_async",
        client_secret=f"{ident}_secret_{new_id('', 25)}",
        confirmation_method="automatic",
        created=world.now(customer),
        currency=currency,
        customer=customer,
        metadata={},
        payment_method_options={},
        payment_method_types=types,
        status="requires_payment_method",
    )
    intent |= fields or {}
    world.store.add(intent)
    world.emit("payment_intent.created", intent)
    return intent


def attempt(world: World, intent: Obj, method: Obj, *, present: bool, shown: bool = False) -> str:
    """Charge the intent and return its new status.

    `present`: the payer sits in front of a hosted page; `shown`: they have just passed 3DS.
    """
    intent["payment_method"] = method["id"]
    intent["next_action"] = None
    if method["type"] == "sepa_debit":
        return _debit(world, intent, method)
    behaviour = behaviour_of(world, method)
    note = world.store.note(method["id"])
    passed = shown or note.get("authenticated", False)
    if (behaviour.asks == "always" and not shown) or (behaviour.asks == "once" and not passed):
        return _ask(world, intent, method, present=present)
    if behaviour.code and (behaviour.fails_in_checkout or not present):
        return fail(world, intent, method, behaviour.failure())
    if shown:
        note["authenticated"] = True
    charge = charges.make(world, intent, method)
    charges.succeed(world, charge)
    return succeed(world, intent, charge)


def _ask(world: World, intent: Obj, method: Obj, *, present: bool) -> str:
    if not present:
        return fail(world, intent, method, AUTHENTICATE)
    intent["status"] = "requires_action"
    intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
    world.emit("payment_intent.requires_action", intent)
    return "requires_action"


def _debit(world: World, intent: Obj, method: Obj) -> str:
    charge = charges.make(world, intent, method)
    intent |= {"status": "processing", "latest_charge": charge["id"], "last_payment_error": None}
    world.emit("charge.pending", charge)
    world.emit("payment_intent.processing", intent)
    due = world.now(intent["customer"]) + world.settings.sepa_days * DAY
    world.schedule(due, "settle_debit", charge["id"], intent["customer"])
    return "processing"


def debit_outcome(world: World, charge: Obj) -> tuple[Obj, dict[str, Any] | None]:
    """Return the intent of a pending debit and its failure, None when the money came."""
    intent = world.store.get("payment_intent", charge["payment_intent"])
    method = world.store.get("payment_method", charge["payment_method"])
    code = debit_failure(world, method)
    if code is None:
        return intent, None
    message = "The customer's bank account could not be debited."
    return intent, {"code": code, "decline_code": None, "message": message}


def succeed(world: World, intent: Obj, charge: Obj) -> str:
    """Mark the intent as paid by the charge."""
    intent |= {
        "status": "succeeded",
        "amount_received": intent["amount"],
        "latest_charge": charge["id"],
        "last_payment_error": None,
        "next_action": None,
        "processing": None,
    }
    world.emit("payment_intent.succeeded", intent)
    return "succeeded"


def fail(
    world: World, intent: Obj, method: Obj, failure: dict[str, Any], charge: Obj | None = None
) -> str:
    """Record the failed charge and put the intent back to asking for a means of payment."""
    charge = charge or charges.make(world, intent, method)
    charges.fail(world, charge, failure)
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "processing": None,
        "last_payment_error": _error(charge, method, failure),
    }
    world.emit("payment_intent.payment_failed", intent)
    return "requires_payment_method"


def _error(charge: Obj, method: Obj, failure: dict[str, Any]) -> Obj:
    code = failure["code"]
    # Stripe leaves out what is null here; the SDK documents it all, so all of it is sent.
    names = """advice_code network_advice_code network_decline_code param payment_intent
    payment_method_type request_log_url setup_intent source"""
    return dict.fromkeys(names.split()) | {
        "charge": charge["id"],
        "code": code,
        "decline_code": failure.get("decline_code"),
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": failure["message"],
        "payment_method": dict(method),
        "type": "card_error" if method["type"] == "card" else "invalid_request_error",
    }
