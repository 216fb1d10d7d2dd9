"""Pages speak English and Irish, and the language tells nobody anything of anybody."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.utils import translation
from pytest_django.fixtures import Settings

from billing.letters.links import Purpose
from tests import rows
from tests.letter_desk import path_of
from tests.staff_desk import signed_in as staff_signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]

IRISH = {"Accept-Language": "fr, ga-IE;q=0.9, en;q=0.8"}
COOKIE = django_settings.LANGUAGE_COOKIE_NAME


def spoken(answer: Any) -> str:
    """What the page says that it is written in, and its header with it."""
    told = answer.headers["Content-Language"]
    assert f'<html lang="{told}">'.encode() in answer.content
    return str(told)


@pytest.mark.parametrize("path", ["/privacy/", "/terms/", "/accessibility/", "/withdraw/", "/no/"])
def test_it_speaks_what_the_browser_likes_best_of_what_we_speak(path: str) -> None:
    assert spoken(Client().get(path)) == "en-IE"
    assert spoken(Client().get(path, headers={"Accept-Language": "fr, de"})) == "en-IE"
    answer = Client().get(path, headers=IRISH)
    assert spoken(answer) == "ga-IE"
    assert {"Accept-Language", "Cookie"} <= set(answer.headers["Vary"].split(", "))
    assert COOKIE not in answer.cookies
    assert translation.get_language() == django_settings.LANGUAGE_CODE


def test_it_keeps_a_choice_for_a_year_and_against_the_browser() -> None:
    client = Client()
    answer = client.get("/privacy/?lang=ga")
    assert spoken(answer) == "ga-IE"
    kept = answer.cookies[COOKIE]
    assert (kept["max-age"], kept["samesite"]) == (365 * 24 * 60 * 60, "Lax")
    assert kept["httponly"]
    assert bool(kept["secure"]) is django_settings.SESSION_COOKIE_SECURE
    assert spoken(client.get("/terms/")) == "ga-IE"
    client.get("/privacy/?lang=en")
    assert spoken(client.get("/terms/", headers=IRISH)) == "en-IE"


@pytest.mark.parametrize("asked", ["fr", "GA", "", "ga-IE", "../x", "ga\r\nSet-Cookie: a=b"])
def test_it_takes_no_language_that_it_does_not_speak(asked: str) -> None:
    answer = Client().get("/privacy/", {"lang": asked})
    assert spoken(answer) == "en-IE"
    assert COOKIE not in answer.cookies


def test_the_switch_leads_to_the_same_page_and_repeats_nothing_that_it_was_asked() -> None:
    answer = Client().get("/privacy/?campaign=zebra&lang=en")
    assert b'<a href="?lang=ga" lang="ga"' in answer.content
    assert b"zebra" not in answer.content
    # An answer to a POST leads back to the page itself, which is opened by GET.
    refused = Client().post("/withdraw/", {}, headers=IRISH)
    assert (refused.status_code, spoken(refused)) == (400, "ga-IE")
    assert b'<a href="?lang=en" lang="en"' in refused.content
    assert COOKIE not in Client().post("/withdraw/?lang=ga", {}).cookies


def test_a_letters_link_goes_on_in_the_letters_language() -> None:
    alice = rows.alice()
    link = path_of(Purpose.STOP, alice.pk, holder=alice.email_hash)
    type(alice).objects.filter(pk=alice.pk).update(language="ga")
    assert spoken(Client().get(link)) == "ga-IE"
    assert spoken(Client().get(f"{link}?lang=en")) == "en-IE"
    # Who cannot open it learns nothing: not even which language somebody reads.
    assert spoken(Client().get(f"{link[:-2]}x/")) == "en-IE"
    chose = Client()
    chose.cookies[COOKIE] = "en"
    assert spoken(chose.get(link)) == "en-IE"


def test_staff_pages_are_in_english_whatever_was_chosen() -> None:
    client = staff_signed_in()
    client.cookies[COOKIE] = "ga"
    for path in ("/staff/", "/staff/letters/", "/staff/nothing/"):
        answer = client.get(path, headers=IRISH)
        assert answer.headers["Content-Language"] == "en-IE", path
        assert b'hreflang="ga"' not in answer.content


def _not_found(client: Client) -> Any:
    return client.get("/nothing/", headers=IRISH)


def _forged(client: Client) -> Any:
    return Client(enforce_csrf_checks=True).post("/withdraw/", {}, headers=IRISH)


def _misnamed(client: Client) -> Any:
    return client.get("/privacy/", headers=IRISH | {"Host": "elsewhere.example"})


@pytest.mark.parametrize(
    ("open_it", "status"), [(_not_found, 404), (_forged, 403), (_misnamed, 400)]
)
def test_errors_speak_irish_too(open_it: Callable[[Client], Any], status: int) -> None:
    answer = open_it(Client())
    assert (answer.status_code, spoken(answer)) == (status, "ga-IE")


def test_a_breakdown_speaks_irish_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REMINDER_DAYS = property()  # nothing that a page could print
    monkeypatch.delattr(settings, "GRACE_DAYS")
    answer = Client(raise_request_exception=False).get("/terms/", headers=IRISH)
    assert (answer.status_code, spoken(answer)) == (500, "ga-IE")


class TestPapers:
    def test_they_say_what_the_settings_do(self, settings: Settings) -> None:
        settings.REMINDER_DAYS, settings.MAIL_CARRIED_BY = 27, "Pigeon Post"
        assert b"27 days ahead" in Client().get("/terms/").content
        assert b"<strong>Pigeon Post</strong>" in Client().get("/privacy/").content

    @pytest.fixture
    def papers(self, settings: Settings, tmp_path: Path) -> Path:
        settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
        return tmp_path

    def test_the_charity_may_have_its_own_in_one_language_for_everybody(self, papers: Path) -> None:
        (papers / "privacy.html").write_text("Ours: {{ abandoned_days }}")
        for headers in ({}, IRISH):
            answer = Client().get("/privacy/", headers=headers)
            assert answer.content == b"Ours: 7"
            assert answer.headers["Content-Language"] == "en-IE"

    def test_the_charity_may_have_its_own_in_each_language(self, papers: Path) -> None:
        (papers / "privacy.html").write_text("Our own")
        (papers / "privacy.ga.html").write_text("Ár gceann féin")
        assert Client().get("/privacy/").content == b"Our own"
        irish = Client().get("/privacy/", headers=IRISH)
        assert irish.content.decode() == "Ár gceann féin"
        assert irish.headers["Content-Language"] == "ga-IE"

    def test_it_may_have_one_section_of_its_own(self, papers: Path) -> None:
        (papers / "terms.html").write_text(
            '{% extends "members/terms.html" %}{% block rest %}Our own rest.{% endblock %}'
        )
        text = Client().get("/terms/").content
        assert b"Our own rest." in text
        assert b"How it renews" in text
        assert b"The law of Ireland" not in text

    def test_one_that_cannot_be_read_is_not_passed_over(self, papers: Path) -> None:
        (papers / "terms.html").write_text('{% extends "members/gone.html" %}')
        answer = Client(raise_request_exception=False).get("/terms/")
        assert answer.status_code == 500
