"""What a person needs of every page, looked for in Chromium; and pictures, where ARTEFACTS says."""

import os
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page

from members.models import Supporter
from tests.supporter_desk import signed_in

PHONE: Final = {"width": 320, "height": 640}
DESK: Final = {"width": 1280, "height": 900}
SIZES: Final = {"phone": PHONE, "desk": DESK}
AXE: Final = Axe()
# Tags of WCAG 2.2 A and AA, and what axe holds to be good practice besides.
RULES: Final = {"resultTypes": ["violations"]}


def keep(page: Page, name: str) -> None:
    """A picture of the whole page, for whoever names a folder. Made-up people only are on it."""
    if folder := os.environ.get("ARTEFACTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def browser_of(
    chromium: Browser, site: str, *, size: dict[str, int] = PHONE, **more: Any
) -> BrowserContext:
    """A device of this size that nobody has used before."""
    return chromium.new_context(viewport=size, base_url=site, **more)  # type: ignore[arg-type]  # a TypedDict


def let_in(context: BrowserContext, supporter: Supporter, site: str) -> None:
    """Sign this device in as the supporter."""
    name = settings.SESSION_COOKIE_NAME
    cookie: Any = {"name": name, "value": signed_in(supporter).cookies[name].value, "url": site}
    context.add_cookies([cookie])


def speak(context: BrowserContext, language: str, site: str) -> None:
    """Choose a language, as the switch in the header does."""
    cookie: Any = {"name": settings.LANGUAGE_COOKIE_NAME, "value": language, "url": site}
    context.add_cookies([cookie])


def accessible(page: Page) -> None:
    """Fail on anything that axe finds, of whatever weight."""
    found = AXE.run(page, options=RULES).response["violations"]
    told = [
        (each["id"], each["impact"], [node["html"] for node in each["nodes"]]) for each in found
    ]
    assert told == [], (page.url, told)


def fits(page: Page) -> None:
    """Nothing is wider than the window: no scrolling to the side (WCAG 1.4.10)."""
    wide = page.evaluate(
        """() => document.documentElement.scrollWidth <= window.innerWidth ? [] :
           [...document.querySelectorAll('body *')]
             .filter(each => each.getBoundingClientRect().right > window.innerWidth + 0.5)
             .map(each => each.outerHTML.slice(0, 120))"""
    )
    assert wide == [], page.url


def well_formed(page: Page) -> None:
    """A title, a language, one heading of the first rank, and errors tied to their fields."""
    said = page.evaluate(
        """() => ({
          title: document.title.trim() !== '',
          lang: /^(en|ga)/.test(document.documentElement.lang),
          h1: document.querySelectorAll('h1').length,
          untied: [...document.querySelectorAll('[aria-invalid=true]')].filter(field =>
            !(field.getAttribute('aria-describedby') || '').split(/\\s+/).some(id =>
              id && document.getElementById(id)?.textContent.trim())).map(field => field.name),
        })"""
    )
    assert said == {"title": True, "lang": True, "h1": 1, "untied": []}, page.url


def walk_by_tab(page: Page, most: int = 120) -> list[str]:
    """Press Tab until it comes round: what was reached, each of which could be seen to be."""
    reached: list[str] = []
    page.evaluate("document.activeElement?.blur?.(); window.scrollTo(0, 0)")
    for _ in range(most):
        page.keyboard.press("Tab")
        here: dict[str, Any] | None = page.evaluate(_HERE)
        if here is None or here["order"] in {each.split(":")[0] for each in reached}:
            return reached
        assert here["shown"], (page.url, here["html"])
        reached.append(f"{here['order']}: {here['html']}")
    raise AssertionError(f"{page.url}: Tab never comes round")


# The element that has the focus, its place in the page, and whether one sees that it has it.
_HERE: Final = """() => {
  const it = document.activeElement;
  if (!it || it === document.body || it === document.documentElement) return null;
  const box = it.getBoundingClientRect();
  // Its own ring, or that of the label which it is the button of.
  const ringed = [it, it.closest('label')].filter(Boolean).map(each => getComputedStyle(each))
    .some(style => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1)
      || (style.boxShadow !== 'none' && it.type !== 'radio'));
  return {
    order: String([...document.querySelectorAll('*')].indexOf(it)),
    html: it.outerHTML.slice(0, 100),
    shown: ringed && box.width > 0 && box.bottom > 0 && box.top < innerHeight,
  };
}"""


def can_be_tabbed(page: Page) -> int:
    """How many things Tab should stop at: of radio buttons, one for each group."""
    count: int = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll(
            'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]')]
            .filter(each => !each.disabled && each.tabIndex >= 0 && each.checkVisibility());
          const groups = new Set(all.filter(each => each.type === 'radio').map(each => each.name));
          return all.filter(each => each.type !== 'radio').length + groups.size;
        }"""
    )
    return count
