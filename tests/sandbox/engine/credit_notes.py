"""Credit notes: less is owed on an open invoice, or something of a paid one goes back."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid
from ..wire.lists import envelope
from ..world import World
from . import collecting, credit, invoices, refunds


def issue(
    world: World, invoice: Obj, amount: int, *, back: int = 0, kept: int = 0, **fields: object
) -> Obj:
    """Issue a note over `amount` cents; of a paid invoice `back` is refunded, `kept` credited.

    Raises 400 for more than the invoice has left, and for one that is neither open nor paid.
    """
    before = invoice["status"] == "open"
    if not before and invoice["status"] != "paid":
        raise invalid(f"Invoice is {invoice['status']}: there is nothing to credit.", "invoice")
    name = "pre_payment_credit_notes_amount" if before else "post_payment_credit_notes_amount"
    left = invoice["amount_remaining"] if before else invoice["amount_paid"] - invoice[name]
    if not 0 < amount <= left:
        raise invalid(f"The credit note amount must be from 1 to {left}.", "amount")
    note = _keep(world, invoice, amount, before=before, fields=fields)
    invoice[name] += amount
    if before:
        _owe_less(world, invoice, amount)
    else:
        _give_back(world, invoice, note, back=back, kept=kept)
    world.emit("credit_note.created", note)
    return note


def _keep(world: World, invoice: Obj, amount: int, *, before: bool, fields: Obj) -> Obj:
    moment, ident = world.now(invoice["customer"]), new_id("cn_1")
    line = shaped(
        "credit_note_line_item",
        id=new_id("cnli_1"),
        amount=amount,
        discount_amount=0,
        quantity=1,
        type="custom_line_item",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
        **{name: [] for name in ("discount_amounts", "pretax_credit_amounts", "tax_rates")},
        taxes=[],
    )
    sums = dict.fromkeys(("amount", "subtotal", "subtotal_excluding_tax", "total"), amount)
    note = shaped(
        "credit_note",
        id=ident,
        amount_shipping=0,
        created=moment,
        currency=invoice["currency"],
        customer=invoice["customer"],
        discount_amount=0,
        effective_at=moment,
        invoice=invoice["id"],
        lines=envelope(f"/v1/credit_notes/{ident}/lines", [line]),
        metadata={},
        number=f"{invoice['number']}-CN-{world.store.count('credit_note') + 1:02d}",
        pdf=f"{world.base}/i/{invoice['id']}/pdf",
        post_payment_amount=0 if before else amount,
        pre_payment_amount=amount if before else 0,
        refunds=[],
        status="issued",
        total_excluding_tax=amount,
        type="pre_payment" if before else "post_payment",
        **{name: [] for name in ("discount_amounts", "pretax_credit_amounts", "total_taxes")},
        **sums,
    )
    return world.store.add(note | fields)


def _owe_less(world: World, invoice: Obj, amount: int) -> None:
    left = invoice["amount_remaining"] - amount
    invoice |= {"amount_due": left, "amount_remaining": left}
    paying = invoices.payment_of(world, invoice)
    if left and paying:
        paying[0]["amount_requested"] = left
        paying[1]["amount"] = left
    world.emit("invoice.updated", invoice)
    if not left:
        collecting.settled(world, invoice)


def _give_back(world: World, invoice: Obj, note: Obj, *, back: int, kept: int) -> None:
    paying = invoices.payment_of(world, invoice)
    if back and paying:
        charge = refunds.refundable(world, paying[1])
        made = refunds.make(world, charge, amount=back)
        told = {"amount_refunded": back, "refund": made["id"], "type": "refund"}
        note["refunds"] = [{**told, "payment_record_refund": None}]
    if kept:
        customer = world.store.get("customer", invoice["customer"])
        row = credit.move(world, customer, -kept, "credit_note", invoice=invoice["id"])
        row["credit_note"] = note["id"]
        note["customer_balance_transaction"] = row["id"]
    world.emit("invoice.updated", invoice)
