"""The pace: no minute sees more letters than may go out, whoever sends them."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import pytest
from django.core import mail
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from billing import letters, sweeper
from billing.cause import Cause
from billing.letters import draft
from billing.models import Letter
from billing.models.letter import LetterState
from tests import rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _five_a_minute(settings: Settings) -> None:
    settings.LETTERS_PER_MINUTE = 5


def _letters(count: int, *, kind: str = "ended") -> list[Letter]:
    for _ in range(count):
        membership = rows.membership(state="ended", ended_at=rows.NEXT_MONTH)
        letters.queue(
            kind=kind,
            key=str(membership.pk),
            supporter_id=membership.supporter_id,
            cause=Cause.clock(),
        )
    return list(Letter.objects.filter(kind=kind).order_by("due_at"))


def _sent() -> list[Letter]:
    return list(Letter.objects.filter(state=LetterState.SENT).order_by("due_at"))


def test_letters_over_the_pace_wait_at_no_cost_oldest_first() -> None:
    waiting = _letters(8)
    now = timezone.now()
    assert letters.deliver_waiting(waiting[7].pk, now=now) == 5
    assert _sent() == waiting[:5], "a ring does not jump the queue"
    assert letters.deliver_waiting(now=now + timedelta(seconds=55)) == 0
    assert letters.deliver(waiting[5].pk, now=now + timedelta(seconds=55)) == LetterState.QUEUED
    rest = Letter.objects.filter(pk__in=[each.pk for each in waiting[5:]])
    assert set(rest.values_list("state", "attempts", "reason")) == {(LetterState.QUEUED, 0, "")}
    assert letters.deliver_waiting(now=now + timedelta(seconds=70)) == 3
    assert len(mail.outbox) == 8


def test_whoever_waits_at_the_screen_comes_first_and_what_comes_in_thousands_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met = []

    def note(letter: Letter) -> letters.Skip:
        met.append(letter.kind)
        return letters.Skip("only the order is asked for")

    for kind in ("statement", "ended", "sign-in"):
        monkeypatch.setitem(draft.KINDS, kind, draft.Kind(note))
        _letters(2, kind=kind)
    letters.deliver_waiting()
    assert met == ["sign-in"] * 2 + ["ended"] * 2 + ["statement"] * 2


def test_what_is_not_sent_takes_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(draft.KINDS, "statement", draft.Kind(lambda _: letters.Skip("no")))
    _letters(9, kind="statement")
    assert letters.deliver_waiting() == 9


def test_what_another_sender_holds_has_its_place_until_its_lease_is_over() -> None:
    held = _letters(9)[:4]
    now = timezone.now()
    Letter.objects.filter(pk__in=[each.pk for each in held]).update(
        state=LetterState.SENDING, lease_until=now + timedelta(seconds=30)
    )
    assert letters.deliver_waiting(now=now) == 1
    assert letters.deliver_waiting(now=now + timedelta(seconds=31)) == 4


def test_what_a_demo_sent_on_a_day_to_come_takes_no_place_today() -> None:
    _letters(9)
    assert letters.deliver_waiting(now=timezone.now() + timedelta(days=30)) == 5
    assert letters.deliver_waiting() == 4


def test_an_errand_of_staff_ends_where_the_pace_does() -> None:
    _letters(8)
    assert sweeper.do_what_waits(now=timezone.now())["letters"] == 5


def test_without_a_pace_all_go(settings: Settings) -> None:
    settings.LETTERS_PER_MINUTE = 0
    _letters(8)
    assert letters.deliver_waiting() == 8


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_keep_it_together(settings: Settings) -> None:
    settings.LETTERS_PER_MINUTE = 2
    minutes, senders = 8, 8
    _letters(40)
    start, all_there = timezone.now(), Barrier(senders)

    def send(_sender: int) -> int:
        done = 0
        try:
            for minute in range(minutes):
                letters.due(start)  # so that the connection stands
                all_there.wait()
                done += letters.deliver_waiting(now=start + timedelta(seconds=70 * minute))
                all_there.wait()
        finally:
            connection.close()
        return done

    with ThreadPoolExecutor(senders) as pool:
        assert sum(pool.map(send, range(senders))) == 2 * minutes
    assert _busiest_minute([each.sent_at for each in _sent() if each.sent_at]) == 2
    assert Counter(len(each.to) for each in mail.outbox) == {1: 2 * minutes}


def _busiest_minute(moments: list[datetime]) -> int:
    return max(
        sum(first <= each < first + timedelta(minutes=1) for each in moments) for first in moments
    )
