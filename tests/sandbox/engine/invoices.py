"""Invoices of subscriptions: drafted, finalised, collected, paid."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.lists import envelope
from ..world import World
from . import intents
from .defaults import invoice_defaults, invoice_line, invoice_money

HOUR = 3600
_WORDS = {
    "subscription_create": "Subscription creation",
    "subscription_cycle": "Subscription update",
}


def _parent(sub: Obj) -> Obj:
    details = {
        "subscription": sub["id"],
        "metadata": dict(sub["metadata"]),
        "subscription_proration_date": None,
    }
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": details,
    }


def _payer(world: World, sub: Obj) -> Obj:
    customer = world.store.get("customer", sub["customer"])
    return {
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": None,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "test_clock": customer["test_clock"],
    }


def draft(world: World, sub: Obj, reason: str, *, period: tuple[int, int]) -> Obj:
    """Keep a draft invoice for the subscription's items, over the given period."""
    moment = world.now(sub["customer"])
    ident = new_id("in_1")
    lines = [invoice_line(sub, item, ident, period) for item in sub["items"]["data"]]
    invoice = shaped("invoice", id=ident, created=moment, currency=sub["currency"])
    invoice |= (
        invoice_defaults()
        | invoice_money(sum(line["amount"] for line in lines))
        | _payer(world, sub)
    )
    invoice |= {
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatically_finalizes_at": moment + HOUR,
        "billing_reason": reason,
        "lines": envelope(f"/v1/invoices/{ident}/lines", lines),
        "metadata": {},
        "next_payment_attempt": moment + HOUR,
        "parent": _parent(sub),
        # As in Stripe the invoice's own period looks back, its lines look ahead.
        "period_start": sub["start_date"] if reason == "subscription_create" else period[0],
        "period_end": period[0],
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
    }
    world.store.add(invoice)
    sub["latest_invoice"] = ident
    world.emit("invoice.created", invoice)
    return invoice


def finalize(world: World, invoice: Obj) -> None:
    """Open the invoice, number it and prepare its payment; 0 cents need none."""
    moment = world.now(invoice["customer"])
    customer = world.store.get("customer", invoice["customer"])
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = number + 1
    invoice |= {
        "status": "open",
        "number": f"{customer['invoice_prefix']}-{number:04d}",
        "effective_at": moment,
        "ending_balance": 0,
        "automatically_finalizes_at": None,
        "next_payment_attempt": None,
        "hosted_invoice_url": f"{world.base}/i/{invoice['id']}",
        "invoice_pdf": f"{world.base}/i/{invoice['id']}/pdf",
        "webhooks_delivered_at": moment,
    }
    invoice["status_transitions"]["finalized_at"] = moment
    if invoice["total"]:
        _prepare_payment(world, invoice, moment)
    world.emit("invoice.finalized", invoice)


def _prepare_payment(world: World, invoice: Obj, moment: int) -> None:
    intent = intents.make(
        world,
        amount=invoice["total"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        types=["card", "sepa_debit"],
        fields={"description": _WORDS[invoice["billing_reason"]]}
        | {"setup_future_usage": "off_session"},
    )
    payment = shaped(
        "invoice_payment",
        id=new_id("inpay_1"),
        amount_requested=invoice["total"],
        created=moment,
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={
            "type": "payment_intent",
            "payment_intent": intent["id"],
            "charge": None,
            "payment_record": None,
        },
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )
    world.store.add(payment)
    world.store.note(invoice["id"])["payments"] = [payment["id"]]
    world.store.note(intent["id"])["invoice"] = invoice["id"]


def payment_of(world: World, invoice: Obj) -> tuple[Obj, Obj] | None:
    """Return the invoice's payment and intent, None for an invoice over nothing."""
    ids = world.store.peek(invoice["id"]).get("payments")
    if not ids:
        return None
    payment = world.store.get("invoice_payment", ids[0])
    return payment, world.store.get("payment_intent", payment["payment"]["payment_intent"])


def subscription_of(world: World, invoice: Obj) -> Obj:
    """Return the subscription that the invoice bills."""
    ident = invoice["parent"]["subscription_details"]["subscription"]
    return world.store.get("subscription", ident)


def mark_paid(world: World, invoice: Obj, moment: int) -> None:
    """Close the invoice as paid in full and say so."""
    invoice |= {
        "status": "paid",
        "attempted": True,
        "attempt_count": max(invoice["attempt_count"], 1),
        "amount_paid": invoice["total"],
        "amount_remaining": 0,
        "auto_advance": False,
        "next_payment_attempt": None,
    }
    invoice["status_transitions"]["paid_at"] = moment
    paying = payment_of(world, invoice)
    if paying:
        payment = paying[0]
        payment |= {"status": "paid", "amount_paid": invoice["total"]}
        payment["status_transitions"]["paid_at"] = moment
        world.emit("invoice_payment.paid", payment)
    world.emit("invoice.paid", invoice)
    world.emit("invoice.payment_succeeded", invoice)


def void(world: World, invoice: Obj) -> None:
    """Void an open or draft invoice and cancel its payment."""
    moment = world.now(invoice["customer"])
    invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None}
    invoice["status_transitions"]["voided_at"] = moment
    paying = payment_of(world, invoice)
    if paying:
        payment, intent = paying
        payment["status"] = "canceled"
        payment["status_transitions"]["canceled_at"] = moment
        intent |= {
            "status": "canceled",
            "canceled_at": moment,
            "cancellation_reason": "void_invoice",
        }
        world.emit("payment_intent.canceled", intent)
    world.emit("invoice.voided", invoice)
