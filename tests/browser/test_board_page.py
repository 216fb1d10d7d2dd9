"""The board in a real browser: on a phone and on a desk, by day and by night, well and red."""

from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from playwright.sync_api import Browser
from pytest_django.live_server_helper import LiveServer

from billing.models import JobRun, Letter, Pulse, StripeEvent
from billing.models.letter import LetterState
from billing.models.stripe import EventState
from billing.models.watch import JobResult
from members import watch
from tests.browser.test_account_pages import DESK, PHONE, fits
from tests.browser.test_staff_letters_pages import PICTURES
from tests.staff_desk import signed_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

VIEWS = [
    pytest.param(PHONE, "dark", id="phone"),
    pytest.param(PHONE, "light", id="phone by day", marks=pytest.mark.long),
    pytest.param(DESK, "dark", id="desk by night", marks=pytest.mark.long),
    pytest.param(DESK, "light", id="desk", marks=pytest.mark.long),
]


def _trouble() -> None:
    """Everything alive, an event parked, a letter given up, a week of books in balance."""
    now = timezone.now()
    for part in ("worker", "beat"):
        Pulse.objects.create(name=part, seen_at=now)
    for days in range(7):
        at = now - timedelta(days=days, minutes=1)
        for job in ("balance", "reconcile", "tidy", "backfill", "reminders"):
            JobRun.objects.create(job=job, began_at=at, ended_at=at, result=JobResult.CLEAN)
    StripeEvent.objects.create(
        id="evt_1",
        type="charge.refunded",
        object_id="ch_1",
        livemode=False,
        created=now,
        state=EventState.PARKED,
        done_at=now,
    )
    Letter.objects.create(kind="ended", key="1", state=LetterState.FAILED)
    watch.look_out(now=now)


@pytest.mark.parametrize(("size", "scheme"), VIEWS)
def test_it_fits_speaks_to_all_and_takes_a_press(
    browser: Browser, live_server: LiveServer, size: dict[str, int], scheme: str
) -> None:
    _trouble()
    cookie = signed_in().cookies[settings.SESSION_COOKIE_NAME].value
    context = browser.new_context(
        viewport=size,  # type: ignore[arg-type]  # a TypedDict
        color_scheme=scheme,  # type: ignore[arg-type]  # a Literal
    )
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda told: complaints.append(told.text))
    page.goto(f"{live_server.url}/staff/board/")
    assert "2 things are red" in page.inner_text(".verdict")
    assert Axe().run(page).response["violations"] == []
    fits(page)
    page.get_by_role("button", name="I take care of it: Events parked").click()
    assert "Noted: you take care of it." in page.inner_text("main")
    assert Axe().run(page).response["violations"] == []
    assert complaints == []
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/board-{size['width']}-{scheme}.png", full_page=True)
    context.close()
