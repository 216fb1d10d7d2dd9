"""The local Stripe in the middle of a period: what a change costs, to the second and the cent."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import stripe
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.stand_in.desk import DAY, Desk, unix
from tests.stand_in.plans import HOUR, Member


def fair(amount: int, part: int, whole: int) -> int:
    """Round half away from zero."""
    exact = Fraction(abs(amount) * part, whole)
    cents = int(exact + Fraction(1, 2))
    return cents if amount >= 0 else -cents


def test_an_upgrade_is_prorated_to_the_second_and_paid_at_once(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(199))
    alice.at(unix(2026, 1, 11) + 77)
    alice.change(alice.price(500), proration_behavior="always_invoice")
    invoice = alice.invoices[0]
    left, whole = 21 * DAY - 77, 31 * DAY
    expected = [-fair(199, left, whole), fair(500, left, whole)]
    assert [line.amount for line in invoice.lines.data] == expected
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_update")
    assert invoice.amount_paid == sum(expected)
    assert alice.item.current_period_end == unix(2026, 2, 1)
    credit = invoice.lines.data[0].parent.subscription_item_details
    assert credit.proration is True
    first = alice.invoices[1]
    assert credit.proration_details.credited_items.invoice == first.id
    assert credit.proration_details.credited_items.invoice_line_items == [first.lines.data[0].id]


def test_a_downgrade_becomes_credit_that_the_next_invoice_uses(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(3000))
    alice.at(unix(2026, 1, 16))
    alice.change(alice.price(1000), proration_behavior="always_invoice")
    invoice = alice.invoices[0]
    given_back = fair(3000, 16, 31) - fair(1000, 16, 31)
    assert (invoice.total, invoice.amount_due, invoice.status) == (-given_back, 0, "paid")
    assert (invoice.starting_balance, invoice.ending_balance) == (0, -given_back)
    assert alice.balance == -given_back
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    renewal = alice.invoices[0]
    assert (renewal.total, renewal.amount_due, renewal.amount_paid) == (1000, 0, 0)
    assert alice.balance == 1000 - given_back
    rows = desk.api.v1.customers.balance_transactions.list(alice.customer).data
    assert [row.amount for row in rows] == [1000, -given_back]
    assert [row.type for row in rows] == ["applied_to_invoice"] * 2


def test_prorations_wait_for_the_renewal_by_default(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.at(unix(2026, 1, 11))
    alice.change(alice.price(2000))
    assert len(alice.invoices) == 1
    asked: Any = {"customer": alice.customer, "pending": True}
    assert len(desk.api.v1.invoice_items.list(asked).data) == 2
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    lines = [line.amount for line in alice.invoices[0].lines.data]
    assert lines == [-fair(1000, 21, 31), fair(2000, 21, 31), 2000]
    assert desk.api.v1.invoice_items.list(asked).data == []


def test_without_proration_the_new_amount_comes_with_the_renewal(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.after(10)
    alice.change(alice.price(2000), proration_behavior="none")
    assert len(alice.invoices) == 1
    # Flexible billing credits what was paid, not what the price is by now.
    alice.change(alice.price(4000), proration_behavior="always_invoice")
    assert alice.invoices[0].lines.data[0].amount == -fair(1000, 21, 31)


def test_quantity_and_a_second_item_are_prorated_too(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.at(unix(2026, 1, 16))
    alice.change(
        items=[{"id": alice.item.id, "quantity": 3}, {"price": alice.price(500)}],
        proration_behavior="always_invoice",
    )
    amounts = [line.amount for line in alice.invoices[0].lines.data]
    assert amounts == [-fair(1000, 16, 31), fair(3000, 16, 31), fair(500, 16, 31)]
    second = alice.plan["items"].data[1].id
    alice.change(items=[{"id": second, "deleted": True}], proration_behavior="always_invoice")
    assert len(alice.plan["items"].data) == 1
    assert alice.balance == -fair(500, 16, 31)


def test_another_interval_starts_anew_and_is_invoiced_at_once(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.at(unix(2026, 1, 16))
    alice.change(alice.price(9000, "year"))
    assert alice.item.current_period_end == unix(2027, 1, 16)
    assert alice.plan.billing_cycle_anchor == unix(2026, 1, 16)
    assert alice.invoices[0].amount_paid == 9000 - fair(1000, 16, 31)


def test_another_interval_may_keep_the_anchor_as_recorded_from_stripe(desk: Desk) -> None:
    desk.control("settings", {"interval_change": "keep"})
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.at(unix(2026, 1, 16))
    alice.change(alice.price(9000, "year"), proration_behavior="always_invoice")
    assert alice.plan.billing_cycle_anchor == unix(2026, 1, 1)
    assert alice.item.current_period_end == unix(2027, 1, 1)
    assert alice.invoices[0].amount_paid == fair(9000, 350, 365) - fair(1000, 16, 31)


def test_the_anchor_can_be_moved_to_now(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.at(unix(2026, 1, 16))
    alice.change(billing_cycle_anchor={"type": "now"}, proration_behavior="none")
    assert alice.invoices[0].amount_paid == 1000
    assert alice.item.current_period_end == unix(2026, 2, 16)
    with pytest.raises(stripe.InvalidRequestError):
        alice.change(billing_cycle_anchor="now")


def test_a_change_whose_payment_fails_is_refused_or_leaves_the_plan_overdue(desk: Desk) -> None:
    alice = Member(desk)
    cheap, dear = alice.price(1000), alice.price(5000)
    alice.subscribe(cheap)
    alice.after(5)
    alice.use("pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        alice.change(
            dear, proration_behavior="always_invoice", payment_behavior="error_if_incomplete"
        )
    assert (alice.item.price.id, alice.plan.status) == (cheap, "active")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        alice.change(dear, payment_behavior="pending_if_incomplete")
    assert refused.value.code == "sandbox_not_modelled"
    alice.change(dear, proration_behavior="always_invoice")
    assert (alice.item.price.id, alice.plan.status) == (dear, "past_due")
    assert desk.api.v1.customers.retrieve(alice.customer).delinquent is True
    alice.use("pm_card_visa")
    desk.api.v1.invoices.pay(alice.plan.latest_invoice)
    assert alice.plan.status == "active"
    assert desk.api.v1.customers.retrieve(alice.customer).delinquent is False


def test_less_than_the_least_charge_is_owed_on_the_balance(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(500))
    alice.at(unix(2026, 1, 31))
    alice.change(alice.price(600), proration_behavior="always_invoice")
    owed = fair(600, 1, 31) - fair(500, 1, 31)
    assert (alice.invoices[0].amount_due, alice.balance) == (0, owed)
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    assert (alice.invoices[0].amount_paid, alice.balance) == (600 + owed, 0)


def test_a_preview_says_what_the_change_then_costs(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.at(unix(2026, 1, 11))
    dear = alice.price(2500)
    asked: Any = {
        "subscription": alice.sub,
        "subscription_details": {
            "items": [{"id": alice.item.id, "price": dear}],
            "proration_behavior": "always_invoice",
        },
    }
    preview = desk.api.v1.invoices.create_preview(asked)
    assert len(alice.invoices) == 1 and preview.id.startswith("upcoming_in_")
    alice.change(dear, proration_behavior="always_invoice")
    assert alice.invoices[0].amount_due == preview.amount_due
    renewal: Any = {"subscription": alice.sub}
    assert desk.api.v1.invoices.create_preview(renewal).total == 2500


STEPS = st.lists(
    st.tuples(
        st.integers(1, 20 * DAY),
        st.integers(0, 9000),
        st.integers(1, 4),
        st.sampled_from(["always_invoice", "create_prorations"]),
    ),
    min_size=1,
    max_size=5,
)


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],  # shrinking would take minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_every_cent_owed_is_charged_or_stands_on_the_balance(desk: Desk, steps: Any) -> None:
    alice = Member(desk)
    first = 1000
    alice.subscribe(alice.price(first))
    # What is paid for the running period, by the second, as the product's own books would say.
    debit = {"amount": first, "start": alice.now, "end": alice.item.current_period_end}
    owed = first
    for seconds, amount, quantity, behaviour in steps:
        goal = alice.now + seconds
        while debit["end"] <= goal:
            start = debit["end"]
            alice.at(start + 2 * HOUR)
            worth = alice.item.price.unit_amount * alice.item.quantity
            owed += worth
            debit = {"amount": worth, "start": start, "end": alice.item.current_period_end}
        alice.at(max(goal, alice.now))
        left = debit["end"] - alice.now
        back = fair(debit["amount"], left, debit["end"] - debit["start"])
        start = alice.item.current_period_start
        price = alice.price(amount)
        alice.change(
            items=[{"id": alice.item.id, "price": price, "quantity": quantity}],
            proration_behavior=behaviour,
        )
        new = fair(amount * quantity, left, debit["end"] - start)
        owed += new - back
        debit = {"amount": new, "start": alice.now, "end": debit["end"]}
    waiting = desk.api.v1.invoice_items.list(
        {"customer": alice.customer, "pending": True, "limit": 100}
    ).data
    pending = sum(item.amount for item in waiting)
    assert alice.charged() + pending + alice.balance == owed
