"""Invoices: drafted, finalised, paid, voided, written off."""

from __future__ import annotations

from ..periods import DAY
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.lists import envelope
from ..world import World
from . import credit, discounts, intents, invoice_items
from .defaults import invoice_defaults, invoice_money
from .differences import changed
from .lines import source_of
from .prorations import remember

HOUR = 3600
_WORDS = {
    "manual": "Invoice payment",
    "subscription_create": "Subscription creation",
    "subscription_cycle": "Subscription update",
    "subscription_update": "Subscription update",
}


def _parent(sub: Obj) -> Obj:
    details = {
        "subscription": sub["id"],
        "metadata": dict(sub["metadata"]),
    }
    return {
        "type": "subscription_details",
        "quote_details": None,
        "subscription_details": details,
    }


def _payer(customer: Obj) -> Obj:
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


def shape(
    customer: Obj, sub: Obj | None, reason: str, lines: list[Obj], *, ident: str, moment: int
) -> Obj:
    """Return a draft invoice with these lines that is not kept anywhere yet."""
    for line in lines:
        line["invoice"] = ident
    currency = sub["currency"] if sub else customer["currency"] or "eur"
    invoice = shaped("invoice", id=ident, created=moment, currency=currency)
    return invoice | {
        **invoice_defaults(),
        **_payer(customer),
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatically_finalizes_at": moment + HOUR,
        "billing_reason": reason,
        "discounts": list(sub["discounts"]) if sub else [],
        "lines": envelope(f"/v1/invoices/{ident}/lines", lines),
        "metadata": {},
        "next_payment_attempt": moment + HOUR,
        "parent": _parent(sub) if sub else None,
        "period_start": moment,
        "period_end": moment,
        "status": "draft",
        "status_transitions": dict.fromkeys(
            ("finalized_at", "marked_uncollectible_at", "paid_at", "voided_at")
        ),
        **sums(customer, lines),
    }


def sums(customer: Obj, lines: list[Obj]) -> Obj:
    """Return the money fields for these lines, the customer's balance considered."""
    total, subtotal = sum(map(discounts.net, lines)), sum(line["amount"] for line in lines)
    balance = customer["balance"]
    money = invoice_money(total, credit.due(total, balance), balance)
    off = discounts.totals(lines)
    return money | {
        "subtotal": subtotal,
        "subtotal_excluding_tax": subtotal,
        "total_discount_amounts": off,
        "total_pretax_credit_amounts": [discounts.as_credit(each) for each in off],
    }


def draft(
    world: World,
    customer: Obj,
    reason: str,
    lines: list[Obj],
    *,
    sub: Obj | None = None,
    period: tuple[int, int] | None = None,
    at_once: bool = False,
    **fields: object,
) -> Obj:
    """Keep a draft of these lines, taking the invoice items behind them; `at_once`: no hour."""
    moment = world.now(customer["id"])
    ident = new_id("in_1")
    if sub:
        discounts.apply(world, sub, lines)
    invoice = shape(customer, sub, reason, lines, ident=ident, moment=moment)
    if period:
        invoice |= {"period_start": period[0], "period_end": period[1]}
    if at_once:
        invoice |= {"automatically_finalizes_at": None, "next_payment_attempt": None}
    if sub and sub["collection_method"] == "send_invoice":
        invoice |= {"collection_method": "send_invoice", "next_payment_attempt": None}
    invoice |= fields
    world.store.add(invoice)
    world.store.note(customer["id"]).setdefault("invoices", []).append(ident)
    for line in lines:
        keep_line(world, invoice, line)
    if sub:
        sub["latest_invoice"] = ident
        discounts.spend(world, sub, lines)
    world.emit("invoice.created", invoice)
    return invoice


def keep_line(world: World, invoice: Obj, line: Obj) -> None:
    """Note which invoice item a line has used up, or what a subscription item is now debited."""
    item, sub_item = source_of(line)
    if item:
        invoice_items.take(world, world.store.get("invoiceitem", item), invoice["id"], line["id"])
    elif sub_item:
        period = (line["period"]["start"], line["period"]["end"])
        where = {"invoice": invoice["id"], "line": line["id"]}
        remember(world, sub_item, discounts.net(line), period, **where)


