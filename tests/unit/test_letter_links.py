"""Links in letters: one thing each, pressed and not opened, by whoever holds the letter."""

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.utils import timezone

from billing import receipts
from billing.cause import Cause
from billing.letters.links import LASTS, Purpose
from billing.models import Intent, Membership
from members import addresses, consent, vault
from members.models import JoinLink, StaffMember, Supporter
from members.privacy import copies
from members.shield import orders
from tests import rows
from tests.letter_desk import look, path_of, press

# What is said and drawn is the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]


def running(**more: Any) -> Membership:
    """Alice's, in the middle of a paid month, agreed a few days ago."""
    now = timezone.now()
    began = now - timedelta(days=3)
    customer, _ = rows.alice().customers.get_or_create(stripe_customer_id="cus_test")
    fields: dict[str, Any] = {"started_at": began, "created_at": began, "period_start": began}
    fields |= {"period_end": began + timedelta(days=30), "customer": customer}
    found = rows.membership(rows.alice(), **fields | more)
    rows.payment(found, paid_at=began)
    return found


def second() -> Membership:
    running()
    return running(created_at=timezone.now(), amount_cents=500)


def overdue() -> Membership:
    return running(state="past_due", past_due_since=timezone.now() - timedelta(days=2))


def _receipt() -> tuple[UUID, str]:
    with transaction.atomic():
        row = receipts.issue(rows.payment(), cause=Cause.reconcile(quiet=True))
    assert row
    return row.pk, rows.bob().email_hash


def _of(make: Callable[[], Membership]) -> Callable[[], tuple[UUID, str]]:
    return lambda: (make().pk, rows.alice().email_hash)


def _change() -> tuple[UUID, str]:
    change = addresses.ask(rows.alice(), email="new@example.org")
    return change.pk, change.new_hash


def _order() -> tuple[UUID, str]:
    about = {
        "plan": "monthly", "amount_cents": 199, "email": "alice@example.org", "name": "Alice",
        "supporter_id": "", "consent": consent.VERSION,
    }  # fmt: skip
    orders.write(press=uuid4().hex, order=about, language="en")
    link = JoinLink.objects.get()
    return link.pk, link.email_hash


# Whom or what each kind of link is about, and the hash of the address that its letter went to.
SUBJECTS: dict[Purpose, Callable[[], tuple[UUID, str]]] = {
    Purpose.CANCEL: _of(running),
    Purpose.PAUSE: _of(running),
    Purpose.SKIP: _of(running),
    Purpose.PAY: _of(overdue),
    Purpose.CARD: _of(running),
    Purpose.WITHDRAW: _of(running),
    Purpose.UNDO: _of(second),
    Purpose.RECEIPT: _receipt,
    Purpose.ADDRESS: _change,
    Purpose.EXPORT: lambda: (
        copies.ask(rows.alice(), press=uuid4().hex).pk,
        rows.alice().email_hash,
    ),
    Purpose.JOIN: _order,
    Purpose.STOP: lambda: (rows.alice().pk, rows.alice().email_hash),
}
EVERY = pytest.mark.parametrize("purpose", list(Purpose))


def a_link(purpose: Purpose) -> str:
    subject, holder = SUBJECTS[purpose]()
    return path_of(purpose, subject, holder)


def everything() -> list[Any]:
    tables = (Membership, Supporter, Intent, StaffMember)
    return [list(each.objects.order_by("pk").values()) for each in tables]


@EVERY
@pytest.mark.case("E23")
def test_it_opens_without_signing_in_and_looking_changes_nothing(purpose: Purpose) -> None:
    link = a_link(purpose)
    before = everything()
    for answer in (Client().get(link), Client().head(link), Client().get(link)):
        assert answer.status_code == 200, answer.content
    assert everything() == before


@EVERY
def test_it_is_kept_by_nobody_and_told_to_nobody(purpose: Purpose) -> None:
    answer = Client().get(a_link(purpose))
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Referrer-Policy"] == "strict-origin"
    assert "noindex" in answer.headers["X-Robots-Tag"]


@pytest.mark.parametrize("purpose", [each for each in Purpose if each != Purpose.RECEIPT])
def test_its_page_names_nobody(purpose: Purpose) -> None:
    """A letter may be opened on somebody else's screen, or passed on."""
    text = look(a_link(purpose)).casefold()
    for word in ("alice", "example.org", "bob"):
        assert word not in text
    assert text.count("<form") == 1, "one button, and no way to sign out of what is not signed in"


