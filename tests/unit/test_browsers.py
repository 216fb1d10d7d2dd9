"""Browsers that are signed in: listed for their owner, ended one by one or all at once."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from members import retention, signin
from members.models import Browser, SignIn
from tests import rows
from tests.supporter_desk import sign_in, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PATH = "/account/browsers/"
AGENTS = [
    ("Mozilla/5.0 (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0", "Firefox on Android"),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
        "Gecko) Version/18.1 Mobile/15E148 Safari/604.1",
        "Safari on iPhone",
    ),
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
        "Edge on Windows",
    ),
    (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/131.0.0.0 Safari/537.36",
        "Chrome on Mac",
    ),
    ("Lynx/2.9", "A browser that we do not know"),
]


@pytest.mark.parametrize(("agent", "label"), AGENTS)
def test_it_names_a_browser_as_its_owner_would_and_keeps_no_more(agent: str, label: str) -> None:
    client = Client()
    sign_in(client, rows.alice(), user_agent=agent)
    text = text_of(client, PATH)
    assert label in text
    assert "This one" in text
    (row,) = Browser.objects.values()
    assert agent not in str(row)
    assert set(row) == {"id", "supporter_id", "program", "system", "began_at", "last_seen_on"}


def test_one_that_is_signed_out_by_another_is_out_at_its_next_page() -> None:
    phone, desk = signed_in(rows.alice()), signed_in(rows.alice())
    other = phone.session["supporter_browser"]
    text = text_of(desk, PATH)
    assert text.count("Signed in on") == 2
    desk.post(f"{PATH}{other}/end/")
    assert phone.get("/account/").status_code == 302
    assert desk.get("/account/").status_code == 200


def test_signing_out_the_one_in_hand_leads_to_the_door() -> None:
    client = signed_in(rows.alice())
    answer = client.post(f"{PATH}{client.session['supporter_browser']}/end/")
    assert answer.headers["Location"] == "/sign-in/"
    assert not Browser.objects.exists()


def test_signing_out_everywhere_ends_every_browser_and_every_link() -> None:
    phone, desk, bobs = signed_in(rows.alice()), signed_in(rows.alice()), signed_in(rows.bob())
    link = signin.ask(email="alice@example.org")
    answer = desk.post(f"{PATH}end/")
    assert "signed out everywhere" in answer.content.decode()
    assert [each.get("/account/").status_code for each in (phone, desk, bobs)] == [302, 302, 200]
    assert not rows.alice().browsers.exists()
    assert not signin.opens(signin_id=link.id, token=signin.token_of(link))
    assert SignIn.objects.get(pk=link.pk).used_at is None


def test_looking_at_the_list_signs_nobody_out() -> None:
    client = signed_in(rows.alice())
    assert client.get(f"{PATH}end/").status_code == 405
    assert client.get(f"{PATH}{client.session['supporter_browser']}/end/").status_code == 405
    assert client.get("/account/").status_code == 200


def test_signing_out_and_in_again_leaves_one_line() -> None:
    client = signed_in(rows.alice())
    client.post("/sign-out/")
    assert not Browser.objects.exists()
    for _ in range(2):
        link = signin.ask(email="alice@example.org")
        client.post(f"/sign-in/{link.id}/{signin.token_of(link)}/")
    assert Browser.objects.count() == 1


def test_a_browser_is_out_after_two_weeks_however_often_it_is_used() -> None:
    with time_machine.travel(rows.START, tick=False) as clock:
        client = signed_in(rows.alice())
        for _ in range(13):
            clock.shift(timedelta(days=1))
            assert client.get("/account/").status_code == 200
            client.session.save()  # the session itself would go on for ever
        clock.shift(timedelta(days=1))
        assert client.get("/account/").status_code == 302
        assert retention.tidy(now=rows.START + timedelta(days=14)).browsers == 1
    assert not Browser.objects.exists()


def test_it_notes_the_day_of_use_once_a_day_and_no_time() -> None:
    with time_machine.travel(rows.START, tick=False) as clock:
        client = signed_in(rows.alice())
        clock.shift(timedelta(days=1))
        written = []
        for _ in range(2):
            with CaptureQueriesContext(connection) as asked:
                client.get("/account/data/")
            written.append(sum("UPDATE" in each["sql"] for each in asked))
    assert written == [1, 0]
    assert str(Browser.objects.get().last_seen_on) == "2026-03-03"


def test_pages_come_in_the_supporters_language_unless_the_browser_chose_one() -> None:
    alice = rows.alice()
    alice.language = "ga"
    alice.save()
    spoken = []
    for chosen in ("", "en"):
        client = Client()
        if chosen:
            client.cookies[settings.LANGUAGE_COOKIE_NAME] = chosen
        link = signin.ask(email="alice@example.org")
        client.post(f"/sign-in/{link.id}/{signin.token_of(link)}/")
        spoken.append(client.cookies[settings.LANGUAGE_COOKIE_NAME].value)
    assert spoken == ["ga", "en"]


def test_what_was_said_to_one_supporter_is_not_said_to_the_next_in_the_same_browser() -> None:
    client = signed_in(rows.alice())
    session = client.session
    session["done"] = "cancel"
    session.save()
    rows.payment(rows.membership(rows.bob()))
    link = signin.ask(email="bob@example.org")
    client.post(f"/sign-in/{link.id}/{signin.token_of(link)}/")
    assert "It will end with what is paid" not in text_of(client, "/account/")


def test_signing_out_leaves_no_trace_of_who_was_there() -> None:
    """A cookie that signing in had set would tell for a year that somebody here supports us."""
    rows.alice()
    for way in ("/sign-out/", f"{PATH}end/"):
        client = Client()
        link = signin.ask(email="alice@example.org")
        client.post(f"/sign-in/{link.id}/{signin.token_of(link)}/")
        assert client.cookies[settings.LANGUAGE_COOKIE_NAME]["max-age"] == ""
        client.post(way)
        left = {name for name, kept in client.cookies.items() if kept.value}
        assert left <= {"csrftoken"}, way
