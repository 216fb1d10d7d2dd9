"""Who of the staff looked at whom: what is unusual, and the pages on which admins see it."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from django.core import mail
from pytest_django import DjangoAssertNumQueries

from billing import letters
from billing.ids import new_id
from billing.models import Letter
from members import access, digests, reading
from members.models import StaffMember
from members.models.access import Action, Field, Purpose
from members.models.staff import Role
from members.reading import Daily, Hour, Unusual, Why
from tests import rows
from tests.staff_desk import signed_in, staff

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
TODAY = date(2026, 11, 4)
DARA, FIONN = UUID(int=1), UUID(int=2)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def hour(count: int, *, ago: int = 0, at: int = 11, staff: UUID = DARA) -> Hour:
    """So many supporters within an hour, so many days ago, at that hour in Dublin."""
    moment = datetime(2026, 11, 4, at, tzinfo=UTC) - timedelta(days=ago)
    return Hour(staff, "support", moment, count)


def month(count: int, staff: UUID = DARA) -> list[Hour]:
    """A month of days that are all alike."""
    return [hour(count, ago=ago, staff=staff) for ago in range(1, 21)]


def found(hours: list[Hour]) -> list[tuple[Why, int, int]]:
    return [
        (each.why, each.count, each.usual)
        for each in reading.unusual(hours, {}, since=TODAY)
        if each.staff == DARA
    ]


def test_a_day_like_all_others_is_nothing_unusual() -> None:
    assert found([*month(8), hour(8)]) == []
    assert found([*month(8), hour(24)]) == []
    assert found([]) == []


def test_far_more_than_this_persons_usual_day_is() -> None:
    assert found([*month(8), hour(25)]) == [(Why.MANY, 25, 8)]
    # Spread over hours it is the same day.
    assert found([*month(8), hour(13), hour(12, at=12)]) == [(Why.MANY, 25, 8)]


def test_a_few_are_never_many_however_quiet_the_days_before_were() -> None:
    assert found([*month(1), hour(15)]) == []
    assert found([*month(1), hour(16)]) == [(Why.MANY, 16, 1)]


def test_somebody_new_is_compared_with_their_role() -> None:
    assert found([*month(10, FIONN), hour(30)]) == []
    assert found([*month(6, FIONN), hour(19)]) == [(Why.MANY, 19, 6)]
    # And where nobody knows what is usual, with what is usual anywhere.
    assert found([hour(30)]) == []
    assert found([hour(20), hour(20, at=12)]) == [(Why.MANY, 40, 13)]


def test_many_within_an_hour_are_unusual_on_a_busy_day_too() -> None:
    assert found([*month(30), hour(31)]) == [(Why.BURST, 31, 0)]


@pytest.mark.parametrize(("at", "unusual"), [(21, False), (22, True), (5, True), (6, False)])
def test_night_is_from_ten_to_six_in_dublin(at: int, unusual: bool) -> None:
    assert found([hour(3, at=at)]) == ([(Why.NIGHT, 3, 0)] if unusual else [])
    assert found([hour(2, at=at)]) == []


def test_the_same_supporter_again_and_again_and_every_file_is_shown() -> None:
    again = [Daily(DARA, TODAY, 5), Daily(FIONN, TODAY, 4)]
    files = [Daily(FIONN, TODAY, 312)]
    assert reading.unusual([], {Why.AGAIN: again, Why.FILE: files}, since=TODAY) == [
        Unusual(DARA, TODAY, Why.AGAIN, 5),
        Unusual(FIONN, TODAY, Why.FILE, 312),
    ]


def test_what_is_only_there_to_compare_is_not_told() -> None:
    assert found([hour(100, ago=3)]) == []
    long_ago = [hour(200, ago=ago) for ago in range(40, 50)]
    assert found([*long_ago, hour(20), hour(20, at=12)]) == [(Why.MANY, 40, 13)]


def look(member: StaffMember, times: int = 1, *, at: datetime = NOW) -> None:
    """A look at Alice, so often."""
    with time_machine.travel(at, tick=False):
        for _ in range(times):
            access.note(
                staff=member,
                supporter_id=rows.alice().pk,
                action=Action.SHOWN,
                fields=[Field.NAME, Field.EMAIL],
                purpose=Purpose.ASKED,
            )


@pytest.mark.django_db
def test_an_admin_sees_who_looked_how_often_and_nobodys_id() -> None:
    fionn = staff(Role.SUPPORT, email="fionn@example.org")
    look(fionn, 6)
    client = signed_in()
    page = client.get("/staff/reading/").content.decode()
    assert "Opened the same supporter 6 times on one day" in page
    one = client.get(f"/staff/reading/{fionn.pk}/").content.decode()
    assert one.count("They asked us for something") == 6
    assert "Name, E-mail address" in one
    mark = reading.pseudonym(rows.alice().pk)
    assert one.count(f"</span>{mark}</code>") == 6
    assert mark != reading.pseudonym(rows.bob().pk)
    for text in (page, one):
        assert str(rows.alice().pk) not in text
        assert "alice" not in text.lower()


@pytest.mark.django_db
def test_midnight_is_dublins_there() -> None:
    fionn = staff(Role.SUPPORT, email="fionn@example.org")
    # Half past ten in the evening of the day before, in winter time.
    for minute in range(3):
        supporter = [rows.alice, rows.bob, rows.charlie][minute]()
        with time_machine.travel(datetime(2026, 11, 3, 22, 30 + minute, tzinfo=UTC), tick=False):
            access.note(
                staff=fionn,
                supporter_id=supporter.pk,
                action=Action.SHOWN,
                fields=[Field.NAME],
                purpose=Purpose.MAIL,
            )
    [sign] = reading.unusual_since(TODAY - timedelta(days=6))
    assert (sign.why, sign.count, sign.day) == (Why.NIGHT, 3, date(2026, 11, 3))


@pytest.mark.django_db
def test_files_are_told_and_do_not_make_a_day_look_busy() -> None:
    client = signed_in(Role.ADMIN)
    access.note_list(
        staff=StaffMember.objects.get(),
        supporter_ids=[new_id() for _ in range(50)],
        fields=[Field.EMAIL],
        purpose=Purpose.BOOKS,
    )
    page = client.get("/staff/reading/").content.decode()
    assert "Took 50 supporters out in files" in page
    assert [each.why for each in reading.unusual_since(TODAY)] == [Why.FILE]
    [sums] = reading.sums(since=TODAY)
    assert (sums.exported, sums.shown) == (50, 0)


@pytest.mark.django_db
def test_it_goes_as_far_back_as_is_asked_and_no_question_is_asked_for_each_line(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    fionn = staff(Role.SUPPORT, email="fionn@example.org")
    look(fionn, at=NOW - timedelta(days=40))
    client = signed_in()
    path = f"/staff/reading/{fionn.pk}/"
    assert "Nobody was opened" in client.get(path).content.decode()
    assert "They asked us" in client.get(f"{path}?days=90").content.decode()
    assert client.get(f"{path}?days=1000000").context["days"] == 30
    look(fionn, 60)
    # Session, member, factor; the staff, three for what is unusual, one for the sums.
    with django_assert_num_queries(9):
        client.get("/staff/reading/?days=90")
    assert client.get(path).context["page"].paginator.num_pages == 2
    assert client.get(f"/staff/reading/{new_id()}/").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize(("role", "told"), [(Role.ADMIN, True), (Role.SUPPORT, False)])
def test_the_digest_counts_it_for_those_who_look_after_staff(role: Role, told: bool) -> None:
    monday = datetime(2026, 11, 9, 8, 0, tzinfo=UTC)
    look(staff(role, email="fionn@example.org"), 6)
    digests.plan(now=monday)
    with time_machine.travel(monday + timedelta(minutes=1), tick=False):
        letters.deliver(Letter.objects.get().pk)
    text = str(mail.outbox[-1].body)
    assert ("Days of unusual reading by staff: 1" in text) is told
    assert ("Lists with names that staff took out: 0" in text) is told
