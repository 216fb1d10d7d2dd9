"""What happens behind the hosted checkout page: paying, setting up, expiring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..shapes import no_address
from ..store import Obj
from ..wire.errors import StripeError, card_error, invalid, missing
from ..world import World
from . import collecting, customers, intents, orders, payers, setups, subscriptions
from .methods import behaviour_of
from .payers import Payer


@dataclass(frozen=True)
class Outcome:
    """How a press of a button ended: `complete` or `requires_action`, and where to go."""

    status: str
    url: str


def pay(world: World, session: Obj, payer: Payer) -> Outcome:
    """Pay an open session; raises 402 with the bank's reason when declined, 400 for bad input."""
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.", None, "session_closed")
    email = locked_email(world, session) or payers.address(payer.email)
    _check_consent(session, payer)
    method = None
    if _needs_means(session) or payer.card or payer.iban or payer.saved:
        method = payers.means(
            world,
            payer,
            types=session["payment_method_types"],
            customer=session["customer"],
            email=email,
        )
        if not payer.saved:
            method["allow_redisplay"] = _redisplay(world, session, payer)
    return _proceed(world, session, payer, method, email)


def resume(world: World, session: Obj, *, ok: bool) -> Outcome:
    """Go on after the bank's page; raises 402 when the payer refused there or the card fails."""
    asked = world.store.note(session["id"]).pop("asked", None)
    if asked is None or session["status"] != "open":
        raise invalid("There is nothing to confirm any more.", None, "session_closed")
    payer = Payer(**{**asked["payer"], "shown": True})
    method = world.store.get("payment_method", asked["method"])
    if ok:
        return _proceed(world, session, payer, method, asked["email"])
    intent = world.store.find(session["payment_intent"])
    if intent and intent["status"] == "requires_action":
        intents.authenticated(world, intent, ok=False)
    setup = world.store.find(session["setup_intent"])
    if setup and setup["status"] == "requires_action":
        setups.fail(world, setup, setups.UNAUTHENTICATED)
    message = "We are unable to authenticate your payment method. Please choose a different one."
    raise card_error({"code": "payment_intent_authentication_failure", "message": message})


def success_url(session: Obj) -> str:
    """Return where the payer goes, the session's id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])


def locked_email(world: World, session: Obj) -> str | None:
    """Return the address that the page shows and does not let anybody change."""
    customer = world.store.find(session["customer"]) or {}
    found = session["customer_email"] or customer.get("email")
    return str(found) if found else None


def saved(world: World, session: Obj) -> list[Obj]:
    """Return the means of payment that a returning customer is shown.

    By default those with `allow_redisplay: always` only
    (checkout.Session.saved_payment_method_options.allow_redisplay_filters).
    """
    options = session["saved_payment_method_options"] or {}
    shown = options.get("allow_redisplay_filters") or ["always"]
    return [
        method
        for method in payers.offered(world, session["customer"])
        if method["allow_redisplay"] in shown and method["type"] in session["payment_method_types"]
    ]


def _needs_means(session: Obj) -> bool:
    free = session["mode"] == "subscription" and not session["amount_total"]
    return not (free and session["payment_method_collection"] == "if_required")


def _check_consent(session: Obj, payer: Payer) -> None:
    consent = session["consent_collection"] or {}
    if consent.get("terms_of_service") == "required" and not payer.terms:
        raise invalid("Please accept the terms to go on.", "terms", "terms_required")
    for kind, rule in (session.get("name_collection") or {}).items():
        needed = rule and rule["enabled"] and not rule["optional"]
        if needed and not getattr(payer, f"{kind}_name"):
            raise invalid(f"Please enter your {kind} name.", f"{kind}_name", "name_required")


def _redisplay(world: World, session: Obj, payer: Payer) -> str:
    note = world.store.peek(session["id"])
    chosen = note.get("allow_redisplay")
    if chosen:
        return str(chosen)
    if payer.save and _may_save(session):
        return "always"
    reused = session["mode"] != "payment" or _future_use(world, session)
    return "limited" if reused else "unspecified"


def _may_save(session: Obj) -> bool:
    options = session["saved_payment_method_options"] or {}
    return bool(options.get("payment_method_save") == "enabled")


def _future_use(world: World, session: Obj) -> bool:
    data = world.store.peek(session["id"]).get("payment_intent_data", {})
    return bool(data.get("setup_future_usage"))


def _proceed(world: World, session: Obj, payer: Payer, method: Obj | None, email: str) -> Outcome:
    if session["mode"] == "subscription" and method is not None:
        if setups.asks(world, method) and not payer.shown:
            return _ask(world, session, payer, method, email)
        failure = behaviour_of(world, method)
        # A declined membership leaves nothing behind (README: simplified).
        if failure.code:
            raise card_error(failure.failure())
    act = {"payment": _charge, "setup": _set_up, "subscription": _subscribe}[session["mode"]]
    status = act(world, session, payer, method, email)
    if status == "requires_action" and method is not None:
        return _ask(world, session, payer, method, email)
    _complete(world, session, payer, email, status)
    return Outcome("complete", success_url(session))


def _ask(world: World, session: Obj, payer: Payer, method: Obj, email: str) -> Outcome:
    asked = {"payer": vars(payer), "method": method["id"], "email": email}
    world.store.note(session["id"])["asked"] = asked
    return Outcome("requires_action", f"{world.base}/3ds/{session['id']}")


def _customer(world: World, session: Obj, payer: Payer, email: str) -> str | None:
    """Return the customer's id, made or brought up to date, None for a guest."""
    names = {n: v for n in ("individual_name", "business_name") if (v := getattr(payer, n))}
    known = world.store.find(session["customer"])
    if known is None and session["customer"]:
        raise missing("customer", session["customer"], "customer")
    if known is None:
        if session["mode"] != "subscription" and session["customer_creation"] != "always":
            return None
        fields = {"email": email, "name": payer.name or None} | names
        session["customer"] = customers.make(world, fields, world.now())["id"]
        return str(session["customer"])
    changes: Obj = dict(names)
    if not known["email"]:
        changes["email"] = email
    update = world.store.peek(session["id"]).get("customer_update", {})
    if update.get("name") == "auto" and payer.name:
        changes["name"] = payer.name
    before = {name: known.get(name) for name, value in changes.items() if known.get(name) != value}
    if before:
        known |= changes
        world.emit("customer.updated", known, before)
    return str(known["id"])


