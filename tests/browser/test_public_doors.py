"""The two doors without sign-in, in a real browser: every page and error, at three widths."""

import os

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from members.models import ChargeReport, Withdrawal
from tests import rows
from tests.browser.test_account_pages import (
    DESK,
    PHONE,
    fits,
)
from tests.browser.test_the_whole_way import accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SMALL = {"width": 320, "height": 640}
SIZES = pytest.mark.parametrize(
    "size",
    [
        pytest.param(SMALL, id="320"),
        pytest.param(PHONE, id="phone", marks=pytest.mark.long),
        pytest.param(DESK, id="desk", marks=pytest.mark.long),
    ],
)
PICTURES = os.environ.get("ACCOUNT_PICTURES", "")


def context_of(browser: Browser, server: LiveServer, size: dict[str, int]) -> BrowserContext:
    """A browser of this size, that nobody has signed in with."""
    return browser.new_context(viewport=size, base_url=server.url)  # type: ignore[arg-type]  # a TypedDict


def look(page: Page, name: str, size: dict[str, int]) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{size['width']}.png", full_page=True)
    accessible(page)
    fits(page)


@SIZES
def test_withdrawing_can_be_done_by_everybody(
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
) -> None:
    member = rows.membership()
    page = context_of(browser, live_server, size).new_page()
    page.goto("/terms/")
    page.locator("footer").get_by_role("link", name="Withdraw from contract here").click()
    look(page, "withdraw", size)
    page.get_by_label("Reference").fill("R-2026-000001")
    page.get_by_role("button", name="Go on to confirm").click()
    look(page, "withdraw-wrong", size)
    page.get_by_label("Your e-mail address").fill("alice@example.org")
    page.get_by_label("Reference").fill(str(member.pk))
    page.get_by_label("Your name").fill("A. Person")
    page.get_by_role("button", name="Go on to confirm").click()
    look(page, "withdraw-confirm", size)
    page.get_by_role("button", name="Confirm withdrawal").click()
    assert page.inner_text("h1") == "We have received your statement"
    look(page, "withdraw-received", size)
    page.reload()
    assert Withdrawal.objects.count() == 1


@SIZES
def test_reporting_a_charge_can_be_done_by_everybody(
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
) -> None:
    page = context_of(browser, live_server, size).new_page()
    page.goto("/terms/")
    page.locator("footer").get_by_role("link", name="recognise this charge").click()
    look(page, "charge", size)
    page.get_by_role("button", name="Stop it").click()
    look(page, "charge-wrong", size)
    page.get_by_label("Day on your bank statement").fill(f"{timezone.now():%d/%m/%Y}")
    page.get_by_label("Amount in euros").fill("4.99")
    page.get_by_label("Last four digits").fill("4242")
    page.get_by_role("button", name="Stop it").click()
    assert page.inner_text("h1") == "We have received it"
    look(page, "charge-received", size)
    page.reload()
    assert ChargeReport.objects.count() == 1


def test_both_work_without_javascript(
    browser: Browser,
    live_server: LiveServer,
) -> None:
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/withdraw/")
    page.get_by_label("Your e-mail address").fill("alice@example.org")
    page.get_by_label("Reference").fill("019aa1b2-c3d4-7e5f-8a6b-9c0d1e2f3a4b")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Confirm withdrawal").press("Enter")
    assert page.inner_text("h1") == "We have received your statement"
    assert Withdrawal.objects.count() == 1
