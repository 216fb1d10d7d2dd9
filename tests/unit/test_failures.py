"""What follows on a failed payment: at most three letters more, at their days, and none twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import Settings

from billing.dates import DUBLIN
from billing.models import Letter, Membership, Payment
from billing.models.letter import LetterState
from billing.reminders import failures
from billing.states import MembershipState, PaymentState
from tests import rows

pytestmark = [pytest.mark.django_db, pytest.mark.once]

SINCE = datetime(2026, 4, 2, 12, 0, tzinfo=UTC)


def overdue(since: datetime = SINCE) -> tuple[Membership, Payment]:
    """Alice, whose payment of the second month failed."""
    member = rows.membership(
        state=MembershipState.PAST_DUE, past_due_since=since, period_start=since
    )
    return member, fail(member, since)


def fail(member: Membership, at: datetime, **more: Any) -> Payment:
    values = {"state": PaymentState.PENDING, "paid_at": None, "first_failed_at": at} | more
    return rows.payment(member, **values)


def live_through(*, hours: int, days: int = 20, since: datetime = SINCE) -> None:
    """A planner comes by every so many hours."""
    moment = since
    while moment < since + timedelta(days=days):
        failures.plan(now=moment)
        moment += timedelta(hours=hours)


@pytest.mark.case("E8", "E15")
def test_it_is_told_on_day_3_on_day_7_and_two_days_before_the_end() -> None:
    _member, payment = overdue()
    live_through(hours=11)
    told = {each.key: each.due_at.astimezone(DUBLIN) for each in Letter.objects.all()}
    assert {key: (at.day, at.hour) for key, at in told.items()} == {
        f"{payment.pk}:3": (5, 9),
        f"{payment.pk}:7": (9, 9),
        f"{payment.pk}:last": (14, 9),
    }
    assert {each.state for each in Letter.objects.all()} == {LetterState.QUEUED}


@pytest.mark.case("E15", "E22")
def test_what_was_missed_is_told_once_and_only_the_latest_of_it() -> None:
    _member, payment = overdue()
    now = SINCE + timedelta(days=8)
    assert [failures.plan(now=now) for _ in range(3)] == [2, 0, 0]
    states = {each.key.rpartition(":")[2]: each for each in Letter.objects.all()}
    assert states["3"].state == LetterState.SKIPPED
    assert states["3"].reason
    assert (states["7"].state, states["7"].due_at) == (LetterState.QUEUED, now)
    assert failures.plan(now=SINCE + timedelta(days=15)) == 1
    assert Letter.objects.get(key=f"{payment.pk}:last").state == LetterState.SKIPPED


@pytest.mark.case("E8")
@pytest.mark.parametrize(
    "more",
    [
        {"state": MembershipState.ACTIVE, "past_due_since": None},
        {"state": MembershipState.PAUSED, "past_due_since": None},
        {"state": MembershipState.ENDED, "past_due_since": None, "ended_at": SINCE},
    ],
    ids=["paid", "paused", "ended"],
)
def test_who_is_not_overdue_is_not_told(more: dict[str, Any]) -> None:
    overdue()
    Membership.objects.update(**more)
    live_through(hours=23)
    assert not Letter.objects.exists()


@pytest.mark.case("E8")
def test_another_payment_that_fails_meanwhile_begins_no_second_round() -> None:
    member, payment = overdue()
    live_through(hours=23, days=4)
    fail(member, SINCE + timedelta(days=4))
    live_through(hours=23)
    assert sorted(Letter.objects.values_list("key", flat=True)) == sorted(
        f"{payment.pk}:{step}" for step in ("3", "7", "last")
    )


@pytest.mark.case("E8")
def test_another_grace_is_told_of_again() -> None:
    """Between the two it was paused: what failed then was never paid."""
    member, first = overdue()
    live_through(hours=23)
    later = SINCE + timedelta(days=90)
    Membership.objects.update(past_due_since=later)
    second = fail(member, later + timedelta(hours=1))
    live_through(hours=23, since=later)
    told = {key.rpartition(":")[0] for key in Letter.objects.values_list("key", flat=True)}
    assert told == {str(first.pk), str(second.pk)}
    assert Letter.objects.count() == 6


@pytest.mark.case("E13")
def test_a_debit_that_came_back_weeks_later_is_the_one_that_is_told_of() -> None:
    member, _ = overdue()
    Payment.objects.all().delete()
    returned = fail(member, SINCE - timedelta(days=15))
    live_through(hours=23)
    assert {key.rpartition(":")[0] for key in Letter.objects.values_list("key", flat=True)} == {
        str(returned.pk)
    }


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (14, ["3", "7", "last"]),
        (9, ["3", "last"]),
        (5, ["last"]),
        (2, []),
        (30, ["3", "7", "last"]),
    ],
)
def test_a_shorter_grace_has_fewer_letters(settings: Settings, days: int, told: list[str]) -> None:
    settings.GRACE_DAYS = days
    overdue()
    live_through(hours=23, days=days + 3)
    steps = [key.rpartition(":")[2] for key in Letter.objects.values_list("key", flat=True)]
    assert sorted(steps) == told
    if told:
        last = Letter.objects.get(key__endswith="last")
        assert last.due_at.date() == (SINCE + timedelta(days=days - 2)).date()
