"""The whole way in a real browser: join, pay, read the letters, sign in, leave, and the report."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from billing.models import Letter, Membership
from billing.models.letter import LetterState
from tests.browser.eyes import AXE, RULES
from tests.house import House

pytestmark = pytest.mark.browser

ALICE = "alice@example.org"


@pytest.fixture
def page(browser: Browser, house: House) -> Iterator[Page]:
    """A phone, in whose hands no page may ask anyone but us and the local Stripe for anything."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, base_url=house.site)
    page = context.new_page()
    asked: set[str] = set()
    complaints: list[str] = []
    page.on(
        "request",
        lambda request: asked.add("{0.scheme}://{0.netloc}".format(urlsplit(request.url))),
    )
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert asked <= {house.site, house.stripe.url}
    assert complaints == []


def accessible(page: Page) -> None:
    """Fail on anything that axe finds serious (WCAG 2.2 AA)."""
    found = AXE.run(page, options=RULES).response["violations"]
    serious = [
        (each["id"], each["nodes"][0]["html"])
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]
    assert serious == [], page.url


def sent(kind: str) -> bool:
    return Letter.objects.filter(kind=kind, state=LetterState.SENT).exists()


def test_from_the_join_page_to_the_end_of_the_membership(page: Page, house: House) -> None:
    join(page)
    pay(page, house)
    house.wait_for(lambda: sent("receipt") and sent("welcome"))
    read_the_receipt(page)
    sign_in(page, house)
    leave(page)


def join(page: Page) -> None:
    page.goto("/")
    accessible(page)
    page.get_by_role("radio", name=re.compile("Monthly")).check()
    page.get_by_label("E-mail").fill(ALICE)
    for box in page.get_by_role("checkbox").all():
        assert not box.is_checked()
    for words in ("I understand", "I am 18"):
        page.get_by_label(re.compile(words)).check()
    page.get_by_role("button", name="Continue").click()
    accessible(page)
    page.get_by_role("button", name="Pay €1.99 every month").click()


def pay(page: Page, house: House) -> None:
    expect(page.get_by_test_id("amount")).to_contain_text("1.99")
    assert page.url.startswith(house.stripe.url)
    page.get_by_test_id("card").fill("4242 4242 4242 4242")
    page.get_by_test_id("pay").click()
    page.wait_for_url(re.compile(re.escape(house.site) + "/thanks/"))
    expect(page.get_by_role("heading", level=1)).to_contain_text(re.compile("thank", re.IGNORECASE))
    accessible(page)


def read_the_receipt(page: Page) -> None:
    page.goto("/dev/mailbox/")
    page.get_by_role("link", name=re.compile("Your receipt")).first.click()
    expect(page.frame_locator("iframe").first.get_by_role("heading", level=1)).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"receipt-\d{4}-\d{6}\.pdf")).click()
    assert download.value.suggested_filename.endswith(".pdf")


def sign_in(page: Page, house: House) -> None:
    page.goto("/account/")
    page.goto("/sign-in/")
    accessible(page)
    page.get_by_label("E-mail").fill(ALICE)
    page.get_by_role("main").get_by_role("button").click()
    house.wait_for(lambda: sent("sign-in"))
    letter = house.letters(to=ALICE)[-1].get_body(("plain",))
    assert letter is not None
    link = re.search(r"http\S+/sign-in/\S+/", letter.get_content())
    assert link is not None
    page.goto(link.group())
    page.get_by_role("main").get_by_role("button").click()
    expect(page).to_have_url(f"{house.site}/account/")
    expect(page.get_by_role("main")).to_contain_text("€1.99")
    accessible(page)


def leave(page: Page) -> None:
    page.get_by_role("link", name="End this membership").click()
    accessible(page)
    page.get_by_role("button", name="End my membership").click()
    assert Membership.objects.get().ends_on is not None
    page.goto("/account/")
    page.get_by_role("button", name="Keep my membership").click()
    assert Membership.objects.get().ends_on is None


def test_staff_see_the_new_member_behind_two_factors(page: Page, house: House) -> None:
    house.pay(house.join(email=ALICE))
    house.wait_for(lambda: sent("receipt"))
    said = house.manage("enrol_staff", "staff@gcn.example", "--demo").stdout
    page.goto("/staff/")
    page.locator("input[name=login]").fill("staff@gcn.example")
    page.locator("input[name=password]").fill(password_in(said))
    page.get_by_role("main").get_by_role("button").first.click()
    code = page.context.new_page()
    code.goto(f"{house.site}/staff/demo-code/")
    shown = code.locator(".code").inner_text().replace(" ", "")
    page.locator("input[name=code]").fill(shown)
    page.get_by_role("main").get_by_role("button").first.click()
    expect(page.get_by_role("main")).to_contain_text("€1.99")
    accessible(page)
    page.locator(".menu summary", has_text="Supporters").click()
    page.locator(".menu").get_by_role("link", name="Members").click()
    expect(page.get_by_role("main")).to_contain_text("Active")
    assert ALICE not in page.content()
    accessible(page)


def password_in(said: str) -> str:
    found = re.search(r"[Pp]assword:?\s+(\S+)", said)
    assert found is not None, said
    return found.group(1)
