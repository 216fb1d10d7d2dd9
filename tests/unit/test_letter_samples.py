"""The samples of letters: one for every kind, saying just what its composer says."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import pytest
from django.template import Engine
from django.utils import timezone

from billing import receipts
from billing.cause import Cause
from billing.dates import dublin_date
from billing.letters.draft import KINDS, Draft
from billing.letters.mail import indiscreet
from billing.models import Alarm, Intent, LedgerLine, Letter, Membership, Payment, Receipt
from billing.models.ledger import LineKind
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind
from billing.states import EndReason, MembershipState, PaymentState, RefundState
from billing.tidings import Change, Price, moment_key
from members import addresses, signin
from members import letters as _of_members  # noqa: F401 - registers members' own kinds
from members.models import Erasure, Export, JoinLink, ShieldChange, StaffList, StaffMember
from members.models.listing import ListState
from members.models.privacy import ErasureState
from members.models.shield import Cause as ShieldCause
from members.models.shield import Level
from members.models.staff import Role
from members.shield import orders
from members.staff.letters import preview, samples
from members.staff.letters.words import ABOUT
from tests import rows
from tests.unit.test_reminders import Subscriptions, stripe  # noqa: F401 - stripe is a fixture

# What is said and drawn is the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

CLOCK = Cause.clock()


def _about(kind: str, subject: object, **more: Any) -> Letter:
    return Letter(kind=kind, key=str(subject), supporter=rows.alice(), **more)


def _welcome() -> Letter:
    return _about("welcome", rows.membership(slug="yearly").pk)


def _receipt() -> Letter:
    return _about("receipt", receipts.issue(rows.payment(rows.membership()), cause=CLOCK).pk)


def _credit_note() -> Letter:
    paid = rows.payment(rows.membership())
    return _about("credit-note", receipts.credit(rows.refund(paid), cause=CLOCK).pk)


def _returned() -> tuple[Payment, LedgerLine]:
    """A debit of Alice's, and the line by which her bank took it back, with its credit note."""
    of_debit = {"method": "SEPA direct debit", "last4": "3000"}
    paid = rows.payment(rows.membership(), **of_debit)
    back = rows.line(
        paid, kind=LineKind.PAYMENT_RETURNED, amount_cents=-199, source_id=paid.stripe_charge_id
    )
    receipts.credit_return(back, cause=CLOCK)
    return paid, back


def _credit_note_of_return() -> Letter:
    _returned()
    return _about("credit-note", Receipt.objects.get(series="C").pk)


def _debit_note_of_return() -> Letter:
    paid, back = _returned()
    again = rows.line(paid, kind=LineKind.PAYMENT, amount_cents=199, source_id="ch_again")
    receipts.take_back_return(back, again=again, cause=CLOCK)
    return _about("debit-note", Receipt.objects.get(series="D").pk)


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
    return _about("reminder", f"{membership.pk}:{dublin_date(ends).isoformat()}")


def _payment_failed() -> Letter:
    overdue = rows.membership(
        state=MembershipState.PAST_DUE, past_due_since=rows.NEXT_MONTH, period_end=rows.NEXT_MONTH
    )
    failed = rows.payment(
        overdue, state=PaymentState.PENDING, paid_at=None, first_failed_at=rows.NEXT_MONTH
    )
    return _about("payment-failed", failed.pk)


def _authenticate() -> Letter:
    letter = _payment_failed()
    letter.kind = "authenticate"
    return letter


