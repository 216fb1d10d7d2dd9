"""Setup intents: a means of payment prepared for later, without charging anything.

The states are those of https://docs.stripe.com/payments/paymentintents/lifecycle, less the money.
"""

from __future__ import annotations

from typing import Any

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import StripeError, invalid
from ..world import World
from . import mandates
from .methods import behaviour_of

OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
UNAUTHENTICATED = {
    "code": "setup_intent_authentication_failure",
    "decline_code": None,
    "message": "The provided PaymentMethod has failed authentication. You can provide "
    "payment_method_data or a new PaymentMethod to attempt to fulfill this SetupIntent again.",
}


def make(
    world: World,
    *,
    customer: str | None,
    types: list[str],
    usage: str = "off_session",
    fields: dict[str, Any] | None = None,
) -> Obj:
    """Keep a new setup intent that waits for a means of payment."""
    ident = new_id("seti_1")
    intent = shaped(
        "setup_intent",
        id=ident,
        automatic_payment_methods={"allow_redirects": "always", "enabled": True},
        client_secret=f"{ident}_secret_{new_id('', 25)}",
        created=world.now(customer),
        customer=customer,
        metadata={},
        payment_method_options={},
        payment_method_types=types,
        status="requires_payment_method",
        usage=usage,
    )
    intent |= fields or {}
    if intent["payment_method"]:
        intent["status"] = "requires_confirmation"
    world.store.add(intent)
    world.emit("setup_intent.created", intent)
    return intent


def confirm(world: World, intent: Obj, method: Obj, *, shown: bool = False) -> str:
    """Try to prepare the method and return the intent's new status.

    `shown`: the payer has just passed their bank's page. Raises 400 when the intent is over.
    """
    expect_open(intent, "confirm")
    if method["type"] not in intent["payment_method_types"]:
        raise invalid(
            f"The PaymentMethod provided ({method['type']}) is not allowed for this SetupIntent.",
            "payment_method",
            "setup_intent_invalid_parameter",
        )
    _expect_unclaimed(intent, method)
    intent |= {"payment_method": method["id"], "next_action": None, "last_setup_error": None}
    if not shown and asks(world, method):
        return _ask(world, intent)
    behaviour = behaviour_of(world, method)
    if behaviour.code and behaviour.fails_attached:
        return fail(world, intent, behaviour.failure())
    return _succeed(world, intent, method, shown)


def asks(world: World, method: Obj) -> bool:
    """Whether the bank wants to ask the payer, who is there, before this card is used."""
    rule = behaviour_of(world, method).asks
    passed = world.store.peek(method["id"]).get("authenticated", False)
    return rule != "never" and not (rule == "once" and passed)


def expect_open(intent: Obj, verb: str) -> None:
    """Refuse an intent that has succeeded or was canceled."""
    if intent["status"] not in OPEN:
        message = (
            f"You cannot {verb} this SetupIntent because it has a status of {intent['status']}. "
            f"Only a SetupIntent with one of the following statuses may be changed so: "
            f"{', '.join(OPEN)}."
        )
        raise StripeError(
            400, message, code="setup_intent_unexpected_state", setup_intent=dict(intent)
        )


def fail(world: World, intent: Obj, failure: dict[str, Any]) -> str:
    """Put the intent back to asking for a means of payment, with the reason."""
    method = world.store.find(intent["payment_method"])
    intent |= {
        "status": "requires_payment_method",
        "payment_method": None,
        "next_action": None,
        "last_setup_error": _error(failure, method),
    }
    world.emit("setup_intent.setup_failed", intent)
    return "requires_payment_method"


def cancel(world: World, intent: Obj, reason: str | None) -> None:
    """End an open intent; it cannot be used any more."""
    expect_open(intent, "cancel")
    intent |= {"status": "canceled", "cancellation_reason": reason, "next_action": None}
    world.emit("setup_intent.canceled", intent)


def _expect_unclaimed(intent: Obj, method: Obj) -> None:
    if method["customer"] and method["customer"] != intent["customer"]:
        message = "The payment method belongs to a customer that this SetupIntent does not name."
        raise invalid(message, "payment_method", "setup_intent_invalid_parameter")


def _ask(world: World, intent: Obj) -> str:
    note = world.store.peek(intent["id"])
    url = f"{world.base}/3ds/{intent['id']}"
    action: Obj = {"type": "use_stripe_sdk", "use_stripe_sdk": {"stripe_js": url}}
    if note.get("return_url"):
        redirect = {"return_url": note["return_url"], "url": url}
        action = {"type": "redirect_to_url", "redirect_to_url": redirect}
    intent |= {"status": "requires_action", "next_action": action}
    world.emit("setup_intent.requires_action", intent)
    return "requires_action"


def _succeed(world: World, intent: Obj, method: Obj, shown: bool) -> str:
    if shown:
        world.store.note(method["id"])["authenticated"] = True
    if intent["customer"] and method["customer"] != intent["customer"]:
        method["customer"] = intent["customer"]
        world.emit("payment_method.attached", method)
    if method["type"] == "sepa_debit":
        moment = world.now(intent["customer"])
        intent["mandate"] = mandates.ensure(world, method, moment)["id"]
    intent |= {"status": "succeeded", "next_action": None}
    world.emit("setup_intent.succeeded", intent)
    return "succeeded"


def _error(failure: dict[str, Any], method: Obj | None) -> Obj:
    code = failure["code"]
    refused = code == UNAUTHENTICATED["code"]
    told = {
        "code": code,
        "decline_code": failure.get("decline_code"),
        "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
        "message": failure["message"],
        "payment_method": dict(method) if method else None,
        "payment_method_type": (method or {}).get("type"),
        "type": "invalid_request_error" if refused else "card_error",
    }
    # Stripe leaves out what is null here.
    return {name: value for name, value in told.items() if value is not None}
