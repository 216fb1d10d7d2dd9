"""/c/pay/{session} and its 3DS page: the hosted checkout."""

from __future__ import annotations

from html import escape

from ..engine import checkout
from ..engine.checkout import Payer
from ..store import Obj
from ..wire.errors import StripeError
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from .html import action, button, field, frame, link, money, problem


def show(world: World, request: Request, ident: str) -> Reply:
    """Show the form, or say that the session is over."""
    session = world.store.get("checkout.session", ident)
    if session["status"] != "open":
        return _closed(session)
    return page(_form(world, session, {}, ""))


def press(world: World, request: Request, ident: str) -> Reply:
    """Pay; a declined card brings the form back with the bank's words."""
    session = world.store.get("checkout.session", ident)
    if session["status"] != "open":
        return _closed(session)
    typed = request.fields()
    payer = Payer(
        card=typed.get("card", "") if typed.get("means") != "iban" else "",
        iban=typed.get("iban", "") if typed.get("means") != "card" else "",
        email=typed.get("email", ""),
        name=typed.get("name", ""),
        terms="terms" in typed,
    )
    if payer.card.strip():
        payer = Payer(**{**vars(payer), "iban": ""})
    return _pay(world, session, payer, typed)


def _pay(world: World, session: Obj, payer: Payer, typed: dict[str, str]) -> Reply:
    try:
        return see_other(checkout.pay(world, session, payer).url)
    except StripeError as error:
        return page(_form(world, session, typed, str(error)), error.status)


def _closed(session: Obj) -> Reply:
    if session["status"] == "complete":
        text = "This payment has already been made."
        way = link(checkout.success_url(session), "Go on", "continue")
    else:
        text = "This page has expired. Nothing was charged."
        way = link(session["cancel_url"], "Back", "cancel") if session["cancel_url"] else ""
    inner = f'<h1 data-testid="status-{session["status"]}">{text}</h1><p>{way}</p>'
    return page(frame("Checkout", inner))


def _summary(world: World, session: Obj) -> str:
    lines = world.store.peek(session["id"])["line_items"]
    recurring = lines[0]["price"]["recurring"]
    per = f" per {recurring['interval']}" if recurring else ""
    amount = money(session["amount_total"], session["currency"])
    return (
        f'<h1 data-testid="product">{escape(lines[0]["description"] or "")}</h1>'
        f'<p class="sum" data-testid="amount">{amount}<span class="soft">{per}</span></p>'
    )


def _form(world: World, session: Obj, typed: dict[str, str], wrong: str) -> str:
    customer = world.store.find(session["customer"])
    locked = session["customer_email"] or (customer or {}).get("email") or ""
    email = field("email", "E-mail", locked or typed.get("email", ""), locked=bool(locked))
    custom = session["custom_text"]["submit"] or {}
    words = f'<p class="soft">{escape(custom.get("message", ""))}</p>' if custom else ""
    back = session["cancel_url"]
    cancel = f"<p>{link(back, 'Cancel and go back', 'cancel')}</p>" if back else ""
    inner = (
        f"{_summary(world, session)}{problem(wrong)}"
        f'<form method="post" action="/c/pay/{session["id"]}">{email}{_means(session, typed)}'
        f"{_terms(session)}{button(_label(session), 'pay')}{words}</form>{cancel}"
        f'<p class="soft">Try 4242 4242 4242 4242, or 4000 0000 0000 0002 for a declined card.</p>'
    )
    return frame("Checkout", inner)


def _label(session: Obj) -> str:
    if session["mode"] == "subscription":
        return "Subscribe"
    return "Donate" if session["submit_type"] == "donate" else "Pay"


def _means(session: Obj, typed: dict[str, str]) -> str:
    card = ""
    if "card" in session["payment_method_types"]:
        expiry = field("expiry", "Expiry", typed.get("expiry", ""), hint="12 / 34")
        cvc = field("cvc", "CVC", typed.get("cvc", ""), hint="123")
        number = field("card", "Card number", typed.get("card", ""), hint="4242 4242 4242 4242")
        card = f'<fieldset><legend>Card</legend>{number}<div class="pair"><div>{expiry}</div>'
        card += f"<div>{cvc}</div></div></fieldset>"
    debit = ""
    if "sepa_debit" in session["payment_method_types"]:
        iban = field("iban", "IBAN", typed.get("iban", ""), hint="DE89 3704 0044 0532 0130 00")
        legend = "or SEPA direct debit" if card else "SEPA direct debit"
        debit = f"<fieldset><legend>{legend}</legend>{iban}</fieldset>"
    return card + debit + field("name", "Name on the card or account", typed.get("name", ""))


def _terms(session: Obj) -> str:
    if (session["consent_collection"] or {}).get("terms_of_service") != "required":
        return ""
    return (
        '<label class="box"><input type="checkbox" name="terms" value="yes" '
        'data-testid="terms"> I agree to the terms of service</label>'
    )


def show_3ds(world: World, request: Request, ident: str) -> Reply:
    """Play the bank that asks whether it is really you."""
    session = world.store.get("checkout.session", ident)
    if session["status"] != "open" or "payer" not in world.store.peek(ident):
        return _closed(session) if session["status"] != "open" else see_other(session["url"])
    amount = money(session["amount_total"], session["currency"])
    inner = (
        f"<h1>Your bank asks</h1><p>Confirm the payment of <strong>{amount}</strong>?</p>"
        f'<div class="row">{action(request.path, "Confirm", "3ds-complete", value="complete")}'
        f"{action(request.path, 'Refuse', '3ds-fail', value='fail')}</div>"
    )
    return page(frame("3D Secure", inner))


def press_3ds(world: World, request: Request, ident: str) -> Reply:
    """Go on with the payment, or back to the form when refused."""
    session = world.store.get("checkout.session", ident)
    payer = world.store.note(ident).pop("payer", None)
    if payer is None or session["status"] != "open":
        return _closed(session) if session["status"] != "open" else see_other(session["url"])
    typed = {"card": payer["card"], "name": payer["name"], "email": payer["email"]}
    if request.fields().get("do") != "complete":
        words = "We are unable to authenticate your payment method."
        return page(_form(world, session, typed, words), 402)
    return _pay(world, session, Payer(**{**payer, "shown": True}), typed)
