"""Who may open what: every address under /staff/ says so, and every role is tried at each."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver, path
from pytest_django.fixtures import Settings

from billing.ids import new_id
from members.models import StaffMember
from members.models.staff import Role
from members.roles import MAY, May, may
from members.staff import urls as staff_urls
from members.staff.access import OWN, says_what_it_needs
from tests.staff_desk import signed_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def pages() -> list[URLPattern]:
    """Every address under /staff/ but the admin's, whose site asks for itself."""
    return [each for each in staff_urls.urlpatterns if isinstance(each, URLPattern)]


def where(each: URLPattern) -> str:
    """An address of this page, about a row that there is not."""
    route = str(each.pattern)
    for part, value in {
        "<slug:subject>": "memberships",
        "<slug:kind>": "receipt",
        "<slug:slug>": "none",
        "<str:event_id>": "evt_none",
        "<int:alarm_id>": "0",
        "<int:year>": "2026",
        "<str:month>": "2026-01",
        "<slug:layout>": "xero",
        "<slug:which>": "growth",
        "<slug:act>": "note",
    }.items():
        route = route.replace(part, value)
    while "<" in route:
        route = route[: route.index("<")] + str(new_id()) + route[route.index(">") + 1 :]
    return f"/staff/{route}"


def test_every_page_says_who_may_open_it() -> None:
    silent = [
        each.name
        for each in pages()
        if each.name not in OWN and not says_what_it_needs(each.callback)
    ]
    assert silent == [], "decorate them with needs(...) of members/staff/access.py"
    assert {each.name for each in pages()} >= OWN
    inside = {each for each in get_resolver().url_patterns if isinstance(each, URLResolver)}
    assert [str(each.pattern) for each in inside if str(each.pattern).startswith("staff")] == [
        "staff/"
    ]


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_what_its_line_in_the_table_says_and_no_more(role: Role) -> None:
    client = signed_in(role)
    for each in pages():
        if each.name in OWN:
            continue
        needed = each.callback.needs  # type: ignore[attr-defined]  # the test above holds it
        answer = client.get(where(each))
        # What is only pressed answers a GET with 405, and a row that there is not with 404.
        refused = answer.status_code == 403
        asked_first = answer.status_code == 405
        assert refused is (needed not in MAY[role] and not asked_first), each.name
        if asked_first:
            answer = client.post(where(each))
            assert (answer.status_code == 403) is (needed not in MAY[role]), each.name


def test_a_page_that_says_nothing_is_open_to_nobody() -> None:
    def forgotten(_request: HttpRequest) -> HttpResponse:
        return HttpResponse("everything")

    client = signed_in(Role.ADMIN)
    staff_urls.urlpatterns.append(path("forgotten/", forgotten))
    for resolver in get_resolver().url_patterns:
        resolver.__dict__.pop("url_patterns", None)
        resolver.__dict__.pop("_populated", None)
    try:
        answer = client.get("/staff/forgotten/")
    finally:
        staff_urls.urlpatterns.pop()
        for resolver in get_resolver().url_patterns:
            resolver.__dict__.pop("url_patterns", None)
    assert answer.status_code == 403
    assert b"everything" not in answer.content


def test_nobody_has_all_of_it_but_who_looks_after_staff() -> None:
    assert MAY[Role.VIEWER] == {May.REPORTS}
    assert MAY[Role.VIEWER] < MAY[Role.SUPPORT] & MAY[Role.FINANCE]
    assert May.IDENTITY not in MAY[Role.FINANCE]
    assert not {each for each in MAY[Role.SUPPORT] if each.startswith("export")}
    for role in (Role.SUPPORT, Role.FINANCE):
        assert MAY[role] < MAY[Role.ADMIN]
        assert not MAY[role] & {May.READING, May.TEAM, May.LOCK}
    assert set(May) == MAY[Role.ADMIN]


def test_whoever_is_let_in_without_a_word_has_the_least_role() -> None:
    member = StaffMember.objects.create_user("new@example.org", "a-long-and-quiet-evening")
    assert {each for each in May if may(member, each)} == MAY[Role.VIEWER]
    member.is_active = False
    assert not any(may(member, each) for each in May)
    assert not any(may(None, each) for each in May)


@pytest.mark.parametrize(
    ("change", "status"), [({"role": Role.VIEWER}, 403), ({"is_active": False}, 302)]
)
def test_a_change_counts_from_the_next_request_on(change: dict[str, Any], status: int) -> None:
    client = signed_in(Role.FINANCE)
    assert client.get("/staff/lists/").status_code == 200
    StaffMember.objects.update(**change)
    assert client.get("/staff/lists/").status_code == status


def test_a_session_that_nobody_uses_ends_and_one_in_use_goes_on(
    clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.STAFF_IDLE_SECONDS = 600
    client = signed_in()
    for minutes in (9, 18, 27, 36):
        clock.move_to(NOW + timedelta(minutes=minutes))
        assert client.get("/staff/").status_code == 200
    clock.shift(timedelta(seconds=601))
    assert client.get("/staff/")["Location"].startswith("/staff/sign-in/")
    clock.move_to(NOW + timedelta(minutes=37))
    assert client.get("/staff/").status_code == 302


def test_the_rows_about_staff_are_for_those_who_look_after_them() -> None:
    tables = ["staffmember", "accesslog", "teamact", "stafflist", "listpart"]
    helper, admin = signed_in(Role.SUPPORT), signed_in(Role.ADMIN, email="fionn@example.org")
    for table in tables:
        assert helper.get(f"/staff/admin/members/{table}/").status_code == 403, table
        assert admin.get(f"/staff/admin/members/{table}/").status_code == 200, table
    assert helper.get("/staff/admin/members/supporter/").status_code == 200
