"""The snippets of docs/news-site.md, taken out of it and run on a page of another site."""

import os
import re
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from threading import Thread
from typing import Final

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect
from pypdf import PdfReader
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from members.embed import badges
from members.models import Badge
from members.models.staff import Role
from tests import rows
from tests.browser.test_account_pages import (
    DESK,
    fits,
)
from tests.browser.test_the_whole_way import accessible
from tests.processes import ROOT
from tests.staff_desk import signed_in as staff_signed_in
from tests.supporter_desk import signed_in
from tests.unit.test_news_site import crowd

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DOC: Final = (ROOT / "docs/news-site.md").read_text()
SMALL: Final = {"width": 320, "height": 640}
# A folder for pictures of every page, for whoever wants to look at them.
PICTURES = os.environ.get("NEWS_PICTURES", "")
# A reader of the news site in the middle of a story.
STORY: Final = "/a-story/?page=2"
# Waits until the site keeps nothing in the browser any more, for ten seconds at most.
FORGOTTEN: Final = """async () => {
  for (let i = 0; localStorage.length; i++) {
    if (i > 200) throw new Error("it is still kept");
    await new Promise((done) => setTimeout(done, 50));
  }
}"""


def snippets(kind: str, *, service: str) -> list[str]:
    """The blocks of this kind, with the service where it is in this test."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", DOC, re.MULTILINE | re.DOTALL)
    return [text.replace("https://support.example", service) for it, text in found if it == kind]


class NewsSite(BaseHTTPRequestHandler):
    """One page with every snippet on it, under the policy that the document asks for."""

    def __init__(self, service: str, *given: object) -> None:
        self.service = service
        super().__init__(*given)  # type: ignore[arg-type]  # as the server hands them over

    def do_GET(self) -> None:
        scripts = {script.split()[1]: script for script in snippets("js", service=self.service)}
        script = scripts.get(self.path.lstrip("/"))
        page = "".join(snippets("html", service=self.service))
        text = script or f'<!doctype html><html lang="en"><title>News</title><main>{page}</main>'
        [policy] = snippets("", service=self.service)
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if script else "text/html")
        name, value = policy.strip().split(": ", 1)
        self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture
def news(live_server: LiveServer, settings: Settings) -> Iterator[str]:
    """The news site, on another port, which is another origin."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), partial(NewsSite, live_server.url))
    Thread(target=site.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{site.server_port}"
    settings.NEWS_ORIGINS = [origin]
    settings.METER_GOAL_MEMBERS = 100
    yield origin
    site.shutdown()
    site.server_close()


def test_every_snippet_works_on_another_site(
    browser: Browser,
    live_server: LiveServer,
    news: str,
) -> None:
    crowd(80, begun=rows.START)
    rows.membership(rows.alice())
    badges.show(rows.alice())
    page, asked, wrong = _watched(browser, live_server)

    page.goto(news + STORY)
    for picture in page.get_by_role("img").all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("it => it.naturalWidth") > 200
    expect(page.locator("#support-meter")).to_contain_text("At least 70 members so far")
    expect(page.get_by_text("Thank you for supporting us")).to_be_hidden()
    expect(page.get_by_role("link", name="Support GCN").first).to_have_attribute(
        "href", f"{live_server.url}/?campaign=news-site"
    )
    assert not _badges(asked), "asked about somebody without a badge"

    link = badges.link(Badge.objects.get(), now=timezone.now()).url
    page.goto(link)
    expect(page.get_by_text("Thank you for supporting us")).to_be_visible()
    assert page.url == f"{news}/"
    page.goto(news + STORY)
    expect(page.get_by_text("Thank you for supporting us")).to_be_visible()
    assert len(_badges(asked)) == 1, "asked more than once a day"
    accessible(page)

    page.get_by_role("button", name="Forget this browser").click()
    page.reload()
    expect(page.get_by_text("Thank you for supporting us")).to_be_hidden()
    badges.take_back(rows.alice())
    page.goto(link)
    page.evaluate(FORGOTTEN)
    expect(page.get_by_text("Thank you for supporting us")).to_be_hidden()

    token = link.partition("=")[2]
    told = [each.all_headers() for each in asked]
    assert not any(token in each.url for each in asked)
    assert not any(headers.get("cookie") or headers.get("referer") for headers in told)
    assert wrong == []


def _badges(asked: list[Request]) -> list[Request]:
    return [each for each in asked if "/badge/" in each.url]


def _watched(browser: Browser, server: LiveServer) -> tuple[Page, list[Request], list[str]]:
    """A page, what it asked of us, and what its console complained of."""
    page = browser.new_context(viewport=DESK).new_page()  # type: ignore[arg-type]  # a TypedDict
    asked: list[Request] = []
    wrong: list[str] = []

    def hear(request: Request) -> None:
        if request.url.startswith(server.url):
            asked.append(request)

    def complain(told: ConsoleMessage) -> None:
        if told.type == "error":
            wrong.append(told.text)

    page.on("request", hear)
    page.on("console", complain)
    return page, asked, wrong


def test_the_pages_of_it_are_for_everybody(
    browser: Browser,
    live_server: LiveServer,
    news: str,
) -> None:
    rows.membership(rows.alice())
    small = browser.new_context(viewport=SMALL, base_url=live_server.url, color_scheme="dark")  # type: ignore[arg-type]  # a TypedDict
    page = small.new_page()
    _enter(page, signed_in(rows.alice()), live_server)
    page.goto("/account/")
    page.get_by_role("link", name="A thank-you on the news site").click()
    page.get_by_role("button", name="Show a thank-you").click()
    expect(page.get_by_role("link", name="with the thank-you")).to_be_visible()
    _look(page, "badge-on")
    page.get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("button", name="Show a thank-you")).to_be_visible()

    _enter(page, staff_signed_in(Role.SUPPORT), live_server)
    page.goto("/staff/stalls/")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_label("Name")).to_have_attribute("aria-invalid", "true")
    _look(page, "stalls-wrong")
    page.get_by_label("Name").fill("Book fair, October 2026")
    page.get_by_label("In the link").fill("book-fair")
    page.get_by_role("button", name="Make the link").click()
    page.get_by_role("link", name="Poster of Book fair, October 2026").click()
    _look(page, "poster")
    for paper, width in (("A5", 420), ("A4", 595)):
        page.get_by_role("link", name=paper).click()
        printed = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))
        assert [round(each.mediabox.width) for each in printed.pages] == [width]


def _enter(page: Page, client: Client, server: LiveServer) -> None:
    """Take over the session of a browser that signed in."""
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": server.url}]
    )


def _look(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)
    accessible(page)
    fits(page)
