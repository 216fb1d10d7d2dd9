"""What a supporter changes in the account, done at the local Stripe: what is charged, and when."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from billing import stripe_api
from billing.models import Intent, Membership, Payment, Receipt, Refund
from billing.models.stripe import IntentKind, IntentState
from billing.states import EndReason, MembershipState, PaymentState
from tests import rows
from tests.doors.conftest import Desk
from tests.doors.test_grace import fail, pay
from tests.local_stripe import GOOD_CARD
from tests.supporter_desk import path_of, press, press_in, signed_in, text_of
from tests.visitor import Visitor

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture
def member(desk: Desk) -> Membership:
    """Alice, who joined a moment ago for €1.99 a month."""
    return desk.join()


@pytest.fixture
def alice() -> Client:
    return signed_in(rows.alice())


def fresh(membership: Membership) -> Membership:
    return Membership.objects.select_related("plan").get(pk=membership.pk)


def paid(membership: Membership) -> list[int]:
    """The amounts that were paid, in cents, first to last."""
    payments = membership.payments.filter(state=PaymentState.SUCCEEDED)
    return list(payments.order_by("paid_at").values_list("amount_cents", flat=True))


def let_pass(desk: Desk, membership: Membership, *, periods: int = 1) -> Membership:
    """Let so many periods end, a little more than the hour in which Stripe collects."""
    for _ in range(periods):
        end = stripe_api.get_subscription(membership.stripe_subscription_id or "").period_end
        desk.stripe.advance(to=int((end + timedelta(hours=3)).timestamp()))
    desk.catch_up()
    return fresh(membership)


def settle(desk: Desk) -> None:
    """Let everything arrive, and what the facts called for be done, as a worker would."""
    desk.catch_up()
    desk.work(timezone.now() + timedelta(minutes=2))
    desk.catch_up()


def switch(client: Client, membership: Membership) -> Membership:
    press(client, membership, "rhythm")
    return fresh(membership)


# The amount
@pytest.mark.case("E6")
def test_a_new_amount_is_first_paid_with_the_next_period(
    desk: Desk, member: Membership, alice: Client
) -> None:
    press(alice, member, "amount", "?amount=5")
    assert fresh(member).amount_cents == 500
    assert "Your new amount is set. Nothing was charged today." in text_of(alice)
    assert "Your new amount is set." not in text_of(alice)  # said once
    assert 'Next payment: <strong class="figure">€5.00</strong>' in text_of(alice)
    desk.catch_up()
    assert paid(member) == [199]
    let_pass(desk, member, periods=2)
    assert paid(member) == [199, 500, 500]


def test_an_amount_can_be_changed_back_before_anything_was_charged(
    desk: Desk, member: Membership, alice: Client
) -> None:
    press(alice, member, "amount", "?amount=5")
    assert "Change it back" in text_of(alice)
    press(alice, member, "amount", "?amount=1.99")
    assert "Change it back" not in text_of(alice)
    let_pass(desk, member)
    assert paid(member) == [199, 199]


@pytest.mark.case("E6", "F12")
def test_a_double_press_changes_the_amount_once(member: Membership, alice: Client) -> None:
    path = path_of(member, "amount")
    pressed = press_in(text_of(alice, path + "?amount=5"), path)
    for _ in range(2):
        assert alice.post(path, {"press": pressed}).status_code == 302
    assert Intent.objects.filter(kind=IntentKind.CHANGE_AMOUNT).count() == 1


def test_what_is_pressed_while_stripe_is_down_is_noted_and_done_later(
    desk: Desk, member: Membership, alice: Client
) -> None:
    path = path_of(member, "amount")
    pressed = press_in(text_of(alice, path + "?amount=5"), path)
    desk.stripe.tell("down", seconds=600)
    alice.post(path, {"press": pressed})
    desk.stripe.tell("down", seconds=0)
    assert "We have noted your wish" in text_of(alice)
    assert fresh(member).amount_cents == 199
    desk.work(timezone.now() + timedelta(minutes=2))
    assert fresh(member).amount_cents == 500
    assert "We have noted your wish" not in text_of(alice)


# The rhythm
@pytest.mark.case("E6")
def test_a_switch_to_yearly_is_charged_once_on_its_day(
    desk: Desk, member: Membership, alice: Client
) -> None:
    """Never a double charge: the month that is paid runs out, then the year begins (E6)."""
    planned = switch(alice, member)
    assert (planned.amount_cents, planned.interval) == (199, "month")
    assert (planned.next_amount_cents, planned.next_interval) == (2388, "year")
    assert planned.changes_on == planned.period_end
    assert "Take the change back" in text_of(alice)
    desk.catch_up()
    assert paid(member) == [199]
    after = let_pass(desk, member)
    assert paid(member) == [199, 2388]
    assert (after.amount_cents, after.interval, after.plan.slug) == (2388, "year", "yearly")
    assert after.next_amount_cents is None
    assert after.period_start and after.period_end
    assert (after.period_end - after.period_start).days in {365, 366}
    let_pass(desk, member)
    assert paid(member) == [199, 2388, 2388]


@pytest.mark.case("E6")
def test_a_switch_to_monthly_is_charged_once_on_its_day(desk: Desk, alice: Client) -> None:
    member = desk.join("yearly", 2388)
    switch(alice, member)
    let_pass(desk, member, periods=3)
    assert paid(member) == [2388, 199, 199, 199]


def test_after_a_switch_the_amount_changes_in_the_new_rhythm(
    desk: Desk, member: Membership, alice: Client
) -> None:
    switch(alice, member)
    yearly = let_pass(desk, member)
    assert "every year" in text_of(alice, path_of(member, "amount") + "?amount=30")
    press(alice, member, "amount", "?amount=30")
    changed = fresh(member)
    assert (changed.amount_cents, changed.interval) == (3000, "year")
    assert changed.period_end == yearly.period_end
    assert paid(member) == [199, 2388]
    let_pass(desk, member)
    assert paid(member) == [199, 2388, 3000]


def test_a_switch_can_be_taken_back(desk: Desk, member: Membership, alice: Client) -> None:
    switch(alice, member)
    press(alice, member, "drop")
    assert fresh(member).next_amount_cents is None
    let_pass(desk, member, periods=2)
    assert paid(member) == [199, 199, 199]


def test_a_switch_can_be_planned_anew_with_another_amount(
    desk: Desk, member: Membership, alice: Client
) -> None:
    switch(alice, member)
    press(alice, member, "rhythm", "?amount=30")
    assert fresh(member).next_amount_cents == 3000
    let_pass(desk, member)
    assert paid(member) == [199, 3000]


def test_ending_takes_a_switch_back(desk: Desk, member: Membership, alice: Client) -> None:
    switch(alice, member)
    press(alice, member, "cancel")
    planned = fresh(member)
    assert planned.ends_on == planned.period_end
    assert planned.next_amount_cents is None
    assert let_pass(desk, member).state == MembershipState.ENDED
    assert paid(member) == [199]


def test_a_new_amount_takes_a_switch_back(desk: Desk, member: Membership, alice: Client) -> None:
    switch(alice, member)
    press(alice, member, "amount", "?amount=5")
    assert fresh(member).next_amount_cents is None
    let_pass(desk, member)
    assert paid(member) == [199, 500]


def test_a_pause_takes_a_switch_back_and_never_gives_a_year_away(
    desk: Desk, member: Membership, alice: Client
) -> None:
    switch(alice, member)
    press(alice, member, "skip")
    assert fresh(member).next_amount_cents is None
    let_pass(desk, member, periods=2)
    assert paid(member) == [199, 199]
    assert fresh(member).interval == "month"


def test_an_ending_that_was_only_noted_is_not_undone_by_an_older_switch(
    desk: Desk, member: Membership, alice: Client
) -> None:
    """Both pressed while Stripe was away: whichever is carried out first, it ends."""
    paths = [path_of(member, verb) for verb in ("rhythm", "cancel")]
    presses = [press_in(text_of(alice, path), path) for path in paths]
    desk.stripe.tell("down", seconds=600)
    for path, pressed in zip(paths, presses, strict=True):
        alice.post(path, {"press": pressed})
    desk.stripe.tell("down", seconds=0)
    assert Intent.objects.get(kind=IntentKind.CHANGE_INTERVAL).state == IntentState.SUPERSEDED
    assert "From then on" not in text_of(alice)
    desk.work(timezone.now() + timedelta(minutes=2))
    planned = fresh(member)
    assert (planned.ends_on, planned.next_amount_cents) == (planned.period_end, None)


# Pauses
@pytest.mark.parametrize("months", [1, 2, 3])
def test_a_pause_leaves_out_its_payments_and_nothing_is_owed(
    months: int, desk: Desk, member: Membership, alice: Client
) -> None:
    press(alice, member, "pause", months=str(months))
    assert fresh(member).state == MembershipState.PAUSED
    assert "It is paused until" in text_of(alice)
    for _ in range(months):
        let_pass(desk, member)
    assert paid(member) == [199]
    after = let_pass(desk, member)
    assert after.state == MembershipState.ACTIVE
    assert paid(member) == [199, 199]


def test_skipping_leaves_out_one_payment(desk: Desk, member: Membership, alice: Client) -> None:
    press(alice, member, "skip")
    let_pass(desk, member, periods=3)
    assert paid(member) == [199, 199, 199]


def test_a_pause_that_is_ended_early_charges_nothing_that_day(
    desk: Desk, member: Membership, alice: Client
) -> None:
    press(alice, member, "pause", months="3")
    press(alice, member, "resume")
    desk.catch_up()
    assert fresh(member).state == MembershipState.ACTIVE
    assert paid(member) == [199]
    let_pass(desk, member)
    assert paid(member) == [199, 199]


def test_who_ends_it_during_a_pause_is_never_charged_again(
    desk: Desk, member: Membership, alice: Client
) -> None:
    press(alice, member, "pause", months="2")
    press(alice, member, "cancel")
    assert "End this membership" not in text_of(alice)
    assert let_pass(desk, member).state == MembershipState.ENDED
    assert paid(member) == [199]


# Overdue
@pytest.mark.case("E8", "F19")
def test_an_overdue_payment_is_paid_on_stripes_page_of_the_invoice(
    desk: Desk, member: Membership, alice: Client, caplog: pytest.LogCaptureFixture
) -> None:
    fail(desk, member)
    answer = press(alice, member, "pay")
    url = answer.headers["Location"]
    assert answer.status_code == 303
    assert url.startswith(desk.stripe.url)
    assert urlsplit(url).path not in caplog.text
    assert url not in str(list(Intent.objects.values()))
    payer = Visitor(desk.stripe.url)
    invoice = payer.get(url)
    payer.submit(invoice, invoice.form_with("card"), card=GOOD_CARD)
    desk.catch_up()
    assert fresh(member).state == MembershipState.ACTIVE
    assert "Pay now" not in text_of(alice)


def test_the_pay_button_leads_back_when_it_was_paid_a_moment_ago(
    desk: Desk, member: Membership, alice: Client
) -> None:
    fail(desk, member)
    path = path_of(member, "pay")
    pressed = press_in(text_of(alice), path)
    pay(desk, member)
    answer = alice.post(path, {"press": pressed})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")


def test_the_pay_button_says_so_while_stripe_is_away(
    desk: Desk, member: Membership, alice: Client
) -> None:
    fail(desk, member)
    path = path_of(member, "pay")
    pressed = press_in(text_of(alice), path)
    desk.stripe.tell("down", seconds=600)
    answer = alice.post(path, {"press": pressed})
    desk.stripe.tell("down", seconds=0)
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.content.decode()


# Withdrawing
def test_withdrawing_ends_it_at_once_and_gives_everything_back(desk: Desk, alice: Client) -> None:
    """An annual one on its first day: in full, no deduction (DOMAIN 2.3)."""
    member = desk.join("yearly", 2388)
    mail.outbox.clear()
    press(alice, member, "withdraw")
    settle(desk)
    ended = fresh(member)
    assert (ended.state, ended.end_reason) == (MembershipState.ENDED, EndReason.WITHDRAWN)
    refund = Refund.objects.get()
    assert (refund.amount_cents, refund.payment.membership_id) == (2388, member.pk)
    assert Receipt.objects.filter(refers_to__isnull=False).count() == 1
    text = text_of(alice)
    assert "You withdrew, and all you paid goes back to you" in text
    assert "Refunded: €23.88" in text


def test_the_withdrawal_is_confirmed_by_letter_with_day_and_time(
    desk: Desk, member: Membership, alice: Client
) -> None:
    """The acknowledgement on a durable medium (Directive 2011/83, Art. 11a(4))."""
    mail.outbox.clear()
    press(alice, member, "withdraw")
    settle(desk)
    pressed = Intent.objects.get(kind=IntentKind.END_NOW).created_at
    [letter] = [each for each in mail.outbox if "withdraw" in str(each.body).lower()]
    assert str(member.pk) in str(letter.body)
    assert f"{pressed.astimezone(UTC):%H:%M} UTC" in str(letter.body)


def test_a_withdrawal_in_time_counts_though_stripe_was_away(
    desk: Desk, member: Membership, alice: Client
) -> None:
    path = path_of(member, "withdraw")
    pressed = press_in(text_of(alice, path), path)
    desk.stripe.tell("down", seconds=600)
    alice.post(path, {"press": pressed})
    desk.stripe.tell("down", seconds=0)
    assert "noted your wish to end it at once" in text_of(alice)
    settle(desk)
    settle(desk)
    assert fresh(member).end_reason == EndReason.WITHDRAWN
    assert Refund.objects.count() == 1


def test_a_second_membership_is_undone_and_only_that_one(desk: Desk, alice: Client) -> None:
    first, second = desk.join(), desk.join("monthly", 500)
    press(alice, second, "undo")
    settle(desk)
    assert fresh(first).state == MembershipState.ACTIVE
    undone = fresh(second)
    assert (undone.state, undone.end_reason) == (MembershipState.ENDED, EndReason.DUPLICATE)
    assert [each.amount_cents for each in Refund.objects.all()] == [500]
    assert "You have 2 memberships" not in text_of(alice)
    assert Payment.objects.filter(membership=first, refunds__isnull=True).count() == 1
    later = datetime(2026, 1, 1, tzinfo=UTC)
    assert undone.ended_at and undone.ended_at > later
