"""Collecting invoices: the charge, what follows success, and the retries that follow failure."""

from __future__ import annotations

from typing import Any

from ..periods import DAY
from ..store import Obj
from ..world import World
from . import charges, credit, intents, invoices, pausing, subscriptions
from .methods import behaviour_of

ENDED = ("canceled", "incomplete_expired")


def method_for(world: World, sub: Obj) -> Obj | None:
    """Return what Stripe would charge: the subscription's method, else the customer's."""
    own = sub["default_payment_method"]
    return world.store.find(own) if own else default_of(world, sub["customer"])


def default_of(world: World, customer: str) -> Obj | None:
    """Return the customer's default means of payment."""
    owner = world.store.find(customer) or {}
    return world.store.find((owner.get("invoice_settings") or {}).get("default_payment_method"))


def payer_of(world: World, invoice: Obj) -> Obj | None:
    """Return what an invoice is charged to: its own method, its subscription's, the customer's."""
    if invoice["default_payment_method"]:
        return world.store.find(invoice["default_payment_method"])
    sub = invoices.billed(world, invoice)
    return method_for(world, sub) if sub else default_of(world, invoice["customer"])


def foreseen(world: World, method: Obj | None) -> dict[str, Any] | None:
    """Return why a charge without the payer present would not succeed now, None when it would."""
    if method is None:
        return {"code": "missing", "message": "There is no means of payment to charge."}
    if method["type"] != "card":
        return None
    behaviour = behaviour_of(world, method)
    fresh = not world.store.peek(method["id"]).get("authenticated", False)
    if behaviour.asks == "always" or (behaviour.asks in ("once", "on_session") and fresh):
        return dict(intents.AUTHENTICATE)
    return behaviour.failure() if behaviour.code else None


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
    paying = invoices.payment_of(world, invoice)
    if paying is None:
        _paid(world, invoice)
        return "succeeded"
    if automatic and invoice["collection_method"] == "send_invoice":
        return "requires_payment_method"  # its payer is asked, and nothing is charged
    method = method or payer_of(world, invoice)
    if automatic or not invoice["attempt_count"]:
        invoice["attempt_count"] += 1
    invoice["attempted"] = True
    status = "requires_payment_method"
    if method is not None:
        status = intents.attempt(world, paying[1], method, present=present, shown=shown)
    follow(world, invoice, status, present=present, automatic=automatic)
    return status


def follow(
    world: World, invoice: Obj, status: str, *, present: bool = False, automatic: bool = False
) -> None:
    """Settle an invoice by the new status of its intent, also after a 3DS page or a debit."""
    if invoice["status"] == "paid" and status == "succeeded":
        invoices.overpay(world, invoice)
    if invoice["status"] not in ("open", "uncollectible"):
        return
    if status == "succeeded":
        _paid(world, invoice)
    elif status == "processing":
        invoice["next_payment_attempt"] = None
        sub = invoices.billed(world, invoice)
        if sub:
            subscriptions.provisional(world, sub)
    elif status == "requires_action" and present:
        world.emit("invoice.payment_action_required", invoice)
    else:
        _refused(world, invoice, asks=status == "requires_action", automatic=automatic)


def _paid(world: World, invoice: Obj, *, by_hand: bool = False) -> None:
    invoices.mark_paid(world, invoice, world.now(invoice["customer"]), by_hand=by_hand)
    _heal(world, invoice)
    _save_method(world, invoice)


def _save_method(world: World, invoice: Obj) -> None:
    """Keep what has paid as the subscription's own method, where its settings ask for that."""
    sub, paying = invoices.billed(world, invoice), invoices.payment_of(world, invoice)
    saves = sub is not None and (
        sub["payment_settings"]["save_default_payment_method"] == "on_subscription"
    )
    if sub and saves and paying and paying[1]["payment_method"]:
        subscriptions.amend(world, sub, default_payment_method=paying[1]["payment_method"])


def settled(world: World, invoice: Obj) -> None:
    """Close an open invoice on which nothing is left to be paid; no money moved."""
    invoices.drop_payment(world, invoice)
    _paid(world, invoice)


