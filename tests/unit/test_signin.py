"""Signing in: the same answer for everybody, a link that opens once, a session that says little."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client, RequestFactory
from django.utils import timezone

from billing import letters
from billing.models import Letter
from billing.models.letter import LetterState
from members import limits
from members.models import SignIn
from tests import rows

pytestmark = pytest.mark.django_db

SOMEWHERE = "203.0.113.7"


@pytest.fixture(autouse=True)
def _own_counts(settings: Any) -> Iterator[None]:
    """Counts of this test alone, also where a Redis is shared with tests beside it."""
    settings.REDIS_URL = ""
    limits.storage.cache_clear()
    yield
    limits.storage.cache_clear()


def ask(client: Client, email: str, network: str = SOMEWHERE) -> Any:
    return client.post("/sign-in/", {"email": email}, REMOTE_ADDR=network)


def link_in_mail() -> str:
    """The path in the letter that is sent for the newest request."""
    letter = Letter.objects.filter(kind="sign-in").latest("created_at")
    assert letters.deliver(letter.id) == LetterState.SENT
    found = re.search(r"http://testserver(/sign-in/\S+)", str(mail.outbox[-1].body))
    assert found
    return found[1]


def link_for_alice(client: Client) -> str:
    rows.payment(rows.membership())
    ask(client, "alice@example.org")
    return link_in_mail()


def test_it_writes_to_nobody_for_an_unknown_address(client: Client) -> None:
    ask(client, "nobody@example.org")
    assert letters.deliver(Letter.objects.get().id) == LetterState.SKIPPED
    assert mail.outbox == []


@pytest.mark.parametrize("state", ["pending", "expired"])
def test_it_writes_to_nobody_whose_address_was_only_typed_in(client: Client, state: str) -> None:
    rows.membership(state=state, stripe_subscription_id=None)
    ask(client, "alice@example.org")
    assert letters.deliver(Letter.objects.get().id) == LetterState.SKIPPED
    assert mail.outbox == []


@pytest.mark.parametrize("begun", [rows.membership, lambda: rows.payment(rows.membership())])
def test_it_writes_to_whoever_gives_or_gave(client: Client, begun: Any) -> None:
    begun()
    ask(client, "alice@example.org")
    assert letters.deliver(Letter.objects.get().id) == LetterState.SENT


@pytest.mark.case("E23")
def test_it_signs_in_by_the_button_and_not_by_opening_the_link(client: Client) -> None:
    link = link_for_alice(client)
    assert client.get(link).status_code == 200
    assert client.get("/account/").status_code == 302  # a mail scanner opens links
    answer = client.post(link)
    assert answer.headers["Location"] == "/account/"
    page = client.get("/account/")
    assert "Hello, Alice" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]


@pytest.mark.case("F11")
def test_it_opens_on_another_device_although_scanners_were_there_first(client: Client) -> None:
    link = link_for_alice(client)
    scanner, phone = Client(), Client()
    for look in (scanner.get, scanner.head, scanner.get):
        assert look(link).status_code == 200
    assert scanner.get("/account/").status_code == 302
    phone.post(link)
    assert phone.get("/account/").status_code == 200
    assert client.get("/account/").status_code == 302


def test_it_finds_an_address_in_whatever_case_it_is_typed(client: Client) -> None:
    rows.alice()
    ask(client, " Alice@Example.ORG ")
    assert SignIn.objects.get().supporter == rows.alice()


def test_it_opens_a_link_once(client: Client) -> None:
    link = link_for_alice(client)
    client.post(link)
    assert Client().get(link).status_code == 410
    again = Client().post(link)
    assert again.status_code == 410
    assert "does not open any more" in again.content.decode()
    assert "Send me a link" in again.content.decode()


@pytest.mark.django_db(transaction=True)
def test_it_lets_one_of_two_presses_at_once_in(client: Client) -> None:
    link = link_for_alice(client)

    def press(_: int) -> int:
        try:
            return Client().post(link).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(press, range(4))) == [302, 410, 410, 410]


def test_it_closes_a_link_after_an_hour(client: Client) -> None:
    link = link_for_alice(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=61), tick=False):
        assert client.get(link).status_code == 410
        assert client.post(link).status_code == 410


def test_it_refuses_a_link_that_was_changed(client: Client) -> None:
    link = link_for_alice(client)
    _, _, signin_id, token, _ = link.split("/")
    flipped = ("0" if token[0] != "0" else "1") + token[1:]
    rows.payment()
    ask(client, "bob@example.org")
    other = SignIn.objects.latest("asked_at").id
    for bent in (
        f"/sign-in/{signin_id}/{flipped}/",
        f"/sign-in/{signin_id}/{token[:-1]}/",
        f"/sign-in/{signin_id}/tökén/",
        f"/sign-in/{other}/{token}/",
        f"/sign-in/0190a0a0-0000-7000-8000-000000000000/{token}/",
    ):
        assert client.post(bent).status_code == 410
    assert client.get("/account/").status_code == 302


def test_it_keeps_no_token_in_the_database(client: Client) -> None:
    link = link_for_alice(client)
    token = link.split("/")[3]
    with connection.cursor() as cursor:
        for table in ("members_signin", "billing_letter"):
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 - our own table names
            assert token not in str(cursor.fetchall())


def test_it_gives_a_new_session_key_and_forgets_all_on_leaving(client: Client) -> None:
    session = client.session
    session["seen"] = "before"
    session.save()
    before = session.session_key
    client.post(link_for_alice(client))
    assert client.session.session_key != before
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/account/").status_code == 302
    assert client.get("/sign-out/").status_code == 405


def test_it_limits_an_address_alike_known_or_not(client: Client) -> None:
    rows.alice()
    for email in ("alice@example.org", "nobody@example.org"):
        assert [ask(client, email).status_code for _ in range(6)] == [200] * 5 + [429]
    known, unknown = ask(client, "alice@example.org"), ask(client, "nobody@example.org")
    assert known.content == unknown.content
    assert SignIn.objects.count() == 10


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::5", "2001:db8::/64"),
        ("127.0.0.1", ""),
        ("::1", ""),
        ("::ffff:127.0.0.1", ""),
        ("nonsense", "unknown"),
    ],
)
def test_it_counts_a_household_as_one_and_itself_not_at_all(
    rf: RequestFactory, address: str, network: str
) -> None:
    assert limits.network_of(rf.get("/", REMOTE_ADDR=address)) == network


def test_it_limits_a_network_and_not_the_next_one(client: Client) -> None:
    answers = [ask(client, f"{n}@example.org").status_code for n in range(31)]
    assert answers == [200] * 30 + [429]
    assert ask(client, "alice@example.org", "203.0.113.8").status_code == 200
    for host in range(30):
        ask(client, f"v{host}@example.org", f"2001:db8::{host + 1:x}")
    assert ask(client, "w@example.org", "2001:db8::ffff").status_code == 429
    assert ask(client, "w@example.org", "2001:db8:0:1::1").status_code == 200


def test_it_believes_the_last_proxy_only(client: Client, settings: Any) -> None:
    settings.TRUSTED_PROXY = True
    codes = [
        client.post(
            "/sign-in/",
            {"email": f"{n}@example.org"},
            headers={"X-Forwarded-For": f"198.51.100.{n}, 203.0.113.9"},
        ).status_code
        for n in range(31)
    ]
    assert codes[-1] == 429


def test_it_lets_people_in_while_redis_is_away(client: Client, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limits.storage.cache_clear()
    assert ask(client, "alice@example.org").status_code == 200


@pytest.mark.parametrize(
    "email",
    [
        "",
        "alice",
        "a@b.ie\r\nBcc: c@d.ie",
        "x" * 300 + "@b.ie",
        "root@localhost",
        "alice@[127.0.0.1]",
        "alice@[IPv6:::1]",
    ],
)
def test_it_refuses_what_is_no_address(client: Client, email: str) -> None:
    assert ask(client, email).status_code == 400
    assert SignIn.objects.count() == 0


def test_it_does_not_send_a_link_that_is_over(client: Client) -> None:
    rows.payment(rows.membership())
    ask(client, "alice@example.org")
    later = timezone.now() + timedelta(hours=2)
    with time_machine.travel(later, tick=False):
        assert letters.deliver(Letter.objects.get().id) == LetterState.SKIPPED
    assert Letter.objects.get().reason == "the link is over"


def test_it_tells_nobody_the_link_as_the_page_before(client: Client) -> None:
    link = link_for_alice(client)
    open_page, entered, over = client.get(link), client.post(link), Client().get(link)
    assert [each.status_code for each in (open_page, entered, over)] == [200, 302, 410]
    for page in (open_page, entered, over):
        assert page.headers["Referrer-Policy"] == "strict-origin"
        assert 'name="referrer"' not in page.content.decode()  # it would overrule the header
    assert client.get("/account/").headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize(
    ("origin", "status"),
    [("https://testserver", 302), ("https://elsewhere.example", 403), ("null", 403)],
)
def test_it_takes_the_press_of_its_own_page_only(client: Client, origin: str, status: int) -> None:
    link = link_for_alice(client)
    careful = Client(enforce_csrf_checks=True)
    page = careful.get(link, secure=True).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    # What a browser sends from a page under "strict-origin": the Origin, and no more as Referer.
    answer = careful.post(
        link,
        {"csrfmiddlewaretoken": token[1]},
        secure=True,
        headers={"Origin": origin, "Referer": f"{origin}/"},
    )
    assert answer.status_code == status
