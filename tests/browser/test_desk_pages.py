"""The desk in a real browser: found, opened, helped, on a phone and on a desk."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from billing import comps, receipts
from billing.cause import Cause
from billing.models import Intent, Letter, MembershipEvent
from billing.models.comp import CompReason
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind
from members import search
from members.models import Consent, Supporter
from members.models.staff import Role
from members.models.supporter import supporter_for
from tests import rows
from tests.browser.test_account_pages import DESK, PHONE, fits
from tests.browser.test_the_whole_way import accessible
from tests.staff_desk import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NARROW = {"width": 320, "height": 640}
# A folder for pictures of every page, for whoever wants to look at them.
PICTURES = os.environ.get("DESK_PICTURES", "")


def a_life() -> Supporter:
    """Alice, some months in, with a gift, a refund, letters and a wish that Stripe refused."""
    now, alice = timezone.now(), rows.alice()
    begun = now - timedelta(days=70)
    member = rows.membership(
        alice,
        started_at=begun,
        created_at=begun,
        period_start=now - timedelta(days=10),
        period_end=now + timedelta(days=20),
    )
    Consent.objects.create(supporter=alice, text_version="2026-11", locale="en", given_at=begun)
    for months in (2, 1, 0):
        paid_at = now - timedelta(days=10 + 30 * months)
        payment = rows.payment(member, amount_cents=500, paid_at=paid_at, created_at=paid_at)
        with transaction.atomic():
            receipts.issue(payment, cause=Cause.clock(), now=paid_at)
    rows.refund(payment, amount_cents=200, refunded_at=now - timedelta(days=3))
    Letter.objects.update(state=LetterState.SENT, sent_at=now - timedelta(days=9))
    MembershipEvent.objects.create(
        membership=member,
        old_state="pending",
        new_state="active",
        source="stripe",
        reference="evt_1made",
        recorded_at=begun,
    )
    Intent.objects.create(kind=IntentKind.PAUSE, press="p1", subject=member.pk, state="refused")
    comps.grant(
        supporter=alice,
        reason=CompReason.GOODWILL,
        ends_on=now + timedelta(days=90),
        actor="staff",
    )
    supporter_for(email="alice.b@example.org", name="Alice Byrne")
    search.index_names()
    return alice


def enter(browser: Browser, live_server: LiveServer, size: dict[str, int], **more: str) -> Page:
    """A page of a browser in which somebody of support is signed in."""
    staff = signed_in(Role.SUPPORT)
    context = browser.new_context(viewport=size, base_url=live_server.url, **more)  # type: ignore[arg-type]  # two plain options
    name = settings.SESSION_COOKIE_NAME
    context.add_cookies(
        [{"name": name, "value": staff.cookies[name].value, "url": live_server.url}]
    )
    return context.new_page()


def check(page: Page, name: str, size: dict[str, int]) -> None:
    accessible(page)
    fits(page)
    low = "[...document.querySelectorAll('.helps a')].filter(each => each.clientHeight < 42)"
    assert page.evaluate(f"{low}.length") == 0, name
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}.png", full_page=True)


def help_alice(page: Page, size: dict[str, int]) -> None:
    """From the empty box to the refund: six presses."""
    page.goto("/staff/desk/")
    check(page, "find", size)
    page.get_by_label("What they can tell you").fill("alice")
    page.get_by_label("They asked us for something").check()
    page.get_by_role("button", name="Find").click()
    check(page, "hits", size)
    page.locator(".hit").first.click()
    check(page, "record", size)
    page.get_by_role("link", name="Refund").first.click()
    page.get_by_role("button", name="See what happens").click()
    check(page, "choose-errors", size)
    page.get_by_label("How much goes back").fill("2.00")
    page.get_by_label("They called").check()
    page.get_by_role("button", name="See what happens").click()
    check(page, "confirm", size)
    page.get_by_role("button", name="Give it back").click()
    assert "on its way to Stripe" in page.inner_text(".notice")
    page.get_by_role("button", name="Show name and address").click()
    assert page.get_by_text("alice@example.org").is_visible()
    check(page, "record-clear", size)


def test_a_supporter_is_helped_on_a_phone(browser: Browser, live_server: LiveServer) -> None:
    a_life()
    help_alice(enter(browser, live_server, PHONE), PHONE)


@pytest.mark.long
@pytest.mark.parametrize("size", [DESK, NARROW])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_of_the_desk_at_every_size(
    browser: Browser, live_server: LiveServer, size: dict[str, int], scheme: str
) -> None:
    alice = a_life()
    page = enter(browser, live_server, size, color_scheme=scheme)
    help_alice(page, size)
    for act in ("note", "address", "sign-out", "erase"):
        page.goto(f"/staff/desk/{alice.pk}/{act}/{alice.pk}/")
        check(page, act, size)
