"""Receipts gathered: in one letter each, none left behind, none twice."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from billing import receipts
from billing.cause import Cause
from billing.letters import gathering
from billing.models import Letter
from billing.models.letter import LetterState
from members.models import Supporter
from members.models.supporter import ReceiptRhythm, supporter_for
from tests import rows

pytestmark = pytest.mark.django_db

# Nine in Dublin, in summer and in winter.
APRIL = datetime(2026, 4, 1, 8, 0, tzinfo=UTC)
JULY = datetime(2026, 7, 1, 8, 0, tzinfo=UTC)
JANUARY = datetime(2027, 1, 15, 9, 0, tzinfo=UTC)


def gathered(supporter: Supporter, *days: datetime) -> list[Letter]:
    """Receipts of payments of these days, put aside as their supporter wished."""
    member = rows.membership(supporter)
    for day in days:
        payment = rows.payment(member, paid_at=day)
        receipts.issue(payment, cause=Cause.clock(), now=day)
        letter = Letter.objects.get(key=str(payment.receipts.get().pk))
        Letter.objects.filter(pk=letter.pk).update(state=LetterState.GATHERED, created_at=day)
    return list(Letter.objects.filter(kind="receipt", supporter=supporter).order_by("created_at"))


def wants(rhythm: ReceiptRhythm, supporter: Supporter | None = None) -> Supporter:
    chosen = supporter or rows.alice()
    Supporter.objects.filter(pk=chosen.pk).update(receipt_rhythm=rhythm)
    return chosen


def collected(kind: str = "receipts") -> list[tuple[str, int]]:
    """The letters of this kind that take receipts along: their period, and how many."""
    found = Letter.objects.filter(kind=kind).order_by("key")
    return [(each.key.partition(":")[2], each.gathered.count()) for each in found]


def test_a_quarter_goes_out_in_one_letter_on_the_morning_after_it() -> None:
    alice = wants(ReceiptRhythm.QUARTER)
    gathered(alice, *(datetime(2026, month, 2, 12, tzinfo=UTC) for month in (1, 2, 3, 4)))
    # April has begun in Dublin an hour before it has in UTC.
    assert gathering.plan(now=datetime(2026, 3, 31, 22, 59, tzinfo=UTC)) == 0
    assert gathering.plan(now=datetime(2026, 3, 31, 23, 0, tzinfo=UTC)) == 1
    for hours in range(60):
        assert gathering.plan(now=APRIL + timedelta(hours=hours)) == 0
    assert collected() == [("2026-Q1", 3)]
    letter = Letter.objects.get(kind="receipts")
    assert (letter.due_at, letter.state, letter.supporter) == (APRIL, LetterState.QUEUED, alice)
    assert gathering.plan(now=JULY) == 1
    assert collected() == [("2026-Q1", 3), ("2026-Q2", 1)]


def test_a_receipt_that_is_put_aside_late_goes_along_while_the_letter_is_here() -> None:
    alice = wants(ReceiptRhythm.QUARTER)
    _march, late = gathered(alice, *(datetime(2026, 3, day, tzinfo=UTC) for day in (2, 31)))
    Letter.objects.filter(pk=late.pk).update(state=LetterState.QUEUED)
    gathering.plan(now=APRIL - timedelta(hours=8))
    assert collected() == [("2026-Q1", 1)]
    Letter.objects.filter(pk=late.pk).update(state=LetterState.GATHERED)
    assert gathering.plan(now=APRIL - timedelta(hours=7)) == 0
    assert collected() == [("2026-Q1", 2)]


@pytest.mark.parametrize("state", ["sending", "sent", "held", "skipped", "failed"])
def test_nothing_is_put_into_a_letter_that_has_left(state: str) -> None:
    """It waits for the next one: a sender has read what goes along."""
    alice = wants(ReceiptRhythm.QUARTER)
    _march, late = gathered(alice, *(datetime(2026, 3, day, tzinfo=UTC) for day in (2, 31)))
    Letter.objects.filter(pk=late.pk).update(state=LetterState.QUEUED)
    gathering.plan(now=APRIL)
    Letter.objects.filter(kind="receipts").update(state=state, sent_at=APRIL)
    Letter.objects.filter(pk=late.pk).update(state=LetterState.GATHERED)
    gathering.plan(now=APRIL + timedelta(hours=1))
    late.refresh_from_db()
    assert late.gathered_into is None
    gathering.plan(now=JULY)
    assert collected() == [("2026-Q1", 1), ("2026-Q2", 1)]


def test_nothing_is_put_into_a_letter_that_may_have_arrived() -> None:
    """The line broke before the answer: sent again, mail programs take it for the same letter."""
    alice = wants(ReceiptRhythm.QUARTER)
    _march, late = gathered(alice, *(datetime(2026, 3, day, tzinfo=UTC) for day in (2, 31)))
    Letter.objects.filter(pk=late.pk).update(state=LetterState.QUEUED)
    gathering.plan(now=APRIL)
    Letter.objects.filter(kind="receipts").update(attempts=1, reason="SMTPServerDisconnected")
    Letter.objects.filter(pk=late.pk).update(state=LetterState.GATHERED)
    gathering.plan(now=APRIL + timedelta(hours=1))
    assert collected() == [("2026-Q1", 1)]
    gathering.plan(now=JULY)
    assert collected() == [("2026-Q1", 1), ("2026-Q2", 1)]


def test_what_waited_while_nothing_ran_for_half_a_year_goes_out_once() -> None:
    alice = wants(ReceiptRhythm.QUARTER)
    gathered(alice, *(datetime(2026, month, 2, tzinfo=UTC) for month in range(1, 10)))
    now = datetime(2026, 10, 20, 3, 0, tzinfo=UTC)
    assert gathering.plan(now=now) == 1
    assert collected() == [("2026-Q3", 9)]
    assert Letter.objects.get(kind="receipts").due_at == now


def test_who_wants_every_receipt_again_gets_what_waits_soon() -> None:
    alice = wants(ReceiptRhythm.QUARTER)
    gathered(alice, *(datetime(2026, 4, day, tzinfo=UTC) for day in (2, 3)))
    now = datetime(2026, 4, 20, 12, 0, tzinfo=UTC)
    assert gathering.plan(now=now) == 0
    wants(ReceiptRhythm.EVERY)
    assert gathering.plan(now=now) == 1
    assert gathering.plan(now=now + timedelta(days=1)) == 0
    assert collected() == [("2026-04-20", 2)]
    assert Letter.objects.get(kind="receipts").due_at == now


def test_one_supporters_receipts_never_go_with_anothers() -> None:
    mine = gathered(wants(ReceiptRhythm.QUARTER), datetime(2026, 3, 2, tzinfo=UTC))
    charlie = wants(ReceiptRhythm.QUARTER, rows.charlie())
    theirs = gathered(charlie, datetime(2026, 3, 3, tzinfo=UTC))
    yearly = gathered(wants(ReceiptRhythm.YEAR, rows.bob()), datetime(2026, 3, 4, tzinfo=UTC))
    assert gathering.plan(now=APRIL) == 2
    for letter in [*mine, *theirs]:
        letter.refresh_from_db()
        assert letter.gathered_into
        assert letter.gathered_into.supporter_id == letter.supporter_id
        assert letter.gathered_into.key == f"{letter.supporter_id}:2026-Q1"
    yearly[0].refresh_from_db()
    assert yearly[0].gathered_into is None


def test_a_year_goes_with_the_statement_of_mid_january() -> None:
    alice = wants(ReceiptRhythm.YEAR)
    gathered(alice, *(datetime(2026, month, 2, tzinfo=UTC) for month in (3, 11)))
    gathered(alice, datetime(2027, 1, 2, tzinfo=UTC))
    assert gathering.plan(now=JANUARY - timedelta(hours=26, seconds=1)) == 0
    assert gathering.plan(now=JANUARY - timedelta(hours=26)) == 1
    assert gathering.plan(now=JANUARY) == 0
    assert collected("statement") == [("2026", 2)]
    assert Letter.objects.get(kind="statement").due_at == JANUARY


def test_what_was_put_aside_too_late_for_the_statement_follows_by_itself() -> None:
    alice = wants(ReceiptRhythm.YEAR)
    _first, late = gathered(alice, *(datetime(2026, 12, day, tzinfo=UTC) for day in (1, 31)))
    Letter.objects.filter(pk=late.pk).update(state=LetterState.QUEUED)
    gathering.plan(now=JANUARY)
    Letter.objects.filter(kind="statement").update(state=LetterState.SENT, sent_at=JANUARY)
    Letter.objects.filter(pk=late.pk).update(state=LetterState.GATHERED)
    assert gathering.plan(now=JANUARY + timedelta(hours=1)) == 1
    assert collected("statement") == [("2026", 1)]
    assert collected() == [("2026", 1)]


def test_everybody_who_paid_in_the_year_and_wants_it_has_a_statement() -> None:
    last_moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    rows.payment(rows.membership(), paid_at=datetime(2026, 1, 1, 0, 0, tzinfo=UTC))
    rows.payment(rows.membership(), paid_at=last_moment)
    rows.payment(paid_at=last_moment + timedelta(minutes=1))
    rows.payment(rows.membership(rows.charlie()))
    Supporter.objects.filter(pk=rows.charlie().pk).update(wants_statement=False)
    failed = supporter_for(email="dora@example.org")
    rows.payment(rows.membership(failed), state="failed", paid_at=None)
    assert gathering.plan(now=JANUARY) == 1
    letter = Letter.objects.get()
    assert letter.key == f"{rows.alice().pk}:2026"
    assert (letter.kind, letter.supporter, letter.due_at) == ("statement", rows.alice(), JANUARY)


@pytest.mark.parametrize(("month", "state"), [(3, LetterState.QUEUED), (4, LetterState.SKIPPED)])
def test_a_statement_of_spring_is_too_late_and_says_so(month: int, state: LetterState) -> None:
    rows.payment(rows.membership())
    now = datetime(2027, month, 10, 12, 0, tzinfo=UTC)
    assert gathering.plan(now=now) == 1
    assert Letter.objects.get().state == state
    assert gathering.plan(now=now + timedelta(days=10)) == 0


def test_receipts_are_not_kept_back_by_a_statement_that_is_too_late() -> None:
    alice = wants(ReceiptRhythm.YEAR)
    gathered(alice, datetime(2026, 3, 2, tzinfo=UTC))
    assert gathering.plan(now=datetime(2027, 6, 10, 12, 0, tzinfo=UTC)) == 1
    assert collected("statement") == [("2026", 1)]
    assert Letter.objects.get(kind="statement").state == LetterState.QUEUED


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("E22")
def test_planners_at_once_put_each_receipt_into_one_letter() -> None:
    """On both sides of midnight, so that they write different letters."""
    days = [datetime(2026, 4, day, tzinfo=UTC) for day in range(2, 7)]
    people = [supporter_for(email=f"someone{number}@example.org") for number in range(4)]
    for each in people:
        gathered(each, *days)
    midnight = datetime(2026, 4, 20, 23, 0, tzinfo=UTC)

    def plan(number: int) -> Any:
        try:
            return gathering.plan(now=midnight + timedelta(minutes=number % 2, seconds=-1))
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as planners:
        list(planners.map(plan, range(6)))
    into = Counter(Letter.objects.filter(kind="receipt").values_list("gathered_into", flat=True))
    assert None not in into
    assert sorted(into.values()) == [5, 5, 5, 5]
    queued = Letter.objects.filter(kind="receipts", state=LetterState.QUEUED)
    assert set(queued.values_list("pk", flat=True)) == into.keys()
    empty = Letter.objects.filter(kind="receipts").exclude(pk__in=set(into))
    assert {each.reason for each in empty} <= {"nothing to gather"}
