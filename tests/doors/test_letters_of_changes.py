"""The letters that a change of a membership calls for, from the event or the press to the mail."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from billing import letters as outbox
from billing import reconcile, stripe_api, wishes
from billing.cause import Cause
from billing.dates import dublin_date
from billing.ids import new_id
from billing.letters.mail import message_id
from billing.models import Intent, Letter, Membership, Plan
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind
from billing.states import EndReason, MembershipState
from billing.wording import long_date, moment_words
from tests import rows
from tests.cases.acts import at_stripes_time, dashboard, let_pass, refund_there, settle
from tests.doors.conftest import Desk
from tests.doors.test_event_path import IBAN_FAILS, IBAN_PAYS
from tests.doors.test_grace import customer_of, fail, pay
from tests.supporter_desk import path_of, press_in, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ASKS_ALWAYS = "4000002760003184"
PENDING_REFUND = "4000000000007726"


@pytest.fixture
def member(desk: Desk) -> Membership:
    """Alice, who joined a moment ago for €1.99 a month, and has read her first letters."""
    membership = desk.join()
    mail.outbox.clear()
    return membership


def sent(kind: str) -> list[str]:
    """The texts of the letters of this kind that went out, first to last, each on one line."""
    rows_sent = Letter.objects.filter(kind=kind, state=LetterState.SENT).order_by("created_at")
    bodies = {
        each.extra_headers["Message-ID"]: " ".join(str(each.body).split()) for each in mail.outbox
    }
    found = (bodies.get(message_id(each)) for each in rows_sent)
    return [each for each in found if each]


def skipped(kind: str) -> list[str]:
    """Why letters of this kind did not go out."""
    found = Letter.objects.filter(kind=kind, state=LetterState.SKIPPED).order_by("created_at")
    return list(found.values_list("reason", flat=True))


def fresh(membership: Membership) -> Membership:
    return Membership.objects.get(pk=membership.pk)


def wish(verb: Callable[..., bool], membership: Membership, **more: object) -> None:
    verb(membership=fresh(membership), press=new_id().hex, **more)


def next_day(membership: Membership) -> str:
    period_end = fresh(membership).period_end
    assert period_end is not None
    return long_date(period_end)


# The amount and the rhythm
@pytest.mark.case("E6")
def test_a_new_amount_is_told_with_the_old_one_and_the_day_once(
    desk: Desk, member: Membership
) -> None:
    wish(wishes.change_amount, member, amount_cents=500)
    settle(desk)
    [text] = sent("changed")
    assert "becomes €5.00 every month. Until now it was €1.99 every month" in text
    assert f"with the next payment, on {next_day(member)}" in text
    assert "Nothing is charged today" in text
    assert f"/letters/cancel/{member.pk}/" in text
    let_pass(desk, member)
    assert len(Letter.objects.filter(kind="changed")) == 1


def set_there(desk: Desk, membership: Membership, *, cents: int) -> None:
    """Staff choose another amount in the dashboard."""
    snapshot = stripe_api.get_subscription(membership.stripe_subscription_id or "")
    price = {
        "currency": "eur",
        "product": snapshot.product_id,
        "unit_amount": cents,
        "recurring": {"interval": "month"},
    }
    items = [{"id": snapshot.item_id, "price_data": price, "quantity": 1}]
    change = {"items": items, "proration_behavior": "none"}
    dashboard(desk).subscriptions.update(membership.stripe_subscription_id, change)


@pytest.mark.case("E6")
def test_a_new_amount_that_staff_set_in_the_dashboard_is_told_as_well(
    desk: Desk, member: Membership
) -> None:
    set_there(desk, member, cents=700)
    events = desk.postman.fetch()
    desk.postman.carry(events)
    desk.postman.carry(events)
    settle(desk)
    [text] = sent("changed")
    assert "becomes €7.00 every month. Until now it was €1.99 every month" in text
    assert f"on {next_day(member)}" in text
    assert "charged today" not in text  # we did not ask for it, so we do not know


@pytest.mark.case("E6")
def test_a_change_in_the_dashboard_that_is_heard_of_late_is_told_with_the_day_it_came(
    desk: Desk, member: Membership
) -> None:
    set_there(desk, member, cents=700)
    came = next_day(member)
    let_pass(desk, member)
    [text] = sent("changed")
    assert f"since {came} it is €7.00 every month. Before, it was €1.99 every month" in text


def test_of_two_changes_that_were_not_told_yet_the_last_is_told(
    desk: Desk, member: Membership
) -> None:
    for cents in (500, 800):
        Letter.objects.filter(kind="changed").update(due_at=timezone.now() + timedelta(days=1))
        wish(wishes.change_amount, member, amount_cents=cents)
        Letter.objects.filter(kind="changed").update(due_at=timezone.now() + timedelta(days=1))
    desk.work(timezone.now() + timedelta(days=2))
    [text] = sent("changed")
    assert "becomes €8.00 every month. Until now it was €1.99" in text
    assert skipped("changed") == ["it is another price by now"]


def test_a_change_taken_back_before_it_was_told_is_never_told(
    desk: Desk, member: Membership
) -> None:
    for cents in (500, 199):
        wish_unsent(wishes.change_amount, member, amount_cents=cents)
    desk.work(timezone.now() + timedelta(days=2))
    assert sent("changed") == []
    assert skipped("changed") == [
        "it is another price by now",
        "it stays as it was, and nothing else was said",
    ]


def test_what_was_changed_there_and_back_and_there_again_is_told_once(
    desk: Desk, member: Membership
) -> None:
    for cents in (500, 199, 500):
        wish_unsent(wishes.change_amount, member, amount_cents=cents)
    desk.work(timezone.now() + timedelta(days=2))
    assert len(sent("changed")) == 1
    assert skipped("changed") == ["it was changed again", "it is another price by now"]


def wish_unsent(verb: Callable[..., bool], membership: Membership, **more: object) -> None:
    """Wish, and let its letters wait for a day."""
    wish(verb, membership, **more)
    waiting = Letter.objects.filter(state=LetterState.QUEUED)
    waiting.update(due_at=timezone.now() + timedelta(days=1))


def test_a_change_taken_back_after_it_was_told_is_told_to_stay_as_it_was(
    desk: Desk, member: Membership
) -> None:
    for cents in (500, 199, 500):
        wish(wishes.change_amount, member, amount_cents=cents)
        settle(desk)
    first, back, again = sent("changed")
    assert "becomes €5.00 every month" in first
    assert "stays as it was. We had written to you that it would become €5.00 every month" in back
    assert "it stays at €1.99 every month" in back
    assert "becomes €5.00 every month. Until now it was €1.99" in again


@pytest.mark.case("E6")
def test_a_switch_of_rhythm_is_told_when_it_is_planned_and_not_again_when_it_comes(
    desk: Desk, member: Membership
) -> None:
    yearly = Plan.objects.get(slug="yearly")
    wish(wishes.change_plan, member, plan=yearly, amount_cents=2388)
    settle(desk)
    [text] = sent("changed")
    assert "becomes €23.88 every year. Until now it was €1.99 every month" in text
    assert f"on {next_day(member)}" in text
    assert "Nothing is charged today" in text
    let_pass(desk, member)
    assert fresh(member).interval == "year"
    assert len(sent("changed")) == Letter.objects.filter(kind="changed").count() == 1


def test_a_switch_that_is_dropped_is_told_each_time(desk: Desk, member: Membership) -> None:
    yearly = Plan.objects.get(slug="yearly")
    for _ in range(2):
        wish(wishes.change_plan, member, plan=yearly, amount_cents=2388)
        settle(desk)
        wish(wishes.drop_change, member)
        settle(desk)
    texts = sent("changed")
    assert ["becomes €23.88 every year" in each for each in texts] == [True, False] * 2
    assert ["it would become €23.88 every year" in each for each in texts] == [False, True] * 2


def test_who_takes_an_ending_back_is_told_that_a_planned_switch_went_with_it(
    desk: Desk, member: Membership
) -> None:
    yearly = Plan.objects.get(slug="yearly")
    wish(wishes.change_plan, member, plan=yearly, amount_cents=2388)
    settle(desk)
    for verb in (wishes.cancel_at_period_end, wishes.keep):
        wish(verb, member)
        settle(desk)
    planned, stays = sent("changed")
    assert "becomes €23.88 every year" in planned
    assert "That has been taken back: it stays at €1.99 every month." in stays


def test_a_switch_that_ending_takes_back_is_no_letter_of_its_own(
    desk: Desk, member: Membership
) -> None:
    yearly = Plan.objects.get(slug="yearly")
    wish_unsent(wishes.change_plan, member, plan=yearly, amount_cents=2388)
    wish(wishes.cancel_at_period_end, member)
    desk.work(timezone.now() + timedelta(days=2))
    assert sent("changed") == []
    assert skipped("changed") == ["it ends before that"]
    assert len(sent("cancelled")) == 1


# Pauses
def test_a_pause_is_told_with_its_end_and_the_payments_it_leaves_out(
    desk: Desk, member: Membership
) -> None:
    wish(wishes.skip_next, member, payments=2)
    settle(desk)
    [text] = sent("paused")
    until = fresh(member).resumes_on
    assert until is not None
    assert f"paused until {long_date(until)}" in text
    assert text.count("Left out: €1.99 on") == 2
    assert f"Left out: €1.99 on {next_day(member)}" in text
    assert "Next payment: €1.99 on" in text
    assert f"/letters/cancel/{member.pk}/" in text


def test_a_second_pause_until_the_same_day_is_told_again(desk: Desk, member: Membership) -> None:
    for verb in (wishes.skip_next, wishes.resume, wishes.skip_next):
        wish(verb, member)
        settle(desk)
    assert len(sent("paused")) == 2


def test_a_pause_that_was_ended_before_it_was_told_is_not_told(
    desk: Desk, member: Membership
) -> None:
    wish_unsent(wishes.skip_next, member)
    wish(wishes.resume, member)
    desk.work(timezone.now() + timedelta(days=2))
    assert skipped("paused") == ["the membership is active"]


def test_a_pause_by_staff_without_an_end_is_told_without_a_day(
    desk: Desk, member: Membership
) -> None:
    pause = {"pause_collection": {"behavior": "void"}}
    dashboard(desk).subscriptions.update(member.stripe_subscription_id, pause)
    settle(desk)
    [text] = sent("paused")
    assert "Nothing is taken until the pause is ended" in text
    assert "until ." not in text


# The end
def test_each_cancellation_is_told_with_its_day_and_how_to_go_on(
    desk: Desk, member: Membership
) -> None:
    for verb in (wishes.cancel_at_period_end, wishes.keep, wishes.cancel_at_period_end):
        wish(verb, member)
        settle(desk)
        settle(desk)
        desk.stripe.advance(seconds=60)
    first, second = sent("cancelled")
    assert first == second
    assert f"Your support will end on {next_day(member)}" in first
    assert "Nothing more will be taken." in first
    assert "keep it in your account before that day" in first
    let_pass(desk, member)
    assert len(sent("ended")) == 1


def test_a_cancellation_in_the_portal_is_told_too(desk: Desk, member: Membership) -> None:
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=True)
    settle(desk)
    assert len(sent("cancelled")) == 1


def test_a_cancellation_that_was_taken_back_before_it_was_told_is_not_told(
    desk: Desk, member: Membership
) -> None:
    wish_unsent(wishes.cancel_at_period_end, member)
    wish(wishes.keep, member)
    desk.work(timezone.now() + timedelta(days=2))
    assert skipped("cancelled") == ["it goes on"]


def test_a_withdrawal_is_acknowledged_before_stripe_has_answered(
    desk: Desk, member: Membership
) -> None:
    alice = signed_in(rows.alice())
    path = path_of(member, "withdraw")
    pressed = press_in(text_of(alice, path), path)
    desk.stripe.tell("down", seconds=600)
    for _ in range(2):
        alice.post(path, {"press": pressed})
    letter = Letter.objects.get(kind="withdrawal")
    assert outbox.deliver(letter.pk) == LetterState.SENT
    assert fresh(member).state == MembershipState.ACTIVE
    desk.stripe.tell("down", seconds=0)
    [text] = sent("withdrawal")
    intent = Intent.objects.get(kind=IntentKind.END_NOW)
    assert f"Received on: {moment_words(intent.created_at)}" in text
    assert "I hereby give notice that I withdraw from my contract" in text
    assert f"Reference: {member.pk}" in text
    back_by = dublin_date(intent.created_at) + timedelta(days=14)
    assert f"at the latest on {long_date(back_by)}" in text
    settle(desk)
    settle(desk)
    assert fresh(member).end_reason == EndReason.WITHDRAWN
    assert skipped("ended") == ["the withdrawal was acknowledged"]
    assert len(sent("withdrawal")) == 1


# Payments
def test_a_payment_that_came_after_all_is_told_to_who_heard_that_it_had_not(
    desk: Desk, member: Membership
) -> None:
    fail(desk, member)
    assert len(sent("payment-failed")) == 1
    pay(desk, member)
    settle(desk)
    [text] = sent("recovered")
    assert "Your payment of €1.99, which had failed, has now gone through" in text


def test_a_payment_that_came_before_its_failure_was_told_is_told_by_its_receipt_alone(
    desk: Desk, member: Membership
) -> None:
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card="4000000000000341")
    desk.stripe.advance(months=1, seconds=7200)
    pay(desk, member)
    settle(desk)
    assert sent("payment-failed") == sent("recovered") == []
    assert skipped("recovered") == ["nobody was told that it had failed"]


@pytest.mark.case("E8")
def test_no_step_of_a_failure_is_told_once_stripe_has_the_money(
    desk: Desk, member: Membership
) -> None:
    """Before we have heard of it: whoever has paid is not to read that they did not."""
    fail(desk, member)
    pay(desk, member)
    for step in ("3", "7", "last"):
        ask_step(member, step)
    desk.work()
    assert set(skipped("payment-failed")) == {"paid meanwhile"}
    assert len(sent("payment-failed")) == 1


def ask_step(membership: Membership, step: str) -> Letter:
    """The letter of one step, as the planner asks for it."""
    payment = membership.payments.latest("created_at")
    key = f"{payment.pk}:{step}"
    supporter_id = membership.supporter_id
    outbox.queue(kind="payment-failed", key=key, supporter_id=supporter_id, cause=Cause.clock())
    return Letter.objects.get(kind="payment-failed", key=key)


@pytest.mark.case("E8")
@pytest.mark.parametrize(
    ("step", "subject", "words"),
    [
        ("3", "Your payment is still open", "Your payment of €1.99 is still open."),
        ("7", "Your payment is still open", "has been open for a week"),
        ("last", "Your support ends on {until}", "so your support ends on {until}"),
    ],
)
def test_each_step_of_a_failure_has_words_of_its_own(
    step: str, subject: str, words: str, desk: Desk, member: Membership
) -> None:
    since = fail(desk, member)
    mail.outbox.clear()
    outbox.deliver(ask_step(member, step).pk)
    [message] = mail.outbox
    until = long_date(since + timedelta(days=14))
    assert message.subject == subject.format(until=until)
    text = " ".join(str(message.body).split())
    assert words.format(until=until) in text
    for purpose in ("pay", "card", "cancel"):
        assert f"/letters/{purpose}/{member.pk}/" in text


def test_what_the_bank_wants_to_have_confirmed_is_asked_for_and_not_called_a_failure(
    desk: Desk, member: Membership
) -> None:
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card=ASKS_ALWAYS)
    let_pass(desk, member)
    settle(desk)
    assert fresh(member).state == MembershipState.PAST_DUE
    [text] = sent("authenticate")
    assert "Your bank wants you to confirm your payment of €1.99" in text
    assert f"/letters/pay/{member.pk}/" in text
    assert sent("payment-failed") == []
    with at_stripes_time(desk):
        pay(desk, member)
        settle(desk)
    assert fresh(member).state == MembershipState.ACTIVE
    assert Letter.objects.filter(kind="authenticate").count() == 1


def test_what_was_confirmed_before_it_was_asked_for_is_not_asked_for(
    desk: Desk, member: Membership
) -> None:
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card=ASKS_ALWAYS)
    desk.stripe.advance(months=1, seconds=7200)
    desk.postman.carry()
    desk.stripe.tell("down", seconds=0)
    pay(desk, member)
    settle(desk)
    assert sent("authenticate") == []


@pytest.mark.case("E13")
@pytest.mark.parametrize("first", ["active", "incomplete"])
def test_a_first_direct_debit_is_welcomed_without_a_promise_and_receipted_when_it_came(
    first: str, desk: Desk
) -> None:
    desk.stripe.tell("settings", sepa_first=first)
    member = desk.join("yearly", 2388, iban=IBAN_PAYS)
    [text] = sent("welcome")
    assert "Your support begins when the bank has confirmed it" in text
    assert "nothing more for you to do" not in text
    assert "Next payment" not in text
    assert sent("receipt") == []
    desk.stripe.advance(days=8)
    with at_stripes_time(desk):
        settle(desk)
    assert fresh(member).state == MembershipState.ACTIVE
    assert len(sent("receipt")) == len(sent("welcome")) == 1


@pytest.mark.case("E13")
@pytest.mark.parametrize(
    ("iban", "words"),
    [
        (IBAN_FAILS, "the direct debit was not authorised"),
        ("DE65370400440002222227", "there was not enough money in the account"),
    ],
)
def test_a_direct_debit_that_fails_is_told_with_the_banks_reason(
    iban: str, words: str, desk: Desk
) -> None:
    desk.join("monthly", 500, iban=iban)
    desk.stripe.advance(days=6)
    with at_stripes_time(desk):
        settle(desk)
    [text] = sent("payment-failed")
    assert words in text
    again = "It is tried again over the next days" in text
    assert again is ("money" in words)


# Refunds
def test_a_refund_that_takes_days_is_told_at_once_and_documented_when_it_came(desk: Desk) -> None:
    gift = desk.give(500, card=PENDING_REFUND)
    told = refund_there(desk, gift)
    settle(desk)
    [text] = sent("refund")
    assert "€5.00 is on its way back to you" in text
    assert sent("credit-note") == []
    assert Letter.objects.get(kind="refund").key == told["id"]
    desk.stripe.advance(days=10)
    with at_stripes_time(desk):
        settle(desk)
    assert len(sent("credit-note")) == len(sent("refund")) == 1


def test_a_refund_that_is_done_at_once_gets_its_credit_note_alone(desk: Desk) -> None:
    refund_there(desk, desk.give(500))
    settle(desk)
    assert len(sent("credit-note")) == 1
    assert not Letter.objects.filter(kind="refund").exists()


# Two of them
@pytest.mark.parametrize("seed", range(3))
def test_a_second_membership_is_told_once_whichever_is_heard_of_first(
    seed: int, desk: Desk
) -> None:
    first, second = (desk.open(rows.alice(), "monthly", cents) for cents in (199, 500))
    for each in (first, second):
        desk.stripe.pay(each.url)
    events = desk.postman.fetch() * 2
    random.Random(seed).shuffle(events)
    for event in events:
        desk.postman.carry([event])
        desk.work()
    settle(desk)
    assert Letter.objects.get(kind="duplicate").key == str(second.subject)
    [text] = sent("duplicate")
    assert "This one: €5.00 every month" in text
    assert "The other one: €1.99 every month, since" in text
    assert f"/letters/undo/{second.subject}/" in text
    assert len(sent("welcome")) == 2


def test_the_welcome_of_a_second_membership_points_to_the_letter_about_it(
    desk: Desk, member: Membership
) -> None:
    desk.join("monthly", 500)
    [text] = sent("welcome")
    assert "You now support us more than once. Another letter says how to undo that" in text
    assert len(sent("duplicate")) == 1


def test_one_membership_after_another_is_no_second_one(desk: Desk, member: Membership) -> None:
    wish(wishes.cancel_at_period_end, member)
    let_pass(desk, member)
    desk.join("monthly", 500)
    assert not Letter.objects.filter(kind="duplicate").exists()


# Peace
@pytest.mark.case("E12")
def test_nothing_is_told_of_changes_while_a_payment_is_disputed(
    desk: Desk, member: Membership, settings: Settings
) -> None:
    settings.DISPUTE_ENDS_MEMBERSHIP = False
    payment = member.payments.get()
    desk.stripe.tell("dispute", payment_intent=payment.stripe_payment_intent_id)
    settle(desk)
    mail.outbox.clear()
    wish(wishes.change_amount, member, amount_cents=500)
    settle(desk)
    wish(wishes.cancel_at_period_end, member)
    settle(desk)
    assert mail.outbox == []
    assert skipped("changed") == skipped("cancelled") == ["a payment is disputed"]


@pytest.mark.case("E19")
def test_a_history_that_is_taken_in_tells_nobody(desk: Desk, member: Membership) -> None:
    wish_unsent(wishes.change_amount, member, amount_cents=500)
    Letter.objects.filter(kind="changed").delete()
    Membership.objects.update(amount_cents=199, applied_ticket=0)
    reconcile.run(apply=True, quiet=True)
    assert fresh(member).amount_cents == 500
    assert skipped("changed") == ["imported"]
    assert mail.outbox == []


@pytest.mark.case("E23")
def test_opening_the_links_of_a_letter_ends_nothing(desk: Desk, member: Membership) -> None:
    wish(wishes.change_amount, member, amount_cents=500)
    settle(desk)
    before = fresh(member).applied_ticket
    for line in str(mail.outbox[-1].body).split():
        if "/letters/" in line:
            Client().get(line.removeprefix("http://127.0.0.1"))
    settle(desk)
    assert fresh(member).ends_on is None
    assert fresh(member).applied_ticket == before
