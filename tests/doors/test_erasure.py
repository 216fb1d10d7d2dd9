"""Erased: ended first, then forgotten at Stripe, told, wiped, and never brought back (E11)."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone

from billing import balance, letters, reconcile
from billing.cause import Cause
from billing.models import Intent, Letter, Membership, Payment, Receipt, Refund
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind
from billing.states import MembershipState
from members import addresses, canary, resealing, signin
from members.models import AddressChange, Consent, Erasure, JoinLink, Supporter
from members.models.privacy import ErasureState
from members.models.supporter import supporter_for
from members.privacy import erasure
from members.reports import report
from members.shield import orders
from tests import rows
from tests.cases.acts import dashboard, refund_there, settle
from tests.doors.conftest import Desk
from tests.doors.test_grace import customer_of
from tests.letter_desk import link_in, look, sent
from tests.supporter_desk import press_in, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.real]

PATH = "/account/erase/"
_S = ErasureState


def ask(client: Client | None = None) -> Any:
    client = client or signed_in(rows.alice())
    return client.post(PATH, {"press": press_in(text_of(client, PATH), PATH)})


def send_the_last_letter() -> str:
    letter = Letter.objects.get(kind="erased")
    assert letters.deliver(letter.pk) == LetterState.SENT
    assert mail.outbox[-1].to == ["alice@example.org"]
    return str(mail.outbox[-1].body)


def finish() -> None:
    send_the_last_letter()
    assert erasure.carry_on_all() == 1


def whole_database() -> str:
    """Every value of every table, as text: what somebody with a dump would search."""
    with connection.cursor() as cursor:
        found: list[Any] = []
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of our own tables
            found += [
                str(bytes(v) if isinstance(v, memoryview) else v)
                for row in cursor.fetchall()
                for v in row
            ]
    return "\n".join(found).casefold()


@pytest.mark.case("E11")
def test_all_ends_and_is_forgotten_before_the_name_goes(desk: Desk) -> None:
    member = desk.join()
    customer = customer_of(member)
    answer = ask()
    assert answer.status_code == 200
    member.refresh_from_db()
    assert (member.state, member.end_reason) == ("ended", "requested")
    assert dashboard(desk).customers.retrieve(customer).deleted
    assert Erasure.objects.get().state == _S.TELLING
    assert erasure.carry_on_all() == 0, "the letter was not sent yet"
    text = send_the_last_letter()
    assert "National LGBT Federation" in text
    assert erasure.carry_on_all() == 1
    alice = Supporter.objects.get()
    assert (bytes(alice.email_sealed), bytes(alice.name_sealed)) == (b"", b"")
    assert not Supporter.objects.with_email("alice@example.org").exists()
    assert Payment.objects.get().receipts.count() == 1


@pytest.mark.case("E11")
def test_nothing_in_the_database_names_them_any_more(desk: Desk) -> None:
    alice = rows.alice()
    alice.name = "Aloysia Zephyrine"
    alice.save()
    member = desk.join()
    desk.work()
    signin.ask(email="alice@example.org")
    client = signed_in(alice)
    client.post("/account/address/", {"email": "zephyrine@example.net"})
    old_hash = alice.email_hash
    sealed = [bytes(alice.email_sealed).hex(), bytes(alice.name_sealed).hex()]
    ask()
    finish()
    dump = whole_database()
    for word in ("alice", "zephyrine", "aloysia", "example.org", "example.net", old_hash):
        assert word.casefold() not in dump, word
    with connection.cursor() as cursor:
        cursor.execute("SELECT email_sealed, name_sealed FROM members_supporter")
        assert all(bytes(each).hex() not in sealed for row in cursor.fetchall() for each in row)
    assert not AddressChange.objects.exists()
    assert member.payments.count() == 1


@pytest.mark.case("E11")
def test_the_books_stay_as_they_are_to_the_cent(desk: Desk) -> None:
    desk.join()
    desk.give()
    before = sums()
    ask()
    finish()
    settle(desk)
    assert sums() == before
    assert balance.prove().problems == []


def sums() -> list[Any]:
    """The money of each month of the report, and the documents with their numbers."""
    now = timezone.now()
    lines = [
        (each.gross_cents, each.fee_cents, each.refund_cents, each.net_cents, each.gift_cents)
        for each in report.build(now=now).lines
    ]
    numbers = Receipt.objects.order_by("series", "year", "number")
    return [lines, list(numbers.values_list("series", "year", "number", "amount_cents"))]


@pytest.mark.case("E11")
def test_nothing_goes_while_stripe_has_not_said_that_it_ended(desk: Desk) -> None:
    """Fails closed, says so, and goes on by itself."""
    member = desk.join()
    client = signed_in(rows.alice())
    press = press_in(text_of(client, PATH), PATH)
    desk.stripe.tell("down", seconds=60)
    assert client.post(PATH, {"press": press}).status_code == 302
    assert "Your data is being deleted" in text_of(client, PATH)
    erasure.carry_on_all()
    desk.stripe.tell("down", seconds=0)
    member.refresh_from_db()
    assert (Erasure.objects.get().state, member.state) == (_S.ENDING, "active")
    assert rows.alice().email == "alice@example.org"
    assert not Letter.objects.filter(kind="erased").exists()
    erasure.carry_on_all()
    member.refresh_from_db()
    assert (Erasure.objects.get().state, member.state) == (_S.TELLING, "ended")
    assert client.get("/account/").status_code == 302


@pytest.mark.case("E11")
def test_an_open_payment_page_is_closed_first(desk: Desk) -> None:
    started = desk.open(rows.alice(), "monthly", 199)
    gift = desk.open(rows.alice(), "once", 500)
    ask()
    for each in (started, gift):
        with pytest.raises(Exception, match="HTTP Error"):
            desk.stripe.pay(each.url)
    assert Membership.objects.get().state == MembershipState.EXPIRED
    assert Erasure.objects.get().state == _S.TELLING


@pytest.mark.case("E11")
def test_later_money_is_booked_and_nobody_is_written_to(desk: Desk) -> None:
    member = desk.join()
    payment = member.payments.get()
    ask()
    desk.catch_up()
    if Letter.objects.filter(kind="erased", state="queued").exists():
        send_the_last_letter()
    erasure.carry_on_all()
    sent = len(mail.outbox)
    refund_there(desk, payment)
    settle(desk)
    assert Refund.objects.get().payment == payment
    note = Letter.objects.get(kind="credit-note")
    assert (note.state, "erased" in note.reason) == (LetterState.SKIPPED, True)
    assert len(mail.outbox) == sent
    assert balance.prove().problems == []


@pytest.mark.case("E11")
def test_nothing_brings_the_person_back(desk: Desk) -> None:
    member = desk.join()
    ask()
    finish()
    assert reconcile.run(apply=True).remaining == 0
    settle(desk)
    gone = Supporter.objects.get()
    assert gone.erased
    assert gone.name == ""
    again = supporter_for(email="alice@example.org", name="Alice")
    assert again.pk != gone.pk
    assert not again.memberships.exists()
    assert Membership.objects.get(pk=member.pk).supporter_id == gone.pk
    assert canary.complaint() == ""
    assert (resealing.rehash(batch=10).failed, resealing.rotate(batch=10).failed) == (0, 0)


def test_who_joins_while_the_last_letter_is_out_is_somebody_new(desk: Desk) -> None:
    desk.join()
    ask()
    fresh = supporter_for(email="alice@example.org")
    finish()
    assert Supporter.objects.with_email("alice@example.org").get() == fresh


@pytest.mark.case("E7", "E11")
def test_a_link_to_a_new_address_does_not_bring_back_who_is_being_erased(desk: Desk) -> None:
    desk.join()
    signed_in(rows.alice()).post("/account/address/", {"email": "alice@example.net"})
    path = link_in(sent("address-confirm"))
    mail.outbox.clear()
    ask()
    assert Erasure.objects.get().state == _S.TELLING
    assert "not possible any more" in look(path)
    change = AddressChange.objects.get()
    assert addresses.confirm(change.pk) is None
    assert not Supporter.objects.with_email("alice@example.net").exists()
    finish()


def test_who_began_to_pay_in_the_very_moment_is_not_wiped_before_that_is_closed(
    desk: Desk,
) -> None:
    desk.join()
    ask()
    desk.open(Supporter.objects.get(), "monthly", 199)
    desk.stripe.tell("down", seconds=60)
    send_the_last_letter()
    assert erasure.carry_on_all() == 0
    assert not Supporter.objects.get().erased
    desk.stripe.tell("down", seconds=0)
    assert erasure.carry_on_all() == 1
    states = Membership.objects.order_by("created_at").values_list("state", flat=True)
    assert list(states) == [MembershipState.ENDED, MembershipState.EXPIRED]


def test_a_letter_that_cannot_be_sent_keeps_nobody_longer_than_a_day(
    desk: Desk, settings: Any
) -> None:
    desk.join()
    ask()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    letter = Letter.objects.get(kind="erased")
    assert letters.deliver(letter.pk) == LetterState.QUEUED
    assert erasure.carry_on_all() == 0
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert erasure.carry_on_all() == 1
    letter.refresh_from_db()
    assert letter.state == LetterState.SKIPPED
    assert Supporter.objects.get().erased


def test_the_proof_of_consent_stays_and_the_ways_in_go(desk: Desk) -> None:
    desk.join()
    alice = rows.alice()
    Consent.objects.create(supporter=alice, text_version="2026-11", locale="en-IE")
    waits = rows.membership(alice, state="ended", ended_at=rows.NEXT_MONTH)
    later = timezone.now() + timedelta(hours=20)
    letters.queue(
        kind="ended", key=str(waits.pk), supporter_id=alice.pk, cause=Cause.clock(), due_at=later
    )
    ask()
    finish()
    assert Consent.objects.count() == 1
    waiting = Letter.objects.get(kind="ended", key=str(waits.pk))
    assert (waiting.state, waiting.reason) == (LetterState.SKIPPED, "they were erased")
    assert Intent.objects.filter(kind=IntentKind.DELETE_CUSTOMER).count() == 1


def test_it_is_asked_in_two_steps_and_looking_erases_nothing(desk: Desk) -> None:
    desk.join()
    client = signed_in(rows.alice())
    page = text_of(client, PATH)
    assert "What you pay ends at once" in page
    assert client.post(PATH, {"press": "bent"}).status_code == 400
    assert not Erasure.objects.exists()


def test_an_order_that_waited_for_its_letter_goes_with_them(desk: Desk) -> None:
    """Somebody had typed their address while the forms were attacked, an hour before."""
    desk.join()
    orders.write(press="p1", order={"email": "alice@example.org"}, language="en")
    orders.write(press="p2", order={"email": "bob@example.org"}, language="en")
    ask()
    finish()
    assert [each.email for each in JoinLink.objects.all()] == ["bob@example.org"]
