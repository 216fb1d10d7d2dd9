"""What happens behind the hosted checkout page: paying, expiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..store import Obj
from ..wire.errors import card_error, invalid
from ..world import World
from . import collecting, customers, intents, methods, subscriptions
from .cards import card_number, iban


@dataclass(frozen=True)
class Payer:
    """What the payer typed; `shown` once the 3DS page has been passed."""

    card: str = ""
    iban: str = ""
    email: str = ""
    name: str = ""
    terms: bool = True
    shown: bool = False


@dataclass(frozen=True)
class Outcome:
    """How a press of the pay button ended: `complete` or `requires_action`, and where to go."""

    status: str
    url: str


def pay(world: World, session: Obj, payer: Payer) -> Outcome:
    """Pay an open session; raises 402 with the bank's reason when declined, 400 for bad input."""
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", None, "session_closed")
    email = _email(world, session, payer)
    _check_terms(session, payer)
    method = _method(world, session, payer, email)
    behaviour = methods.behaviour_of(world, method)
    if behaviour.asks != "never" and not payer.shown:
        world.store.note(session["id"])["payer"] = vars(payer) | {"email": email}
        return Outcome("requires_action", f"{world.base}/3ds/{session['id']}")
    if behaviour.code and behaviour.fails_in_checkout:
        _record_decline(world, session, method, behaviour.failure())
        raise card_error(behaviour.failure())
    if session["mode"] == "subscription":
        paid = _subscribe(world, session, payer, method, email)
    else:
        paid = _charge(world, session, payer, method, email)
    _complete(world, session, payer, email, paid)
    return Outcome("complete", success_url(session))


def success_url(session: Obj) -> str:
    """Return where the payer goes, the session's id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def _email(world: World, session: Obj, payer: Payer) -> str:
    customer = world.store.find(session["customer"])
    locked = session["customer_email"] or (customer or {}).get("email")
    email = str(locked or payer.email).strip()
    if "@" not in email:
        raise invalid("Please enter your e-mail address.", "email", "email_invalid")
    return email


def _check_terms(session: Obj, payer: Payer) -> None:
    consent = session["consent_collection"] or {}
    if consent.get("terms_of_service") == "required" and not payer.terms:
        raise invalid("Please accept the terms to go on.", "terms", "terms_required")


def _method(world: World, session: Obj, payer: Payer, email: str) -> Obj:
    moment = world.now(session["customer"])
    details = {"email": email, "name": payer.name or None}
    if payer.iban.strip():
        code = iban(payer.iban)
        if code is None or "sepa_debit" not in session["payment_method_types"]:
            raise invalid("This IBAN is not valid.", "iban", "invalid_bank_account_iban")
        return methods.make(world, "sepa_debit", code, moment=moment, details=details)
    number = card_number(payer.card)
    if number is None:
        raise card_error({"code": "invalid_number", "message": "Your card number is invalid."})
    return methods.make(world, "card", number, moment=moment, details=details)


def _record_decline(world: World, session: Obj, method: Obj, failure: dict[str, Any]) -> None:
    # A declined membership leaves no subscription behind; a declined gift leaves its intent.
    if session["mode"] == "payment":
        intents.fail(world, _intent(world, session, session["customer"]), method, failure)


def _intent(world: World, session: Obj, customer: str | None) -> Obj:
    if session["payment_intent"]:
        intent = world.store.get("payment_intent", session["payment_intent"])
        intent["customer"] = customer
        return intent
    data = world.store.peek(session["id"]).get("payment_intent_data", {})
    names = ("description", "receipt_email", "setup_future_usage")
    fields = {name: data.get(name) for name in names}
    fields["metadata"] = dict(data.get("metadata", {}))
    fields["statement_descriptor_suffix"] = data.get("statement_descriptor_suffix")
    intent = intents.make(
        world,
        amount=session["amount_total"],
        currency=session["currency"],
        customer=customer,
        types=session["payment_method_types"],
        fields=fields,
    )
    session["payment_intent"] = intent["id"]
    world.store.note(intent["id"])["session"] = session["id"]
    return intent


def _charge(world: World, session: Obj, payer: Payer, method: Obj, email: str) -> bool:
    customer = session["customer"]
    if customer is None and session["customer_creation"] == "always":
        fields = {"email": email, "name": payer.name or None}
        customer = customers.make(world, fields, world.now())["id"]
        session["customer"] = customer
    if customer:
        method["customer"] = customer
    intent = _intent(world, session, customer)
    status = intents.attempt(world, intent, method, present=True, shown=payer.shown)
    return status == "succeeded"


def _subscribe(world: World, session: Obj, payer: Payer, method: Obj, email: str) -> bool:
    customer = world.store.find(session["customer"])
    if customer is None:
        fields = {"email": email, "name": payer.name or None}
        customer = customers.make(world, fields, world.now())
        session["customer"] = customer["id"]
    method["customer"] = customer["id"]
    world.emit("payment_method.attached", method)
    note = world.store.peek(session["id"])
    data = note.get("subscription_data", {})
    lines = [
        (world.store.get("price", row["price"]["id"]), row["quantity"])
        for row in note["line_items"]
    ]
    order = subscriptions.Order(
        lines, method["id"], dict(data.get("metadata", {})), data.get("description")
    )
    sub = subscriptions.make(world, customer, order)
    session["subscription"] = sub["id"]
    invoice = subscriptions.open_first_invoice(world, sub)
    session["invoice"] = invoice["id"]
    intent = world.store.peek(invoice["id"]).get("payments")
    status = collecting.collect(world, invoice, method=method, present=True, shown=payer.shown)
    if status == "processing" and intent:
        payment = world.store.get("invoice_payment", intent[0])
        world.store.note(payment["payment"]["payment_intent"])["session"] = session["id"]
    return status == "succeeded"


def _complete(world: World, session: Obj, payer: Payer, email: str, paid: bool) -> None:
    asked = session["consent_collection"] or {}
    session |= {
        "status": "complete",
        "payment_status": "paid" if paid else "unpaid",
        "url": None,
        "customer_details": {
            "address": dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state")),
            "business_name": None,
            "email": email,
            "individual_name": None,
            "name": payer.name or None,
            "phone": None,
            "tax_exempt": "none",
            "tax_ids": [],
        },
    }
    if asked.get("terms_of_service") == "required":
        session["consent"] = {"promotions": None, "terms_of_service": "accepted"}
    world.emit("checkout.session.completed", session)


def expire(world: World, session: Obj) -> None:
    """Close an open session unpaid."""
    session |= {"status": "expired", "url": None}
    world.emit("checkout.session.expired", session)


def expire_due(world: World, ident: str, due: int) -> None:
    """Timer: nobody paid in time."""
    session = world.store.get("checkout.session", ident)
    if session["status"] == "open":
        expire(world, session)
