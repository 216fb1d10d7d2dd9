"""The local Stripe by plan: schedules change a membership at the time they say."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DAY, Desk, unix
from tests.stand_in.plans import HOUR, Member


def yearly_from_next_period(alice: Member, year: str) -> Any:
    """Schedule a change to the yearly price at the end of the period."""
    schedules = alice.desk.api.v1.subscription_schedules
    made = schedules.create({"from_subscription": alice.sub})
    now = made.phases[0]
    phases: Any = [
        {
            "items": [{"price": str(now["items"][0].price), "quantity": 1}],
            "start_date": now.start_date,
            "end_date": now.end_date,
        },
        {
            "items": [{"price": year, "quantity": 1}],
            "duration": {"interval": "year", "interval_count": 1},
            "proration_behavior": "none",
        },
    ]
    return schedules.update(made.id, {"phases": phases, "end_behavior": "release"})


def test_a_membership_turns_yearly_at_the_end_of_the_month(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    year = alice.price(10_000, "year")
    schedule = yearly_from_next_period(alice, year)
    assert (schedule.status, alice.plan.schedule) == ("active", schedule.id)
    asked: Any = {"schedule": schedule.id}
    assert desk.api.v1.invoices.create_preview(asked).total == 10_000
    alice.at(unix(2026, 2, 1) - HOUR)
    assert (alice.item.price.recurring.interval, len(alice.invoices)) == ("month", 1)
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    assert (alice.item.price.id, alice.invoices[0].amount_paid) == (year, 10_000)
    assert [line.amount for line in alice.invoices[0].lines.data] == [10_000]
    assert alice.item.current_period_end == unix(2027, 2, 1)
    current = desk.api.v1.subscription_schedules.retrieve(schedule.id).current_phase
    assert current is not None and current.start_date == unix(2026, 2, 1)
    alice.at(unix(2027, 2, 1) + 2 * HOUR)
    done = desk.api.v1.subscription_schedules.retrieve(schedule.id)
    assert (done.status, done.released_subscription) == ("released", alice.sub)
    assert alice.plan.schedule is None
    assert alice.charged() == 21_000


def test_where_the_anchor_is_kept_only_phase_start_collects_the_year(desk: Desk) -> None:
    desk.control("settings", {"interval_change": "keep"})
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    yearly_from_next_period(alice, alice.price(10_000, "year"))
    alice.at(unix(2026, 2, 1) + 2 * HOUR)
    # As reported of Stripe's flexible billing: the price is there, its payment is not.
    assert (alice.item.price.unit_amount, alice.charged()) == (10_000, 1000)


def test_a_schedule_can_be_released_or_ended(desk: Desk) -> None:
    alice = Member(desk)
    alice.subscribe(alice.price(1000))
    schedules = desk.api.v1.subscription_schedules
    first = schedules.create({"from_subscription": alice.sub})
    with pytest.raises(stripe.InvalidRequestError):
        alice.change(cancel_at_period_end=True)
    assert schedules.release(first.id).status == "released"
    assert (alice.plan.status, alice.plan.schedule) == ("active", None)
    second = schedules.create({"from_subscription": alice.sub})
    assert schedules.cancel(second.id).status == "canceled"
    assert alice.plan.status == "canceled"
    with pytest.raises(stripe.InvalidRequestError):
        schedules.release(second.id)
    listed = schedules.list({"customer": alice.customer}).data
    assert [each.id for each in listed] == [second.id, first.id]


def test_a_schedule_starts_a_membership_later_and_ends_it(desk: Desk) -> None:
    alice = Member(desk)
    asked: Any = {
        "customer": alice.customer,
        "start_date": alice.now + 10 * DAY,
        "end_behavior": "cancel",
        "phases": [
            {
                "items": [{"price": alice.price(1000)}],
                "duration": {"interval": "month", "interval_count": 2},
            }
        ],
    }
    schedule = desk.api.v1.subscription_schedules.create(asked)
    assert (schedule.status, schedule.subscription) == ("not_started", None)
    alice.after(11)
    schedule = desk.api.v1.subscription_schedules.retrieve(schedule.id)
    alice.sub = str(schedule.subscription)
    assert (schedule.status, alice.plan.status) == ("active", "active")
    alice.after(70)
    schedule = desk.api.v1.subscription_schedules.retrieve(schedule.id)
    assert (schedule.status, alice.plan.status) == ("completed", "canceled")
    assert (alice.charged(), alice.plan.ended_at) == (2000, unix(2026, 3, 11))


def test_a_phase_in_the_middle_of_a_period_is_prorated(desk: Desk) -> None:
    alice = Member(desk)
    cheap = alice.price(1000)
    alice.subscribe(cheap)
    schedules = desk.api.v1.subscription_schedules
    made = schedules.create({"from_subscription": alice.sub})
    middle = unix(2026, 1, 16)
    phases: Any = [
        {"items": [{"price": cheap}], "start_date": alice.now, "end_date": middle},
        {"items": [{"price": alice.price(2000)}], "proration_behavior": "always_invoice"},
    ]
    schedules.update(made.id, {"phases": phases})
    alice.at(middle + HOUR)
    assert alice.invoices[0].billing_reason == "subscription_update"
    assert alice.invoices[0].amount_paid == 1032 - 516
