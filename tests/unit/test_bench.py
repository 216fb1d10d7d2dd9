"""The made-up lives of `make bench`: a small version, by every rule of the database."""

from datetime import UTC, date, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from billing.accounts import months, pack
from members import reports
from members.reports import build, present
from members.staff.urls import urlpatterns
from tests.bench import fill, questions, watch, writes
from tests.staff_desk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.servers]

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
MEMBERS = 600


@pytest.fixture
def newsroom() -> None:
    """Some hundreds of persons, with nothing rolled up yet."""
    fill.fill(members=MEMBERS, seed=1, now=NOW)
    # Keys are looked up when a transaction ends; this one never does.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
        cursor.execute("ANALYZE")


def _numbers(sql: str, *values: object) -> tuple[int, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [str(each) for each in values])
        return tuple(int(each) for each in cursor.fetchone())


def test_the_lives_obey_the_database_and_the_rollups_are_what_a_recount_says(
    newsroom: None,
) -> None:
    said = StringIO()
    call_command("rollups", stdout=said)
    call_command("rollups", check=True, stdout=said)
    assert said.getvalue().count("The rollups are what the facts say") == 2
    _books_balance()
    lines = {line.month.first: line for line in build(now=NOW, count=40).lines}
    for month, ends in (
        (date(2024, 3, 1), "2024-04-01 00:00 Europe/Dublin"),
        (date(2025, 12, 1), "2026-01-01 00:00 Europe/Dublin"),
        (date(2026, 10, 1), "2026-11-01 00:00 Europe/Dublin"),
    ):
        told = lines[month]
        # Half a cent is rounded upwards.
        assert (told.active, told.mrr_cents) == _numbers(_STANDING, ends, ends, ends, ends)
        assert (told.gross_cents, told.net_cents) == _numbers(_MONEY, month, month)


def _books_balance() -> None:
    assert _numbers(_WRONG_PAYOUTS) == (0,)
    assert _numbers(_WRONG_PAYMENTS) == (0,)
    running = pack.of_month(date(2026, 11, 1))
    assert running is not None
    assert months.first_open() == date(2026, 10, 1)
    assert (running.closing,) == _numbers("SELECT sum(net_cents) FROM billing_ledgerline")
    [payments] = _numbers("SELECT count(*) FROM billing_payment")
    assert 11 * MEMBERS < payments < 15 * MEMBERS
    [states] = _numbers("SELECT count(DISTINCT state) FROM billing_membership")
    assert states == len({"active", "past_due", "paused", "ended"})


def test_the_same_seed_makes_the_same_lives_and_another_makes_others() -> None:
    sums = []
    for seed in (1, 1, 2):
        point = transaction.savepoint()
        fill.fill(members=50, seed=seed, now=NOW)
        sums.append(_numbers("SELECT count(*), sum(amount_cents) FROM billing_payment"))
        transaction.savepoint_rollback(point)
    assert sums[0] == sums[1] != sums[2]


def test_every_report_and_every_list_of_the_staff_is_asked() -> None:
    fill.fill(members=40, seed=1, now=NOW)
    names = {*questions.of_reports(now=timezone.now())}
    folder = Path(reports.__path__[0])
    parts = {"__init__", "amounts", "definitions", "months", "rollups", "small"}
    assert {each.partition(".")[0] for each in names} == {
        each.stem for each in folder.glob("*.py") if each.stem not in parts
    }
    for name, ask in questions.of_reports(now=timezone.now()).items():
        assert watch.timed(name, ask, turns=1).statements > 0
    pages = questions.of_pages(signed_in())
    assert {"/staff/", "/staff/members/", "/staff/letters/"} <= {*pages}
    lists = {each.partition("=")[0] for each in pages}
    assert {"/staff/members/?older", "/staff/members/?day"} < lists
    assert len(pages) <= len(urlpatterns) + 11
    for name, ask in questions.of_the_desk().items():
        assert watch.timed(name, ask, turns=1).statements > 0


def test_a_report_that_nobody_can_ask_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def strange(*, moon: str) -> str:
        return moon

    strange.__module__ = present.__name__
    monkeypatch.setattr(present, "strange", strange, raising=False)
    with pytest.raises(questions.Unasked, match=r"present\.strange: moon"):
        questions.of_reports(now=timezone.now())


def test_the_events_that_are_timed_leave_nothing_behind() -> None:
    fill.fill(members=40, seed=1, now=NOW)
    before = _numbers("SELECT count(*), max(applied_ticket) FROM billing_payment")
    for each in writes.shares(now=NOW, events=1):
        assert each.statements > 0
    assert _numbers("SELECT count(*), max(applied_ticket) FROM billing_payment") == before


# What each membership was last paid for, of those that stood and did not pause, in SQL of its own.
_STANDING = """
WITH standing AS (
    SELECT m.id, m.supporter_id FROM billing_membership m
    WHERE m.started_at < %s AND (m.ended_at IS NULL OR m.ended_at >= %s)
      AND 0 = (SELECT count(*) FILTER (WHERE new_state = 'paused')
                      - count(*) FILTER (WHERE old_state = 'paused')
               FROM billing_membershipevent e WHERE e.membership_id = m.id AND happened_at < %s)
), worth AS (
    SELECT supporter_id, (
        SELECT CASE WHEN period_end - period_start > interval '45 days' THEN amount_cents
                    ELSE 12 * amount_cents END
        FROM billing_payment p
        WHERE p.membership_id = s.id AND state = 'succeeded' AND paid_at < %s
        ORDER BY paid_at DESC LIMIT 1
    ) AS twelfths FROM standing s
)
SELECT count(DISTINCT supporter_id), floor(sum(twelfths) / 12.0 + 0.5) FROM worth
"""
_MONEY = """
SELECT sum(amount_cents), sum(CASE WHEN outside_stripe THEN amount_cents ELSE net_cents END) + (
    SELECT coalesce(sum(net_cents), 0) FROM billing_ledgerline
    WHERE kind IN ('refund', 'refund_failed', 'dispute')
      AND date_trunc('month', booked_at AT TIME ZONE 'Europe/Dublin') = %s::date
)
FROM billing_payment
WHERE state = 'succeeded' AND date_trunc('month', paid_at AT TIME ZONE 'Europe/Dublin') = %s::date
"""
_WRONG_PAYOUTS = """
SELECT count(*) FROM billing_payout payout WHERE amount_cents <> (
    SELECT sum(net_cents) FROM billing_ledgerline line
    WHERE payout_id = payout.id AND kind <> 'payout')
"""
_WRONG_PAYMENTS = """
SELECT count(*) FROM billing_payment payment
LEFT JOIN billing_ledgerline line ON line.payment_id = payment.id AND kind = 'payment'
WHERE (payment.amount_cents, payment.fee_cents, payment.net_cents)
      IS DISTINCT FROM (line.amount_cents, line.fee_cents, line.net_cents)
  AND payment.fee_cents IS NOT NULL
"""
