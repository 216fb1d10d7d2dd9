"""What staff see and what they cannot do: roles, the list, the read-only tables."""

import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.apps import apps
from django.contrib import admin
from django.db.models import BinaryField
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from billing.models import Membership
from billing.states import EndReason, MembershipState
from members.models import StaffMember, Supporter
from members.models.staff import Role
from tests import rows
from tests.staff_desk import signed_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def _crowd(count: int) -> None:
    people = [Supporter(email_sealed=b"-", email_hash=f"{n:064d}") for n in range(count)]
    Supporter.objects.bulk_create(people)
    plan = rows.plan()
    Membership.objects.bulk_create(
        Membership(
            supporter=person,
            plan=plan,
            amount_cents=199,
            interval=plan.interval,
            state=MembershipState.ACTIVE,
            stripe_subscription_id=f"sub_crowd{n}",
            started_at=rows.START,
            created_at=rows.START + timedelta(minutes=n),
        )
        for n, person in enumerate(people)
    )


def test_it_shows_a_viewer_the_reports_and_nothing_else() -> None:
    client = signed_in(Role.VIEWER)
    assert client.get("/staff/").status_code == 200
    for path in ["/staff/members/", "/staff/lists/", "/staff/admin/"]:
        answer = client.get(path, follow=True)
        assert answer.status_code == 403, path
        assert b"Not for your role" in answer.content


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.ADMIN])
def test_it_shows_members_to_those_who_work_with_them(role: Role) -> None:
    client = signed_in(role)
    for path in ["/staff/", "/staff/members/", "/staff/admin/"]:
        assert client.get(path).status_code == 200, path


