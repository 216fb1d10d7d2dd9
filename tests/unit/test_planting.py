"""Letters planned in one statement: found by a partial index, written once, whoever else writes."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from billing import reminders
from billing.dates import DUBLIN, dublin_date
from billing.letters import ahead, gathering
from billing.models import Letter, Membership
from billing.models.letter import LetterState
from billing.reminders import cards, debits, failures, pauses, renewals
from billing.states import MembershipState
from billing.withdrawal import is_working_day
from tests import rows

NOW = datetime(2026, 5, 31, 9, 0, tzinfo=UTC)
TEN_YEARS = st.datetimes(datetime(2026, 1, 1), datetime(2036, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made aware by `timezones`


def at_once(act: Callable[[], Any], times: int) -> list[Any]:
    """Do it so many times at the same moment, as so many planners; what each came to."""

    def work(_: int) -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as workers:
        return list(workers.map(work, range(times)))


def one_of_each() -> None:
    """A membership for each planner that has something to tell of within the day."""
    month, soon = timedelta(days=30), NOW + timedelta(days=7)
    rows.membership(slug="yearly", period_end=NOW + timedelta(days=21))
    rows.membership(method_kind="sepa_debit", period_end=NOW + timedelta(days=14))
    rows.membership(card_expires_on=date(2026, 6, 30), period_end=NOW + month)
    rows.membership(state=MembershipState.PAUSED, resumes_on=soon, period_end=NOW + month)
    since = NOW - timedelta(days=3)
    overdue = rows.membership(
        state=MembershipState.PAST_DUE, past_due_since=since, period_end=NOW + month
    )
    rows.payment(overdue, state="pending", paid_at=None, first_failed_at=since)


KINDS = {"reminder", "sepa-notice", "card-expiring", "resumes-soon", "payment-failed"}


@pytest.mark.django_db
@pytest.mark.case("E15")
def test_a_day_before_it_is_due_every_letter_is_a_row_for_the_morning() -> None:
    one_of_each()
    assert reminders.plan(now=NOW - timedelta(hours=26)) == 5
    letters = {each.kind: each for each in Letter.objects.all()}
    assert letters.keys() == KINDS
    for letter in letters.values():
        local = letter.due_at.astimezone(DUBLIN)
        assert (local.date(), local.hour, letter.state) == (NOW.date(), 9, LetterState.QUEUED)
        assert letter.supporter_id == rows.alice().pk
        assert letter.pk.version == 7
        assert letter.pk.variant == "specified in RFC 4122"
        assert abs(letter.pk.int >> 80) - int(timezone.now().timestamp() * 1000) < 60_000
    assert len({each.pk for each in letters.values()}) == 5


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("E15", "E22", "F20")
def test_planners_at_once_write_each_letter_once() -> None:
    one_of_each()
    counts = at_once(lambda: reminders.plan(now=NOW), 4)
    assert sum(counts) == 5
    assert sorted(Letter.objects.values_list("kind", flat=True)) == sorted(KINDS)


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("E15", "E22")
def test_a_planner_leaves_alone_what_another_has_written_and_not_committed() -> None:
    """It cannot see those rows, and waits for them."""
    one_of_each()
    written = Event()

    def slow() -> int:
        with transaction.atomic():
            new = reminders.plan(now=NOW)
            written.set()
            time.sleep(1)
            return new

    def other() -> int:
        assert written.wait(30)
        return reminders.plan(now=NOW)

    acts = iter([slow, other])
    assert sorted(at_once(lambda: next(acts)(), 2)) == [0, 5]
    assert sorted(Letter.objects.values_list("kind", flat=True)) == sorted(KINDS)


@pytest.mark.django_db
@pytest.mark.case("E15")
@pytest.mark.parametrize("hours", [pytest.param(5, marks=pytest.mark.long), 11, 30, 100])
def test_whenever_a_planner_comes_by_each_letter_exists_once_and_none_is_missed(hours: int) -> None:
    """Days without a planner, and a night in which the clocks change."""
    day = datetime(2027, 3, 10, tzinfo=UTC)
    for number in range(40):
        rows.membership(slug="yearly", period_end=day + timedelta(days=number, hours=number % 24))
    moment = day - timedelta(days=23)
    while moment < day + timedelta(days=21):
        renewals.plan(now=moment)
        moment += timedelta(hours=hours)
    letters = list(Letter.objects.all())
    assert len(letters) == len({each.key for each in letters}) == 40
    # Those of the first days were due before anybody planned.
    for letter in letters:
        renews = date.fromisoformat(letter.key.partition(":")[2])
        sent = letter.due_at.astimezone(DUBLIN)
        # Nothing waits longer for its row than for the next planner to come by.
        assert timedelta(0) <= (renews - sent.date()) <= timedelta(days=21)
        assert (renews - sent.date()) >= timedelta(days=20 - hours // 24)
        assert letter.state == LetterState.QUEUED


@given(moment=TEN_YEARS)
@pytest.mark.case("E15", "E14")
def test_a_reminder_leaves_seven_whole_working_days(moment: datetime) -> None:
    """By the Irish calendar, whatever lies between: Christmas, Easter, a bank holiday."""
    renewal = dublin_date(moment)
    days = settings.REMINDER_DAYS
    sent = ahead.morning(renewal - timedelta(days=days))
    assert sent.astimezone(DUBLIN).hour == 9
    between = [dublin_date(sent) + timedelta(days=each) for each in range(1, days)]
    assert between[-1] == renewal - timedelta(days=1)
    assert sum(is_working_day(day) for day in between) >= 7


@given(moment=TEN_YEARS)
@pytest.mark.case("E14")
def test_every_day_has_its_turn_and_every_moment_lies_in_one(moment: datetime) -> None:
    turns = ahead.notices(now=moment, days=21, least=7)
    assert [each.begins for each in turns[1:]] == [each.ends for each in turns[:-1]]
    assert len({each.period for each in turns}) == len(turns)
    for turn in turns:
        assert dublin_date(turn.begins).isoformat() == turn.period
        assert moment <= turn.due_at <= moment + ahead.AHEAD


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("planner", "index"),
    [
        (renewals.plan, "membership_renews_yearly"),
        (debits.plan, "membership_is_debited"),
        (cards.plan, "membership_card_runs_out"),
        (pauses.plan, "membership_resumes"),
        (failures.plan, "membership_overdue"),
    ],
)
def test_a_planner_looks_at_a_partial_index_and_not_at_every_member(
    planner: Callable[..., int], index: str
) -> None:
    one_of_each()
    asked: list[str] = []

    def explained(execute: Callable[..., Any], sql: str, params: Any, *rest: Any) -> Any:
        if sql.startswith(("INSERT INTO", "UPDATE")):
            with connection.cursor() as cursor:
                cursor.cursor.execute("SET LOCAL enable_seqscan = off")
                cursor.cursor.execute(f"EXPLAIN {sql}", params)
                asked.append("\n".join(line for (line,) in cursor.cursor.fetchall()))
        return execute(sql, params, *rest)

    if connection.vendor == "postgresql":
        with connection.execute_wrapper(explained):
            assert planner(now=NOW) == 1
        assert asked
        assert [index for plan in asked if index not in plan] == []
    else:
        constraints = connection.introspection.get_constraints
        with connection.cursor() as cursor:
            found = constraints(cursor, Membership._meta.db_table)[index]
        assert found["index"]


@pytest.mark.django_db
def test_all_planners_ask_the_same_few_questions_however_many_members_there_are(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(30):
        one_of_each()
    with django_assert_num_queries(15):
        assert reminders.plan(now=NOW) == 150


@pytest.mark.long
@pytest.mark.servers
@pytest.mark.django_db
def test_a_day_of_two_hundred_thousand_memberships_is_planned_in_seconds() -> None:
    """One in two pays yearly, one in ten by direct debit; each planner is timed."""
    _many(200_000)
    planners = (renewals, debits, cards, pauses, failures, gathering)
    for round_ in ("first", "again"):
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # as PostgreSQL does by itself soon after so many rows
        for planner in planners:
            began = timezone.now()
            new = planner.plan(now=NOW)
            took = timezone.now() - began
            print(f"{round_} {planner.__name__}: {new} letters in {took.total_seconds():.2f} s")
            assert took < timedelta(seconds=60)
            assert round_ == "first" or new == 0


def _many(count: int) -> None:
    """So many memberships and payments, each of a supporter, made by the database."""
    model = rows.membership(slug="yearly")
    paid = rows.payment(model)
    with connection.cursor() as cursor:
        for table, changes in _COPIES:
            cursor.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
            )
            names = [name for (name,) in cursor.fetchall()]
            chosen = ", ".join(changes.get(name, f'm."{name}"') for name in names).replace(
                "%", "%%"
            )
            columns = ", ".join(f'"{name}"' for name in names)
            of = {"members_supporter": model.supporter_id, "billing_membership": model.pk}
            cursor.execute(
                f"INSERT INTO {table} ({columns}) SELECT {chosen}"  # noqa: S608 - words of this test
                f" FROM {table} m, generate_series(1, %s) n WHERE m.id = %s",
                [count, of.get(table, paid.pk)],
            )


_SUPPORTER = "('10000000' || lpad(to_hex(n), 24, '0'))::uuid"
_MEMBERSHIP = "('20000000' || lpad(to_hex(n), 24, '0'))::uuid"
_COPIES = [
    (
        "members_supporter",
        {"id": _SUPPORTER, "email_hash": "'hash' || n"},
    ),
    (
        "billing_membership",
        {
            "id": _MEMBERSHIP,
            "supporter_id": _SUPPORTER,
            "stripe_subscription_id": "'sub_many' || n",
            "interval": "CASE WHEN n % 2 = 0 THEN 'year' ELSE 'month' END",
            "method_kind": "CASE WHEN n % 10 = 1 THEN 'sepa_debit' ELSE 'card' END",
            "card_expires_on": "CASE WHEN n % 10 = 1 THEN NULL"
            " ELSE (date '2026-06-30' + (n % 48) * interval '1 month')::date END",
            "state": "CASE WHEN n % 50 = 3 THEN 'past_due' ELSE 'active' END",
            "past_due_since": "CASE WHEN n % 50 = 3 THEN"
            " timestamptz '2026-05-31 08:00Z' - (n % 14) * interval '1 day' END",
            "period_end": "timestamptz '2026-05-31 08:00Z' + CASE WHEN n % 2 = 0"
            " THEN n % 365 ELSE n % 30 END * interval '1 day'",
        },
    ),
    (
        "billing_payment",
        {
            "id": "('30000000' || lpad(to_hex(n), 24, '0'))::uuid",
            "supporter_id": _SUPPORTER,
            "membership_id": _MEMBERSHIP,
            "stripe_payment_intent_id": "'pi_many' || n",
            "stripe_charge_id": "'ch_many' || n",
            "state": "CASE WHEN n % 50 = 3 THEN 'pending' ELSE 'succeeded' END",
            "paid_at": "CASE WHEN n % 50 = 3 THEN NULL ELSE timestamptz '2025-05-01' END",
            "first_failed_at": "CASE WHEN n % 50 = 3 THEN"
            " timestamptz '2026-05-31 08:00Z' - (n % 14) * interval '1 day' END",
        },
    ),
]
