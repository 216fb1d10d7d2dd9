"""The local Stripe's invoices by themselves: by hand, paid elsewhere, voided, given up."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import Desk, unix
from tests.stand_in.plans import HOUR, Member


def drawn_up(alice: Member, amount: int, **more: Any) -> Any:
    """Draw up an invoice by hand over one item."""
    api = alice.desk.api.v1
    asked: Any = {"customer": alice.customer, **more}
    draft = api.invoices.create(asked)
    item: Any = {
        "customer": alice.customer,
        "invoice": draft.id,
        "amount": amount,
        "currency": "eur",
        "description": "Tote bag",
    }
    api.invoice_items.create(item)
    return api.invoices.retrieve(draft.id)


def test_an_invoice_by_hand_is_finalised_and_paid(desk: Desk) -> None:
    alice = Member(desk)
    draft = drawn_up(alice, 700)
    assert (draft.status, draft.billing_reason, draft.total) == ("draft", "manual", 700)
    assert draft.parent is None
    opened = desk.api.v1.invoices.finalize_invoice(draft.id)
    assert (opened.status, opened.number is not None) == ("open", True)
    paid = desk.api.v1.invoices.pay(draft.id)
    assert (paid.status, paid.amount_paid) == ("paid", 700)
    lines = desk.api.v1.invoices.line_items.list(draft.id).data
    assert [line.description for line in lines] == ["Tote bag"]


def test_a_draft_can_be_left_to_advance_or_be_deleted(desk: Desk) -> None:
    alice = Member(desk)
    advancing = drawn_up(alice, 700, auto_advance=True)
    gone = drawn_up(alice, 900)
    assert desk.api.v1.invoices.delete(gone.id).deleted
    alice.at(alice.now + 2 * HOUR)
    assert desk.api.v1.invoices.retrieve(advancing.id).status == "paid"


def test_money_from_elsewhere_is_counted_apart(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.use("pm_card_chargeCustomerFail")
    alice.at(unix(2026, 2, 2))
    assert alice.plan.status == "past_due"
    invoice = alice.invoices[0]
    paid = desk.api.v1.invoices.pay(invoice.id, {"paid_out_of_band": True})
    assert (paid.status, paid.amount_paid_off_stripe) == ("paid", 1000)
    assert alice.plan.status == "active"
    twins = [each["object"]["id"] for each in alice.seen("invoice.payment_succeeded")]
    assert invoice.id not in twins
    assert alice.seen("invoice.paid")[-1]["object"]["id"] == invoice.id


def test_a_voided_invoice_gives_the_balance_back(desk: Desk) -> None:
    alice = Member(desk)
    credit: Any = {"amount": -300, "currency": "eur", "description": "Sorry"}
    desk.api.v1.customers.balance_transactions.create(alice.customer, credit)
    invoice = drawn_up(alice, 1000)
    opened = desk.api.v1.invoices.finalize_invoice(invoice.id, {"auto_advance": False})
    assert (opened.amount_due, opened.starting_balance, alice.balance) == (700, -300, 0)
    assert desk.api.v1.invoices.void_invoice(invoice.id).status == "void"
    assert alice.balance == -300
    rows = desk.api.v1.customers.balance_transactions.list(alice.customer).data
    assert [row.type for row in rows] == [
        "unapplied_from_invoice",
        "applied_to_invoice",
        "adjustment",
    ]


def test_an_invoice_given_up_can_still_be_paid(desk: Desk) -> None:
    alice = Member(desk)
    invoice = drawn_up(alice, 1000)
    desk.api.v1.invoices.finalize_invoice(invoice.id, {"auto_advance": False})
    lost: Any = desk.api.v1.invoices.mark_uncollectible(invoice.id)
    assert lost.status == "uncollectible"
    assert lost.status_details.uncollectible.reason == "user_forgiven"
    assert desk.api.v1.invoices.pay(invoice.id).status == "paid"


def test_what_is_not_modelled_is_refused_loudly(desk: Desk) -> None:
    alice = Member(desk)
    invoice = drawn_up(alice, 1000)
    refusals = (
        lambda: desk.api.v1.invoices.send_invoice(invoice.id),
        lambda: drawn_up(alice, 1000, collection_method="send_invoice"),
        lambda: desk.api.v1.invoices.pay(invoice.id, {"forgive": True}),
    )
    for refusal in refusals:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            refusal()
        assert refused.value.code == "sandbox_not_modelled"


def test_an_item_that_waits_comes_with_the_next_renewal(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    item: Any = {"customer": alice.customer, "amount": 250, "currency": "eur"}
    desk.api.v1.invoice_items.create(item)
    dropped = desk.api.v1.invoice_items.create(item)
    assert desk.api.v1.invoice_items.delete(dropped.id).deleted
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    assert alice.invoices[0].amount_paid == 1250


def test_an_update_tells_only_what_changed(desk: Desk) -> None:
    alice = Member(desk)
    invoice = drawn_up(alice, 1000)
    desk.api.v1.invoices.update(invoice.id, {"metadata": {"note": "x"}})
    told = alice.seen("invoice.updated")[-1]["previous_attributes"]
    assert told == {"metadata": {"note": None}}
