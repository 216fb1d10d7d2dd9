"""The demo's mailbox: a letter is a private file, shown under a policy that loads nothing."""

import importlib
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives
from django.http import Http404
from django.test import Client
from django.urls import clear_url_caches

from config import mailbox, urls


@pytest.fixture
def demo(settings: Any, tmp_path: Path) -> Iterator[Client]:
    """A browser on the service with DEBUG on and an empty mailbox."""
    settings.DEBUG = True
    settings.MAILBOX_DIR = tmp_path / "mailbox"
    settings.EMAIL_BACKEND = "config.mailbox.EmailBackend"
    importlib.reload(urls)
    clear_url_caches()
    yield Client()
    settings.DEBUG = False
    importlib.reload(urls)
    clear_url_caches()


def send(subject: str = "Your receipt") -> str:
    message = EmailMultiAlternatives(subject, "Hello http://127.0.0.1:8000/x", to=["a@example.org"])
    message.attach_alternative("<p>Hello <script>alert(1)</script></p>", "text/html")
    message.attach("receipt-2026-000001.pdf", b"%PDF-1.7 test", "application/pdf")
    assert mailbox.EmailBackend().send_messages([message]) == 1
    return mailbox._names()[0]


def test_it_keeps_each_letter_as_a_file_for_its_owner_alone(demo: Client, settings: Any) -> None:
    send()
    folder = Path(settings.MAILBOX_DIR)
    (file,) = folder.iterdir()
    assert file.suffix == ".eml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_lists_the_newest_letter_first_and_looks_again(demo: Client) -> None:
    assert "No letter yet" in demo.get("/dev/mailbox").content.decode()
    send("The first")
    send("The second")
    page = demo.get("/dev/mailbox/")
    text = page.content.decode()
    assert text.index("The second") < text.index("The first")
    assert page.headers["Refresh"] == "4"


def test_it_shows_a_letter_with_its_links_and_files(demo: Client) -> None:
    name = send()
    page = demo.get(f"/dev/mailbox/{name}/")
    text = page.content.decode()
    assert 'href="http://127.0.0.1:8000/x"' in text
    assert "receipt-2026-000001.pdf" in text
    assert "alert(1)" not in text
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    file = demo.get(f"/dev/mailbox/{name}/0/")
    assert file.content == b"%PDF-1.7 test"
    assert "attachment" in file.headers["Content-Disposition"]
    assert demo.get(f"/dev/mailbox/{name}/1/").status_code == 404


def test_it_lets_the_html_of_a_letter_load_and_run_nothing(demo: Client) -> None:
    body = demo.get(f"/dev/mailbox/{send()}/body/")
    policy = body.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize(
    "name", ["nothing", "..%2f..%2fetc%2fpasswd", "1234567890123456789-abcdef012345"]
)
def test_it_opens_nothing_outside_the_mailbox(demo: Client, name: str) -> None:
    assert demo.get(f"/dev/mailbox/{name}/").status_code == 404


def test_it_opens_no_file_beside_the_mailbox(demo: Client, tmp_path: Path) -> None:
    send()
    (tmp_path / "secret.eml").write_text("Subject: secret\n\nsecret")
    with pytest.raises(Http404):
        mailbox._open("../secret")


def test_it_is_not_there_in_production(client: Client) -> None:
    for path in ("/dev/", "/dev/mailbox", "/dev/mailbox/"):
        assert client.get(path).status_code == 404


def test_it_is_not_there_even_if_the_address_list_were_wrong(demo: Client, settings: Any) -> None:
    settings.DEBUG = False
    assert demo.get("/dev/mailbox/").status_code == 404
