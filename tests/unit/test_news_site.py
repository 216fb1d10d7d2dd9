"""What the news site may show: a button, a meter that watches nobody, a badge that names nobody."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from billing.models import Campaign, Membership
from billing.states import MembershipState
from members.embed import badges, figure, qr
from members.models import Badge, Supporter
from members.models.staff import Role
from tests import rows
from tests.staff_desk import signed_in as staff_signed_in
from tests.supporter_desk import signed_in, text_of

# Eleven in the morning in Dublin: what is shown stood at midnight.
NOW = datetime(2026, 11, 4, 11, 0, tzinfo=UTC)
NEWS = "https://news.example"
SVG = "/embed/meter.svg"

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def clock(settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.NEWS_ORIGINS = [NEWS]
    settings.METER_GOAL_MEMBERS = 100
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def crowd(count: int, *, begun: datetime, cents: int = 199) -> None:
    """This many members, begun at this moment."""
    people = [Supporter(email_sealed=b"-", email_hash=uuid4().hex) for _ in range(count)]
    Supporter.objects.bulk_create(people)
    plan = rows.plan()
    Membership.objects.bulk_create(
        Membership(
            supporter=person,
            plan=plan,
            amount_cents=cents,
            interval=plan.interval,
            state=MembershipState.ACTIVE,
            stripe_subscription_id=f"sub_{uuid4().hex}",
            started_at=begun,
        )
        for person in people
    )


def figures(query: str = "") -> Any:
    answer = Client().get(f"/embed/meter.json{query}")
    assert answer.status_code == 200
    return answer.json()


# The meter


def test_the_meter_shows_a_joining_once_a_day_and_not_when_it_happens(
    clock: time_machine.Traveller,
) -> None:
    crowd(80, begun=rows.START)
    before = figures()
    assert before["as_of"] == "2026-11-04"
    crowd(40, begun=NOW)
    for hours in (1, 12, 18):
        clock.move_to(NOW + timedelta(hours=hours))
        cache.clear()  # as a restart would
        assert figures() == before
    clock.move_to(NOW + timedelta(hours=19))
    after = figures()
    assert after["as_of"] == "2026-11-05"
    assert 100 <= after["at_least"] <= 120


def test_the_meter_asks_the_database_once_a_day_whoever_asks_and_however() -> None:
    crowd(80, begun=rows.START)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        for path in (SVG, f"{SVG}?lang=ga", "/embed/meter.json", "/embed/button.svg"):
            Client().get(path)
            signed_in_cookie = Client()
            signed_in_cookie.cookies["sessionid"] = "anything"
            signed_in_cookie.get(path)
    # The figure of the day, and whether the house is locked down.
    assert len(seen) == 2


def test_too_few_members_are_not_counted_in_public() -> None:
    crowd(49, begun=rows.START)
    said = figures()
    assert said["at_least"] is None
    assert said["percent"] == 0
    assert said["text"] == "Fewer than 60 members so far. The goal is 100."
    assert "49" not in Client().get(SVG).content.decode().split("</style>")[1]


def test_a_large_supporter_does_not_show_in_the_sum(settings: Settings) -> None:
    settings.METER_GOAL_MEMBERS, settings.METER_GOAL_EUROS = 0, 2000
    crowd(99, begun=rows.START, cents=1000)
    crowd(1, begun=rows.START, cents=99_999)
    said = figures()
    assert said["unit"] == "cents a month"
    assert said["at_least"] in {900_00, 1000_00}
    assert said["text"].startswith("At least €")


@given(st.integers(0, 5000), st.integers(1, 5000), st.integers(0, 2**64))
def test_what_is_shown_is_never_more_than_there_is_and_hides_where_a_step_lies(
    members: int, goal: int, secret: int
) -> None:
    said = figure.figure(members=members, cents=0, goal=goal, in_cents=False, secret=secret)
    step = figure.members_step(goal)
    if said.at_least is None:
        assert members < said.fewer_than
    else:
        assert figure.LEAST <= said.at_least <= members < said.at_least + 2 * step
        assert said.at_least % step == 0
    more = figure.figure(members=members + 1, cents=0, goal=goal, in_cents=False, secret=secret)
    assert (more.at_least or 0) >= (said.at_least or 0)
    assert 0 <= said.percent <= 100


def test_which_member_turns_a_step_is_another_one_every_month(
    clock: time_machine.Traveller,
) -> None:
    crowd(75, begun=rows.START)
    shown = set()
    for month in range(12):
        clock.move_to(NOW + timedelta(days=31 * month))
        shown.add(figures()["at_least"])
    assert shown == {60, 70}


def test_without_a_goal_there_is_no_meter(settings: Settings) -> None:
    settings.METER_GOAL_MEMBERS = 0
    assert {Client().get(path).status_code for path in (SVG, "/embed/meter.json")} == {404}


# What every answer to another site has in common


@pytest.mark.parametrize("path", ["/embed/button.svg", SVG, "/embed/meter.json", "/s/book-fair/"])
def test_an_answer_to_another_site_is_the_same_for_everybody(path: str) -> None:
    crowd(80, begun=rows.START)
    alice = signed_in(rows.alice())
    nobody = Client(headers={"Accept-Language": "ga", "Referer": f"{NEWS}/a-story/"})
    theirs, others = alice.get(path), nobody.get(path)
    assert theirs.content == others.content
    assert theirs.headers == others.headers
    assert not theirs.cookies
    assert theirs.headers.get("Vary") in {None, "Origin"}
    assert "Content-Language" not in theirs.headers


def test_a_picture_may_be_kept_and_is_asked_for_anew_by_its_mark() -> None:
    first = Client().get("/embed/button.svg?lang=ga&theme=dark")
    assert first["Cache-Control"] == "public, max-age=86400"
    assert first["Content-Type"] == "image/svg+xml"
    again = Client().get("/embed/button.svg?lang=ga&theme=dark", HTTP_IF_NONE_MATCH=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    # A browser keeps the picture under the headers of the newest answer (RFC 9111, 3.2).
    for name in ("Content-Security-Policy", "Cross-Origin-Resource-Policy", "Cache-Control"):
        assert again.headers.get(name) == first[name], name
    assert Client().get("/embed/button.svg?theme=light").content != first.content


def test_only_the_news_site_may_read_the_figures() -> None:
    crowd(80, begun=rows.START)
    mark = Client().get("/embed/meter.json")["ETag"]
    for origin, read in ((NEWS, NEWS), ("https://news.example.evil.example", None), ("null", None)):
        for headers in ({"Origin": origin}, {"Origin": origin, "If-None-Match": mark}):
            answer = Client().get("/embed/meter.json", headers=headers)
            assert answer.headers.get("Access-Control-Allow-Origin") == read
            assert answer["Vary"] == "Origin"
            assert "Access-Control-Allow-Credentials" not in answer.headers
    assert answer.status_code == 304


# The badge


def ask(token: str, *, origin: str = NEWS) -> HttpResponse:
    headers = {"Origin": origin, "Authorization": f"Bearer {token}"}
    return Client().get("/badge/", headers=headers)  # type: ignore[return-value]  # the client's response is one


def is_member(token: str) -> bool:
    answer = ask(token)
    assert answer.status_code == 200
    told: bool = json.loads(answer.content)["member"]
    return told


def token_of(client: Client) -> str:
    """Alice turns it on and reads the link."""
    client.post("/account/badge/", {"want": "show"})
    return text_of(client, "/account/badge/").split(f"{NEWS}/#support=")[1].split('"')[0]


def test_a_supporter_who_asks_for_it_is_thanked_until_they_take_it_back() -> None:
    rows.membership(rows.alice())
    client = signed_in(rows.alice())
    page = text_of(client, "/account/badge/")
    assert "#support=" not in page
    assert not Badge.objects.exists(), "looking turned it on"
    first, second = token_of(client), token_of(client)
    assert is_member(first) and is_member(second)
    assert str(rows.alice().pk) not in first
    client.post("/account/badge/", {"want": "stop"})
    assert not is_member(first)
    third = token_of(client)
    assert is_member(third) and not is_member(first), "taken back stays taken back"


def test_a_badge_is_good_for_ninety_days(clock: time_machine.Traveller) -> None:
    rows.membership(rows.alice())
    token = token_of(signed_in(rows.alice()))
    clock.move_to(NOW + timedelta(days=90))
    assert is_member(token)
    clock.move_to(NOW + timedelta(days=91))
    assert not is_member(token)


def test_a_badge_follows_the_support(clock: time_machine.Traveller) -> None:
    member = rows.membership(rows.alice())
    alices, bobs, charlies = (
        token_of(signed_in(who)) for who in (rows.alice(), rows.bob(), rows.charlie())
    )
    gift = rows.payment(paid_at=NOW - timedelta(days=300))
    assert [is_member(each) for each in (alices, bobs, charlies)] == [True, True, False]
    Membership.objects.filter(pk=member.pk).update(state="ended", ended_at=NOW)
    rows.refund(gift)
    assert [is_member(each) for each in (alices, bobs, charlies)] == [False, False, False]
    rows.payment(paid_at=NOW - timedelta(days=300))
    assert is_member(bobs)
    clock.move_to(NOW + timedelta(days=66))
    fresh = token_of(signed_in(rows.bob()))
    assert not is_member(fresh)


def test_the_site_cannot_tell_why_a_token_is_not_good() -> None:
    """Same bytes, same headers, same questions to the database: forged, over, ended or erased."""
    rows.membership(rows.alice())
    good = token_of(signed_in(rows.alice()))
    over = badges.token(Badge.objects.get().pk, NOW.date() - timedelta(days=1))
    gone = badges.token(uuid4(), NOW.date() + timedelta(days=9))
    ended = token_of(signed_in(rows.charlie()))
    forged = good[:-2] + ("AA" if good[-2:] != "AA" else "BB")
    seen = set()
    for token in (over, gone, ended, forged, "", "é", "x" * 70, good[:20]):
        with CaptureQueriesContext(connection) as asked:
            answer = ask(token)
        shape = tuple(len(query["sql"]) for query in asked.captured_queries)
        assert len(shape) == 1
        seen.add((answer.status_code, answer.content, str(answer.headers), shape))
    assert len(seen) == 1
    assert not is_member(forged)
    Supporter.objects.filter(pk=rows.alice().pk).update(email_hash="gone:1")
    assert not is_member(good), "erasing began"


def test_asking_writes_nothing_and_only_the_news_site_may() -> None:
    rows.membership(rows.alice())
    token = token_of(signed_in(rows.alice()))
    before = list(Badge.objects.values())
    good = ask(token)
    assert json.loads(good.content) == {"member": True}
    assert good["Cache-Control"] == "no-store"
    assert good["Vary"] == "Origin"
    assert not good.cookies
    assert list(Badge.objects.values()) == before
    for origin in ("https://elsewhere.example", "null", ""):
        other = ask(token, origin=origin)
        assert (other.status_code, json.loads(other.content)) == (403, {"member": False})
        assert "Access-Control-Allow-Origin" not in other.headers


def test_the_browser_of_another_site_is_told_beforehand_that_it_may_not_ask() -> None:
    wants = {"Access-Control-Request-Method": "GET"}
    ours = Client().options("/badge/", headers={"Origin": NEWS, **wants})
    assert ours.status_code == 204
    assert ours["Access-Control-Allow-Origin"] == NEWS
    assert ours["Access-Control-Allow-Headers"] == "Authorization"
    other = Client().options("/badge/", headers={"Origin": "https://elsewhere.example", **wants})
    assert other.status_code == 403
    assert "Access-Control-Allow-Origin" not in other.headers


def test_asking_too_often_is_answered_the_same_for_everybody() -> None:
    rows.membership(rows.alice())
    token = token_of(signed_in(rows.alice()))
    many = Client(REMOTE_ADDR="203.0.113.9", headers={"Origin": NEWS})
    with time_machine.travel(NOW, tick=False):
        told = {many.get("/badge/").status_code for _ in range(601)}
    late = many.get("/badge/", headers={"Authorization": f"Bearer {token}"})
    assert told == {200, 429}
    assert (late.status_code, late.json()) == (429, {"member": False})


def test_without_a_news_site_there_is_no_badge(settings: Settings) -> None:
    settings.NEWS_ORIGINS = []
    client = signed_in(rows.alice())
    assert client.get("/account/badge/").status_code == 404
    assert "thank-you on the news site" not in text_of(client)
    assert Client().get("/account/badge/").status_code == 302


# Stalls


def test_a_stall_is_made_printed_and_switched_off() -> None:
    client = staff_signed_in(Role.SUPPORT)
    client.post("/staff/stalls/", {"name": "Book fair", "slug": "Book-Fair"})
    campaign = Campaign.objects.get()
    assert (campaign.slug, campaign.active) == ("book-fair", True)
    rows.membership(rows.alice(), campaign=campaign)
    rows.payment(campaign=campaign)
    page = text_of(client, "/staff/stalls/")
    assert "1 membership, 1 gift" in page
    sheet = text_of(client, "/staff/stalls/book-fair/poster/?lang=ga&paper=a4")
    assert 'class="sheet a4" lang="ga"' in sheet
    assert qr.code("http://testserver/s/book-fair/").path in sheet
    assert "€1.99" in sheet
    client.post("/staff/stalls/book-fair/switch/", {"to": "off"})
    campaign.refresh_from_db()
    assert not campaign.active
    short = Client().get("/s/book-fair/")
    assert short["Location"] == "/?campaign=book-fair"


def test_a_stall_needs_a_name_and_a_link_of_its_own() -> None:
    client = staff_signed_in(Role.ADMIN)
    Campaign.objects.create(slug="book-fair", name="Book fair")
    for typed in (
        {"name": "", "slug": "x"},
        {"name": "A", "slug": "a b"},
        {"name": "A", "slug": ""},
    ):
        assert client.post("/staff/stalls/", typed).status_code == 400
    answer = client.post("/staff/stalls/", {"name": "Again", "slug": "book-fair"})
    assert "Another one has this link already" in answer.content.decode()
    assert Campaign.objects.count() == 1


def test_who_only_reads_reports_makes_no_stall() -> None:
    client = staff_signed_in(Role.VIEWER)
    campaign = Campaign.objects.create(slug="book-fair", name="Book fair")
    for path in ("", "book-fair/poster/"):
        assert client.get(f"/staff/stalls/{path}").status_code == 403
    client.post("/staff/stalls/", {"name": "B", "slug": "b"})
    client.post("/staff/stalls/book-fair/switch/", {"to": "off"})
    campaign.refresh_from_db()
    assert campaign.active and Campaign.objects.count() == 1