def paid_elsewhere(world: World, invoice: Obj) -> None:
    """Mark an open invoice as paid outside of Stripe; no money moves here."""
    _paid(world, invoice, by_hand=True)


def write_off(world: World, invoice: Obj) -> None:
    """Give an open invoice up; a subscription that waited for it goes on."""
    invoices.write_off(world, invoice)
    sub = invoices.billed(world, invoice)
    if sub and sub["status"] == "paused":
        pausing.resumed_by(world, sub, invoice)


def _heal(world: World, invoice: Obj) -> None:
    """Bring the subscription back: Stripe heals by the latest invoice, older ones stay open."""
    sub = invoices.billed(world, invoice)
    if sub is None or sub["latest_invoice"] != invoice["id"]:
        return
    if sub["status"] in ("incomplete", "past_due", "unpaid"):
        subscriptions.amend(world, sub, status="active")
    elif sub["status"] == "paused":
        pausing.resumed_by(world, sub, invoice)


def _refused(world: World, invoice: Obj, *, asks: bool, automatic: bool) -> None:
    sub = invoices.billed(world, invoice)
    first = sub is not None and sub["status"] == "incomplete"
    last = False
    if automatic and not first and not (sub and sub["status"] in ENDED):
        last = not _plan_retry(world, invoice)
    paying = invoices.payment_of(world, invoice)
    error = (paying[1]["last_payment_error"] or {}) if paying else {}
    if automatic and not first:
        credit.tell_behind(world, invoice["customer"], True)
    if asks or error.get("code") == "authentication_required":
        world.emit("invoice.payment_action_required", invoice)
    world.emit("invoice.payment_failed", invoice)
    if sub is None:
        return
    if sub["status"] in ("active", "trialing"):
        subscriptions.amend(world, sub, status="past_due")
    elif sub["status"] == "paused":
        pausing.attempted(world, sub, invoice)
    elif first and world.now(sub["customer"]) >= sub["created"] + subscriptions.INCOMPLETE_SECONDS:
        subscriptions.expire_incomplete(world, sub["id"], world.now(sub["customer"]))
    if last:
        _give_up(world, invoice, sub)


def _plan_retry(world: World, invoice: Obj) -> bool:
    """Schedule the next try after 3, 5, 7 days (settings); False when there are none left."""
    waits = world.settings.retry_days
    done = invoice["attempt_count"] - 1
    if done >= len(waits) or world.store.peek(invoice["id"]).get("no_retry"):
        invoice["next_payment_attempt"] = None
        invoice["auto_advance"] = False
        return bool(done < len(waits))
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
    elif after == "pause" and sub["status"] != "paused":
        pausing.enter(world, sub, "final_payment_failure")


def retry(world: World, ident: str, due: int) -> None:
    """Timer: try the open invoice again, unless it has been settled or planned anew since."""
    invoice = world.store.get("invoice", ident)
    if invoice["status"] == "open" and invoice["next_payment_attempt"] == due:
        collect(world, invoice)


def fall_due(world: World, ident: str, due: int) -> None:
    """Timer: an invoice that was sent has not been paid in time; its plan is overdue."""
    invoice = world.store.get("invoice", ident)
    sub = invoices.billed(world, invoice)
    if invoice["status"] == "open" and sub is not None and sub["status"] == "active":
        world.emit("invoice.overdue", invoice)
        subscriptions.amend(world, sub, status="past_due")


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
    invoice = world.store.find(note.get("invoice"))
    if invoice is not None:
        follow(world, invoice, intent["status"], automatic=True)
    _settle_session(world, note.get("session"), failure is None)


def _settle_session(world: World, ident: str | None, paid: bool) -> None:
    session = world.store.find(ident)
    if session is None or session["payment_status"] == "paid":
        return
    if paid:
        session["payment_status"] = "paid"
        world.emit("checkout.session.async_payment_succeeded", session)
    else:
        world.emit("checkout.session.async_payment_failed", session)
