"""Letters about lists: to those who may answer, and to the asker; of kinds, never of persons."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client
from django.utils import timezone

from billing import letters
from billing.models import Letter
from members import tasks
from members.exports import asking
from members.models import StaffList, StaffMember
from members.models.staff import Role
from tests import rows
from tests.staff_desk import ask_for_list, colleague, signed_in, staff, taken

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
NAMES = ["membership", "name", "email"]
HOUR = timedelta(hours=1)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def asker() -> Client:
    rows.membership(rows.alice())
    return signed_in(Role.FINANCE, email="dara@example.org")


def post() -> dict[str, str]:
    """Send what waits: the texts by whom they went to."""
    mail.outbox.clear()
    letters.deliver_waiting(now=timezone.now())
    return {each.to[0]: f"{each.subject}\n{each.body}" for each in mail.outbox}


def answer(client: Client, wanted: StaffList, word: str) -> None:
    client.post(f"/staff/lists/{wanted.pk}/answer/", {"word": word})


def test_it_asks_who_may_be_the_second_person_and_nobody_else(asker: Client) -> None:
    colleague(Role.ADMIN, email="fionn@example.org")
    colleague(Role.SUPPORT, email="support@example.org")
    colleague(Role.VIEWER, email="viewer@example.org")
    wanted = ask_for_list(asker, columns=NAMES)
    came = post()
    assert [*came] == ["fionn@example.org"]
    told = came["fionn@example.org"]
    assert f"/staff/lists/{wanted.pk}/answer/" in told
    for secret in ("alice", "dara", "books", "1 line"):
        assert secret not in told.lower(), told


def test_it_says_nothing_of_a_list_without_names_that_is_made_at_once(asker: Client) -> None:
    colleague(Role.ADMIN)
    taken(asker, ask_for_list(asker))
    assert post() == {}


def test_where_nobody_can_agree_those_who_could_stop_it_hear_when_it_begins(asker: Client) -> None:
    staff(Role.ADMIN, email="let-in-today@example.org")  # who has not signed in yet
    wanted = ask_for_list(asker, columns=NAMES)
    came = post()
    assert [*came] == ["let-in-today@example.org"]
    assert "5 November 2026" in came["let-in-today@example.org"]
    assert str(wanted.pk) in came["let-in-today@example.org"]


def test_who_may_agree_tomorrow_hears_of_it_where_nobody_may_today(asker: Client) -> None:
    signed_in(Role.ADMIN, email="let-in-today@example.org")
    ask_for_list(asker, columns=NAMES)
    assert [*post()] == ["let-in-today@example.org"]


def test_the_asker_hears_that_it_is_ready_once_they_have_gone_on(
    asker: Client, clock: time_machine.Traveller
) -> None:
    second = colleague(Role.ADMIN)
    wanted = ask_for_list(asker, columns=NAMES)
    post()
    answer(second, wanted, "agree")
    clock.shift(HOUR)
    tasks.make_list(str(wanted.pk))
    tasks.make_list(str(wanted.pk))
    came = post()
    assert [*came] == ["dara@example.org"]
    assert "Your list is ready" in came["dara@example.org"]
    assert f"/staff/lists/{wanted.pk}/\n" in came["dara@example.org"] + "\n"
    assert post() == {}


def test_the_asker_hears_that_it_was_refused(asker: Client) -> None:
    second = colleague(Role.ADMIN)
    wanted = ask_for_list(asker, columns=NAMES)
    post()
    answer(second, wanted, "refuse")
    assert "refused" in post()["dara@example.org"]


@pytest.mark.parametrize("agreed", [True, False])
def test_the_asker_hears_that_it_is_gone_unless_it_was_taken(
    agreed: bool, asker: Client, clock: time_machine.Traveller
) -> None:
    second = colleague(Role.ADMIN)
    lists = [ask_for_list(asker, columns=NAMES) for _ in range(2)]
    if agreed:
        for each in lists:
            answer(second, each, "agree")
            tasks.make_list(str(each.pk))
        asker.post(f"/staff/lists/{lists[0].pk}/file/").getvalue()
    post()
    clock.shift(asking.ANSWER_WITHIN)
    asking.forget(now=timezone.now())
    asking.forget(now=timezone.now())
    said = "not taken in time" if agreed else "Nobody answered within a week"
    told = Letter.objects.filter(state="queued", kind="staff-list").count()
    assert told == (1 if agreed else 2)
    assert said in post()["dara@example.org"]


def test_what_was_answered_before_the_letter_left_is_not_asked_again(asker: Client) -> None:
    first = colleague(Role.ADMIN, email="fionn@example.org")
    colleague(Role.FINANCE, email="other@example.org")
    wanted = ask_for_list(asker, columns=NAMES)
    answer(first, wanted, "refuse")
    assert [*post()] == ["dara@example.org"]


def test_who_may_not_answer_any_more_hears_nothing(asker: Client) -> None:
    colleague(Role.ADMIN, email="fionn@example.org")
    ask_for_list(asker, columns=NAMES)
    StaffMember.objects.filter(email="fionn@example.org").update(role=Role.VIEWER)
    assert post() == {}
