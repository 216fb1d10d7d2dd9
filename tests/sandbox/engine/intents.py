"""Payment intents: made for an amount, tried with a means of payment, settled at once or later."""

from __future__ import annotations

from typing import Any

from ..periods import DAY
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import StripeError
from ..world import World
from . import charges, mandates
from .cards import SLOW_SECONDS
from .methods import behaviour_of, debit_of

AUTHENTICATE = {
    "code": "authentication_required",
    "decline_code": "authentication_required",
    "message": "Your card was declined. This transaction requires authentication.",
}
NOT_AUTHENTICATED = {
    "code": "payment_intent_authentication_failure",
    "decline_code": None,
    "message": "The provided PaymentMethod has failed authentication. You can provide "
    "payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
}
MANDATE_INACTIVE = {
    "code": "debit_not_authorized",
    "decline_code": None,
    "message": "The customer's mandate is not active.",
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
        amount_details={"tip": {}},
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


def attempt(
    world: World,
    intent: Obj,
    method: Obj,
    *,
    present: bool,
    shown: bool = False,
    back: str | None = None,
) -> str:
    """Charge the intent and return its new status.

    `present`: the payer can be asked by their bank; `shown`: they have just passed 3DS; `back`:
    where they go after it.
    """
    intent["payment_method"] = method["id"]
    intent["next_action"] = None
    if method["type"] == "sepa_debit":
        return _debit(world, intent, method)
    if not shown and _asks(world, method, present=present):
        return _ask(world, intent, method, present=present, back=back)
    behaviour = behaviour_of(world, method)
    if behaviour.code:
        return fail(world, intent, method, behaviour.failure())
    if shown:
        world.store.note(method["id"])["authenticated"] = True
    _save(world, intent, method)
    charge = charges.make(world, intent, method)
    charges.succeed(world, charge)
    return succeed(world, intent, charge)


def _save(world: World, intent: Obj, method: Obj) -> None:
    # Asked for by setup_future_usage: what pays now may be charged again.
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        method["customer"] = intent["customer"]
        world.emit("payment_method.attached", method)


def _asks(world: World, method: Obj, *, present: bool) -> bool:
    asks = behaviour_of(world, method).asks
    fresh = not world.store.peek(method["id"]).get("authenticated", False)
    rules = {
        "always": True,
        "once": fresh,
        "on_session": present or fresh,
        "set_up": present,
    }
    return rules.get(asks, False)


def _ask(world: World, intent: Obj, method: Obj, *, present: bool, back: str | None) -> str:
    # An invoice's intent waits for the payer's bank instead of failing (Stripe Billing, SCA).
    if not present and "invoice" not in world.store.peek(intent["id"]):
        return fail(world, intent, method, AUTHENTICATE)
    page = f"{world.base}/3ds/{intent['id']}"
    intent["status"] = "requires_action"
    if back:
        intent["next_action"] = {
            "type": "redirect_to_url",
            "redirect_to_url": {"return_url": back, "url": page},
        }
    else:
        told = {"type": "three_d_secure_redirect", "stripe_js": page}
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": told}
    world.emit("payment_intent.requires_action", intent)
    return "requires_action"


def authenticated(world: World, intent: Obj, *, ok: bool) -> str:
    """Go on after the bank's page: charge when `ok`, else ask for a means of payment again.

    Returns the new status. What hangs on the intent (invoice, session) is its caller's to settle.
    """
    if intent["status"] != "requires_action":
        raise unexpected(intent, "authenticate")
    method = world.store.get("payment_method", intent["payment_method"])
    if ok:
        return attempt(world, intent, method, present=True, shown=True)
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_payment_error": _error(None, method, NOT_AUTHENTICATED),
    }
    world.emit("payment_intent.payment_failed", intent)
    return "requires_payment_method"


def unexpected(intent: Obj, verb: str) -> StripeError:
    """Return the 400 for doing something to an intent in the wrong state."""
    message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
    return StripeError(
        400, message, code="payment_intent_unexpected_state", payment_intent=dict(intent)
    )


def _debit(world: World, intent: Obj, method: Obj) -> str:
    moment = world.now(intent["customer"])
    if mandates.ensure(world, method, moment)["status"] != "active":
        return fail(world, intent, method, MANDATE_INACTIVE)
    _save(world, intent, method)
    charge = charges.make(world, intent, method)
    intent |= {"status": "processing", "latest_charge": charge["id"], "last_payment_error": None}
    world.emit("charge.pending", charge)
    world.emit("payment_intent.processing", intent)
    due = moment + world.settings.sepa_days * DAY
    if debit_of(world, method).slow:
        due += SLOW_SECONDS
    charges.book_pending(world, charge, due)
    world.schedule(due, "settle_debit", charge["id"], intent["customer"])
    return "processing"


def debit_outcome(world: World, charge: Obj) -> tuple[Obj, dict[str, Any] | None]:
    """Return the intent of a pending debit and its failure, None when the money came."""
    intent = world.store.get("payment_intent", charge["payment_intent"])
    code = debit_of(world, world.store.get("payment_method", charge["payment_method"])).code
    return intent, debit_failure(code) if code else None


def debit_failure(code: str) -> dict[str, Any]:
    """Return the fields that charge, intent and error share for a debit that failed."""
    message = "The customer's bank account could not be debited."
    return {"code": code, "decline_code": None, "message": message}


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
    return _unpaid(world, intent, charge, method, failure)


def fail_late(world: World, intent: Obj, charge: Obj, failure: dict[str, Any]) -> str:
    """Undo a debit that had already succeeded; the intent asks for a means of payment again."""
    charges.fail_late(world, charge, failure)
    method = world.store.get("payment_method", charge["payment_method"])
    intent["amount_received"] = 0
    return _unpaid(world, intent, charge, method, failure)


def _unpaid(world: World, intent: Obj, charge: Obj, method: Obj, failure: dict[str, Any]) -> str:
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


def cancel(world: World, intent: Obj, reason: str | None) -> None:
    """Close an unpaid intent for good."""
    intent |= {
        "status": "canceled",
        "canceled_at": world.now(intent["customer"]),
        "cancellation_reason": reason,
        "next_action": None,
    }
    world.emit("payment_intent.canceled", intent)


def _error(charge: Obj | None, method: Obj, failure: dict[str, Any]) -> Obj:
    code = failure["code"]
    by_bank = method["type"] == "card" and charge is not None
    told = {
        "charge": charge["id"] if charge else None,
        "code": code,
        "decline_code": failure.get("decline_code"),
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": failure["message"],
        "payment_method": dict(method),
        "type": "card_error" if by_bank else "invalid_request_error",
    }
    # Stripe leaves out what is null here.
    return {name: value for name, value in told.items() if value is not None}
