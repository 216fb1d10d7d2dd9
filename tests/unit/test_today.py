"""The staff's first page, and the menu: what waits for whom, and the ways that are theirs."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from billing import letters
from billing.cause import Cause
from billing.letters import holds
from billing.models import Letter, StripeEvent
from billing.models.letter import HoldReason
from billing.models.stripe import EventState
from members import lockdown, tasks
from members.models import StaffList, StaffMember
from members.models.staff import Role
from members.staff.menu import of
from tests import rows
from tests.staff_desk import ask_for_list, colleague, signed_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
NAMES = ["membership", "name", "email"]

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def waits(client: Client) -> list[str]:
    """What the page says of each thing that waits."""
    page = unescape(client.get("/staff/").content.decode())
    todo = re.search(r'<ul class="todo">(.*?)</ul>', page, re.DOTALL)
    told = re.findall(r"<li.*?</li>", todo[1], re.DOTALL) if todo else []
    return [" ".join(re.sub(r"<[^>]+>", " ", each).split()) for each in told]


def menu(page: str) -> str:
    found = re.search(r'<nav class="menu".*?</nav>', page, re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize("role", Role)
def test_the_menu_has_what_one_may_open_and_nothing_else(role: Role) -> None:
    client = signed_in(role)
    ways = set(re.findall(r'href="([^"]+)"', menu(client.get("/staff/").content.decode())))
    everywhere = {
        reverse(each.page) for group in of(StaffMember(role=Role.ADMIN)) for each in group.places
    }
    for way in ways:
        page = client.get(way)
        assert page.status_code == 200, way
        if "/admin/" not in way:
            marked = re.findall(r'href="([^"]+)" aria-current="page"', menu(page.content.decode()))
            assert marked == [way]
    for way in everywhere - ways:
        assert client.get(way).status_code in {302, 403}, way


def test_where_nothing_waits_it_says_so() -> None:
    support = signed_in(Role.SUPPORT)
    assert waits(support) == []
    assert (
        "Nothing. What needs somebody will stand here." in support.get("/staff/").content.decode()
    )


def test_a_list_waits_for_the_second_person_and_then_for_who_asked() -> None:
    asker = signed_in(Role.FINANCE)
    second, support = colleague(Role.ADMIN), signed_in(Role.SUPPORT, email="s@example.org")
    wanted = ask_for_list(asker, columns=NAMES)
    [told] = [each for each in waits(second) if "list" in each]
    assert "asks for a list with names" in told
    assert "It waits for your word." in told
    assert not any("list" in each for each in waits(support) + waits(asker))
    StaffList.objects.filter(pk=wanted.pk).update(names=False)
    assert not any("with names" in each for each in waits(second))
    StaffList.objects.filter(pk=wanted.pk).update(names=True)
    second.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"})
    tasks.make_list(str(wanted.pk))
    assert any("Your list is ready" in each for each in waits(asker))
    assert not any("list" in each for each in waits(second))
    asker.post(f"/staff/lists/{wanted.pk}/file/").getvalue()
    assert not any("list" in each for each in waits(asker))


def test_what_is_not_well_waits_for_those_who_can_mend_it() -> None:
    event = StripeEvent.objects.create(
        id="evt_1", type="charge.refunded", object_id="re_1", created=NOW, received_at=NOW,
        state=EventState.PARKED, error="LookupError", livemode=False,
    )  # fmt: skip
    for role in (Role.SUPPORT, Role.FINANCE, Role.ADMIN):
        told = waits(signed_in(role, email=f"{role}@example.org"))
        assert any(each.startswith("Events parked: 1") for each in told), (role, told)
    viewer = signed_in(Role.VIEWER).get("/staff/").content.decode()
    assert "Events parked" not in viewer
    assert event.pk not in viewer


def test_a_letter_that_is_held_and_a_locked_house_wait() -> None:
    letters.queue(kind="welcome", key="k", supporter_id=rows.alice().pk, cause=Cause.clock())
    admin = StaffMember.objects.create_user("a@example.org", role=Role.ADMIN)
    holds.hold(Letter.objects.get().pk, by=admin.pk, reason=HoldReason.DOUBTFUL)
    lockdown.begin(by=admin, now=NOW)
    told = waits(signed_in(Role.SUPPORT))
    assert "A letter is held back They go once somebody lets them. Held" in told
    assert told[0].startswith("The house is locked down")
    assert "An admin can open it." in told[0]


def test_who_only_reads_sees_figures_and_no_box_to_search() -> None:
    page = signed_in(Role.VIEWER).get("/staff/").content.decode()
    assert "November so far" in page
    assert 'name="term"' not in page
    assert (
        'name="term"'
        in signed_in(Role.SUPPORT, email="s@example.org").get("/staff/").content.decode()
    )


def test_the_box_finds_a_supporter() -> None:
    rows.alice()
    found = signed_in(Role.SUPPORT).post(
        "/staff/desk/", {"term": "alice@example.org", "purpose": "asked"}
    )
    assert found.status_code == 200
    assert "1 found" in found.content.decode()


def test_a_figure_of_few_is_not_told() -> None:
    rows.payment(rows.membership(started_at=NOW), paid_at=NOW)
    page = signed_in(Role.VIEWER).get("/staff/")
    cards = {each.card.key: each for each in page.context["figures"]}
    assert cards["new"].card.value == "hidden"
    assert [bar.height for bar in cards["new"].bars] == [0] * 13
    assert '<span class="value figure hidden-value">hidden</span>' in page.content.decode()
