"""What letters lead to, and how they come: every page on a phone and on a desk, for everybody."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from billing.letters.links import Purpose
from billing.models import Letter
from members import addresses
from members.models import Erasure
from members.privacy import copies
from tests import rows
from tests.browser.test_account_pages import (
    DESK,
    PHONE,
    active,
    fits,
    joined_today,
    keep_a_picture,
    overdue,
    second,
)
from tests.browser.test_the_whole_way import accessible
from tests.letter_desk import path_of
from tests.supporter_desk import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = pytest.mark.parametrize(
    "size",
    [pytest.param(PHONE, id="phone"), pytest.param(DESK, id="desk", marks=pytest.mark.long)],
)
ABOUT = {
    Purpose.CANCEL: active,
    Purpose.PAUSE: active,
    Purpose.SKIP: active,
    Purpose.PAY: overdue,
    Purpose.CARD: active,
    Purpose.WITHDRAW: joined_today,
    Purpose.UNDO: second,
}


@SIZES
@pytest.mark.parametrize("purpose", list(ABOUT))
def test_every_link_about_a_membership_can_be_used_by_everybody(
    purpose: Purpose,
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
) -> None:
    path = path_of(purpose, ABOUT[purpose]().pk, rows.alice())
    page = browser.new_context(viewport=size, base_url=live_server.url).new_page()  # type: ignore[arg-type]  # a TypedDict
    visit(page, path, f"link-{purpose}", size)


@SIZES
def test_every_other_link_can_be_used_by_everybody(
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
) -> None:
    alice = rows.alice()
    change = addresses.ask(alice, email="new@example.org")
    export = copies.ask(alice, press="p")
    page = browser.new_context(viewport=size, base_url=live_server.url).new_page()  # type: ignore[arg-type]  # a TypedDict
    paths = {
        "address": path_of(Purpose.ADDRESS, change.pk, change.new_hash),
        "export": path_of(Purpose.EXPORT, export.pk, alice),
        "stop": path_of(Purpose.STOP, alice.pk, alice),
        "over": path_of(Purpose.STOP, alice.pk, rows.bob()),
        "back": "/letters/back/",
    }
    for name, path in paths.items():
        visit(page, path, f"link-{name}", size)
    page.goto(paths["stop"])
    page.get_by_role("button", name="Stop these letters").click()
    look(page, "link-stopped", size)
    page.goto(paths["address"])
    page.get_by_role("button", name="Confirm this address").click()
    assert "That is confirmed" in page.inner_text("h1")
    look(page, "link-confirmed", size)


@SIZES
def test_the_wishes_and_the_data_of_a_supporter_can_be_used_by_everybody(
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
) -> None:
    alice = active().supporter
    context = browser.new_context(viewport=size, base_url=live_server.url)  # type: ignore[arg-type]  # a TypedDict
    session = signed_in(alice).cookies[settings.SESSION_COOKIE_NAME].value
    cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}
    context.add_cookies([cookie])
    page = context.new_page()
    visit(page, "/account/", "you", size)
    visit(page, "/account/letters/", "letters", size)
    page.get_by_label("Write to me discreetly").check()
    page.get_by_role("button", name="Save").click()
    look(page, "letters-saved", size)
    visit(page, "/account/address/", "address", size)
    page.get_by_role("button", name="Send a letter there").click()
    look(page, "address-wrong", size)
    page.get_by_label("Your new e-mail address").fill("new@example.org")
    page.get_by_role("button", name="Send a letter there").click()
    look(page, "address-asked", size)
    visit(page, "/account/data/", "data", size)
    page.get_by_role("button", name="Make a copy").click()
    look(page, "data-ready", size)
    visit(page, "/account/erase/", "erase", size)
    Erasure.objects.create(supporter=alice)
    visit(page, "/account/erase/", "erase-waits", size)
    assert Letter.objects.filter(kind="address-confirm").count() == 1


def visit(page: Page, path: str, name: str, size: dict[str, int]) -> None:
    page.goto(path)
    look(page, name, size)


def look(page: Page, name: str, size: dict[str, int]) -> None:
    keep_a_picture(page, name, size)
    accessible(page)
    fits(page)
