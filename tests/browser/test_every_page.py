"""Every page that supporters and staff open, as people see, hear, touch and type through it.

The pages are those of the table of test_authorisation, so that a new one is looked at by itself.
Pictures go to the folder that ARTEFACTS names.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from members.models.staff import Role
from tests import staff_desk
from tests.belongings import Belongings
from tests.browser import eyes
from tests.doors.test_authorisation import BAD, MACHINES, PAGE, TABLE
from tests.routes import filled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Answers that are no page.
PAPERS: Final = ("account/receipts/", "account/papers/<", "account/data/<", "embed/", ".txt")
PAGES: Final = sorted(
    route
    for route, rule in TABLE.items()
    if rule.get["alice"] == PAGE
    and not route.startswith("staff/")
    and route not in MACHINES
    and not any(each in route for each in PAPERS)
)
# What a member of staff opens as a file, or as the letter inside of a page.
FILES: Final = (".csv", ".xlsx", ".txt", "/html/", "/journal/", "/file/")
STAFF_PAGES: Final = sorted(
    route
    for route, rule in TABLE.items()
    if route.startswith("staff/")
    and rule.get["admin"] == PAGE
    and not any(each in route for each in FILES)
)
FORMS: Final = [route for route in PAGES if TABLE[route].post["alice"] == BAD]
LANGUAGES: Final = [code for code, _ in settings.LANGUAGES]
KEYBOARD: Final = ("", "sign-in/", "withdraw/", "charge/", "account/", "account/letters/")


class Look:
    """One device in Alice's hands, and the paths of her pages."""

    def __init__(self, context: BrowserContext, things: Belongings) -> None:
        self.page, self._things = context.new_page(), things
        self.complaints: list[str] = []
        self.page.on("console", self._note)

    def _note(self, said: Any) -> None:
        # What was asked for and refused: a page of errors is 400 on purpose.
        if said.type == "error" and "400 (Bad Request)" not in said.text:
            self.complaints.append(said.text)

    def open(self, route: str) -> Page:
        self.page.goto(filled(route, self._things.ids | TABLE[route].ids(self._things)))
        return self.page


@pytest.fixture(autouse=True)
def _news_site(settings: Settings) -> None:
    settings.NEWS_ORIGINS = ["https://news.example"]


@pytest.fixture
def alices(browser: Browser, live_server: LiveServer) -> Iterator[Any]:
    """Makes devices on which Alice is signed in."""
    things, contexts = Belongings(), []

    def make(size: str = "phone", language: str = "en", **more: Any) -> Look:
        device = eyes.browser_of(browser, live_server.url, size=eyes.SIZES[size], **more)
        contexts.append(device)
        eyes.let_in(device, things.alice, live_server.url)
        eyes.speak(device, language, live_server.url)
        return Look(device, things)

    yield make
    for each in contexts:
        each.close()


@pytest.fixture
def admins(browser: Browser, live_server: LiveServer) -> Iterator[Any]:
    """Makes devices on which somebody who looks after staff is signed in."""
    things, contexts = Belongings(), []
    session = staff_desk.signed_in(Role.ADMIN).cookies[settings.SESSION_COOKIE_NAME].value

    def make(size: str, **more: Any) -> Look:
        device = eyes.browser_of(browser, live_server.url, size=eyes.SIZES[size], **more)
        contexts.append(device)
        cookie: Any = {"name": settings.SESSION_COOKIE_NAME, "value": session,
                       "url": live_server.url}  # fmt: skip
        device.add_cookies([cookie])
        return Look(device, things)

    yield make
    for each in contexts:
        each.close()


LONG: Final = pytest.mark.long
EVERYWHERE: Final = [(size, code) for size in eyes.SIZES for code in LANGUAGES]
# The narrowest first: what is for everybody there seldom is not on a desk.
FIRST: Final = ("phone", "en")


