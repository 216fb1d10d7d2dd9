"""Letters and what stands in them: nothing happens by opening a link."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from billing import reminders
from billing.cause import Cause
from billing.letters import deliver, queue
from billing.models import Letter, Membership
from billing.models.letter import LetterState
from tests import rows
from tests.cases.acts import everything, letters, refund_there, settle
from tests.doors.conftest import Desk
from tests.doors.test_grace import fail
from tests.supporter_desk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]

_LINK = re.compile(r"""https?://[^\s"'<>]+""")
_HREF = re.compile(r'href="(/[^"#]*)"')


@pytest.mark.case("E13")
@pytest.mark.usefixtures("stripe")
def test_the_letter_about_a_first_debit_waits_until_we_know_what_it_failed_to_begin() -> None:
    """A sender may be faster than the worker that writes the membership's state."""
    member = rows.membership(state="pending", started_at=None)
    failed = rows.payment(member, state="failed", paid_at=None, first_failed_at=timezone.now())
    queue(
        kind="payment-failed",
        key=str(failed.pk),
        supporter_id=member.supporter_id,
        cause=Cause.clock(),
    )
    letter = Letter.objects.get()
    assert deliver(letter.pk) == LetterState.QUEUED
    Membership.objects.update(state="past_due", past_due_since=timezone.now())
    assert deliver(letter.pk, now=timezone.now() + timedelta(hours=2)) == LetterState.SENT


def links() -> set[str]:
    """The paths of all links in all letters that were sent."""
    texts = [str(each.body) for each in mail.outbox]
    texts += [str(part[0]) for each in mail.outbox for part in getattr(each, "alternatives", [])]
    found = {link.rstrip(".,)") for text in texts for link in _LINK.findall(text)}
    return {urlsplit(each).path for each in found if urlsplit(each).hostname == "127.0.0.1"}


def open_all(client: Client, paths: set[str]) -> set[str]:
    """Open these, and every page of ours that they lead to, as a scanner does; what was opened."""
    opened: set[str] = set()
    waiting = set(paths)
    while waiting:
        path = waiting.pop()
        opened.add(path)
        client.head(path)
        page = client.get(path, follow=True)
        assert page.status_code < 500, path
        if "html" in page.headers["Content-Type"]:
            found = set(_HREF.findall(page.content.decode()))
            waiting |= {each for each in found if not each.startswith("/static/")} - opened
    return opened


@pytest.mark.case("E23")
@pytest.mark.parametrize("who", ["a scanner", "Alice's own browser"])
def test_whoever_opens_every_link_of_every_letter_changes_nothing(who: str, desk: Desk) -> None:
    member = desk.join("yearly", 2388)
    overdue = desk.join("monthly", 199)
    refund_there(desk, member.payments.get(), amount=100)
    fail(desk, overdue)
    assert member.period_end is not None
    reminders.plan(now=member.period_end - timedelta(days=20))
    desk.work(member.period_end - timedelta(days=20))
    Client().post("/sign-in/", {"email": "alice@example.org"})
    settle(desk)
    kinds = {"welcome", "receipt", "credit-note", "payment-failed", "reminder", "sign-in"}
    assert kinds <= set(letters())
    client = Client() if who == "a scanner" else signed_in(rows.alice())
    before, asked = everything(), desk.stripe.ask("requests?method=POST")["data"]
    opened = open_all(client, links())
    assert any(each.startswith("/sign-in/") and each.count("/") > 3 for each in opened)
    if who != "a scanner":
        assert f"/account/memberships/{member.pk}/cancel/" in opened
    settle(desk)
    assert everything() == before
    assert desk.stripe.ask("requests?method=POST")["data"] == asked
    assert Letter.objects.count() == len(before["Letter"])
    # The link still works for who presses the button.
    [link] = [each for each in links() if each.startswith("/sign-in/") and each.count("/") > 3]
    assert Client().post(link).headers["Location"] == "/account/"