def add_line(world: World, invoice: Obj, line: Obj) -> None:
    """Put one more line on a draft."""
    line["invoice"] = invoice["id"]
    keep_line(world, invoice, line)
    _set_lines(world, invoice, [line, *invoice["lines"]["data"]])


def remove_line(world: World, invoice: Obj, item: str) -> None:
    """Take the line of an invoice item off a draft."""
    rows = [line for line in invoice["lines"]["data"] if source_of(line)[0] != item]
    _set_lines(world, invoice, rows)


def _set_lines(world: World, invoice: Obj, rows: list[Obj]) -> None:
    customer = world.store.get("customer", invoice["customer"])
    told = envelope(invoice["lines"]["url"], rows)
    amend(world, invoice, lines=told, **sums(customer, rows))


def finalize(world: World, invoice: Obj) -> None:
    """Open the invoice: apply the balance, number it and prepare a payment if any is due."""
    moment = world.now(invoice["customer"])
    customer = world.store.get("customer", invoice["customer"])
    number = customer["next_invoice_sequence"]
    customer["next_invoice_sequence"] = number + 1
    invoice |= {
        "status": "open",
        "number": f"{customer['invoice_prefix']}-{number:04d}",
        "effective_at": moment,
        "automatically_finalizes_at": None,
        "next_payment_attempt": None,
        "hosted_invoice_url": f"{world.base}/i/{invoice['id']}",
        "invoice_pdf": f"{world.base}/i/{invoice['id']}/pdf",
        "webhooks_delivered_at": moment,
    }
    invoice["status_transitions"]["finalized_at"] = moment
    credit.settle(world, invoice)
    if invoice["amount_due"]:
        _prepare_payment(world, invoice, moment)
    if invoice["collection_method"] == "send_invoice":
        sub = billed(world, invoice)
        invoice["due_date"] = moment + ((sub or {}).get("days_until_due") or 0) * DAY
        world.schedule(invoice["due_date"], "fall_due", invoice["id"], invoice["customer"])
    world.emit("invoice.finalized", invoice)


def _prepare_payment(world: World, invoice: Obj, moment: int) -> None:
    intent = intents.make(
        world,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        types=["card", "sepa_debit"],
        fields={"description": _WORDS[invoice["billing_reason"]]}
        | {"setup_future_usage": "off_session"},
    )
    payment = shaped(
        "invoice_payment",
        id=new_id("inpay_1"),
        amount_requested=invoice["amount_due"],
        created=moment,
        currency=invoice["currency"],
        invoice=invoice["id"],
        is_default=True,
        payment={"type": "payment_intent", "payment_intent": intent["id"]},
        status="open",
        status_transitions={"canceled_at": None, "paid_at": None},
    )
    world.store.add(payment)
    world.store.note(invoice["id"])["payments"] = [payment["id"]]
    world.store.note(intent["id"])["invoice"] = invoice["id"]


def payment_of(world: World, invoice: Obj) -> tuple[Obj, Obj] | None:
    """Return the invoice's payment and intent, None for an invoice with nothing due."""
    ids = world.store.peek(invoice["id"]).get("payments")
    if not ids:
        return None
    payment = world.store.get("invoice_payment", ids[0])
    return payment, world.store.get("payment_intent", payment["payment"]["payment_intent"])


def amend(world: World, invoice: Obj, **changes: object) -> None:
    """Set fields and announce them, with the old values in `previous_attributes`."""
    previous = changed({name: invoice[name] for name in changes}, changes)
    if previous:
        invoice |= changes
        world.emit("invoice.updated", invoice, previous)


