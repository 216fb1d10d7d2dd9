"""The local Stripe's discounts, trials of plans that run, and invoices that are sent."""

from __future__ import annotations

from typing import Any

from tests.stand_in.desk import DAY, Desk, unix
from tests.stand_in.plans import HOUR, Member


def coupon(desk: Desk, **fields: Any) -> str:
    asked: Any = fields
    return str(desk.api.v1.coupons.create(asked).id)


def billed(alice: Member) -> list[int]:
    """What was due on each invoice, newest first."""
    return [each.amount_due for each in alice.invoices]


def a_member(desk: Desk, cents: int = 500) -> Member:
    alice = Member(desk)
    alice.subscribe(alice.price(cents))
    return alice


def test_once_is_one_invoice_and_repeating_as_many_months(desk: Desk) -> None:
    alice = a_member(desk)
    once = coupon(desk, percent_off=50, duration="once")
    some = coupon(desk, amount_off=100, currency="eur", duration="repeating", duration_in_months=3)
    alice.change(discounts=[{"coupon": once}, {"coupon": some}])
    alice.at(unix(2026, 4, 1) + 2 * HOUR)
    # February has both, March the euro, and in April the three months are over.
    assert billed(alice) == [500, 400, 150, 500]
    assert alice.plan.discounts == []
    second = alice.invoices[2]
    assert (second.subtotal, second.total) == (500, 150)
    assert [each.amount for each in second.total_discount_amounts] == [250, 100]
    [line] = second.lines.data
    assert (line.amount, [each.amount for each in line.discount_amounts]) == (500, [250, 100])
    told = [each for each in desk.types() if each.startswith("customer.discount")]
    assert sorted(told) == [*["customer.discount.created"] * 2, *["customer.discount.deleted"] * 2]


def test_all_of_it_off_for_ever_is_an_invoice_of_nothing_until_it_is_taken_away(desk: Desk) -> None:
    alice = a_member(desk)
    free = coupon(desk, percent_off=100, duration="forever")
    code = desk.api.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": free}, "code": "FREE"}
    )
    alice.change(discounts=[{"promotion_code": code.id}])
    plan: Any = desk.api.v1.subscriptions.retrieve(
        alice.sub, {"expand": ["discounts.source.coupon"]}
    )
    assert plan.discounts[0].source.coupon.percent_off == 100
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    invoice = alice.invoices[0]
    assert (invoice.status, invoice.total, invoice.amount_paid) == ("paid", 0, 0)
    desk.api.v1.subscriptions.delete_discount(alice.sub)
    alice.at(unix(2026, 3, 1) + 2 * HOUR)
    assert billed(alice) == [500, 0, 500]


def test_a_trial_of_a_plan_that_runs_is_invoiced_as_nothing_and_moves_its_day(desk: Desk) -> None:
    alice = a_member(desk)
    alice.at(unix(2026, 1, 11))
    alice.change(trial_end=unix(2026, 2, 20), proration_behavior="none")
    assert alice.plan.status == "trialing"
    assert (alice.invoices[0].total, alice.invoices[0].status) == (0, "paid")
    alice.at(unix(2026, 2, 20) + 2 * HOUR)
    assert alice.plan.status == "active"
    assert billed(alice) == [500, 0, 500]
    assert alice.item.current_period_end == unix(2026, 3, 20)


def test_an_invoice_that_is_sent_waits_for_its_payer_and_falls_due(desk: Desk) -> None:
    alice = a_member(desk)
    alice.change(collection_method="send_invoice", days_until_due=10)
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    invoice = alice.invoices[0]
    assert (invoice.status, invoice.attempt_count) == ("open", 0)
    assert invoice.due_date == unix(2026, 2, 1) + HOUR + 10 * DAY
    assert alice.plan.status == "active"
    alice.after(11)
    assert alice.plan.status == "past_due"
    desk.api.v1.invoices.pay(invoice.id)
    assert alice.plan.status == "active"


def test_a_credit_note_makes_less_due_or_gives_back_or_lends(desk: Desk) -> None:
    alice = a_member(desk)
    first = alice.invoices[0]
    notes = desk.api.v1.credit_notes
    kept = notes.create({"invoice": first.id, "amount": 200, "credit_amount": 200})
    assert (kept.type, alice.balance) == ("post_payment", -200)
    notes.create({"invoice": first.id, "amount": 100, "refund_amount": 100})
    [refund] = desk.api.v1.refunds.list({}).data
    assert refund.amount == 100
    alice.change(collection_method="send_invoice", days_until_due=10)
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    [renewal] = [each for each in alice.invoices if each.status == "open"]
    assert renewal.amount_due == 300
    notes.create({"invoice": renewal.id, "amount": 100})
    assert alice.invoices[0].amount_due == 200
    notes.create({"invoice": renewal.id, "amount": 200})
    told = alice.invoices[0]
    assert (told.status, told.amount_paid) == ("paid", 0)
    assert told.pre_payment_credit_notes_amount == 300
