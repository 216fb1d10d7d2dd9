"""The staff's pages of letters in a real browser, on a phone and on a desk, by day and by night."""

import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from billing import receipts
from billing.cause import Cause
from billing.letters import holds
from billing.models import Letter, Membership, Suppression
from billing.models.letter import HoldReason, LetterState, SuppressionReason
from billing.states import PaymentState
from members import vault
from members.models import StaffMember
from tests import rows
from tests.browser.test_account_pages import DESK, PHONE, fits
from tests.browser.test_the_whole_way import accessible
from tests.staff_desk import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# A folder for pictures of every page, for whoever wants to look at them.
PICTURES = os.environ.get("LETTER_PICTURES", "")


def _busy_day() -> dict[str, Letter]:
    """A day's mail of every sort, with a letter held, one given up and one being sent."""
    now = timezone.now()
    of = rows.membership(
        rows.alice(),
        slug="yearly",
        started_at=now,
        created_at=now,
        period_start=now,
        period_end=now + timedelta(days=365),
    )
    receipts.issue(rows.payment(of, paid_at=now), cause=Cause.clock(), now=now)
    receipt = Letter.objects.get()
    for person in (rows.bob(), rows.charlie()):
        for hour in range(0, 22, 3):
            _letter("reminder", f"{person.pk}:{hour}", person, now + timedelta(hours=hour))
    welcome = _letter("welcome", str(of.pk), rows.alice(), now + timedelta(hours=2))
    holds.hold(welcome.pk, reason=HoldReason.DOUBTFUL, by=StaffMember.objects.get().pk)
    failed = rows.payment(of, state=PaymentState.FAILED, paid_at=None, first_failed_at=now)
    skipped = _letter("payment-failed", str(failed.pk), rows.alice(), now - timedelta(hours=1))
    _settle(skipped, LetterState.SKIPPED, "paid meanwhile")
    stuck = _letter("ended", str(of.pk), rows.bob(), now - timedelta(hours=3))
    _settle(stuck, LetterState.FAILED, "SMTPRecipientsRefused")
    gone = _letter("receipt", "gone", rows.bob(), now - timedelta(hours=4))
    _settle(gone, LetterState.SENT, "")
    assert Membership.objects.count() == 1
    return {"receipt": receipt, "welcome": welcome, "stuck": stuck, "gone": gone}


def _letter(kind: str, key: str, to: object, due_at: object) -> Letter:
    return Letter.objects.create(kind=kind, key=key, supporter=to, due_at=due_at)  # type: ignore[misc]  # test rows


def _settle(letter: Letter, state: LetterState, reason: str) -> None:
    sent_at = letter.due_at if state == LetterState.SENT else None
    Letter.objects.filter(pk=letter.pk).update(
        state=state, reason=reason, attempts=8, sent_at=sent_at
    )


def _listed() -> Suppression:
    rows.alice()
    for email, reason in (("alice@example.org", "bounced"), ("zoe@example.org", "complained")):
        entry = Suppression.objects.create(
            address_hash=vault.lookup_hash(email), reason=SuppressionReason(reason)
        )
    return entry


@pytest.mark.long  # tests/browser/test_every_page.py takes these on a phone
@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark"),
        pytest.param(DESK, "light", id="desk-light", marks=pytest.mark.long),
        pytest.param(PHONE, "light", id="phone-light", marks=pytest.mark.long),
        pytest.param(DESK, "dark", id="desk-dark", marks=pytest.mark.long),
    ],
)
def test_every_page_of_letters_can_be_used_by_everybody(
    size: dict[str, int], scheme: str, browser: Browser, live_server: LiveServer
) -> None:
    session = signed_in().cookies[settings.SESSION_COOKIE_NAME].value
    mail, entry = _busy_day(), _listed()
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
        "mail": "",
        "receipt": f"{mail['receipt'].pk}/",
        "held": f"{mail['welcome'].pk}/",
        "stuck": f"{mail['stuck'].pk}/",
        "gone": f"{mail['gone'].pk}/",
        "hold": f"{mail['receipt'].pk}/hold/",
        "release": f"{mail['welcome'].pk}/release/",
        "kinds": "kinds/",
        "kind": "kinds/welcome/?language=ga",
        "discreet": "kinds/ended/?discreet=1&case=withdrawn",
        "suppressed": "suppressed/",
        "lift": f"suppressed/{entry.pk}/",
    }.items():
        page.goto(f"/staff/letters/{path}")
        _frames_are_drawn(page)
        accessible(page)
        fits(page)
        _keep_a_picture(page, f"{name}-{'phone' if size == PHONE else 'desk'}-{scheme}", size)
    assert complaints == [], "the content policy, or a letter, was complained about"
    context.close()


def _frames_are_drawn(page: Page) -> None:
    """Each frame holds its letter, in its own colours, and is scrolled to so that it is painted."""
    for frame in page.query_selector_all("iframe"):
        frame.scroll_into_view_if_needed()
        inside = frame.content_frame()
        assert inside is not None
        card = inside.wait_for_selector(".card")
        assert card is not None
        colour = card.evaluate("each => getComputedStyle(each).backgroundColor")
        dark = "dark" in (frame.get_attribute("class") or "")
        assert colour == ("rgb(31, 28, 40)" if dark else "rgb(255, 255, 255)")
    page.evaluate("window.scrollTo(0, 0)")


def _keep_a_picture(page: Page, name: str, size: dict[str, int]) -> None:
    """In a window as tall as the page: what is out of sight in a frame is not painted."""
    if PICTURES:
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({"width": size["width"], "height": height})
        page.wait_for_timeout(300)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