@EVERY
def test_a_link_that_does_not_fit_gets_the_same_page_whatever_is_wrong(purpose: Purpose) -> None:
    subject, holder = SUBJECTS[purpose]()
    good = path_of(purpose, subject, holder)
    later = timezone.now() + LASTS.get(purpose, timedelta(days=60)) + timedelta(minutes=5)
    foreign = path_of(purpose, subject, rows.charlie())
    other = next(each for each in Purpose if each != purpose)
    wrong = [
        good[:-2] + "x/",
        foreign,
        path_of(other, subject, holder).replace(f"/{other}/", f"/{purpose}/"),
        good.replace(str(subject), str(uuid4())),
        good.replace(f"/{purpose}/", "/nothing/"),
        path_of(purpose, subject, ""),
    ]
    pages = {Client().get(each).content for each in wrong}
    pages |= {Client().post(each, {"press": "x"}).content for each in wrong}
    with time_machine.travel(later):
        pages.add(Client().get(good).content)
    assert len(pages) == 1
    assert all(Client().get(each).status_code == 404 for each in wrong)


@EVERY
def test_it_dies_with_the_address_that_the_letter_went_to(purpose: Purpose) -> None:
    subject, holder = SUBJECTS[purpose]()
    link = path_of(purpose, subject, holder)
    for name, who in {"alice": rows.alice(), "bob": rows.bob()}.items():
        who.email = f"{name}@example.net"
        who.save()
    assert Client().get(link).status_code == (
        200 if purpose in {Purpose.ADDRESS, Purpose.JOIN} else 404
    )


@EVERY
def test_a_press_from_somebody_elses_page_does_nothing(purpose: Purpose) -> None:
    """Django's token is asked of all but the one link that mail programs press themselves."""
    if purpose == Purpose.RECEIPT:
        return
    link = a_link(purpose)
    before = everything()
    answer = Client(enforce_csrf_checks=True).post(link, {"press": "bent"})
    assert answer.status_code == (400 if purpose == Purpose.STOP else 403)
    assert everything() == before


MEMBERSHIPS = [
    Purpose.CANCEL, Purpose.PAUSE, Purpose.SKIP, Purpose.PAY,
    Purpose.CARD, Purpose.WITHDRAW, Purpose.UNDO,
]  # fmt: skip


@pytest.mark.parametrize("purpose", MEMBERSHIPS)
def test_it_says_calmly_that_a_membership_has_ended(purpose: Purpose) -> None:
    ended = running(state="ended", ended_at=timezone.now())
    link = path_of(purpose, ended.pk, rows.alice())
    answer = Client().get(link)
    assert answer.status_code in {200, 409}
    assert "<form" not in answer.content.decode()
    assert Client().post(link, {"press": "x"}).status_code in {400, 409}
    assert not Intent.objects.exists()


@pytest.mark.parametrize("purpose", MEMBERSHIPS)
def test_it_takes_no_press_of_another_link(purpose: Purpose) -> None:
    subjects = itertools.cycle(MEMBERSHIPS)
    other = next(each for each in subjects if each != purpose)
    first, another = a_link(purpose), a_link(other)
    taken = look(another).split('name="press" value="')[1].split('"')[0]
    answer = Client().post(first, {"press": taken, "months": "1"})
    assert answer.status_code == 400
    assert not Intent.objects.exists()


def test_it_gives_that_receipt_and_no_other() -> None:
    subject, holder = _receipt()
    answer = Client().get(path_of(Purpose.RECEIPT, subject, holder))
    assert answer.content.startswith(b"%PDF")
    assert "attachment" in answer.headers["Content-Disposition"]
    other, _ = _receipt()
    bent = path_of(Purpose.RECEIPT, subject, holder).replace(str(subject), str(other))
    assert Client().get(bent).status_code == 404


def test_a_mail_program_stops_the_statement_in_one_click() -> None:
    """RFC 8058: a POST of these words, without cookies and without a page before it."""
    link = a_link(Purpose.STOP)
    program = Client(enforce_csrf_checks=True)
    for _ in range(2):
        answer = program.post(link, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert not rows.alice().wants_statement
    assert "Set-Cookie" not in answer.headers


def test_a_person_stops_the_statement_with_a_button() -> None:
    link = a_link(Purpose.STOP)
    assert "The yearly statement" in look(link)
    assert press(link).status_code == 200
    assert not rows.alice().wants_statement
    assert rows.bob().wants_statement


def test_staff_stop_their_weekly_figures() -> None:
    member = StaffMember.objects.create_user("staff@example.org")
    link = path_of(Purpose.STOP, member.pk, vault.lookup_hash(member.email))
    assert "weekly figures" in look(link)
    Client().post(link, {"List-Unsubscribe": "One-Click"})
    member.refresh_from_db()
    assert not member.wants_digest


def test_it_gives_the_copy_when_the_button_is_pressed() -> None:
    link = a_link(Purpose.EXPORT)
    answer = Client().post(link)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["person"]["email"] == "alice@example.org"
    assert "no-store" in answer.headers["Cache-Control"]


def test_its_pages_lead_back_from_stripe_to_the_same_page_for_everybody() -> None:
    assert Client().get("/letters/back/").status_code == 200