def test_it_lists_fifty_a_page_newest_first_and_without_a_query_for_each(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    client = signed_in()
    _crowd(120)
    first = client.get("/staff/members/")
    assert len(first.context["lines"]) == 50
    newest = first.context["lines"][0].membership.created_at
    assert newest == rows.START + timedelta(minutes=119)
    # Session, member, second factor; then where the page begins, and the page.
    with django_assert_num_queries(5):
        _turned(client, first, "next")


def _turned(client: Client, page: Any, where: str) -> Any:
    """The page to which the link `where` ("next", "prev") of this page leads."""
    [link] = re.findall(rf'href="([^"]+)" rel="{where}"', page.content.decode())
    return client.get("/staff/members/" + html.unescape(link))


def _shown(page: Any) -> list[int]:
    """The minutes in which the memberships of a page came."""
    came = [line.membership.created_at - rows.START for line in page.context["lines"]]
    return [each // timedelta(minutes=1) for each in came]


def test_one_can_leaf_to_the_oldest_and_back_past_nobody_and_nobody_twice() -> None:
    client = signed_in()
    _crowd(120)
    # Two of one moment: their ids say which is the newer.
    first, *_ = Membership.objects.order_by("created_at")[69:]
    Membership.objects.filter(created_at=rows.START + timedelta(minutes=70)).update(
        created_at=first.created_at
    )
    pages = [client.get("/staff/members/?state=active")]
    for _ in range(2):
        pages.append(_turned(client, pages[-1], "next"))
    whole = [minute for page in pages for minute in _shown(page)]
    assert whole == sorted([each for each in range(120) if each != 70] + [69], reverse=True)
    assert 'rel="next"' not in pages[2].content.decode()
    assert _shown(_turned(client, pages[2], "prev")) == whole[50:100]
    # Whoever comes back to the start finds a full page, the one that is new included.
    new = rows.membership(rows.alice(), created_at=NOW)
    before = _turned(client, pages[1], "prev")
    assert _shown(before) == whole[:50]
    top = _turned(client, before, "prev").context["lines"]
    assert (top[0].membership, len(top)) == (new, 50)


def test_the_list_can_be_opened_at_a_day() -> None:
    client = signed_in()
    _crowd(120)
    Membership.objects.filter(created_at__lt=rows.START + timedelta(minutes=9)).update(
        created_at=rows.START - timedelta(days=3)
    )
    day = f"{rows.START - timedelta(days=1):%Y-%m-%d}"
    page = client.get("/staff/members/", {"day": day, "state": "active"})
    assert len(page.context["lines"]) == 9
    assert f'value="{day}"' in page.content.decode()
    assert _shown(_turned(client, page, "prev"))[-1] == 9


@pytest.mark.parametrize(
    "asked", ["older=", "older=abc", f"newer={UUID(int=7)}", "day=9999-12-31", "day=x", "page=99"]
)
def test_it_answers_a_page_that_is_none_with_one_that_is(asked: str) -> None:
    client = signed_in()
    rows.membership()
    answer = client.get(f"/staff/members/?{asked}&state=nonsense")
    assert len(answer.context["lines"]) == 1


def test_it_filters_by_state() -> None:
    client = signed_in()
    rows.membership(rows.alice())
    ended = rows.membership(
        rows.bob(), state=MembershipState.ENDED, ended_at=NOW, end_reason=EndReason.REQUESTED
    )
    lines = client.get("/staff/members/?state=ended").context["lines"]
    assert [line.membership for line in lines] == [ended]


def test_it_names_nobody_on_any_page() -> None:
    client = signed_in()
    member = rows.membership(rows.alice())
    rows.payment(member)
    pages = ["/staff/", "/staff/members/", "/staff/admin/members/supporter/"]
    pages.append(f"/staff/admin/members/supporter/{member.supporter_id}/change/")
    pages.append(f"/staff/admin/billing/membership/{member.pk}/change/")
    for path in pages:
        answer = client.get(path)
        assert answer.status_code == 200, path
        body = answer.getvalue() if answer.streaming else answer.content
        assert b"lice" not in body, path
        assert member.supporter.email_hash.encode() not in body, path


@pytest.mark.case("F13")
def test_it_lets_the_admin_site_change_nothing() -> None:
    client = signed_in()
    member = rows.membership()
    rows.payment(member)
    models = {model._meta.label for model in admin.site._registry}
    assert {"billing.Payment", "members.Supporter", "members.StaffMember"} <= models
    assert not {label for label in models if not label.startswith(("billing.", "members."))}
    for model in admin.site._registry:
        base = f"/staff/admin/{model._meta.app_label}/{model._meta.model_name}/"
        assert client.get(base).status_code == 200, base
        assert client.get(f"{base}add/").status_code == 403, base
        one = model._default_manager.first()
        if one is not None:
            assert client.get(f"{base}{one.pk}/change/").status_code == 200, base
            assert client.post(f"{base}{one.pk}/change/", {}).status_code == 403, base
            assert client.post(f"{base}{one.pk}/delete/", {"post": "yes"}).status_code == 403, base
    assert Membership.objects.count() == 1


def test_it_registers_every_model_that_is_ours() -> None:
    ours = {m for app in ("billing", "members") for m in apps.get_app_config(app).get_models()}
    assert ours == set(admin.site._registry)


def test_it_shows_no_sealed_column_and_no_password_hash() -> None:
    client = signed_in()
    member = StaffMember.objects.get()
    page = client.get(f"/staff/admin/members/staffmember/{member.pk}/change/").content.decode()
    assert member.password not in page
    assert "md5" not in page
    for model, shown in admin.site._registry.items():
        sealed = {f.name for f in model._meta.fields if isinstance(f, BinaryField)}
        assert not sealed & set(shown.get_fields(None)), model  # type: ignore[arg-type]  # needs no request


@pytest.mark.parametrize(
    ("model", "lookup"),
    [
        ("staffmember", "password__startswith"),
        ("supporter", "email_hash__startswith"),
        ("supporter", "email_sealed"),
        ("signin", "nonce"),
        ("signin", "supporter__email_hash__startswith"),
    ],
)
def test_it_answers_no_question_about_a_column_it_does_not_show(
    model: str, lookup: str, rf: RequestFactory
) -> None:
    shown = admin.site._registry[apps.get_model("members", model)]
    assert not shown.lookup_allowed(lookup, "a", rf.get("/"))
    assert shown.lookup_allowed("id", "a", rf.get("/"))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/staff/inbox/events/%00/", 400),
        ("/staff/inbox/look-up/?id=%00", 400),
        ("/staff/letters/?hour=0001-01-01T00:00:00%2B14:00", 200),
        ("/staff/letters/?hour=9999-12-31T23:59:59-14:00", 200),
        ("/staff/reports/trustees/?month=0001-01", 404),
        ("/staff/admin/members/supporter/?created_at__year=0", 400),
        ("/staff/admin/members/supporter/?email_hash__startswith=0", 400),
    ],
)
def test_what_no_hand_would_type_is_no_accident(path: str, status: int) -> None:
    client = signed_in()
    assert client.get(path).status_code == status
    assert client.post("/staff/inbox/retry/", {"reason": "\0"}).status_code == 400
