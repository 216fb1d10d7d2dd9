"""The join page in a real browser: presets, an own amount, errors, and the review page."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from tests.browser.test_account_pages import DESK
from tests.browser.test_public_doors import SMALL, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def open_page(browser: Browser, server: LiveServer, size: dict[str, int], **more: Any) -> Page:
    return browser.new_context(viewport=size, base_url=server.url, **more).new_page()  # type: ignore[arg-type]  # a TypedDict


def fill_in(page: Page) -> None:
    page.get_by_label("Your e-mail address").fill("alice@example.org")
    page.get_by_label(re.compile("I understand")).check()
    page.get_by_label(re.compile("I am 18")).check()


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


@pytest.mark.parametrize(
    ("size", "scheme"),
    [pytest.param(SMALL, "dark", id="320"), pytest.param(DESK, "light", id="desk")],
)
def test_joining_can_be_done_by_everybody(
    size: dict[str, int],
    scheme: str,
    browser: Browser,
    live_server: LiveServer,
) -> None:
    page = open_page(browser, live_server, size, color_scheme=scheme)
    page.goto("/")
    look(page, "join", size)
    page.get_by_role("radio", name="Another amount").check()
    page.get_by_label("Your amount every month").fill("7,50")
    says = page.get_by_text("Of €7.50, about €7.14 reaches the newsroom.")
    assert says.is_visible()
    page.get_by_label("Your amount every month").fill("1")
    go_on(page)
    look(page, "join-errors", size)
    page.get_by_role("link", name="The least we can take").click()
    field = page.get_by_label("Your amount every month")
    assert field.evaluate("field => document.activeElement === field")
    page.get_by_role("radio", name=re.compile("^€1.99")).check()
    page.get_by_role("checkbox", name=re.compile("a little on top")).check()
    fill_in(page)
    go_on(page)
    look(page, "join-review", size)
    page.get_by_role("button", name="Take it off: €1.99 every month").click()
    assert page.get_by_role("button", name="Pay €1.99 every month").is_visible()


def test_it_takes_an_amount_of_ones_own_without_a_script(
    browser: Browser,
    live_server: LiveServer,
) -> None:
    page = open_page(browser, live_server, SMALL, java_script_enabled=False)
    page.goto("/?interval=once")
    page.get_by_text("Another amount").locator("visible=true").click()
    page.get_by_label("Your gift").fill("12")
    page.get_by_label(re.compile("a little on top")).locator("visible=true").check()
    fill_in(page)
    go_on(page)
    assert page.get_by_role("button", name="Pay €12.44 once").is_visible()