@pytest.mark.parametrize(
    ("size", "language"),
    [pytest.param(*each, marks=() if each == FIRST else LONG) for each in EVERYWHERE],
)
def test_every_page_is_for_everybody(size: str, language: str, alices: Any) -> None:
    """axe finds nothing, nothing scrolls to the side, no request is refused, nothing is inline."""
    look = alices(size, language)
    for route in PAGES:
        page = look.open(route)
        eyes.well_formed(page)
        eyes.fits(page)
        eyes.accessible(page)
        eyes.keep(page, f"page-{named(route)}-{size}-{language}")
        assert page.locator("html").get_attribute("lang", timeout=1000) is not None
    assert look.complaints == []


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param("phone", "light"),
        pytest.param("phone", "dark", marks=LONG),
        pytest.param("desk", "light", marks=LONG),
        pytest.param("desk", "dark", marks=LONG),
    ],
)
def test_every_page_of_the_staff_is_for_everybody(size: str, scheme: str, admins: Any) -> None:
    """The same of each page that staff open; and its menu opens and closes by the keyboard."""
    look = admins(size, color_scheme=scheme)
    for route in STAFF_PAGES:
        page = look.open(route)
        eyes.well_formed(page)
        eyes.fits(page)
        eyes.accessible(page)
        eyes.keep(page, f"{named(route)}-{size}-{scheme}")
    assert look.complaints == []
    page = look.open("staff/")
    for opens in page.locator(".menu summary").all():
        opens.focus()
        page.keyboard.press("Enter")
        assert opens.locator("xpath=..").locator("ul").is_visible()
        assert page.locator(".menu details[open]").count() == 1
        eyes.fits(page)
        eyes.accessible(page)
    page.keyboard.press("Escape")
    assert page.locator(".menu details[open]").count() == 0


@LONG
@pytest.mark.parametrize(("size", "language"), EVERYWHERE)
def test_every_page_of_errors_is_for_everybody(size: str, language: str, alices: Any) -> None:
    """Each form, sent empty: what is wrong is said in words, and beside its field."""
    look = alices(size, language)
    for route in FORMS:
        page = look.open(route)
        if not empty_and_send(page):
            continue
        eyes.well_formed(page)
        eyes.fits(page)
        eyes.accessible(page)
        eyes.keep(page, f"errors-{named(route)}-{size}-{language}")


def empty_and_send(page: Page) -> bool:
    """Send the page's form with nothing in it, as a press or a script of somebody else's might."""
    with page.expect_navigation():
        sent = page.evaluate(
            """() => {
              const form = [...document.querySelectorAll('main form')].find(
                each => each.method === 'post');
              if (!form) { location.reload(); return false; }
              for (const field of form.elements) {
                if (field.name === 'csrfmiddlewaretoken') continue;
                if (field.type === 'radio' || field.type === 'checkbox') field.checked = false;
                else field.value = '';
              }
              form.noValidate = true;
              form.submit();
              return true;
            }"""
        )
    return bool(sent)


@pytest.mark.parametrize(
    "route", [pytest.param(each, marks=LONG if each else ()) for each in KEYBOARD]
)
def test_the_keyboard_reaches_everything_and_is_never_lost(route: str, alices: Any) -> None:
    """The skip link first, then all in order, each with a ring to be seen, and round again."""
    page = alices().open(route)
    reached = eyes.walk_by_tab(page)
    assert 'href="#main"' in reached[0]
    assert [int(each.split(":")[0]) for each in reached] == sorted(
        int(each.split(":")[0]) for each in reached
    ), "the order on the page"
    assert len(reached) == eyes.can_be_tabbed(page)
    page.evaluate("document.activeElement?.blur?.()")
    page.reload()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


MEDIA: Final[dict[str, dict[str, str]]] = {
    "print": {"media": "print"},
    "dark": {"color_scheme": "dark"},
    "forced colours": {"forced_colors": "active"},
    "less motion": {"reduced_motion": "reduce"},
}


@LONG
@pytest.mark.parametrize("medium", MEDIA)
def test_every_page_bears_every_medium(medium: str, alices: Any) -> None:
    """On paper, in the dark, in a person's own colours, and without anything that moves."""
    look = alices("desk")
    look.page.emulate_media(**MEDIA[medium])
    for route in PAGES:
        page = look.open(route)
        eyes.fits(page)
        eyes.keep(page, f"{medium.replace(' ', '-')}-{named(route)}")
        if medium in {"dark", "forced colours"}:
            eyes.accessible(page)
        if medium == "less motion":
            assert moving(page) == [], page.url
        if medium == "print":
            assert page.get_by_role("navigation").first.is_hidden(), page.url


def moving(page: Page) -> list[str]:
    """What would move for longer than a blink."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('*')].filter(each => {
          const style = getComputedStyle(each);
          return [style.transitionDuration, style.animationDuration].some(spans =>
            spans.split(',').some(span => parseFloat(span) > 0.02));
        }).map(each => each.outerHTML.slice(0, 100))"""
    )
    return found


def named(route: str) -> str:
    """A route as the name of a file."""
    words = [each for each in route.split("/") if each and not each.startswith("<")]
    return "-".join(words) or "join"
