"""/p/session/{bps}: a small customer portal. /i/{invoice}: the hosted invoice."""

from __future__ import annotations

from html import escape

from ..engine import collecting, customers, invoices, methods, subscriptions
from ..engine.cards import CARDS, OK, card_number
from ..periods import day_text
from ..store import Obj
from ..wire.errors import StripeError
from ..wire.message import Reply, Request, page, see_other
from ..world import World
from .html import action, button, field, frame, link, money, problem, table


def show(world: World, request: Request, ident: str, wrong: str = "") -> Reply:
    """Show what the flow allows: all of it, only the card, or only the cancelling."""
    session = world.store.get("billing_portal.session", ident)
    kind = (session["flow"] or {}).get("type")
    customer = session["customer"]
    subs = customers.live_subscriptions(world, customer)
    inner = f"<h1>Your membership</h1>{problem(wrong)}"
    if kind != "payment_method_update":
        inner += "".join(_subscription(request.path, sub) for sub in subs)
    if kind != "subscription_cancel":
        inner += _card(world, request.path, customer, subs)
    if kind is None:
        inner += _history(world, customer)
    if session["return_url"]:
        inner += f"<p>{link(session['return_url'], 'Back', 'return')}</p>"
    return page(frame("Portal", inner), 402 if wrong else 200)


def _subscription(path: str, sub: Obj) -> str:
    item = sub["items"]["data"][0]
    amount = money(item["price"]["unit_amount"] * item["quantity"], sub["currency"])
    until = day_text(item["current_period_end"])
    head = f"<h2>{amount} per {item['price']['recurring']['interval']}</h2>"
    ending = sub["cancel_at"] or sub["cancel_at_period_end"]
    if ending:
        state = f'<p data-testid="ends-on">Ends on {day_text(sub["cancel_at"] or 0)}</p>'
        act = action(path, "Keep my membership", "keep", value=f"keep {sub['id']}")
    else:
        state = f'<p data-testid="state-{sub["status"]}">Paid until {until}</p>'
        act = action(path, f"Cancel on {until}", "cancel", value=f"cancel {sub['id']}")
    return head + state + act


def _card(world: World, path: str, customer: str, subs: list[Obj]) -> str:
    method = collecting.method_for(world, subs[0]) if subs else None
    kind = (method or {}).get("type")
    now = f"Now: •••• {method[kind]['last4']}" if method and kind else "None yet"
    return (
        f'<h2>Card</h2><p class="soft" data-testid="current-card">{now}</p>'
        f'<form method="post" action="{path}">'
        f"{field('card', 'Card number', hint='4242 4242 4242 4242')}"
        f'<div class="pair"><div>{field("expiry", "Expiry", hint="12 / 34")}</div>'
        f"<div>{field('cvc', 'CVC', hint='123')}</div></div>"
        f"{button('Save card', 'save-card', value='card')}</form>"
    )


def _history(world: World, customer: str) -> str:
    rows = [
        [
            day_text(invoice["created"]),
            escape(invoice["number"] or "draft"),
            money(invoice["total"], invoice["currency"]),
            invoice["status"],
        ]
        for invoice in world.store.newest("invoice")
        if invoice["customer"] == customer
    ]
    return "<h2>Invoices</h2>" + table(["Date", "Number", "Amount", "State"], rows[:12], "invoices")


def press(world: World, request: Request, ident: str) -> Reply:
    """Do what the button says, then go where the flow asks."""
    session = world.store.get("billing_portal.session", ident)
    typed = request.fields()
    verb, _, subject = typed.get("do", "").partition(" ")
    if verb == "card":
        try:
            _change_card(world, session["customer"], typed.get("card", ""))
        except StripeError as error:
            return show(world, request, ident, str(error))
    elif verb in ("cancel", "keep"):
        _plan(world, session, verb, subject)
    return see_other(_after(session) or request.path)


def _after(session: Obj) -> str | None:
    after = ((session["flow"] or {}).get("after_completion")) or {}
    url = (after.get("redirect") or {}).get("return_url")
    return str(url) if url else None


def _change_card(world: World, customer_id: str, typed: str) -> None:
    customer = world.store.get("customer", customer_id)
    number = card_number(typed)
    if number is None:
        raise StripeError(402, "Your card number is invalid.")
    behaviour = CARDS.get(number, OK)
    if behaviour.code and behaviour.fails_attached:
        raise StripeError(402, behaviour.message)
    moment = world.now(customer_id)
    details = {"email": customer["email"], "name": customer["name"]}
    method = methods.make(world, "card", number, moment=moment, details=details)
    # Whoever saves a card here has just been asked by their bank, if it asks at all.
    world.store.note(method["id"])["authenticated"] = True
    customers.use_method(world, customer, method)
    # Real Stripe waits for the next retry; a demo wants to see it heal (README: simplified).
    customers.retry_open(world, customer_id)


def _plan(world: World, session: Obj, verb: str, ident: str) -> None:
    sub = world.store.get("subscription", ident)
    if sub["customer"] != session["customer"] or sub["status"] in subscriptions.FINAL:
        return
    if verb == "keep":
        subscriptions.unschedule_end(world, sub)
    else:
        # Flexible billing: the portal sets cancel_at and leaves cancel_at_period_end false.
        end = subscriptions.period_end(sub)
        subscriptions.schedule_end(world, sub, end, at_period_end=False)


def show_invoice(world: World, request: Request, ident: str, wrong: str = "") -> Reply:
    """Show an invoice, with a form while it is open."""
    invoice = world.store.get("invoice", ident)
    amount = money(invoice["amount_due"], invoice["currency"])
    inner = (
        f"<h1>Invoice {escape(invoice['number'] or '')}</h1>{problem(wrong)}"
        f'<p class="sum">{amount}</p><p data-testid="status-{invoice["status"]}">'
        f"{invoice['status']}</p>"
    )
    if invoice["status"] == "open":
        number = field("card", "Card number", hint="4242 4242 4242 4242")
        inner += f'<form method="post">{number}{button("Pay", "pay")}</form>'
    return page(frame("Invoice", inner), 402 if wrong else 200)


def press_invoice(world: World, request: Request, ident: str) -> Reply:
    """Pay an open invoice with the card typed."""
    invoice = world.store.get("invoice", ident)
    number = card_number(request.fields().get("card", ""))
    if number is None:
        return show_invoice(world, request, ident, "Your card number is invalid.")
    if invoice["status"] == "open":
        sub = invoices.subscription_of(world, invoice)
        moment = world.now(invoice["customer"])
        method = methods.make(world, "card", number, moment=moment)
        method["customer"] = invoice["customer"]
        status = collecting.collect(
            world, invoice, method=method, present=True, shown=True, automatic=False
        )
        if status != "succeeded":
            return show_invoice(world, request, ident, "Your card was declined.")
        if sub["status"] not in subscriptions.FINAL:
            subscriptions.amend(world, sub, default_payment_method=method["id"])
    return see_other(request.path)
