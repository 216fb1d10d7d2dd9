"""Collecting invoices: the charge, what follows success, and the retries that follow failure."""

from __future__ import annotations

from ..periods import DAY
from ..store import Obj
from ..world import World
from . import charges, intents, invoices, subscriptions

ENDED = ("canceled", "incomplete_expired")


def method_for(world: World, sub: Obj) -> Obj | None:
    """Return what Stripe would charge: the subscription's method, else the customer's."""
    own = sub["default_payment_method"]
    if own:
        return world.store.find(own)
    customer = world.store.find(sub["customer"]) or {}
    default = (customer.get("invoice_settings") or {}).get("default_payment_method")
    return world.store.find(default)


def collect(
    world: World,
    invoice: Obj,
    *,
    method: Obj | None = None,
    present: bool = False,
    shown: bool = False,
    automatic: bool = True,
) -> str:
    """Try to collect an open invoice; return the intent's status (`succeeded` for 0 cents)."""
    sub = invoices.subscription_of(world, invoice)
    paying = invoices.payment_of(world, invoice)
    if paying is None:
        _paid(world, invoice, sub)
        return "succeeded"
    method = method or method_for(world, sub)
    if automatic or not invoice["attempt_count"]:
        invoice["attempt_count"] += 1
    invoice["attempted"] = True
    if method is None:
        _refused(world, invoice, sub)
        return "requires_payment_method"
    status = intents.attempt(world, paying[1], method, present=present, shown=shown)
    if status == "succeeded":
        _paid(world, invoice, sub)
    elif status == "processing":
        invoice["next_payment_attempt"] = None
        subscriptions.provisional(world, sub)
    elif status == "requires_action":
        world.emit("invoice.payment_action_required", invoice)
    else:
        _refused(world, invoice, sub, automatic=automatic)
    return status


def _paid(world: World, invoice: Obj, sub: Obj) -> None:
    invoices.mark_paid(world, invoice, world.now(invoice["customer"]))
    behind = sub["status"] in ("incomplete", "past_due", "unpaid")
    # Stripe heals by the latest invoice; older open ones stay open.
    if behind and sub["latest_invoice"] == invoice["id"]:
        subscriptions.amend(world, sub, status="active")


def _refused(world: World, invoice: Obj, sub: Obj, *, automatic: bool = True) -> None:
    first = sub["status"] == "incomplete"
    last = False
    if automatic and not first and sub["status"] not in ENDED:
        last = not _plan_retry(world, invoice)
    paying = invoices.payment_of(world, invoice)
    error = (paying[1]["last_payment_error"] or {}) if paying else {}
    if error.get("code") == "authentication_required":
        world.emit("invoice.payment_action_required", invoice)
    world.emit("invoice.payment_failed", invoice)
    if sub["status"] in ("active", "trialing"):
        subscriptions.amend(world, sub, status="past_due")
    if last:
        _give_up(world, invoice, sub)


def _plan_retry(world: World, invoice: Obj) -> bool:
    """Schedule the next try after 3, 5, 7 days (settings); False when there are none left."""
    waits = world.settings.retry_days
    done = invoice["attempt_count"] - 1
    if done >= len(waits):
        invoice["next_payment_attempt"] = None
        invoice["auto_advance"] = False
        return False
    due = world.now(invoice["customer"]) + waits[done] * DAY
    invoice["next_payment_attempt"] = due
    world.schedule(due, "retry", invoice["id"], invoice["customer"])
    return True


def _give_up(world: World, invoice: Obj, sub: Obj) -> None:
    after = world.settings.after_retries
    if after == "cancel":
        subscriptions.end(world, sub, reason="payment_failed")
    elif after == "unpaid":
        subscriptions.amend(world, sub, status="unpaid")


def retry(world: World, ident: str, due: int) -> None:
    """Timer: try the open invoice again, unless it has been settled or planned anew since."""
    invoice = world.store.get("invoice", ident)
    if invoice["status"] == "open" and invoice["next_payment_attempt"] == due:
        collect(world, invoice)


def finalize_due(world: World, ident: str, due: int) -> None:
    """Timer: an hour after the draft, finalise and charge it."""
    invoice = world.store.get("invoice", ident)
    if invoice["status"] == "draft" and invoice["auto_advance"]:
        invoices.finalize(world, invoice)
        collect(world, invoice)


def settle_debit(world: World, ident: str, due: int) -> None:
    """Timer: the bank has answered a SEPA debit, days after it was sent."""
    charge = world.store.get("charge", ident)
    intent, failure = intents.debit_outcome(world, charge)
    if intent["status"] != "processing":
        return
    note = world.store.peek(intent["id"])
    if failure is None:
        charges.succeed(world, charge)
        intents.succeed(world, intent, charge)
    else:
        method = world.store.get("payment_method", charge["payment_method"])
        intents.fail(world, intent, method, failure, charge)
    _settle_invoice(world, note.get("invoice"), failure is None)
    _settle_session(world, note.get("session"), failure is None)


def _settle_invoice(world: World, ident: str | None, paid: bool) -> None:
    invoice = world.store.find(ident)
    if invoice is None:
        return
    sub = invoices.subscription_of(world, invoice)
    if paid:
        _paid(world, invoice, sub)
    else:
        _refused(world, invoice, sub)


def _settle_session(world: World, ident: str | None, paid: bool) -> None:
    session = world.store.find(ident)
    if session is None or session["payment_status"] == "paid":
        return
    if paid:
        session["payment_status"] = "paid"
        world.emit("checkout.session.async_payment_succeeded", session)
    else:
        world.emit("checkout.session.async_payment_failed", session)
