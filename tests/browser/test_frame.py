"""The frame of every page in a real browser: the way out, both languages, the narrowest phone."""

import pytest
from playwright.sync_api import Browser, Route
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from members import signin
from tests import rows
from tests.browser.test_account_pages import fits
from tests.browser.test_the_whole_way import accessible

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PAPERS = ["/privacy/", "/terms/", "/accessibility/"]


def test_leaving_takes_the_page_out_of_the_way_back(
    browser: Browser,
    live_server: LiveServer,
    settings: Settings,
) -> None:
    settings.EXIT_URL = f"{live_server.url}/healthz"
    page = browser.new_context(base_url=live_server.url).new_page()
    page.goto("/terms/")
    page.goto("/privacy/")
    page.mouse.wheel(0, 4000)
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url("**/healthz")
    page.go_back()
    assert page.url.endswith("/terms/")
    plain = browser.new_context(base_url=live_server.url, java_script_enabled=False).new_page()
    plain.goto("/privacy/")
    plain.get_by_role("link", name="Leave this page").click()
    plain.wait_for_url("**/healthz")


# By day they are looked at with every other page (test_every_page).
@pytest.mark.parametrize("colours", [pytest.param("light", marks=pytest.mark.long), "dark"])
def test_the_papers_can_be_read_by_everybody_in_both_languages(
    colours: str,
    browser: Browser,
    live_server: LiveServer,
) -> None:
    context = browser.new_context(
        viewport={"width": 320, "height": 640},
        base_url=live_server.url,
        color_scheme=colours,  # type: ignore[arg-type]  # one of its literals
    )
    page = context.new_page()
    for path in PAPERS:
        page.goto(f"{path}?lang=en")
        accessible(page)
        fits(page)
        page.locator("header").get_by_role("link", name="Gaeilge").click()
        assert page.locator("html").get_attribute("lang") == "ga-IE"
        accessible(page)
        fits(page)
    # By keyboard: first past the head, then out, then the rest.
    page.goto("/terms/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.hash") == "#main"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/terms/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "leave"


@pytest.mark.parametrize("script", [True, False])
def test_leaving_a_page_behind_a_link_does_not_tell_where_one_comes_from(
    script: bool,
    browser: Browser,
    live_server: LiveServer,
    settings: Settings,
) -> None:
    """Such a page says the site's name, with which Django knows a press; the way out must not."""
    settings.EXIT_URL = "https://weather.example/"
    context = browser.new_context(base_url=live_server.url, java_script_enabled=script)
    page, told = context.new_page(), []

    def answer(route: Route) -> None:
        told.append(route.request.all_headers().get("referer", ""))
        route.fulfill(body="rain")

    context.route("https://weather.example/**", answer)
    link = signin.ask(email=rows.alice().email)
    page.goto(f"/sign-in/{link.id}/{signin.token_of(link)}/")
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url("https://weather.example/**")
    assert told == [""]
