"""The books in a real browser, on a phone and on a desk, by day and by night."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from billing.accounts import closing
from billing.dates import day_start, months_back, next_month
from billing.models import LedgerLine, Payout, Plan, Walk
from billing.models.ledger import LineKind
from billing.models.plan import BenefitClass
from members.models.staff import Role
from tests import rows
from tests.browser.test_account_pages import DESK, PHONE, fits
from tests.browser.test_the_whole_way import accessible
from tests.staff_desk import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A folder for pictures of every page, for whoever wants to look at them.
PICTURES = os.environ.get("BOOKS_PICTURES", "")


def _busy_months() -> tuple[str, str]:
    """The month before the last, closed, and the last one with everything that may happen in it."""
    first = months_back(timezone.localdate(), 2)
    second = next_month(first)
    Plan.objects.filter(slug="yearly").update(benefit_class=BenefitClass.MATERIAL)
    at = day_start(first) + timedelta(days=9)
    later = day_start(second) + timedelta(days=9)
    yearly = rows.membership(rows.bob(), slug="yearly", started_at=at)
    for cents, of in ((2450, yearly), (199, rows.membership()), (500, None)):
        for when in (at, later):
            fee = 25 + cents * 15 // 1000
            paid = rows.payment(
                of, amount_cents=cents, paid_at=when, fee_cents=fee, net_cents=cents - fee,
                extra_cents=62 if cents == 2450 else 0,
            )  # fmt: skip
            rows.line(paid, kind=LineKind.PAYMENT, amount_cents=cents, fee_cents=fee,
                      booked_at=when)  # fmt: skip
    Walk.objects.create(name="balance", started_at=timezone.now(), finished_at=timezone.now())
    closing.close(month=first, by="somebody-who-left")
    rows.line(paid, amount_cents=-200, booked_at=at + timedelta(days=3))
    rows.line(paid, kind=LineKind.DISPUTE, amount_cents=-300, fee_cents=2000, booked_at=later)
    rows.line(paid, kind=LineKind.PAYMENT, amount_cents=12345, booked_at=later, payment=None,
              id="txn_1QyZr2eZvKYlo2CkX0mPq7Ld")  # fmt: skip
    _pay_out(later)
    rows.payment(
        rows.membership(), amount_cents=199, paid_at=later, outside_stripe=True,
        stripe_payment_intent_id=None, stripe_invoice_id="in_cash",
    )  # fmt: skip
    return f"{first:%Y-%m}", f"{second:%Y-%m}"


def _pay_out(at: datetime) -> None:
    payment = rows.payment(fee_cents=33, net_cents=467)
    for number, cents in ((1, 3000), (2, 2000)):
        payout = Payout.objects.create(
            id=f"po_1QyZr2eZvKYlo2Ck{number}", status="paid", amount_cents=cents, currency="eur",
            arrives_on=at, created=at,
        )  # fmt: skip
        rows.line(payment, kind=LineKind.PAYOUT, amount_cents=-cents, booked_at=at, payment=None,
                  source_id=payout.pk)  # fmt: skip
    charges = LedgerLine.objects.filter(kind=LineKind.PAYMENT, payment__isnull=False)
    charges.update(payout_id="po_1QyZr2eZvKYlo2Ck1")


@pytest.mark.long  # tests/browser/test_every_page.py takes these on a phone
@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark"),
        pytest.param(DESK, "light", id="desk-light", marks=pytest.mark.long),
    ],
)
def test_every_page_of_the_books_can_be_used_by_everybody(
    size: dict[str, int], scheme: str, browser: Browser, live_server: LiveServer
) -> None:
    session = signed_in(Role.FINANCE).cookies[settings.SESSION_COOKIE_NAME].value
    closed, open_one = _busy_months()
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]  # a TypedDict
        color_scheme=scheme,  # type: ignore[arg-type]  # a Literal
        base_url=live_server.url,
    )
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    for name, path in {
        "list": "",
        "closed": f"{closed}/",
        "open": f"{open_one}/",
        "payouts": f"{open_one}/payouts/",
        "close": f"{open_one}/close/",
        "year": f"year/{open_one[:4]}/",
        "accounts": "accounts/",
    }.items():
        page.goto(f"/staff/books/{path}")
        accessible(page)
        fits(page)
        if PICTURES:
            shown = "phone" if size == PHONE else "desk"
            page.screenshot(path=Path(PICTURES) / f"{name}-{shown}.png", full_page=True)
    assert complaints == [], "the content policy was complained about"
    context.close()
