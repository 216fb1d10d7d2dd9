"""The team, the access log and the lists in a real browser: every page and error, for everybody."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page
from pytest_django.live_server_helper import LiveServer

from members import access, tasks
from members.models import StaffMember
from members.models.access import Action, Field, Purpose
from members.models.listing import ListState, StaffList
from members.models.staff import Role
from tests import rows
from tests.browser.test_account_pages import DESK, PHONE
from tests.browser.test_public_doors import SMALL, context_of, look
from tests.staff_desk import LONG, entered, staff

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = pytest.mark.parametrize(
    "size",
    [
        pytest.param(SMALL, id="320"),
        pytest.param(PHONE, id="phone", marks=pytest.mark.long),
        pytest.param(DESK, id="desk", marks=pytest.mark.long),
    ],
)


def come_in(context: BrowserContext, server: LiveServer, member: StaffMember) -> Page:
    """A page of a browser in which this member of staff is signed in."""
    key = entered(member).cookies["sessionid"].value
    context.clear_cookies()
    context.add_cookies([{"name": "sessionid", "value": key, "url": server.url}])
    return context.new_page()


def old(role: Role, email: str, name: str) -> StaffMember:
    with time_machine.travel(timezone.now() - LONG, tick=False):
        member = staff(role, email=email)
    member.name = name
    member.save()
    return member


def read_a_lot(member: StaffMember) -> None:
    for who in (rows.alice(), rows.bob()):
        for times in range(7):
            with time_machine.travel(timezone.now() - timedelta(hours=times * 9), tick=False):
                access.note(
                    staff=member,
                    supporter_id=who.pk,
                    action=Action.SHOWN,
                    fields=[Field.NAME, Field.EMAIL, Field.PAYMENTS],
                    purpose=Purpose.ASKED,
                )
    for _ in range(5):
        access.note(
            staff=member,
            supporter_id=rows.alice().pk,
            action=Action.SHOWN,
            fields=[Field.NAME],
            purpose=Purpose.PAYMENT,
        )


@pytest.mark.long  # tests/browser/test_every_page.py takes these on a phone
@SIZES
def test_the_team_and_the_access_log_are_for_everybody(
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
) -> None:
    dara = old(Role.ADMIN, "dara@example.org", "Dara")
    fionn = old(Role.SUPPORT, "fionn@example.org", "Fionn")
    read_a_lot(fionn)
    page = come_in(context_of(browser, live_server, size), live_server, dara)
    page.goto("/staff/team/")
    page.get_by_role("button", name="Let them in").click()
    look(page, "team-wrong", size)
    page.get_by_label("E-mail address").fill("ciara@example.org")
    page.get_by_label("Name", exact=True).fill("Ciara")
    page.get_by_label("Keeps the books").check()
    page.get_by_role("button", name="Let them in").click()
    assert page.inner_text("h1") == "Ciara is on the team"
    look(page, "team-key", size)
    page.get_by_role("link", name="It is told").click()
    look(page, "team", size)
    page.get_by_role("link", name="Fionn").first.click()
    look(page, "team-one", size)
    page.goto("/staff/team/")
    page.get_by_label("Yes, something is wrong").check()
    page.get_by_role("button", name="Lock it down").click()
    assert page.get_by_text("by Dara, since").is_visible()
    look(page, "team-locked", size)
    page.get_by_role("button", name="Open it again").click()
    page.goto("/staff/reading/")
    page.get_by_text("What counts as unusual").click()
    look(page, "reading", size)
    page.get_by_role("link", name="Fionn").first.click()
    look(page, "reading-one", size)


@pytest.mark.long  # tests/browser/test_every_page.py takes these on a phone
@SIZES
def test_lists_are_for_everybody(
    size: dict[str, int],
    browser: Browser,
    live_server: LiveServer,
    monkeypatch: Any,
) -> None:
    rows.membership(rows.alice())
    rows.membership(rows.bob())
    ciara = old(Role.FINANCE, "ciara@example.org", "Ciara")
    context = context_of(browser, live_server, size)
    second = come_in(context, live_server, old(Role.ADMIN, "dara@example.org", "Dara"))
    cookies = context.cookies()
    page = come_in(context, live_server, ciara)
    page.goto("/staff/lists/new/memberships/")
    page.get_by_role("button", name="Ask for the list").click()
    look(page, "list-wrong", size)
    page.get_by_label("What is it for?").select_option(label="The law asked for it")
    page.get_by_label("E-mail address").check()
    page.get_by_role("button", name="Ask for the list").click()
    assert page.get_by_text("has to agree").is_visible()
    look(page, "list-asked", size)
    path = page.url
    mine = context.cookies()
    context.clear_cookies()
    context.add_cookies(cookies)  # type: ignore[arg-type]  # what the context gave itself
    second.goto("/staff/lists/")
    look(second, "lists-waiting", size)
    second.get_by_role("link", name="Memberships with names, for Ciara").first.click()
    look(second, "list-answer", size)
    second.get_by_role("button", name="Agree").click()
    context.clear_cookies()
    context.add_cookies(mine)  # type: ignore[arg-type]  # as above
    StaffList.objects.update(state=ListState.MAKING, rows_done=1)
    page.goto(f"{path}?still")
    look(page, "list-making", size)
    StaffList.objects.update(rows_done=0)
    tasks.make_list(str(StaffList.objects.get().pk))
    page.goto(path)
    look(page, "list-ready", size)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    text = download.value.path().read_text()
    assert text.count("\n") == 3
    assert "alice@example.org" in text
    page.goto("/staff/lists/")
    look(page, "lists", size)