def _ended() -> Letter:
    ended = rows.membership(state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    return _about("ended", ended.pk)


def _sign_in() -> Letter:
    rows.payment(rows.membership())
    return _about("sign-in", signin.ask(email="alice@example.org").pk)


def _gift() -> Letter:
    return _about("receipt", receipts.issue(rows.payment(supporter=rows.alice()), cause=CLOCK).pk)


def _first_receipt() -> Letter:
    now = timezone.now()
    of = rows.membership(started_at=now, created_at=now)
    return _about("receipt", receipts.issue(rows.payment(of, paid_at=now), cause=CLOCK).pk)


def _ending_receipt() -> Letter:
    of = rows.membership(ends_on=timezone.now() + timedelta(days=9))
    return _about("receipt", receipts.issue(rows.payment(of), cause=CLOCK).pk)


def _last_receipt() -> Letter:
    of = rows.membership(state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    return _about("receipt", receipts.issue(rows.payment(of), cause=CLOCK).pk)


def _collected(kind: str, key: str) -> Letter:
    letter = _about(kind, key)
    letter.save()
    _receipt()
    Letter.objects.filter(kind="receipt").update(state=LetterState.GATHERED, gathered_into=letter)
    return letter


def _receipts() -> Letter:
    return _collected("receipts", "2026-Q1")


def _statement() -> Letter:
    rows.payment(rows.membership())
    receipts.issue(Payment.objects.get(), cause=CLOCK)
    return _about("statement", f"{rows.alice().pk}:2026")


def _statement_with_receipts() -> Letter:
    return _collected("statement", f"{rows.alice().pk}:2026")


def _duplicate() -> Letter:
    rows.membership()
    now = timezone.now()
    second = rows.membership(started_at=now, created_at=now)
    return _about("duplicate", second.pk)


def _cancelled() -> Letter:
    of = rows.membership(ends_on=rows.NEXT_MONTH)
    return _about("cancelled", f"{of.pk}:x:{dublin_date(rows.NEXT_MONTH).isoformat()}")


def _withdrawal() -> Letter:
    of = rows.membership(state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    Intent.objects.create(
        kind=IntentKind.END_NOW, press="p", subject=of.pk, params={"reason": EndReason.WITHDRAWN}
    )
    return _about("withdrawal", of.pk)


def _refund() -> Letter:
    back = rows.refund(rows.payment(rows.membership()), state=RefundState.PENDING)
    return _about("refund", back.stripe_refund_id)


def _changed() -> Letter:
    of = rows.membership(amount_cents=500)
    change = Change(
        of.pk, Price(199, "month"), Price(500, "month"), dublin_date(rows.NEXT_YEAR), "price_1"
    )
    return _about("changed", change.key)


def _paused() -> Letter:
    of = rows.membership(state=MembershipState.PAUSED, resumes_on=rows.NEXT_YEAR)
    return _about("paused", f"{of.pk}:{moment_key(rows.NEXT_YEAR)}:x")


def _recovered() -> Letter:
    paid = rows.payment(rows.membership())
    told = _about("payment-failed", paid.pk, state=LetterState.SENT, sent_at=timezone.now())
    told.save()
    return _about("recovered", paid.pk)


def _sepa_notice() -> Letter:
    membership = rows.membership(period_end=timezone.now() + timedelta(days=10))
    return _about("sepa-notice", f"{membership.pk}:{_day(membership.period_end)}")


def _card_expiring() -> Letter:
    membership = rows.membership(period_end=timezone.now() + timedelta(days=10))
    return _about("card-expiring", f"{membership.pk}:2030-04")


def _resumes_soon() -> Letter:
    now = timezone.now()
    membership = rows.membership(period_end=now + timedelta(days=30))
    return _about("resumes-soon", f"{membership.pk}:{_day(now + timedelta(days=20))}")


def _day(moment: datetime | None) -> str:
    assert moment is not None
    return dublin_date(moment).isoformat()


def _at_stripe(kind: str) -> dict[str, Any]:
    """What Stripe says of the subscription beyond that it is active."""
    card = {"exp_month": 4, "exp_year": 2030, "brand": "visa", "last4": "4242"}
    resumes = int((timezone.now() + timedelta(days=20)).timestamp())
    told: dict[str, dict[str, Any]] = {
        "sepa-notice": {"default_payment_method": {"id": "pm_1", "type": "sepa_debit"}},
        "card-expiring": {"default_payment_method": {"id": "pm_1", "type": "card", "card": card}},
        "resumes-soon": {"pause_collection": {"behavior": "void", "resumes_at": resumes}},
    }
    return told.get(kind, {})


def _address_confirm() -> Letter:
    return _about("address-confirm", addresses.ask(rows.alice(), email="new@example.org").pk)


def _address_told() -> Letter:
    change = addresses.ask(rows.alice(), email="new@example.org")
    addresses.confirm(change.pk)
    return _about("address-told", change.pk)


def _export_ready() -> Letter:
    later = timezone.now() + timedelta(days=7)
    export = Export.objects.create(supporter=rows.alice(), press="p", expires_at=later)
    return _about("export-ready", export.pk)


def _erased() -> Letter:
    erasure = Erasure.objects.create(supporter=rows.alice(), state=ErasureState.TELLING)
    return _about("erased", erasure.pk)


def _staff_digest() -> Letter:
    reader = StaffMember.objects.create_user("dara@example.org", "a-long-and-quiet-evening")
    return Letter(kind="staff-digest", key=f"2026-W10:{reader.pk}")


def _join_link() -> Letter:
    orders.write(press="p", order={"email": "alice@example.org"}, language="en")
    return Letter(kind="join-link", key=str(JoinLink.objects.get().pk))


def _shield_alert() -> Letter:
    reader = StaffMember.objects.create_user("dara@example.org", "a-long-and-quiet-evening")
    change = ShieldChange.objects.create(level=Level.STORM, cause=ShieldCause.PRESSURE)
    return Letter(kind="shield-alert", key=f"{change.pk}:{reader.pk}")


def _alarm(step: str) -> Callable[[], Letter]:
    def made() -> Letter:
        reader = StaffMember.objects.create_user("dara@example.org", role=Role.ADMIN)
        now = timezone.now()
        over_at = now if step == "over" else None
        alarm = Alarm.objects.create(what="letters-due", since=now, told_at=now, over_at=over_at)
        return Letter(kind="alarm", key=f"{alarm.pk}:{step}:{reader.pk}")

    return made


def _list(step: str, state: ListState) -> Callable[[], Letter]:
    def made() -> Letter:
        asker = StaffMember.objects.create_user("fionn@example.org", role=Role.FINANCE)
        reader = StaffMember.objects.create_user("dara@example.org", role=Role.ADMIN)
        day = timezone.now() + timedelta(days=1)
        wanted = StaffList.objects.create(
            press="p", by=asker, role=asker.role, subject="supporters", names=True,
            purpose="books", state=state, rests_until=day, expires_at=day,
        )  # fmt: skip
        to = reader if step in {"waits", "rests"} else asker
        return Letter(kind="staff-list", key=f"{wanted.pk}:{step}:{to.pk}")

    return made


# Rows that letters of a kind are really about. Whoever adds a kind adds one here; a case whose
# composer gives other things than the first one's has a row of its own.
REAL: Final[dict[str, dict[str, Callable[[], Letter]]]] = {
    "welcome": {"": _welcome},
    "receipt": {
        "": _receipt,
        "the first of a membership": _first_receipt,
        "of one that will end": _ending_receipt,
        "of one that has ended": _last_receipt,
        "of a gift": _gift,
    },
    "credit-note": {
        "": _credit_note,
        "of a debit that its bank returned": _credit_note_of_return,
    },
    "debit-note": {
        "": _debit_note,
        "of a debit that was paid after all": _debit_note_of_return,
    },
    "receipts": {"": _receipts},
    "statement": {"": _statement, "with receipts that waited": _statement_with_receipts},
    "reminder": {"": _reminder},
    "sepa-notice": {"": _sepa_notice},
    "card-expiring": {"": _card_expiring},
    "resumes-soon": {"": _resumes_soon},
    "payment-failed": {"": _payment_failed},
    "authenticate": {"": _authenticate},
    "recovered": {"": _recovered},
    "changed": {"": _changed},
    "paused": {"": _paused},
    "cancelled": {"": _cancelled},
    "ended": {"": _ended},
    "withdrawal": {"": _withdrawal},
    "refund": {"": _refund},
    "duplicate": {"": _duplicate},
    "sign-in": {"": _sign_in},
    "address-confirm": {"": _address_confirm},
    "address-told": {"": _address_told},
    "export-ready": {"": _export_ready},
    "erased": {"": _erased},
    "staff-digest": {"": _staff_digest},
    "join-link": {"": _join_link},
    "shield-alert": {"": _shield_alert},
    "alarm": {"": _alarm("begun"), "it is over": _alarm("over")},
    "staff-list": {
        "": _list("waits", ListState.ASKED),
        "it begins in a day": _list("rests", ListState.RESTING),
        "it is ready": _list("ready", ListState.READY),
        "it was refused": _list("refused", ListState.REFUSED),
        "nobody answered": _list("unanswered", ListState.OVER),
        "it is gone": _list("gone", ListState.OVER),
    },
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


@pytest.mark.parametrize(
    ("kind", "case"),
    [(kind, case) for kind in sorted(KINDS.keys() & REAL.keys()) for case in samples.cases(kind)],
)
def test_a_sample_gives_what_its_composer_gives(
    kind: str,
    case: str,
    stripe: Subscriptions,  # noqa: F811 - the fixture of that name
) -> None:
    letter = REAL[kind].get(case, REAL[kind][""])()
    stripe.tells(Membership.objects.first() or rows.membership(), **_at_stripe(kind))
    real, sample = KINDS[kind].compose(letter), samples.draft(kind, case)
    assert isinstance(real, Draft), f"The real row of {kind!r} gives no letter: {real}"
    odd = sorted(set(sample.context) ^ set(real.context))
    assert not odd, f"Only one of the sample {case!r} of {kind!r} and its composer gives {odd}."
    for name, value in real.context.items():
        told = f"{name} of the sample {case!r} of {kind!r}"
        assert type(sample.context[name]) is type(value), told
    assert len(sample.attachments) == len(real.attachments)
    assert bool(sample.leave_url) == bool(real.leave_url)


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
