"""Alarms by mail: told once when it has lasted, once when it is over, however many watches run."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from pytest_django.fixtures import Settings

from billing import alarms, letters
from billing.models import Alarm, Letter, Pulse, StripeEvent, Walk
from billing.models.letter import LetterState
from billing.models.stripe import EventState
from members import retention, watch
from members.models import StaffMember
from members.models.staff import Role

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture(autouse=True)
def _crew() -> None:
    for role in Role:
        StaffMember.objects.create_user(f"{role}@newsroom.example", role=role, wants_digest=False)
    StaffMember.objects.create_user("gone@newsroom.example", role=Role.ADMIN, is_active=False)


def look(at: datetime, *, mails: bool = True) -> None:
    """One minute of a service whose worker and clock are alive."""
    for part in ("worker", "beat"):
        Pulse.objects.update_or_create(name=part, defaults={"seen_at": at})
    with time_machine.travel(at, tick=False):
        watch.look_out(now=at)
        if mails:
            letters.deliver_waiting(now=at)


def looks(first: int, last: int, *, mails: bool = True) -> None:
    for minute in range(first, last + 1):
        look(NOW + minute * MINUTE, mails=mails)


def park() -> StripeEvent:
    return StripeEvent.objects.create(
        id="evt_secret",
        type="charge.refunded",
        object_id="ch_secret",
        livemode=False,
        created=NOW,
        received_at=NOW,
        state=EventState.PARKED,
        error="Unclaimed: no membership waits",
        done_at=NOW,
    )


def mend() -> None:
    StripeEvent.objects.update(state=EventState.DONE)


def told() -> Counter[str]:
    """How many letters there are for each step."""
    keys = Letter.objects.filter(kind="alarm").values_list("key", flat=True)
    return Counter(key.split(":")[1] for key in keys)


@pytest.mark.once
def test_it_is_told_once_when_red_for_ten_minutes_and_once_when_well_for_ten() -> None:
    park()
    looks(0, 9)
    assert not told()
    looks(10, 90)
    assert told() == {"begun": 3}  # those who can do something about it, and not the reader
    mend()
    looks(91, 100)
    assert told() == {"begun": 3}
    looks(101, 140)
    assert told() == {"begun": 3, "over": 3}
    alarm = Alarm.objects.get()
    assert (alarm.since, alarm.over_at) == (NOW, NOW + 91 * MINUTE)
    park_again = StripeEvent.objects.update(state=EventState.PARKED)
    assert park_again == 1
    looks(141, 151)
    assert told() == {"begun": 6, "over": 3}


@pytest.mark.once
def test_what_is_over_within_ten_minutes_is_never_told() -> None:
    park()
    looks(0, 9)
    mend()
    looks(10, 30)
    assert not told()
    assert not Alarm.objects.exists()


@pytest.mark.once
def test_what_flickers_is_one_episode() -> None:
    park()
    looks(0, 10)
    for start in range(11, 60, 4):
        mend()
        looks(start, start + 1)
        StripeEvent.objects.update(state=EventState.PARKED)
        looks(start + 2, start + 3)
    assert told() == {"begun": 3}
    assert Alarm.objects.count() == 1


def test_its_letter_says_what_since_when_and_what_to_do_and_names_nothing_else() -> None:
    park()
    looks(0, 10)
    texts = _texts()
    text = texts["admin@newsroom.example"]
    assert "Events parked" in text
    assert "4 November 2026, 10:00 Irish time" in text
    assert "Read why, mend it, then retry." in text
    assert "http://testserver/staff/board/" in text
    assert "secret" not in " ".join(texts.values())
    mend()
    looks(11, 30)
    over = _texts()["finance@newsroom.example"]
    assert "This is over: Events parked." in over
    assert "4 November 2026, 10:11 Irish time" in over


def _texts() -> dict[str, str]:
    """The last letter to each, by address."""
    return {each.to[0]: " ".join(str(each.body).split()) for each in mail.outbox}


@pytest.mark.once
def test_a_letter_that_comes_too_late_leaves_the_word_to_the_one_that_says_it_is_over() -> None:
    park()
    looks(0, 10, mails=False)
    mend()
    looks(11, 21, mails=False)
    for letter in Letter.objects.filter(kind="alarm"):
        letters.deliver(letter.pk, now=NOW + 60 * MINUTE)
    states = Counter(Letter.objects.values_list("state", flat=True))
    assert states == {LetterState.SKIPPED: 3, LetterState.SENT: 3}


def test_an_hour_sees_no_more_than_so_many_and_the_rest_has_its_turn(settings: Settings) -> None:
    settings.ALARMS_PER_HOUR = 2
    red = {"worker", "beat", "stripe", "letters-due"}

    def follow(minute: int) -> int:
        now = NOW + minute * MINUTE
        alarms.follow(red, now=now, begun=lambda _alarm: None, over=lambda _alarm: None)
        return Alarm.objects.exclude(told_at=None).count()

    assert [follow(minute) for minute in (0, 9, 10, 11, 40, 69, 70, 71)] == [
        *(0, 0, 2, 2, 2, 2),
        *(4, 4),
    ]


def test_a_watch_that_wakes_tells_once_for_how_long_nobody_watched() -> None:
    looks(0, 1)
    Walk.objects.filter(name="watch").update(place={})
    looks(61, 63)
    assert told() == {"over": 1}  # to those who look after the service
    alarm = Alarm.objects.get()
    assert (alarm.what, alarm.since) == (alarms.SILENCE, NOW + MINUTE)
    text = _texts()["admin@newsroom.example"]
    assert "Nobody watched" in text


def test_episodes_go_after_400_days() -> None:
    Alarm.objects.create(what="worker", since=NOW, told_at=NOW, over_at=NOW)
    retention.tidy(now=NOW + timedelta(days=399))
    assert Alarm.objects.exists()
    retention.tidy(now=NOW + timedelta(days=401))
    assert not Alarm.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.case("E22")
def test_two_watches_at_once_tell_a_thing_once_and_a_silence_once() -> None:
    park()
    looks(0, 9)

    def both(at: datetime) -> None:
        barrier, problems = Barrier(2), list[Any]()

        def run() -> None:
            try:
                barrier.wait(timeout=10)
                watch.look_out(now=at)
            except Exception as trouble:  # noqa: BLE001 - the thread's trouble is the test's
                problems.append(trouble)
            finally:
                connection.close()

        threads = [Thread(target=run) for _ in range(2)]
        with time_machine.travel(at, tick=False):
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(timeout=30)
        assert not problems

    for part in ("worker", "beat"):
        Pulse.objects.update_or_create(name=part, defaults={"seen_at": NOW + 10 * MINUTE})
    both(NOW + 10 * MINUTE)
    assert told() == {"begun": 3}
    assert Alarm.objects.count() == 1
    Walk.objects.filter(name="watch").update(finished_at=NOW - 60 * MINUTE)
    both(NOW + 11 * MINUTE)
    assert told() == {"begun": 3, "over": 1}
