"""What staff do to prices in Stripe's dashboard, and what a membership is worth then."""

from datetime import datetime
from typing import Any

import pytest

from billing import figures
from billing.models import Membership, Payment
from members.reports import forecast, movement, renewals
from tests.cases.acts import at_stripes_time, dashboard, let_pass, paid, settle
from tests.doors.conftest import Desk

# The figures are the same on every database; test_rollups.py asks both.
pytestmark = [pytest.mark.django_db, pytest.mark.once]


def change(
    desk: Desk, member: Membership, cents: int, *, every: str = "month", count: int = 1, how: str
) -> None:
    """Staff set another price, half-way through whatever runs; we hear of it."""
    there = dashboard(desk).subscriptions
    [item] = there.retrieve(member.stripe_subscription_id)["items"].data
    price: dict[str, Any] = {
        "currency": "eur",
        "unit_amount": cents,
        "recurring": {"interval": every, "interval_count": count},
        "product": "meitheal_monthly",
    }
    there.update(
        member.stripe_subscription_id,
        {"items": [{"id": item.id, "price_data": price}], "proration_behavior": how},
    )
    with at_stripes_time(desk):
        settle(desk)


def mrr(desk: Desk) -> int:
    with at_stripes_time(desk) as now:
        [month] = movement.movement(now=now, count=1)
    assert figures.compare().equal
    return month.end_cents


def test_a_proration_is_income_and_changes_no_mrr(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    desk.stripe.advance(days=10)
    change(desk, member, 2000, how="always_invoice")
    [_, odd] = paid(member)
    assert odd not in {500, 2000}
    assert mrr(desk) == 500
    let_pass(desk, member)
    assert paid(member) == [500, odd, 2000]
    assert mrr(desk) == 2000


def test_a_renewal_with_prorations_on_it_is_worth_its_own_price(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    desk.stripe.advance(days=10)
    change(desk, member, 2000, how="create_prorations")
    let_pass(desk, member)
    assert paid(member)[1] > 2000
    assert mrr(desk) == 2000
    assert Payment.objects.latest("paid_at").period_cents == 2000


def test_a_credit_that_pays_part_of_a_renewal_is_no_contraction(desk: Desk) -> None:
    member = desk.join("monthly", 3000)
    desk.stripe.advance(days=20)
    change(desk, member, 2000, how="always_invoice")
    let_pass(desk, member)
    assert paid(member)[1] < 2000
    assert mrr(desk) == 2000


def test_a_prorated_year_is_due_once_and_worth_the_year(desk: Desk) -> None:
    member = desk.join("yearly", 2400)
    desk.stripe.advance(days=100)
    change(desk, member, 6000, every="year", how="always_invoice")
    assert mrr(desk) == 200
    with at_stripes_time(desk) as now:
        assert _due(now) == [(1, 2400)]
    let_pass(desk, member)
    assert mrr(desk) == 500


def test_a_year_in_place_of_a_month_is_worth_the_year_whatever_was_credited(desk: Desk) -> None:
    member = desk.join("monthly", 1000)
    desk.stripe.advance(days=10)
    change(desk, member, 12000, every="year", how="create_prorations")
    assert paid(member)[1] < 12000
    assert mrr(desk) == 1000
    with at_stripes_time(desk) as now:
        assert _due(now) == [(1, 12000)]


def test_a_quarter_that_was_set_in_the_dashboard_counts_a_third_a_month(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    change(desk, member, 1800, count=3, how="none")
    assert paid(member) == [500, 1800]
    assert mrr(desk) == 600
    with at_stripes_time(desk) as now:
        assert _due(now) == []


def _due(now: datetime) -> list[tuple[int, int]]:
    found = renewals.upcoming(now=now, count=14)
    return [(each.due.number, each.due.value) for each in found if each.due.number]


def test_what_is_set_to_end_takes_off_the_forecast_what_it_was_in_it(desk: Desk) -> None:
    """Paused it is not in it; and a price that was not paid yet is not either."""
    member = desk.join("monthly", 500)
    desk.stripe.advance(days=3)
    change(desk, member, 2000, how="none")
    there, name = dashboard(desk).subscriptions, member.stripe_subscription_id
    there.update(name, {"cancel_at_period_end": True})
    with at_stripes_time(desk) as now:
        settle(desk)
        assert forecast.leaving(until=forecast.forecast(now=now)[-1].month.first)[0].cents == 500
    there.update(name, {"pause_collection": {"behavior": "void"}})
    with at_stripes_time(desk) as now:
        settle(desk)
        assert forecast.leaving(until=forecast.forecast(now=now)[-1].month.first)[0].cents == 0
