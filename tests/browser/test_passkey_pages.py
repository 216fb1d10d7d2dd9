"""Staff and their passkeys, in a real browser, with a security key that Chromium plays."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from members.models import StaffMember
from tests.browser import eyes
from tests.staff_desk import PASSWORD, staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# As it goes in, its person is at it.
KEY: dict[str, Any] = {"protocol": "ctap2", "transport": "usb", "hasUserVerification": True,
                       "hasResidentKey": True, "isUserVerified": True}  # fmt: skip


@pytest.fixture(params=["phone", pytest.param("desk", marks=pytest.mark.long)])
def page(
    request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer, settings: Settings
) -> Iterator[Page]:
    settings.PASSKEY_ORIGIN = live_server.url
    context = eyes.browser_of(browser, live_server.url, size=eyes.SIZES[request.param])
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert complaints == []


def plug_in(cdp: CDPSession) -> str:
    key: str = cdp.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})["authenticatorId"]
    return key


def look(page: Page, name: str) -> None:
    eyes.well_formed(page)
    eyes.fits(page)
    eyes.accessible(page)
    width = page.viewport_size["width"] if page.viewport_size else 0
    eyes.keep(page, f"passkey-{name}-{width}")


def sign_in(page: Page) -> None:
    page.goto("/staff/")
    page.locator("input[name=login]").fill("dara@example.org")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()


def sign_out(page: Page) -> None:
    page.goto("/staff/sign-out/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()


def name_and_make(page: Page, name: str) -> None:
    page.get_by_label("What do you call it?").fill(name)
    page.get_by_role("button", name="Make the passkey").click()


def test_from_the_first_passkey_to_the_second(page: Page, settings: Settings) -> None:
    member = staff()
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    ring = plug_in(cdp)

    sign_in(page)
    look(page, "choose")
    page.get_by_role("link", name="Make a passkey").click()
    name_and_make(page, "Key on my ring")
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("link", name="I have kept them").click()
    expect(page).to_have_url("/staff/")

    sign_out(page)
    sign_in(page)
    page.get_by_text("A recovery code instead").click()
    look(page, "sign-in")
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": ring, "isUserVerified": False})
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing came of it")
    look(page, "sign-in-failed")
    cdp.send("WebAuthn.setUserVerified", {"authenticatorId": ring, "isUserVerified": True})
    page.get_by_role("button", name="Use your passkey").click()
    expect(page).to_have_url("/staff/")

    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0.001  # what is dear is asked for each time
    page.goto("/staff/team/")
    look(page, "confirm")
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Team")

    page.goto("/staff/second-factor/")
    page.get_by_role("link", name="Add a passkey").click()
    name_and_make(page, "The same again")
    expect(page.get_by_role("alert")).to_contain_text("You have this passkey already")
    look(page, "add-known")
    cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": ring})
    plug_in(cdp)
    name_and_make(page, "Work laptop")
    expect(page.get_by_role("heading", level=1)).to_have_text("Your sign-in")
    look(page, "two")
    page.get_by_role("link", name="Remove Key on my ring").click()
    look(page, "remove")
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("status")).to_contain_text("It is removed")
    look(page, "one")
    assert len(StaffMember.objects.get(pk=member.pk).factors) == 1
