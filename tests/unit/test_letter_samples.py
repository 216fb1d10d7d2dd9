"""The samples of letters: one for every kind, saying just what its composer says."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final

import pytest
from django.template import Engine
from django.utils import timezone

from billing import receipts, reminders
from billing.cause import Cause
from billing.letters.draft import KINDS, Draft
from billing.letters.mail import indiscreet
from billing.models import Letter, Membership, Receipt
from billing.states import MembershipState, PaymentState, RefundState
from members import letters as _of_members  # noqa: F401 - registers members' own kinds
from members import signin
from members.staff.letters import preview, samples
from members.staff.letters.words import ABOUT
from tests import rows
from tests.unit.test_reminders import Subscriptions, stripe  # noqa: F401 - stripe is a fixture

pytestmark = pytest.mark.django_db

CLOCK = Cause.clock()


def _about(kind: str, subject: object) -> Letter:
    return Letter(kind=kind, key=str(subject), supporter=rows.alice())


def _welcome() -> Letter:
    return _about("welcome", rows.membership(slug="yearly").pk)


def _receipt() -> Letter:
    return _about("receipt", receipts.issue(rows.payment(rows.membership()), cause=CLOCK).pk)


def _credit_note() -> Letter:
    paid = rows.payment(rows.membership())
    return _about("credit-note", receipts.credit(rows.refund(paid), cause=CLOCK).pk)


def _debit_note() -> Letter:
    refund = rows.refund(rows.payment(rows.membership()))
    receipts.credit(refund, cause=CLOCK)
    refund.state = RefundState.FAILED
    refund.save()
    receipts.take_back(refund, cause=CLOCK)
    return _about("debit-note", Receipt.objects.get(series="D").pk)


def _reminder() -> Letter:
    ends = timezone.now() + timedelta(days=21)
    membership = rows.membership(slug="yearly", period_end=ends)
    return _about("reminder", reminders.key_of(membership.pk, ends))


def _payment_failed() -> Letter:
    overdue = rows.membership(
        state=MembershipState.PAST_DUE, past_due_since=rows.NEXT_MONTH, period_end=rows.NEXT_MONTH
    )
    failed = rows.payment(
        overdue, state=PaymentState.PENDING, paid_at=None, first_failed_at=rows.NEXT_MONTH
    )
    return _about("payment-failed", failed.pk)


def _ended() -> Letter:
    ended = rows.membership(state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    return _about("ended", ended.pk)


def _sign_in() -> Letter:
    rows.payment(rows.membership())
    return _about("sign-in", signin.ask(email="alice@example.org").pk)


# A row that a letter of this kind is really about. Whoever adds a kind adds one here.
REAL: Final[dict[str, Callable[[], Letter]]] = {
    "welcome": _welcome,
    "receipt": _receipt,
    "credit-note": _credit_note,
    "debit-note": _debit_note,
    "reminder": _reminder,
    "payment-failed": _payment_failed,
    "ended": _ended,
    "sign-in": _sign_in,
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_a_sample_a_real_row_and_words(kind: str) -> None:
    assert samples.cases(kind), (
        f"The kind {kind!r} has no sample: add one with @shows({kind!r}) in billing/letters/samples"
        " or members/staff/letters/samples.py, so that translators and designers can see it."
    )
    assert kind in REAL, (
        f"The kind {kind!r} has no real row in REAL of this file: add one, so that its sample is "
        "held against what its composer gives."
    )
    assert kind in ABOUT, (
        f"The kind {kind!r} has no words for staff: add them to ABOUT in "
        "members/staff/letters/words.py."
    )


@pytest.mark.parametrize("kind", sorted(KINDS.keys() & REAL.keys()))
def test_a_sample_gives_what_its_composer_gives(
    kind: str,
    stripe: Subscriptions,  # noqa: F811 - the fixture of that name
) -> None:
    letter = REAL[kind]()
    stripe.tells(Membership.objects.first() or rows.membership())
    real = KINDS[kind].compose(letter)
    assert isinstance(real, Draft), f"The real row of {kind!r} gives no letter: {real}"
    for case in samples.cases(kind):
        sample = samples.draft(kind, case)
        odd = sorted(set(sample.context) ^ set(real.context))
        assert not odd, f"Only one of the sample {case!r} of {kind!r} and its composer gives {odd}."
        for name, value in real.context.items():
            told = f"{name} of the sample {case!r} of {kind!r}"
            assert type(sample.context[name]) is type(value), told
        assert len(sample.attachments) == len(real.attachments), kind
        assert bool(sample.leave_url) == bool(real.leave_url), kind


@pytest.mark.parametrize("discreet", [False, True])
@pytest.mark.parametrize("language", ["en", "ga"])
def test_every_sample_is_whole_and_keeps_its_secrets(
    language: str, discreet: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Engine.get_default(), "string_if_invalid", "MISSING(%s)")
    for kind in KINDS:
        for case in samples.cases(kind):
            shown = preview.of_sample(kind, case, language=language, discreet=discreet)
            assert "MISSING" not in shown.subject + shown.text + shown.html, (kind, case)
            assert "None" not in shown.text, (kind, case)
            assert bool(shown.html) != discreet
            assert ("Alice" in shown.text) != discreet, (kind, case)
            assert not indiscreet(shown.subject)
            seen = " ".join(re.findall(r"https?://\S+", shown.text))
            assert "leads-nowhere" not in seen, "a sample's link is shown dead, too"
