"""The shield in a real browser: Chromium does the sum; without script there is the link."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from billing import stripe_setup
from billing.models import Intent
from billing.models.stripe import IntentState
from members.models import JoinLink
from members.models.shield import ForceReason, Level
from members.shield import watch
from tests import rows
from tests.browser.test_account_pages import DESK, PHONE
from tests.browser.test_public_doors import SMALL, context_of, look
from tests.letter_desk import link_in, sent
from tests.local_stripe import LocalStripe
from tests.processes import wait_until
from tests.staff_desk import signed_in, staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _shop(sandbox: LocalStripe, transactional_db: None, settings: Any) -> None:
    """Our products at the local Stripe, and a sum that is done within a second or two."""
    settings.SHIELD_PROOF_SUMS = 5000
    stripe_setup.put_products(run="tests")


def hold(level: Level) -> None:
    watch.force(
        level=level,
        hours=1,
        reason=ForceReason.TRIAL,
        by=staff(email=f"{level}@example.org").pk,
        now=timezone.now(),
    )


def choose(page: Page) -> None:
    """Fill in the join page and go on to the review."""
    page.goto("/")
    page.get_by_label("Your e-mail address").fill("charlie@example.org")
    for box in page.get_by_role("checkbox").all():
        if box.get_attribute("name") in {"consent", "adult"}:
            box.check()
    page.locator("form.card button[type=submit], form button.big").first.click()


def goes_on(page: Page) -> None:
    """Press the button that pays: a payment page is opened for it at Stripe."""
    page.get_by_role("button", name="Pay").click(no_wait_after=True)
    # Where the browser is led the suite's content policy does not let it go.
    done = Intent.objects.filter(state=IntentState.DONE)
    wait_until(done.exists, seconds=10, what="a payment page")


def test_chromium_does_the_sum_and_the_button_goes_on(
    browser: Browser,
    live_server: LiveServer,
) -> None:
    hold(Level.PRESSED)
    page = context_of(browser, live_server, SMALL).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    choose(page)
    page.get_by_text("The sum is done. You can go on.").wait_for(timeout=20_000)
    look(page, "shield-pressed", SMALL)
    goes_on(page)
    ours = [url for url in asked if url.startswith((live_server.url, "blob:", "data:"))]
    assert [url for url in asked if "shield" in url and url not in ours] == []


def test_without_javascript_a_link_comes_and_opens_that_order(
    browser: Browser,
    live_server: LiveServer,
    settings: Any,
) -> None:
    hold(Level.PRESSED)
    settings.SITE_URL = live_server.url
    plain = browser.new_context(
        base_url=live_server.url, java_script_enabled=False, viewport={"width": 390, "height": 844}
    )
    page = plain.new_page()
    choose(page)
    page.get_by_role("button", name="Pay").click()
    assert page.inner_text("h1") == "One more step"
    page.get_by_role("button", name="Send me a link instead").click()
    assert page.inner_text("h1") == "Look into your mail"
    page.goto(link_in(sent("join-link")))
    goes_on(page)


@pytest.mark.long  # tests/browser/test_every_page.py takes these on a phone
@pytest.mark.parametrize(
    "size",
    [
        pytest.param(SMALL, id="320"),
        pytest.param(PHONE, id="phone", marks=pytest.mark.long),
        pytest.param(DESK, id="desk", marks=pytest.mark.long),
    ],
)
def test_its_pages_are_for_everybody(
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
    settings: Any,
) -> None:
    settings.SITE_URL = live_server.url
    hold(Level.STORM)
    rows.alice()
    context = context_of(browser, live_server, size)
    page = context.new_page()
    choose(page)
    look(page, "shield-storm", size)
    page.get_by_role("button", name="Send me the link").click()
    look(page, "shield-written", size)
    page.goto(link_in(sent("join-link")))
    look(page, "shield-link", size)
    JoinLink.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    page.reload()
    look(page, "shield-link-over", size)
    desk = signed_in()
    context.add_cookies(
        [{"name": "sessionid", "value": desk.cookies["sessionid"].value, "url": live_server.url}]
    )
    page.goto("/staff/shield/")
    look(page, "shield-staff", size)
    page.get_by_role("button", name="Set it").click()
    assert page.get_by_text("Choose a reason.").is_visible()
    look(page, "shield-staff-wrong", size)
