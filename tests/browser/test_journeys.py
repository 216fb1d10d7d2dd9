"""Whole ways through the service, in Chromium: with and without scripts, on phone and desk."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from billing.models import Letter, Membership, Payment
from billing.models.letter import LetterState
from members.models import ChargeReport, Withdrawal
from tests.browser import eyes
from tests.house import House

pytestmark = pytest.mark.browser

ALICE: Final = "alice@example.org"
LONG: Final = pytest.mark.long
WAYS: Final = {"monthly": r"month", "yearly": r"year", "once": r"\bonce$|gift|once(?! a year)"}
DEVICES: Final = [
    pytest.param("phone", False, id="phone-plain"),
    pytest.param("phone", True, id="phone-script", marks=LONG),
    pytest.param("desk", False, id="desk-plain", marks=LONG),
    pytest.param("desk", True, id="desk-script", marks=LONG),
]


class Device:
    """A browser in somebody's hands, and the house it visits."""

    def __init__(self, browser: Browser, house: House, size: str, scripts: bool) -> None:
        self._chromium, self._size, self._scripts = browser, eyes.SIZES[size], scripts
        self.house, self.name = house, f"{size}-{'script' if scripts else 'plain'}"
        self.page = self.another()

    def another(self) -> Page:
        """A page of a device that was never used for this."""
        self.context = eyes.browser_of(
            self._chromium, self.house.site, size=self._size, java_script_enabled=self._scripts
        )
        self.page = self.context.new_page()
        return self.page

    def keep(self, name: str) -> None:
        eyes.keep(self.page, f"way-{name}-{self.name}")

    def press(self, words: str) -> None:
        self.page.get_by_role("main").get_by_role("button", name=re.compile(words)).first.click()

    def choose(self, way: str) -> None:
        """The first radio button of this rhythm, by its key: its label lies over it."""
        words = re.compile(WAYS[way], re.IGNORECASE)
        radio = self.page.get_by_role("radio", name=words).first
        radio.press("Space")
        assert radio.is_checked()

    def join(self, way: str) -> None:
        page = self.page
        page.goto("/")
        self.choose(way)
        page.get_by_label(re.compile("e-mail", re.IGNORECASE)).fill(ALICE)
        for box in page.get_by_role("checkbox", name=re.compile("agree|consent|18|older")).all():
            assert not box.is_checked()
            box.check()
        self.keep(f"{way}-1-chosen")
        self.press("Continue")
        self.keep(f"{way}-2-review")
        self.press(r"^Pay €")
        page.get_by_test_id("card").fill("4242 4242 4242 4242")
        page.get_by_test_id("pay").click()
        page.wait_for_url(re.compile(re.escape(self.house.site) + "/thanks/"))
        self.keep(f"{way}-3-thanks")
        self.house.wait_for(lambda: _sent("receipt"))

    def link_by_letter(self) -> str:
        """Ask for a link and read the letter."""
        self.page.goto("/sign-in/")
        self.page.get_by_label(re.compile("e-mail", re.IGNORECASE)).fill(ALICE)
        self.page.get_by_role("main").get_by_role("button").first.click()
        self.house.wait_for(lambda: _sent("sign-in"))
        letter = self.house.letters(to=ALICE)[-1].get_body(("plain",))
        assert letter is not None
        found = re.search(r"http\S+/sign-in/\S+/", letter.get_content())
        assert found is not None
        return found.group()


@pytest.fixture
def device(
    request: pytest.FixtureRequest,
    browser: Browser,
    house: House,
) -> Iterator[Device]:
    size, scripts = request.param
    made = Device(browser, house, size, scripts)
    yield made
    made.context.close()


def devices(test: Any) -> Any:
    """Each size, with scripts and without."""
    kinds = [pytest.param(each.values, id=each.id, marks=each.marks) for each in DEVICES]
    return pytest.mark.parametrize("device", kinds, indirect=True)(test)


def _sent(kind: str) -> bool:
    return Letter.objects.filter(kind=kind, state=LetterState.SENT).exists()


@devices
def test_she_joins_looks_after_it_and_ends_it_from_another_device(device: Device) -> None:
    """Pay, sign in elsewhere by the letter's link, change the amount, pause, resume, end, keep."""
    device.join("monthly")
    link = device.link_by_letter()
    page = device.another()
    page.goto(link)
    device.keep("4-link")
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page).to_have_url(f"{device.house.site}/account/")
    device.keep("5-account")
    page.goto(link)
    expect(page.get_by_role("heading", level=1)).to_contain_text("does not open any more")
    look_after(device, Membership.objects.get())


def look_after(device: Device, member: Membership) -> None:
    page, own = device.page, f"/account/memberships/{member.pk}"
    page.goto(f"{own}/amount/?amount=5.00")
    device.keep("6-amount")
    device.press(r"^Pay €5\.00")
    page.goto(f"{own}/pause/")
    device.keep("7-pause")
    device.press("^Pause$")
    page.goto(f"{own}/resume/")
    device.press("")
    page.goto(f"{own}/cancel/")
    device.keep("8-cancel")
    device.press("End my membership")
    page.goto("/account/")
    member.refresh_from_db()
    assert (member.amount_cents, member.state) == (500, "active")
    assert member.ends_on is not None
    device.press("Keep my membership")
    device.keep("9-kept")
    member.refresh_from_db()
    assert member.ends_on is None


@LONG
@devices
@pytest.mark.parametrize("way", ["yearly", "once"])
def test_he_gives_once_or_joins_for_a_year(device: Device, way: str) -> None:
    device.join(way)
    assert Payment.objects.get().state == "succeeded"
    assert Membership.objects.count() == (way == "yearly")


@LONG
@devices
def test_the_doors_without_sign_in_are_found_at_the_foot_of_the_page(device: Device) -> None:
    """Withdraw by the reference of the letter, and report a charge."""
    device.join("monthly")
    page, member = device.page, Membership.objects.get()
    page.goto("/terms/")
    page.get_by_role("contentinfo").get_by_role("link", name=re.compile("recognise")).click()
    page.get_by_label("Day on your bank statement").fill(f"{timezone.now():%d/%m/%Y}")
    page.get_by_label("Amount in euros").fill("1.98")
    page.get_by_label("Last four digits").fill("4242")
    device.keep("charge")
    device.press("Stop it")
    assert ChargeReport.objects.count() == 1
    page.get_by_role("contentinfo").get_by_role("link", name=re.compile("Withdraw")).click()
    page.get_by_label("Your e-mail address").fill(ALICE)
    page.get_by_label("Reference").fill(str(member.pk))
    device.press("Go on to confirm")
    device.keep("withdraw")
    device.press("Confirm withdrawal")
    assert Withdrawal.objects.count() == 1
    device.house.wait_for(lambda: Membership.objects.get().state == "ended")
