"""When a receipt goes out, what it says of the way out, and how receipts go together."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from billing import letters, receipts
from billing.letters.links import Purpose
from billing.models import Letter, Payment, Receipt
from billing.models.letter import LetterState
from billing.states import MembershipState, RefundState
from tests import rows
from tests.enclosures import (
    CLOCK,
    alice_who,
    collect,
    files_of,
    leads_to,
    pay,
    pay_in,
    reason_of,
    sent,
    words_of,
)
from tests.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.mark.parametrize("rhythm", ["quarter", "year"])
def test_a_receipt_waits_for_the_others_where_its_supporter_wants_that(rhythm: str) -> None:
    alice = alice_who(receipt_rhythm=rhythm)
    _first, second = pay_in(rows.membership(alice), 3, 4)
    assert letters.deliver(second.pk) == LetterState.GATHERED
    assert not mail.outbox


def test_a_receipt_goes_out_at_once_where_its_supporter_wants_each() -> None:
    for letter in pay_in(rows.membership(alice_who(receipt_rhythm="every")), 3, 4):
        assert letters.deliver(letter.pk) == LetterState.SENT


def test_the_first_receipt_of_a_membership_never_waits() -> None:
    alice = alice_who(receipt_rhythm="year")
    # The second payment is heard of first: what counts is when they were paid.
    second, first = pay_in(rows.membership(alice), 4, 3)
    assert letters.deliver(first.pk) == LetterState.SENT
    assert letters.deliver(second.pk) == LetterState.GATHERED
    (other,) = pay_in(rows.membership(alice, slug="yearly"), 5)
    assert letters.deliver(other.pk) == LetterState.SENT, "the first of another membership"


def test_the_receipt_of_a_gift_never_waits() -> None:
    bob = rows.bob()
    bob.receipt_rhythm = "year"
    bob.save()
    for letter in (pay(None), pay(None, rows.NEXT_MONTH)):
        assert letters.deliver(letter.pk) == LetterState.SENT


def test_a_credit_note_and_a_debit_note_never_wait() -> None:
    alice = alice_who(receipt_rhythm="year")
    pay_in(rows.membership(alice), 3, 4)
    refund = rows.refund(Payment.objects.latest("paid_at"))
    receipts.credit(refund, cause=CLOCK, now=rows.NEXT_MONTH)
    refund.state = RefundState.FAILED
    receipts.take_back(refund, cause=CLOCK, now=rows.NEXT_MONTH)
    for kind in ("credit-note", "debit-note"):
        assert letters.deliver(Letter.objects.get(kind=kind).pk) == LetterState.SENT


def test_a_receipt_says_how_to_end_it_in_one_step() -> None:
    membership = rows.membership()
    text = str(sent(pay(membership)).body)
    assert leads_to(Purpose.CANCEL, membership, text)
    assert "http://testserver/account/" in text
    assert "/withdraw/" not in text, "its fourteen days are over"


def test_the_first_receipt_says_how_to_withdraw_while_one_can() -> None:
    now = datetime.now(UTC)
    membership = rows.membership(started_at=now - timedelta(days=3))
    first = pay(membership, now - timedelta(days=3))
    text = str(sent(first).body)
    assert leads_to(Purpose.WITHDRAW, membership, text)
    assert "you can withdraw without giving a reason" in " ".join(text.split())
    renewal = pay(membership, now)
    assert "/withdraw/" not in str(sent(renewal).body)


def test_a_receipt_of_what_ends_or_has_ended_offers_no_end() -> None:
    ending = rows.membership(ends_on=rows.NEXT_MONTH)
    text = words_of(sent(pay(ending)))
    assert "Your support ends on 2 April 2026: nothing more will be taken." in text
    assert "/cancel/" not in text
    ended = rows.membership(state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    text = words_of(sent(pay(ended)))
    assert "Your support has ended: nothing more will be taken." in text
    assert "/cancel/" not in text


def test_collected_receipts_are_listed_summed_and_attached_as_one() -> None:
    alice = alice_who(receipt_rhythm="quarter")
    membership = rows.membership(alice)
    waiting = pay_in(membership, 4, 5, 6)
    pay_in(membership, 7)
    letter = collect("receipts", f"{alice.pk}:2026-Q2", alice, *reversed(waiting))
    message = sent(letter)
    assert message.subject == "Your receipts"
    text = words_of(message)
    for words in (
        "your receipts, 2 April 2026 to 2 June 2026, together as you wanted them",
        "2 April 2026, R-2026-000001: €1.99 2 May 2026, R-2026-000002: €1.99",
        "2 June 2026, R-2026-000003: €1.99 Total: €5.97",
        "These are donations. No goods or services were provided in return.",
        "YOUR SUPPORT AT A GLANCE Your support: €1.99 every month",
        "Next payment: 2 April 2026",
    ):
        assert words in text
    assert "R-2026-000004" not in text
    assert leads_to(Purpose.CANCEL, membership, str(message.body))
    ((name, pdf),) = files_of(message).items()
    assert name == "receipts-2026-04-to-2026-06.pdf"
    drawn = text_of(pdf)
    assert "Receipts 2 April 2026 to 2 June 2026 €5.97 paid in all Received from Alice" in drawn
    assert (
        "2 May 2026 R-2026-000002 Donation: Monthly support "
        "Visa ending 4242 · 2 March 2026 to 2 April 2026 €1.99" in drawn
    )
    assert "Total €5.97" in drawn


def test_a_collected_letter_leads_to_each_receipt() -> None:
    alice = rows.alice()
    waiting = pay_in(rows.membership(alice), 4, 5)
    message = sent(collect("receipts", f"{alice.pk}:2026-Q2", alice, *waiting))
    html = str(message.alternatives[0][0]).replace('"', " ")
    for letter in waiting:
        assert leads_to(Purpose.RECEIPT, Receipt.objects.get(pk=letter.key), html)


def test_a_collected_letter_without_receipts_is_not_sent() -> None:
    alice = rows.alice()
    letter = collect("receipts", f"{alice.pk}:2026-Q2", alice)
    assert letters.deliver(letter.pk) == LetterState.SKIPPED
    assert reason_of(letter) == "there is no receipt to collect"


def test_a_collected_letter_holds_nobody_elses_receipt() -> None:
    alice = rows.alice()
    (own,) = pay_in(rows.membership(alice), 4)
    (strange,) = pay_in(rows.membership(rows.charlie()), 5)
    message = sent(collect("receipts", f"{alice.pk}:2026-Q2", alice, own, strange))
    assert "R-2026-000002" not in str(message.body)
    assert "R-2026-000002" not in text_of(*files_of(message).values())