def _attach(world: World, method: Obj, customer: str | None) -> None:
    if customer and method["customer"] != customer:
        method["customer"] = customer
        world.emit("payment_method.attached", method)


def _declined(error: dict[str, Any] | None) -> StripeError:
    return card_error(error or {"code": "card_declined", "message": "Your card was declined."})


def _charge(world: World, session: Obj, payer: Payer, method: Obj | None, email: str) -> str:
    if method is None:
        raise invalid("Please enter a card or an IBAN.", "card")
    hopeless = behaviour_of(world, method).code is not None
    # A card that is refused makes no customer.
    customer = session["customer"] if hopeless else _customer(world, session, payer, email)
    intent = orders.intent_of(world, session, customer)
    status = intents.attempt(world, intent, method, present=True, shown=payer.shown)
    if status == "requires_payment_method":
        raise _declined(intent["last_payment_error"])
    if status != "requires_action" and (_future_use(world, session) or _saves(session, payer)):
        _attach(world, method, customer)
    return status


def _saves(session: Obj, payer: Payer) -> bool:
    return payer.save and _may_save(session)


def _set_up(world: World, session: Obj, payer: Payer, method: Obj | None, email: str) -> str:
    if method is None:
        raise invalid("Please enter a card or an IBAN.", "card")
    intent = world.store.get("setup_intent", session["setup_intent"])
    if not behaviour_of(world, method).code:
        intent["customer"] = _customer(world, session, payer, email)
    status = setups.confirm(world, intent, method, shown=payer.shown)
    if status == "requires_payment_method":
        raise _declined(intent["last_setup_error"])
    return status


def _subscribe(world: World, session: Obj, payer: Payer, method: Obj | None, email: str) -> str:
    ident = _customer(world, session, payer, email)
    if method is not None:
        _attach(world, method, ident)
    customer = world.store.get("customer", ident)
    sub = subscriptions.make(world, customer, orders.subscription(world, session, method))
    session["subscription"] = sub["id"]
    invoice = subscriptions.open_first_invoice(world, sub)
    session["invoice"] = invoice["id"]
    paying = world.store.peek(invoice["id"]).get("payments")
    status = collecting.collect(world, invoice, method=method, present=True, shown=payer.shown)
    if status == "processing" and paying:
        payment = world.store.get("invoice_payment", paying[0])
        world.store.note(payment["payment"]["payment_intent"])["session"] = session["id"]
    return status


def _payment_status(session: Obj, status: str) -> str:
    if session["mode"] == "setup" or not session["amount_total"]:
        return "no_payment_required"
    return "paid" if status == "succeeded" else "unpaid"


def _complete(world: World, session: Obj, payer: Payer, email: str, status: str) -> None:
    asked = session["consent_collection"] or {}
    names = {
        "business_name": payer.business_name or None,
        "individual_name": payer.individual_name or None,
    }
    who = no_address()
    session |= {
        "status": "complete",
        "payment_status": _payment_status(session, status),
        "url": None,
        "collected_information": names | {"shipping_details": None},
        "customer_details": names
        | {
            "address": who["address"],
            "email": email,
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
    """Close an open session unpaid, and with it what it had begun."""
    session |= {"status": "expired", "url": None}
    world.store.note(session["id"]).pop("asked", None)
    intent = world.store.find(session["payment_intent"])
    if intent and intent["status"] in ("requires_payment_method", "requires_action"):
        intents.cancel(world, intent, "expired")
    setup = world.store.find(session["setup_intent"])
    if setup and setup["status"] in setups.OPEN:
        setups.cancel(world, setup, "abandoned")
    world.emit("checkout.session.expired", session)


def expire_due(world: World, ident: str, due: int) -> None:
    """Timer: nobody paid in time."""
    session = world.store.get("checkout.session", ident)
    if session["status"] == "open":
        expire(world, session)
