"""Sessions: what lies in the database is not what a browser shows."""

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from tests import rows
from tests.supporter_desk import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def alices(client: Client) -> Client:
    """A browser in which Alice is signed in."""
    sign_in(client, rows.alice())
    return client


def test_a_dump_of_the_sessions_signs_nobody_in(alices: Client) -> None:
    assert alices.get("/account/").status_code == 200
    row = Session.objects.get()
    assert row.session_key != alices.cookies["sessionid"].value
    thief = Client()
    thief.cookies["sessionid"] = row.session_key
    assert thief.get("/account/").status_code == 302


def test_a_session_is_gone_from_the_database_after_signing_out(alices: Client) -> None:
    alices.post("/sign-out/")
    assert not Session.objects.exists()


def test_a_new_key_takes_the_session_along_and_closes_the_old_one(alices: Client) -> None:
    old = alices.cookies["sessionid"].value
    session = alices.session
    session.cycle_key()
    assert Session.objects.count() == 1
    assert alices.get("/account/").status_code == 302
    alices.cookies["sessionid"] = str(session.session_key)
    assert alices.get("/account/").status_code == 200
    assert session.session_key != old


def test_a_made_up_key_opens_nothing_and_is_not_taken_over(client: Client) -> None:
    client.cookies["sessionid"] = "a" * 32
    assert client.get("/account/").status_code == 302
    assert not Session.objects.exists()
