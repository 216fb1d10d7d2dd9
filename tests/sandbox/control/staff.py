"""What a person would do in the Dashboard, or a payer on a hosted page."""

from __future__ import annotations

from ..engine import checkout, collecting, customers, invoices, methods, subscriptions
from ..engine.cards import card_number
from ..store import Obj
from ..wire.errors import invalid
from ..world import World


def cancel(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Cancel as from the dashboard, now or at the period's end (which sets cancel_at)."""
    sub = world.store.get("subscription", ids[0])
    if sub["status"] in subscriptions.FINAL:
        raise invalid("This subscription has already ended.")
    if asked.get("at_period_end"):
        end = subscriptions.period_end(sub)
        subscriptions.schedule_end(world, sub, end, at_period_end=False)
    else:
        subscriptions.end(world, sub, reason="cancellation_requested")
    return sub


def swap_card(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Give a customer another default card; with `retry`, open invoices are tried at once."""
    customer = world.store.get("customer", ids[0])
    number = card_number(str(asked.get("card", "")))
    if number is None:
        raise invalid("Your card number is invalid.", "card", "invalid_number")
    moment = world.now(customer["id"])
    details = {"email": customer["email"], "name": customer["name"]}
    method = methods.make(world, "card", number, moment=moment, details=details)
    customers.use_method(world, customer, method)
    tried = customers.retry_open(world, customer["id"]) if asked.get("retry") else []
    return {"customer": customer["id"], "payment_method": method["id"], "retried": tried}


def pay_invoice(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Try an invoice now, as from the dashboard; the answer tells how it went."""
    invoice = world.store.get("invoice", ids[0])
    if invoice["status"] == "draft":
        invoices.finalize(world, invoice)
    if invoice["status"] != "open":
        raise invalid(f"Invoice is {invoice['status']}.")
    status = collecting.collect(world, invoice, automatic=False)
    return {"invoice": invoice["id"], "status": invoice["status"], "payment": status}


def expire_session(world: World, asked: Obj, ids: tuple[str, ...]) -> Obj:
    """Expire an open session now."""
    session = world.store.get("checkout.session", ids[0])
    if session["status"] != "open":
        raise invalid(f"This Checkout Session is {session['status']}.")
    checkout.expire(world, session)
    return {"session": session["id"], "status": session["status"]}
