"""Every report in a real browser, on a phone and on a desk, by day and by night, and on paper."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from billing import figures
from billing.models import Membership, Payment
from billing.states import EndReason, MembershipState, PaymentState
from members.models import Supporter
from members.models.staff import Role
from members.staff.reports.shelf import REPORTS
from tests import rows
from tests.browser import eyes
from tests.staff_desk import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PATHS = ["", "reports/", "reports/trustees/", *(f"reports/{slug}/" for slug in REPORTS)]


def _busy_year() -> None:
    """Eight join every month and two leave, some pay once a year, gifts come, one is overdue."""
    now = timezone.now()
    plans = rows.plan(), rows.plan("yearly")
    for back in range(13):
        at = now - timedelta(days=30 * back + 2)
        for number in range(8):
            plan = plans[number % 4 == 0]
            who = Supporter.objects.create(email_sealed=b"-", email_hash=f"{back:032}{number:032}")
            gone = number < 2 and back > 1
            stay = Membership.objects.create(
                supporter=who, plan=plan, amount_cents=plan.suggested_cents, interval=plan.interval,
                state=MembershipState.ENDED if gone else MembershipState.ACTIVE,
                stripe_subscription_id=f"sub_{back}_{number}", started_at=at, period_start=at,
                ended_at=at + timedelta(days=20) if gone else None,
                end_reason=EndReason.REQUESTED if gone else "",
            )  # fmt: skip
            Payment.objects.create(
                supporter=who, plan=plan, membership=stay, amount_cents=plan.suggested_cents,
                state=PaymentState.SUCCEEDED, stripe_payment_intent_id=f"pi_{back}_{number}",
                paid_at=at, fee_cents=30, net_cents=plan.suggested_cents - 30,
            )  # fmt: skip
        rows.payment(paid_at=at, fee_cents=33, net_cents=467)
    rows.membership(rows.alice(), state=MembershipState.PAST_DUE, past_due_since=now)
    rows.membership(rows.alice(), slug="yearly")
    figures.rebuild()


@pytest.fixture
def pages(browser: Browser, live_server: LiveServer) -> Iterator[Any]:
    """Makes pages of a browser in which a member of staff is signed in."""
    _busy_year()
    session = signed_in(Role.SUPPORT).cookies[settings.SESSION_COOKIE_NAME].value
    contexts = []

    def make(size: str, **more: Any) -> Any:
        context = eyes.browser_of(browser, live_server.url, size=eyes.SIZES[size], **more)
        contexts.append(context)
        cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": session,
                       "url": live_server.url}  # fmt: skip
        context.add_cookies([cookie])
        return context.new_page()

    yield make
    for each in contexts:
        each.close()


@pytest.mark.long  # tests/browser/test_every_page.py takes these on a phone
@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param("phone", "dark", id="phone-dark"),
        pytest.param("phone", "light", id="phone-light", marks=pytest.mark.long),
        pytest.param("desk", "light", id="desk-light", marks=pytest.mark.long),
        pytest.param("desk", "dark", id="desk-dark", marks=pytest.mark.long),
    ],
)
def test_every_report_can_be_read_by_everybody(size: str, scheme: str, pages: Any) -> None:
    page = pages(size, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    for path in PATHS:
        page.goto(f"/staff/{path}")
        page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        eyes.well_formed(page)
        eyes.fits(page)
        eyes.accessible(page)
        name = path.strip("/").replace("/", "-") or "today"
        eyes.keep(page, f"{name}-{size}-{scheme}")
    assert complaints == [], "the content policy was complained about"


def test_the_trustee_page_is_one_sheet_of_paper(pages: Any) -> None:
    page = pages("desk")
    page.goto("/staff/reports/trustees/")
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    # Each page of a PDF is an object of its own, whatever is compressed in it.
    assert paper.count(b"/Type /Page\n") == 1
    assert b"/MediaBox [0 0 594" in paper