def billed(world: World, invoice: Obj) -> Obj | None:
    """Return the subscription that the invoice bills, None for one made by hand."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return world.store.find(details.get("subscription"))


def subscription_of(world: World, invoice: Obj) -> Obj:
    """Return the subscription that the invoice bills; raises 404 for one made by hand."""
    sub = billed(world, invoice)
    return sub if sub is not None else world.store.get("subscription", None)


def mark_paid(world: World, invoice: Obj, moment: int, *, by_hand: bool = False) -> None:
    """Close the invoice as paid in full and say so; `by_hand`: outside of Stripe, nothing moved."""
    owed = invoice["amount_due"]
    invoice |= {
        "status": "paid",
        "attempted": True,
        "attempt_count": invoice["attempt_count"] if by_hand else max(invoice["attempt_count"], 1),
        "amount_paid": owed,
        "amount_paid_off_stripe": owed if by_hand else 0,
        "amount_remaining": 0,
        "auto_advance": False,
        "next_payment_attempt": None,
    }
    invoice["status_transitions"]["paid_at"] = moment
    if by_hand:
        _close_payment(world, invoice, moment)
    elif paying := payment_of(world, invoice):
        payment = paying[0]
        payment |= {"status": "paid", "amount_paid": owed}
        payment["status_transitions"]["paid_at"] = moment
        world.emit("invoice_payment.paid", payment)
    credit.tell_behind(world, invoice["customer"], False)
    world.emit("invoice.paid", invoice)
    # The twin is not sent for money that did not come through Stripe.
    if not by_hand:
        world.emit("invoice.payment_succeeded", invoice)


def overpay(world: World, invoice: Obj) -> None:
    """Take in a debit for an invoice that was paid by hand meanwhile; it becomes a credit."""
    payment, intent = payment_of(world, invoice) or ({}, {})
    if payment.get("status") != "open":
        return
    moment, more = world.now(invoice["customer"]), intent["amount_received"]
    payment |= {"status": "paid", "amount_paid": more}
    payment["status_transitions"]["paid_at"] = moment
    world.emit("invoice_payment.paid", payment)
    invoice["amount_paid"] += more
    invoice["amount_overpaid"] += more
    credit.move(
        world,
        world.store.get("customer", invoice["customer"]),
        -more,
        "invoice_overpaid",
        invoice=invoice["id"],
    )
    world.emit("invoice.overpaid", invoice)


def _close_payment(world: World, invoice: Obj, moment: int) -> None:
    paying = payment_of(world, invoice)
    if not paying:
        return
    payment, intent = paying
    if intent["status"] == "processing":
        return  # a debit that runs cannot be called back
    payment["status"] = "canceled"
    payment["status_transitions"]["canceled_at"] = moment
    intent |= {
        "status": "canceled",
        "canceled_at": moment,
        "cancellation_reason": "void_invoice",
        "next_action": None,
    }
    world.emit("payment_intent.canceled", intent)


def drop_payment(world: World, invoice: Obj) -> None:
    """Cancel the payment of an invoice on which nothing is owed any more."""
    _close_payment(world, invoice, world.now(invoice["customer"]))
    world.store.note(invoice["id"]).pop("payments", None)


def void(world: World, invoice: Obj) -> None:
    """Void an open invoice: its payment is canceled, balance that it used comes back."""
    moment = world.now(invoice["customer"])
    invoice |= {"status": "void", "auto_advance": False, "next_payment_attempt": None}
    invoice["automatically_finalizes_at"] = None
    invoice["status_transitions"]["voided_at"] = moment
    _close_payment(world, invoice, moment)
    credit.give_back(world, invoice)
    world.emit("invoice.voided", invoice)


def write_off(world: World, invoice: Obj, reason: str = "user_forgiven") -> None:
    """Mark an open invoice as uncollectible; it can still be paid."""
    moment = world.now(invoice["customer"])
    invoice |= {"status": "uncollectible", "auto_advance": False, "next_payment_attempt": None}
    invoice["status_details"] = {"uncollectible": {"reason": reason}}
    invoice["status_transitions"]["marked_uncollectible_at"] = moment
    if reason == "user_forgiven":
        credit.tell_behind(world, invoice["customer"], False)
    world.emit("invoice.marked_uncollectible", invoice)
