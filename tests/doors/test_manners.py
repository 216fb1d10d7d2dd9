"""What every kind of page tells the browser: keep it to yourself, load nothing, open nothing."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests import rows
from tests.staff_desk import signed_in as staff_signed_in
from tests.supporter_desk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PUBLIC = ["/", "/privacy/", "/terms/", "/accessibility/", "/withdraw/", "/charge/", "/sign-in/"]
OWN = ["/account/", "/account/letters/", "/account/data/", "/account/address/"]
STAFF = ["/staff/", "/staff/members/", "/staff/letters/"]


def _checked(answer: Any) -> Any:
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "'unsafe" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert answer.headers["Referrer-Policy"] in {"same-origin", "strict-origin", "no-referrer"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    text = answer.content.decode()
    assert "<style" not in text
    assert " style=" not in text
    assert " onclick=" not in text
    return answer


@pytest.mark.parametrize("path", [*PUBLIC, "/nothing/"])
def test_a_public_page_keeps_everything_shut(path: str) -> None:
    _checked(Client().get(path))


@pytest.mark.parametrize("path", OWN)
def test_an_account_page_is_kept_by_no_cache(path: str) -> None:
    answer = _checked(signed_in(rows.alice()).get(path))
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_staff_page_is_kept_by_no_cache() -> None:
    client = staff_signed_in()
    for path in STAFF:
        assert "no-store" in _checked(client.get(path)).headers["Cache-Control"]


@pytest.mark.parametrize("path", PUBLIC)
def test_it_can_be_left_at_once(path: str, settings: Settings) -> None:
    link = '<a class="leave" href="https://www.rte.ie/weather/" rel="noreferrer nofollow"'
    assert link in Client().get(path).content.decode()
    settings.EXIT_URL = "https://example.org/recipes/"
    assert b'href="https://example.org/recipes/"' in Client().get(path).content
    settings.EXIT_URL = ""
    assert b"data-leave" not in Client().get(path).content


@pytest.mark.parametrize(
    ("mode", "dest"), [("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")]
)
def test_a_page_beside_ours_cannot_feel_out_who_is_signed_in(mode: str, dest: str) -> None:
    """The news site is the same site to a browser: what runs on it brings our cookies along."""
    alice, nobody = signed_in(rows.alice()), Client()
    theirs = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": dest}
    for path in ("/account/", "/withdraw/"):
        felt, plain = alice.get(path, headers=theirs), nobody.get(path, headers=theirs)
        assert (felt.status_code, felt.headers.get("Location")) == (
            plain.status_code,
            plain.headers.get("Location"),
        )
        assert b"alice@example.org" not in felt.content
        assert not felt.cookies
    followed = {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}
    assert (
        alice.get("/account/", headers=followed | {"Sec-Fetch-Dest": "document"}).status_code == 200
    )
    own = {"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}
    assert alice.get("/account/", headers=own).status_code == 200


def test_a_page_beside_ours_cannot_feel_out_who_was_here() -> None:
    """What lies in a browser's cache loads at once: it is not to be had for another site's page."""
    answer = Client().get("/static/members/leave.js")
    assert answer.status_code == 200
    assert "Sec-Fetch-Site" in answer.headers["Vary"]
    answer.close()
