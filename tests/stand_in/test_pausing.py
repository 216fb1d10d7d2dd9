"""The local Stripe at rest: paused plans, and collection that is held back."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DAY, Desk, unix
from tests.stand_in.plans import HOUR, Member


def test_a_paused_plan_is_not_invoiced_and_gives_unused_time_back(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(3100))
    alice.at(unix(2026, 1, 11))
    paused = desk.api.v1.subscriptions.pause(alice.sub, {"type": "subscription"})
    assert paused.status == "paused"
    details = alice.plan.status_details.paused
    assert (details.subscription.type, details.transitioned_at) == ("pause_requested", alice.now)
    [told] = alice.seen("customer.subscription.paused")
    assert told["object"]["status"] == "paused"
    alice.after(60)
    assert len(alice.invoices) == 1
    back = desk.api.v1.subscriptions.resume(
        alice.sub,
        {"billing_cycle_anchor": {"type": "now"}, "payment_behavior": "resume_on_payment_success"},
    )
    assert (back.status, back.status_details) == ("active", None)
    assert alice.invoices[0].amount_paid == 3100 - 2100
    assert alice.item.current_period_start == alice.now
    assert len(alice.seen("customer.subscription.resumed")) == 1


def test_a_resumption_that_nobody_pays_expires_and_loses_no_credit(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(3100))
    alice.at(unix(2026, 1, 11))
    desk.api.v1.subscriptions.pause(alice.sub)
    alice.after(5)
    resumed = desk.api.v1.subscriptions.resume(alice.sub)
    invoice = desk.api.v1.invoices.retrieve(str(resumed.latest_invoice))
    assert (resumed.status, invoice.status, invoice.attempted) == ("paused", "open", False)
    alice.after(1)
    assert desk.api.v1.invoices.retrieve(invoice.id).status == "void"
    assert alice.plan.status == "paused"
    again = desk.api.v1.subscriptions.resume(alice.sub)
    paid = desk.api.v1.invoices.pay(str(again.latest_invoice))
    assert (paid.amount_paid, alice.plan.status) == (1000, "active")


def test_a_failed_try_resumes_as_overdue(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.after(5)
    nothing: Any = {"bill_for": {"unused_time_from": {"type": "none"}}}
    desk.api.v1.subscriptions.pause(alice.sub, nothing)
    alice.use("pm_card_chargeCustomerFail")
    resumed = desk.api.v1.subscriptions.resume(alice.sub)
    with pytest.raises(stripe.CardError):
        desk.api.v1.invoices.pay(str(resumed.latest_invoice))
    assert alice.plan.status == "past_due"


def test_time_already_paid_is_not_charged_again_when_the_anchor_stays(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.after(5)
    nothing: Any = {"bill_for": {"unused_time_from": {"type": "none"}}}
    desk.api.v1.subscriptions.pause(alice.sub, nothing)
    alice.after(5)
    desk.api.v1.subscriptions.resume(
        alice.sub,
        {"billing_cycle_anchor": {"type": "unchanged"}, "proration_behavior": "always_invoice"},
    )
    assert (alice.plan.status, len(alice.invoices)) == ("active", 1)
    assert alice.item.current_period_end == unix(2026, 2, 1)
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    assert alice.charged() == 2000


def test_only_a_plan_in_order_can_be_paused(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.change(cancel_at_period_end=True)
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.subscriptions.pause(alice.sub)
    alice.change(cancel_at_period_end=False)
    desk.api.v1.subscription_schedules.create({"from_subscription": alice.sub})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.subscriptions.pause(alice.sub)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [("void", "void"), ("keep_as_draft", "draft"), ("mark_uncollectible", "uncollectible")],
)
def test_held_collection_invoices_but_charges_nothing(
    desk: Desk, behaviour: str, status: str
) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    resumes = unix(2026, 3, 15)
    alice.change(pause_collection={"behavior": behaviour, "resumes_at": resumes})
    alice.at(unix(2026, 2, 2))
    assert [invoice.status for invoice in alice.invoices] == [status, "paid"]
    assert (alice.plan.status, alice.plan.pause_collection.behavior) == ("active", behaviour)
    alice.at(resumes + 60)
    assert alice.plan.pause_collection is None
    alice.at(unix(2026, 4, 2))
    assert alice.invoices[0].status == "paid"
    assert alice.charged() == 2000
    last = alice.seen("customer.subscription.updated")
    held = {"behavior": behaviour, "resumes_at": resumes}
    assert {"pause_collection": held} in [event.get("previous_attributes") for event in last]


def test_held_collection_is_taken_back_by_an_empty_value(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.change(pause_collection={"behavior": "void"})
    assert alice.change(pause_collection="").pause_collection is None


def test_after_the_last_retry_the_plan_may_be_paused(desk: Desk) -> None:
    desk.control("settings", {"after_retries": "pause", "retry_days": [1]})
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    alice.use("pm_card_chargeCustomerFail")
    alice.at(unix(2026, 2, 1) + 3 * DAY)
    assert alice.plan.status == "paused"
    assert alice.plan.status_details.paused.subscription.type == "final_payment_failure"
    alice.use("pm_card_visa")
    alice.at(unix(2026, 3, 5))
    assert len(alice.invoices) == 2
    desk.api.v1.subscriptions.resume(alice.sub, {"payment_behavior": "resume_on_payment_success"})
    assert alice.plan.status == "active"


def test_a_trial_without_a_card_pauses_and_goes_on_with_one(desk: Desk) -> None:
    alice = Member(desk, card=None)
    ending = {"end_behavior": {"missing_payment_method": "pause"}}
    sub = alice.subscribe(alice.price(1000), trial_period_days=14, trial_settings=ending)
    assert (sub.status, sub.trial_end) == ("trialing", alice.now + 14 * DAY)
    assert (alice.invoices[0].status, alice.invoices[0].total) == ("paid", 0)
    alice.after(12)
    [told] = alice.seen("customer.subscription.trial_will_end")
    assert told["object"]["id"] == sub.id
    alice.after(3)
    why = alice.plan.status_details.paused.subscription.type
    assert (alice.plan.status, why) == ("paused", "trial_end_without_payment_method")
    alice.use("pm_card_visa")
    desk.api.v1.subscriptions.resume(alice.sub, {"payment_behavior": "resume_on_payment_success"})
    assert (alice.plan.status, alice.charged()) == ("active", 1000)
