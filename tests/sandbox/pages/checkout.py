"""/c/pay/{session}: the hosted checkout."""

from __future__ import annotations

from html import escape

from ..engine import checkout, payers
from ..periods import day_text
from ..store import Obj
from ..wire.errors import StripeError
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from . import means
from .html import box, button, field, frame, lines, link, money, per, press, problem

_GONE = 410
_VERBS = {"donate": "Donate", "book": "Book", "subscribe": "Subscribe", "pay": "Pay"}


def show(world: World, request: Request, ident: str) -> Reply:
    """Show the form, or say that the session is over."""
    session = world.store.get("checkout.session", ident)
    if session["status"] != "open":
        return closed(session)
    return page(form(world, session, {}))


def submit(world: World, request: Request, ident: str) -> Reply:
    """Pay; a declined card brings the form back with the bank's words."""
    session = world.store.get("checkout.session", ident)
    if session["status"] != "open":
        return closed(session)
    typed = request.fields()
    try:
        payer = payers.typed(typed)
        if payer.iban and not payer.name:
            raise StripeError(400, "Please enter the name of the account holder.", param="name")
        return see_other(checkout.pay(world, session, payer).url)
    except StripeError as error:
        return page(form(world, session, typed, error), error.status)


def closed(session: Obj) -> Reply:
    """Say that the session is over, and lead on."""
    if session["status"] == "complete":
        head, text = "All done", "This payment has already been made."
        if session["mode"] == "setup":
            text = "Your payment details have already been saved."
        way = link(checkout.success_url(session), "Go on", "continue", kind="big")
        status = 200
    else:
        head, text = "This page has expired", "Nothing was charged. You can start again."
        back = session["cancel_url"]
        way = link(back, "Back", "cancel", kind="big plain") if back else ""
        status = _GONE
    inner = f'<h1 data-testid="status-{session["status"]}">{head}</h1><p>{text}</p><p>{way}</p>'
    return page(frame("Checkout", inner), status)


def form(
    world: World, session: Obj, typed: dict[str, str], error: StripeError | None = None
) -> str:
    """Return the page of an open session, as it was typed and with what was wrong."""
    wrong = ""
    if error is not None:
        wrong = str(error.fields.get("param") or error.fields.get("code") or "")
    back = session["cancel_url"]
    cancel = f"<p>{link(back, 'Cancel and go back', 'cancel')}</p>" if back else ""
    inner = (
        f"<div>{_summary(world, session)}{cancel}</div><div>{problem(str(error or ''))}"
        f'<form method="post" action="/c/pay/{session["id"]}">{press()}'
        f"{_who(world, session, typed, wrong)}{_means(world, session, typed, wrong)}"
        f"{_boxes(session, wrong)}{_words(session, 'submit')}"
        f"{button(_verb(session), 'pay')}{_words(session, 'after_submit')}</form>"
        f"{means.hints()}</div>"
    )
    return frame("Checkout", inner, two=True)


def _summary(world: World, session: Obj) -> str:
    rows = world.store.peek(session["id"])["line_items"]
    seller = f'<p class="from">{means.ACCOUNT}</p>'
    if session["mode"] == "setup":
        head = "Save your payment details"
        return f'{seller}<h1 data-testid="product">{head}</h1><p>Nothing is charged now.</p>'
    currency = session["currency"]
    recurring = rows[0]["price"]["recurring"]
    full = sum(row["price"]["unit_amount"] * row["quantity"] for row in rows)
    today = session["amount_total"]
    shown = full if recurring else today
    listed = [
        (_sold(row), money(row["price"]["unit_amount"] * row["quantity"], currency)) for row in rows
    ]
    many = lines(listed, ("Total", money(full, currency))) if len(rows) > 1 else ""
    due = ""
    if today != full:
        due = lines([_first_charge(world, session)], ("Due today", money(today, currency)))
    return (
        f'{seller}<h1 data-testid="product">{escape(rows[0]["description"] or "")}</h1>'
        f'<p class="sum" data-testid="amount">{money(shown, currency)}'
        f'<span class="soft">{per(recurring)}</span></p>{many}{due}'
    )


def _sold(row: Obj) -> str:
    name = str(row["description"] or "")
    return f"{row['quantity']} x {name}" if row["quantity"] > 1 else name


def _first_charge(world: World, session: Obj) -> tuple[str, str]:
    data = world.store.peek(session["id"]).get("subscription_data", {})
    days = data.get("trial_period_days")
    if days:
        return "Free to begin with", f"{days} days"
    moment = int(data.get("trial_end") or data.get("billing_cycle_anchor") or world.now())
    return "First payment", day_text(moment)


def _who(world: World, session: Obj, typed: dict[str, str], wrong: str) -> str:
    locked = checkout.locked_email(world, session)
    email = field(
        "email",
        "E-mail",
        locked or typed.get("email", ""),
        locked=bool(locked),
        wrong=wrong == "email",
    )
    for kind, rule in (session.get("name_collection") or {}).items():
        if rule and rule["enabled"]:
            label = "Your name" if kind == "individual" else "Business name"
            label += " (optional)" if rule["optional"] else ""
            name = f"{kind}_name"
            email += field(name, label, typed.get(name, ""), wrong=wrong == name)
    return email


def _means(world: World, session: Obj, typed: dict[str, str], wrong: str) -> str:
    free = session["mode"] == "subscription" and not session["amount_total"]
    if free and session["payment_method_collection"] == "if_required":
        return '<p class="soft">No payment details are needed today.</p>'
    saved = checkout.saved(world, session)
    return means.form(session["payment_method_types"], typed, wrong, saved)


def _boxes(session: Obj, wrong: str) -> str:
    told = ""
    options = session["saved_payment_method_options"] or {}
    if options.get("payment_method_save") == "enabled":
        told += box("save", "Save these payment details for the next time")
    if (session["consent_collection"] or {}).get("terms_of_service") == "required":
        custom = (session["custom_text"]["terms_of_service_acceptance"] or {}).get("message")
        words = escape(custom) if custom else "I agree to the terms of service"
        told += box("terms", words, wrong=wrong == "terms")
    return told


def _words(session: Obj, name: str) -> str:
    message = (session["custom_text"][name] or {}).get("message")
    return f'<p class="soft small" data-testid="{name}">{escape(message)}</p>' if message else ""


def _verb(session: Obj) -> str:
    if session["mode"] == "setup":
        return "Save"
    asked = session["submit_type"]
    if session["mode"] == "subscription":
        free = not session["amount_total"] and asked != "subscribe"
        return "Start" if free else "Subscribe"
    return _VERBS.get(asked or "pay", "Pay")
