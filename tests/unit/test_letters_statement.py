"""The letter of the year: what was given, how it goes on, and how to be rid of it."""

from typing import Any

import pytest
from django.core import mail

from billing import letters, receipts
from billing.letters.links import Purpose
from billing.models import Payment
from billing.models.letter import LetterState
from billing.states import MembershipState
from tests import rows
from tests.enclosures import (
    CLOCK,
    alice_who,
    files_of,
    leads_to,
    pay_in,
    reason_of,
    sent,
    statement_of,
    words_of,
)
from tests.reading import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def test_a_statement_says_what_was_given_and_how_support_stands() -> None:
    alice = rows.alice()
    membership = rows.membership(alice)
    pay_in(membership, 3, 4)
    receipts.credit(rows.refund(Payment.objects.all()[0], amount_cents=99), cause=CLOCK)
    message = sent(statement_of(alice))
    assert message.subject == "Your support in 2026"
    text = words_of(message)
    for words in (
        "Paid: €3.98 Given back: -€0.99 Total: €2.99",
        "4 March 2026, C-2026-000001: -€0.99",
        "Your support: €1.99 every month Next payment: 2 April 2026",
        "You can end your support at any time:",
        "To change the amount or the rhythm, and for all your receipts:",
    ):
        assert words in text
    assert "deductible" not in text
    assert leads_to(Purpose.CANCEL, membership, str(message.body))
    ((name, pdf),) = files_of(message).items()
    assert name == "statement-2026.pdf"
    assert "Your support in 2026 €2.99" in text_of(pdf)


def test_a_statement_tells_how_to_be_rid_of_it() -> None:
    alice = rows.alice()
    pay_in(rows.membership(alice), 3)
    message = sent(statement_of(alice))
    leave = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert leads_to(Purpose.STOP, alice, leave)
    assert leave in str(message.body)
    assert leave in str(message.alternatives[0][0])


def test_a_statement_that_brings_receipts_says_nothing_of_leaving() -> None:
    alice = alice_who(receipt_rhythm="year", wants_statement=False)
    waiting = pay_in(rows.membership(alice), 3, 4)
    message = sent(statement_of(alice, *waiting))
    assert "List-Unsubscribe" not in message.extra_headers
    assert "/stop/" not in str(message.body)
    assert "The receipts that you wanted together are attached, too." in str(message.body)
    assert list(files_of(message)) == ["statement-2026.pdf", "receipts-2026-03-to-2026-04.pdf"]


def test_a_statement_brings_receipts_that_another_year_left_behind() -> None:
    alice = alice_who(receipt_rhythm="year")
    waiting = pay_in(rows.membership(alice), 12)
    message = sent(statement_of(alice, *waiting, year=2027))
    assert "In 2027 nothing was paid." in words_of(message)
    ((name, pdf),) = files_of(message).items()
    assert name == "receipts-2026-12-to-2026-12.pdf"
    assert "R-2026-000001" in text_of(pdf)


def test_a_statement_is_not_sent_where_there_is_nothing_to_say_or_nobody_to_hear_it() -> None:
    alice = rows.alice()
    pay_in(rows.membership(alice), 3)
    letter = statement_of(alice, year=2025)
    assert letters.deliver(letter.pk) == LetterState.SKIPPED
    assert reason_of(letter) == "nothing was paid in this year"
    letter.delete()
    alice_who(wants_statement=False)
    letter = statement_of(alice)
    assert letters.deliver(letter.pk) == LetterState.SKIPPED
    assert reason_of(letter) == "they want no statement"
    assert not mail.outbox


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ends_on": rows.NEXT_MONTH}, "Ends on: 2 April 2026"),
        ({"state": MembershipState.PAUSED}, "Paused until: you take it up again"),
        (
            {"state": MembershipState.PAUSED, "resumes_on": rows.NEXT_MONTH},
            "Paused until: 2 April 2026",
        ),
        (
            {"state": MembershipState.PAST_DUE, "past_due_since": rows.START},
            "Next payment: one is overdue",
        ),
        (
            {"next_amount_cents": 500, "changes_on": rows.NEXT_MONTH},
            "From 2 April 2026: €5.00 every month",
        ),
        (
            {"state": MembershipState.ENDED, "ended_at": rows.NEXT_MONTH},
            "No support goes on: nothing will be taken.",
        ),
    ],
)
def test_a_statement_says_how_it_goes_on(more: dict[str, Any], words: str) -> None:
    alice = rows.alice()
    pay_in(rows.membership(alice, **more), 3)
    text = words_of(sent(statement_of(alice)))
    assert words in text
    goes_on = not {"ends_on", "ended_at"} & set(more)
    assert ("/cancel/" in text) == goes_on
