"""Notices ahead of a day: asked of Stripe when they are sent, and true or not sent."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from pytest_django import Settings

from billing import letters, reminders, stripe_api, wishes
from billing.dates import day_start, dublin_date
from billing.ids import new_id
from billing.letters import ahead
from billing.models import Letter, Membership
from billing.models.letter import LetterState
from billing.wording import long_date
from tests.cases.acts import at_stripes_time, dashboard, let_pass, settle, stripes_now
from tests.doors.conftest import Desk
from tests.doors.test_event_path import IBAN_PAYS
from tests.doors.test_grace import customer_of, fail
from tests.local_stripe import GOOD_CARD

pytestmark = [pytest.mark.django_db, pytest.mark.once]

EXPIRES = "2026-12"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def planned(kind: str, now: datetime) -> Letter:
    reminders.plan(now=now)
    return Letter.objects.get(kind=kind)


def sent(letter: Letter) -> str:
    """Its words, once its morning has come; its reason, where it is not sent."""
    letter.refresh_from_db()
    with time_machine.travel(letter.due_at + timedelta(minutes=1), tick=True):
        state = letters.deliver(letter.pk)
    letter.refresh_from_db()
    if state != LetterState.SENT:
        return letter.reason
    message = mail.outbox[-1]
    return f"{message.subject} | " + " ".join(str(message.body).split())


def debited(desk: Desk, slug: str = "monthly") -> Membership:
    """Alice, whose first direct debit has arrived."""
    member = desk.join(slug, 500 if slug == "monthly" else 2388, iban=IBAN_PAYS)
    desk.stripe.advance(days=10)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()
    assert member.method_kind == "sepa_debit"
    return member


def end_of(member: Membership) -> datetime:
    member.refresh_from_db()
    assert member.period_end is not None
    return member.period_end


def morning_before(member: Membership, days: int) -> datetime:
    return ahead.morning(dublin_date(end_of(member)) - timedelta(days=days))


@pytest.mark.case("E13")
def test_every_debit_is_told_of_fourteen_days_ahead_with_amount_day_and_mandate(
    desk: Desk, settings: Settings
) -> None:
    settings.SEPA_CREDITOR_ID = "IE00ZZZ000001"
    member = debited(desk)
    for _ in range(2):
        letter_day = morning_before(member, 14)
        reminders.plan(now=letter_day - timedelta(hours=27))
        key = f"{member.pk}:{dublin_date(end_of(member))}"
        assert not Letter.objects.filter(key=key).exists()
        reminders.plan(now=letter_day - timedelta(hours=2))
        letter = Letter.objects.get(kind="sepa-notice", key=key)
        text = sent(letter)
        assert letter.sent_at is not None
        ahead_by = dublin_date(end_of(member)) - dublin_date(letter.sent_at)
        assert ahead_by == timedelta(days=14)
        mandate = stripe_api.mandate_of_charge(member.payments.latest("paid_at").stripe_charge_id)
        assert mandate
        for words in (
            f"A direct debit on {long_date(end_of(member))}",
            "€5.00",
            f"Mandate: {mandate.reference}",
            "Creditor: IE00ZZZ000001",
            "every month, until you end it",
            f"/letters/cancel/{member.pk}/",
        ):
            assert words in text
        let_pass(desk, member)
        desk.stripe.advance(days=10)
        with at_stripes_time(desk):
            settle(desk)
    assert member.payments.filter(state="succeeded").count() == 3


@pytest.mark.case("E13", "E15")
@pytest.mark.parametrize(
    ("days", "state"), [(13, LetterState.QUEUED), (2, LetterState.QUEUED), (1, LetterState.SKIPPED)]
)
def test_where_the_debit_is_nearer_the_notice_goes_at_once(
    desk: Desk, days: int, state: LetterState
) -> None:
    member = debited(desk)
    now = morning_before(member, days) + timedelta(hours=3)
    letter = planned("sepa-notice", now)
    assert letter.state == state
    assert state == LetterState.SKIPPED or letter.due_at == now


@pytest.mark.case("E13", "E15")
def test_a_yearly_debit_is_told_of_once_by_its_reminder(desk: Desk) -> None:
    member = debited(desk, "yearly")
    text = sent(planned("reminder", morning_before(member, 21)))
    assert "Mandate: " in text
    notice = planned("sepa-notice", morning_before(member, 14))
    assert sent(notice) == "the yearly reminder gave notice of it"


@pytest.mark.case("E13", "E15")
def test_a_yearly_debit_whose_reminder_never_went_out_is_told_of_all_the_same(desk: Desk) -> None:
    member = debited(desk, "yearly")
    planned("reminder", morning_before(member, 21))
    Letter.objects.filter(kind="reminder").update(state=LetterState.FAILED)
    assert "A direct debit" in sent(planned("sepa-notice", morning_before(member, 14)))


def _cancel(desk: Desk, member: Membership) -> None:
    subscription = member.stripe_subscription_id or ""
    stripe_api.update_subscription(subscription, {"cancel_at_period_end": True}, key="leaves")


def _end(desk: Desk, member: Membership) -> None:
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=False)


def _card(desk: Desk, member: Membership) -> None:
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card=GOOD_CARD)


@pytest.mark.case("E13", "E15")
@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (_cancel, "it ends with this period"),
        (_end, "the membership is ended"),
        (_card, "it is not paid by direct debit"),
    ],
)
def test_a_notice_that_is_no_longer_true_is_not_sent(desk: Desk, act: Any, reason: str) -> None:
    """What Stripe knows and our rows have not heard."""
    member = debited(desk)
    letter = planned("sepa-notice", morning_before(member, 14))
    act(desk, member)
    assert sent(letter) == reason


@pytest.mark.case("E15")
def test_an_ending_that_is_taken_back_brings_the_notice_back(desk: Desk) -> None:
    member = debited(desk)
    now = morning_before(member, 14)
    letter = planned("sepa-notice", now)
    _cancel(desk, member)
    sent(letter)
    subscription = member.stripe_subscription_id or ""
    stripe_api.update_subscription(subscription, {"cancel_at_period_end": False}, key="stays")
    assert reminders.plan(now=now + timedelta(hours=1)) == 0
    assert "A direct debit" in sent(letter)


def test_a_card_that_runs_out_is_told_of_once_a_month_ahead(desk: Desk) -> None:
    member = desk.join("yearly", 2388)
    expires = member.card_expires_on
    assert expires is not None
    day = ahead.morning(expires - timedelta(days=30))
    letter = planned("card-expiring", day - timedelta(hours=20))
    assert (letter.key, letter.due_at) == (f"{member.pk}:{expires:%Y-%m}", day)
    for days in range(0, 40, 3):
        reminders.plan(now=day + timedelta(days=days))
    assert Letter.objects.filter(kind="card-expiring").count() == 1
    text = sent(letter)
    for words in (
        f"Your card runs out on {long_date(expires)}",
        "€23.88",
        f"/letters/card/{member.pk}/",
        f"/letters/cancel/{member.pk}/",
    ):
        assert words in text


def test_a_card_that_the_bank_has_renewed_is_not_told_of(desk: Desk) -> None:
    member = desk.join("monthly", 199)
    expires = member.card_expires_on
    assert expires is not None
    letter = planned("card-expiring", ahead.morning(expires - timedelta(days=30)))
    method = dashboard(desk).payment_methods
    method.update(
        member.stripe_method_id,
        params={"card": {"exp_month": expires.month, "exp_year": expires.year + 3}},
    )
    assert sent(letter) == "it is paid with another card by now"


def paused(desk: Desk, days: int) -> Membership:
    member = desk.join("monthly", 199)
    until = stripes_now(desk) + timedelta(days=days)
    wishes.pause(membership=member, until=until, press=new_id().hex)
    settle(desk)
    member.refresh_from_db()
    assert member.resumes_on is not None
    return member


def test_a_pause_that_ends_by_itself_is_told_of_a_week_ahead(desk: Desk) -> None:
    member = paused(desk, 40)
    assert member.resumes_on is not None
    day = dublin_date(member.resumes_on)
    letter = planned("resumes-soon", ahead.morning(day - timedelta(days=7)))
    assert letter.key == f"{member.pk}:{day}"
    text = sent(letter)
    # The payment after the pause is that of the period after next.
    desk.stripe.advance(days=41)
    with at_stripes_time(desk):
        settle(desk)
    assert f"Your pause ends on {long_date(day)}" in text
    assert f"Next payment: {long_date(end_of(member))}" in text
    assert "€1.99" in text


@pytest.mark.case("E15")
def test_a_pause_that_was_ended_before_is_not_spoken_of(desk: Desk) -> None:
    member = paused(desk, 40)
    assert member.resumes_on is not None
    morning = ahead.morning(dublin_date(member.resumes_on) - timedelta(days=7))
    letter = planned("resumes-soon", morning)
    wishes.resume(membership=member, press=new_id().hex)
    assert sent(letter) == "it is not paused until that day"


def test_a_pause_of_a_few_days_has_one_letter_less(desk: Desk) -> None:
    member = paused(desk, 4)
    assert member.resumes_on is not None
    letter = planned("resumes-soon", stripes_now(desk))
    assert "few days" in sent(letter)


@pytest.mark.case("E8", "E22")
@pytest.mark.parametrize(("day", "told"), [(2, ""), (5, "3"), (8, "7"), (13, "last")])
def test_of_failure_letters_that_had_to_wait_only_the_latest_goes_out(
    desk: Desk, settings: Settings, day: int, told: str
) -> None:
    """A mail server that is away for days must not let four reminders loose at once."""
    member = desk.join()
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, SMTP
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    since = fail(desk, member)
    for days in range(day + 1):
        reminders.plan(now=since + timedelta(days=days))
    settings.EMAIL_BACKEND = backend
    mail.outbox.clear()
    # The end of that day: whatever was due on it is, and what is due on the next is not. Half a day
    # after the failure was the next day in the afternoons on which this test ran.
    night = day_start(dublin_date(since) + timedelta(days=day + 1)) - timedelta(minutes=5)
    with time_machine.travel(night, tick=True):
        letters.deliver_waiting()
    of_it = Letter.objects.filter(kind="payment-failed")
    went_out = of_it.filter(state=LetterState.SENT).values_list("key", flat=True)
    assert [each.partition(":")[2] for each in went_out] == [told]
    skipped = of_it.filter(state=LetterState.SKIPPED).values_list("reason", flat=True)
    assert set(skipped) <= {"a later letter tells of it"}
