"""Every letter as a mail program draws it: on a phone and on a desk, by day and by night."""

import os
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, Page, ViewportSize

from billing.letters import languages, mail
from billing.letters.draft import Recipient
from billing.letters.samples import SAMPLES
from billing.models import Letter
from members.staff.letters import samples as _samples  # noqa: F401 - adds those of members

pytestmark = [pytest.mark.browser]

# A folder for pictures of every letter, for whoever wants to look at them.
PICTURES = os.environ.get("LETTER_PICTURES", "")
LANGUAGES = [code for code, _name in settings.LETTER_LANGUAGES]
# What axe wants of a page and not of a part of somebody else's page, as a mail is.
OF_PAGES = {"landmark-one-main", "region", "landmark-unique", "page-has-heading-one"}
# The longest line that is read with ease is some 75 signs; ours are 17 px high.
WIDEST = 560


def _letters(language: str) -> Iterator[tuple[str, str]]:
    """The name and the HTML of each sample."""
    to = Recipient("alice@example.org", "", "Muireann Ní Bhriain", language, discreet=False)
    for kind, cases in SAMPLES.items():
        for case, sample in cases.items():
            with languages.speaking(language):
                message = mail.write(Letter(kind=kind, key="sample"), sample(), to)
            yield _name(kind, case, language), str(message.alternatives[0][0])


def _name(kind: str, case: str, language: str) -> str:
    return f"{kind}-{case.replace(' ', '-')}-{language}"


IN_A_HURRY = {(320, "dark", "en"), (390, "light", "ga")}


@pytest.mark.parametrize(
    ("width", "scheme", "language"),
    [
        pytest.param(*each, marks=[] if each in IN_A_HURRY else [pytest.mark.long])
        for each in product([320, 390, 700], ["light", "dark"], LANGUAGES)
    ],
)
def test_it_can_be_read_everywhere(
    browser: Browser, width: int, scheme: Literal["light", "dark"], language: str
) -> None:
    page = browser.new_page(viewport=ViewportSize(width=width, height=844), color_scheme=scheme)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name, html in _letters(language):
        page.set_content(html)
        if PICTURES:
            path = Path(PICTURES) / f"{name}-{scheme}-{width}.png"
            page.screenshot(path=path, full_page=True)
        _fits(page, name)
    assert asked == []
    page.close()


@pytest.mark.parametrize("scheme", ["dark", pytest.param("light", marks=pytest.mark.long)])
def test_it_is_accessible(browser: Browser, scheme: Literal["light", "dark"]) -> None:
    """One sample of each kind, as a phone shows it."""
    page = browser.new_page(viewport=ViewportSize(width=390, height=844), color_scheme=scheme)
    letters = dict(_letters("ga"))
    for kind, (case, *_others) in SAMPLES.items():
        page.set_content(letters[_name(kind, case, "ga")])
        found = Axe().run(page).response["violations"]
        assert [each["id"] for each in found if each["id"] not in OF_PAGES] == [], kind
    page.close()


def _fits(page: Page, name: str) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    column = page.locator(".column").bounding_box()
    assert column is not None
    assert column["width"] <= WIDEST, name
    assert not page.locator("#preheader").is_visible()
    for button in page.locator("a.button").all():
        box = button.bounding_box()
        assert box is not None, name
        assert box["height"] >= 44, name
