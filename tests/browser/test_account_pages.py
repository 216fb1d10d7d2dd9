"""The account in a real browser: every page and state, on a phone and on a desk."""

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from billing import receipts
from billing.cause import Cause
from billing.models import Intent, Letter, Membership, MembershipEvent
from billing.models.stripe import IntentKind
from members import access, sessions
from members.models.access import Action, Field, Purpose
from members.models.staff import Role
from tests import rows
from tests.browser.test_the_whole_way import accessible
from tests.staff_desk import staff
from tests.supporter_desk import path_of, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PHONE, DESK = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
# A folder for pictures of every page, for whoever wants to look at them.
PICTURES = os.environ.get("ACCOUNT_PICTURES", "")


def membership(**more: Any) -> Membership:
    """Alice's, in the middle of a period that is paid."""
    now = timezone.now()
    began = now - timedelta(days=70)
    period = {"period_start": now - timedelta(days=10), "period_end": now + timedelta(days=20)}
    return rows.membership(
        rows.alice(), **{"started_at": began, "created_at": began} | period | more
    )


def paid(of: Membership, cents: int = 199, **more: Any) -> Membership:
    rows.payment(of, amount_cents=cents, paid_at=of.period_start, **more)
    return of


def switching() -> Membership:
    made = membership(next_amount_cents=2388, next_interval="year")
    made.changes_on = made.period_end
    made.save()
    return paid(made)


def yearly() -> Membership:
    now = timezone.now()
    return paid(
        membership(slug="yearly", period_end=now + timedelta(days=200), started_at=now), 2388
    )


def paused() -> Membership:
    until = timezone.now() + timedelta(days=52)
    return paid(membership(state="paused", resumes_on=until))


def overdue() -> Membership:
    since = timezone.now() - timedelta(days=2)
    customer = rows.alice().customers.create(stripe_customer_id="cus_test")
    return paid(
        membership(state="past_due", past_due_since=since, customer=customer),
        state="failed",
        first_failed_at=since,
    )


def ending() -> Membership:
    made = membership()
    made.ends_on = made.period_end
    made.save()
    return paid(made)


def second() -> Membership:
    paid(membership())
    now = timezone.now()
    return paid(membership(amount_cents=500, created_at=now, started_at=now), 500)


def noted() -> Membership:
    made = paid(membership())
    Intent.objects.create(
        kind=IntentKind.CHANGE_AMOUNT, press="p", subject=made.id, params={"amount_cents": 500}
    )
    return made


def pending() -> Membership:
    return membership(state="pending", stripe_subscription_id=None, started_at=None)


def active() -> Membership:
    customer = rows.alice().customers.create(stripe_customer_id="cus_test")
    return paid(membership(customer=customer))


def joined_today() -> Membership:
    now = timezone.now()
    return paid(membership(started_at=now, created_at=now, period_start=now))


def eventful() -> Membership:
    """Refused once and given back once, looked at once, with a second browser signed in."""
    made = paid(membership())
    refused = timezone.now() - timedelta(days=400)
    first = rows.payment(made, paid_at=refused + timedelta(days=3), first_failed_at=refused)
    rows.refund(first, refunded_at=refused + timedelta(days=9))
    with transaction.atomic():
        for payment in made.payments.all():
            receipts.issue(payment, cause=Cause.reconcile(quiet=True))
    MembershipEvent.objects.create(membership=made, new_state="active", source="stripe")
    Letter.objects.create(
        kind="receipt", key="k", supporter=made.supporter, state="sent", sent_at=refused
    )
    access.note(
        staff=staff(Role.SUPPORT),
        supporter_id=made.supporter_id,
        action=Action.SHOWN,
        fields=[Field.NAME, Field.PAYMENTS],
        purpose=Purpose.ASKED,
    )
    sessions.begin(made.supporter, user_agent="Android Firefox/132.0")
    return made


def left() -> Membership:
    """She left: the day is told on which her name goes."""
    ended = timezone.now() - timedelta(days=5)
    return paid(membership(state="ended", ended_at=ended, end_reason="requested"))


STATES = {
    "eventful": (eventful, ["/account/history/", "/account/history/?show=looks",
                            "/account/papers/", "/account/browsers/", "/account/data/",
                            "/account/letters/", "/account/address/", "/account/erase/"]),
    "active": (active, ["", "amount", "amount?amount=5", "amount?amount=x", "rhythm", "skip",
                        "pause", "cancel", "withdraw", "/"]),
    "new": (joined_today, ["", "withdraw"]),
    "raised": (lambda: paid(membership(amount_cents=500)), [""]),
    "switching": (switching, ["", "pause", "rhythm"]),
    "yearly": (yearly, ["", "rhythm", "pause"]),
    "paused": (paused, ["", "resume"]),
    "overdue": (overdue, ["", "/"]),
    "ending": (ending, ["", "cancel", "cancelled"]),
    "second": (second, ["", "undo"]),
    "noted": (noted, [""]),
    "pending": (pending, ["", "/"]),
    "left": (left, [""]),
}  # fmt: skip


@pytest.mark.parametrize(
    "size",
    [pytest.param(PHONE, id="phone"), pytest.param(DESK, id="desk", marks=pytest.mark.long)],
)
@pytest.mark.parametrize("state", STATES)
def test_every_page_of_the_account_can_be_used_by_everybody(
    state: str, size: dict[str, int], browser: Browser, live_server: LiveServer
) -> None:
    make, verbs = STATES[state]
    of = make()
    context = browser.new_context(viewport=size, base_url=live_server.url)  # type: ignore[arg-type]  # a TypedDict
    session = signed_in(of.supporter).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    page = context.new_page()
    for verb in verbs:
        address = verb if verb.startswith("/") else path_of(of, verb) if verb else "/account/"
        if "?" in verb and not verb.startswith("/"):
            act, query = verb.split("?")
            address = f"{path_of(of, act)}?{query}"
        page.goto(address)
        called = re.sub(r"\W+", "-", verb.strip("/")) or ("join" if verb else "account")
        keep_a_picture(page, f"{state}-{called}", size)
        accessible(page)
        fits(page)
    context.close()


def fits(page: Page) -> None:
    """Nothing is wider than the window, and every target is big enough for a finger."""
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), page.url
    small = page.evaluate(
        """[...document.querySelectorAll('main a.button, main button, .deeds a')]
           .filter(each => each.getBoundingClientRect().height < 43.5)
           .map(each => each.textContent)"""
    )
    assert small == [], page.url


def keep_a_picture(page: Page, name: str, size: dict[str, int]) -> None:
    if PICTURES:
        device = "phone" if size == PHONE else "desk"
        page.screenshot(path=Path(PICTURES) / f"{name}-{device}.png", full_page=True)


def test_axe_is_awake(browser: Browser) -> None:
    """Else the tests above would be content with anything."""
    page = browser.new_page()
    page.set_content("<main><img src='x.png'><button></button></main>")
    assert Axe().run(page).response["violations"]
    page.close()
