"""The local Stripe at the start of a membership: payment, trials, anchors, planned ends."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DAY, Desk, unix
from tests.stand_in.plans import HOUR, Member


def test_a_card_that_needs_its_owner_leaves_the_plan_incomplete_for_23_hours(desk: Desk) -> None:
    alice = Member(desk, card="pm_card_threeDSecure2Required")
    assert alice.subscribe(alice.price(199)).status == "incomplete"
    assert len(alice.seen("invoice.payment_action_required")) == 1
    alice.at(alice.now + 23 * HOUR - 60)
    assert alice.plan.status == "incomplete"
    alice.at(alice.now + 120)
    assert (alice.plan.status, alice.invoices[0].status) == ("incomplete_expired", "void")
    assert alice.seen("customer.subscription.deleted") == []
    [told] = alice.seen("customer.subscription.updated")
    assert told["previous_attributes"] == {"status": "incomplete", "ended_at": None}


def test_default_incomplete_waits_for_a_payment_that_activates(desk: Desk) -> None:
    alice = Member(desk, card=None)
    sub = alice.subscribe(
        alice.price(199),
        payment_behavior="default_incomplete",
        payment_settings={"save_default_payment_method": "on_subscription"},
        expand=["latest_invoice.confirmation_secret"],
    )
    assert sub.latest_invoice.confirmation_secret.client_secret.startswith("pi_")
    assert (sub.status, alice.invoices[0].attempted) == ("incomplete", False)
    with pytest.raises(stripe.InvalidRequestError):
        alice.subscribe(alice.price(199))
    alice.sub = sub.id
    method = alice.use("pm_card_visa")
    asked: Any = {"payment_method": method}
    desk.api.v1.invoices.pay(alice.invoices[0].id, asked)
    assert (alice.plan.status, alice.plan.default_payment_method) == ("active", method)


def test_error_if_incomplete_leaves_nothing_behind(desk: Desk) -> None:
    alice = Member(desk, card="pm_card_chargeCustomerFail")
    with pytest.raises(stripe.CardError):
        alice.subscribe(alice.price(199), payment_behavior="error_if_incomplete")
    asked: Any = {"customer": alice.customer, "status": "all"}
    assert desk.api.v1.subscriptions.list(asked).data == []
    with pytest.raises(stripe.InvalidRequestError) as refused:
        alice.subscribe(alice.price(199), payment_behavior="pending_if_incomplete")
    assert refused.value.code == "sandbox_not_modelled"


def test_a_trial_ends_in_a_payment(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000), trial_end=unix(2026, 1, 11))
    assert alice.plan.billing_cycle_anchor == unix(2026, 1, 11)
    alice.at(unix(2026, 1, 11) + 60)
    assert (alice.plan.status, alice.invoices[0].status) == ("active", "draft")
    alice.after(1)
    assert alice.charged() == 1000
    assert alice.item.current_period_end == unix(2026, 2, 11)


def test_a_trial_can_be_ended_now(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000), trial_period_days=30)
    alice.after(3)
    ended = alice.change(trial_end="now")
    assert (ended.status, alice.charged()) == ("active", 1000)
    assert alice.item.current_period_start == alice.now


def test_a_trial_that_ends_unpaid_is_overdue_or_canceled(desk: Desk) -> None:
    alice = Member(desk, card=None)
    alice.subscribe(alice.price(1000), trial_period_days=5)
    bob = Member(desk, card=None)
    ending = {"end_behavior": {"missing_payment_method": "cancel"}}
    bob.subscribe(bob.price(1000), trial_period_days=5, trial_settings=ending)
    alice.after(6)
    bob.after(6)
    assert (alice.plan.status, bob.plan.status) == ("past_due", "canceled")


def test_an_anchor_ahead_prorates_the_first_period(desk: Desk) -> None:
    alice = Member(desk, now=unix(2026, 1, 16))
    alice.subscribe(alice.price(3100), billing_cycle_anchor=unix(2026, 2, 1))
    assert (alice.charged(), alice.item.current_period_end) == (1600, unix(2026, 2, 1))
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    assert alice.charged() == 1600 + 3100
    bob = Member(desk, now=unix(2026, 1, 16))
    bob.subscribe(bob.price(3100), billing_cycle_anchor=unix(2026, 2, 1), proration_behavior="none")
    assert (bob.plan.status, bob.charged()) == ("active", 0)
    with pytest.raises(stripe.InvalidRequestError):
        bob.subscribe(bob.price(3100), billing_cycle_anchor=unix(2026, 5, 1))


@pytest.mark.parametrize(
    ("interval", "count", "ends"),
    [
        ("day", 10, [unix(2026, 1, 11), unix(2026, 1, 21)]),
        ("week", 2, [unix(2026, 1, 15), unix(2026, 1, 29)]),
        ("month", 3, [unix(2026, 4, 1), unix(2026, 7, 1)]),
        ("year", 1, [unix(2027, 1, 1)]),
    ],
)
def test_every_rhythm_renews_at_its_boundary(
    desk: Desk, interval: str, count: int, ends: list[int]
) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000, interval, count))
    for index, end in enumerate(ends):
        assert alice.item.current_period_end == end
        alice.at(end + 2 * HOUR)
        assert alice.charged() == 1000 * (index + 2)


def test_an_end_can_be_planned_for_a_day_and_taken_back(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000), cancel_at=unix(2026, 1, 20))
    assert alice.plan.cancel_at == unix(2026, 1, 20)
    alice.change(cancel_at="")
    changed = alice.change(cancel_at="min_period_end")
    assert (changed.cancel_at, changed.cancel_at_period_end) == (unix(2026, 2, 1), False)
    told = alice.seen("customer.subscription.updated")[-1]["previous_attributes"]
    assert told == {
        "cancel_at": None,
        "canceled_at": None,
        "cancellation_details": {"reason": None},
    }
    alice.at(unix(2026, 2, 1) + 60)
    assert (alice.plan.status, alice.plan.ended_at) == ("canceled", unix(2026, 2, 1))


def test_leaving_now_may_give_unused_time_back(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(3100))
    alice.at(unix(2026, 1, 11))
    desk.api.v1.subscriptions.cancel(alice.sub, {"prorate": True, "invoice_now": True})
    assert (alice.plan.status, alice.balance) == ("canceled", -2100)


@pytest.mark.parametrize(("first", "during"), [("active", "active"), ("incomplete", "incomplete")])
def test_a_first_debit_is_under_way_for_days(desk: Desk, first: str, during: str) -> None:
    desk.control("settings", {"sepa_first": first})
    paid = desk.join(iban="DE89370400440532013000")
    lost = desk.join(iban="DE62370400440532013001")
    assert desk.subscription(paid["subscription"]).status == during
    desk.control("advance", {"days": 2})
    assert desk.subscription(paid["subscription"]).status == during
    desk.control("advance", {"days": 5})
    assert desk.subscription(paid["subscription"]).status == "active"
    failed = desk.subscription(lost["subscription"]).status
    assert failed == ("past_due" if first == "active" else "incomplete_expired")


def test_the_renewal_is_told_in_the_order_that_was_recorded(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    before = len(desk.types())
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    told = [name for name in desk.types()[before:] if not name.startswith("test_helpers")]
    assert told == [
        "invoice.upcoming",
        "customer.subscription.updated",
        "invoice.created",
        "customer.subscription.updated",
        "payment_intent.created",
        "invoice.finalized",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.paid",
        "invoice.payment_succeeded",
    ]
    moved, billed = alice.seen("customer.subscription.updated")[-2:]
    assert list(moved["previous_attributes"]) == ["items"]
    assert list(moved["previous_attributes"]["items"]) == ["data"]
    assert list(billed["previous_attributes"]) == ["latest_invoice"]


def test_items_have_endpoints_of_their_own(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    items = desk.api.v1.subscription_items
    [item] = items.list({"subscription": alice.sub}).data
    changed = items.update(item.id, {"quantity": 2, "proration_behavior": "none"})
    assert (changed.quantity, items.retrieve(item.id).quantity) == (2, 2)
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    assert alice.invoices[0].amount_paid == 2000


def test_a_deleted_clock_ends_what_ran_on_it(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    desk.api.v1.test_helpers.test_clocks.delete(alice.clock)
    assert alice.plan.status == "canceled"


def test_unpaid_plans_draft_and_wait_until_the_latest_is_paid(desk: Desk) -> None:
    desk.control("settings", {"after_retries": "unpaid", "retry_days": [1]})
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.use("pm_card_chargeCustomerFail")
    alice.at(unix(2026, 3, 1) + 2 * DAY)
    assert alice.plan.status == "unpaid"
    draft = alice.invoices[0]
    assert (draft.status, draft.auto_advance) == ("draft", False)
    assert desk.api.v1.customers.retrieve(alice.customer).delinquent is True
    alice.use("pm_card_visa")
    desk.api.v1.invoices.pay(draft.id)
    assert alice.plan.status == "active"
    assert desk.api.v1.customers.retrieve(alice.customer).delinquent is False
