"""From a posted event to rows, receipts and letters: whatever the order, the same end."""

import random
from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from billing import dunning
from billing.models import (
    Letter,
    Membership,
    MembershipEvent,
    Payment,
    Receipt,
    StripeCustomer,
    StripeEvent,
)
from billing.models.stripe import EventState
from billing.states import EndReason, MembershipState, PaymentState
from tests import rows
from tests.doors.conftest import Desk
from tests.postman import Postman

pytestmark = [pytest.mark.django_db, pytest.mark.real]


def letters() -> list[str]:
    return sorted(Letter.objects.filter(state="sent").values_list("kind", flat=True))


def test_it_makes_a_member_of_who_joins_and_pays(desk: Desk) -> None:
    membership = desk.join()
    payment = Payment.objects.get(membership=membership)
    assert membership.state == MembershipState.ACTIVE
    assert membership.started_at == payment.paid_at
    assert (payment.amount_cents, payment.fee_cents, payment.net_cents) == (199, 28, 171)
    assert payment.method_label == "Visa ending 4242"
    assert Receipt.objects.get(payment=payment).amount_cents == 199
    assert letters() == ["receipt", "welcome"]


def test_it_records_a_gift_with_its_receipt(desk: Desk) -> None:
    gift = desk.give(500)
    assert (gift.state, gift.amount_cents, gift.net_cents) == (PaymentState.SUCCEEDED, 500, 467)
    assert Receipt.objects.get(payment=gift).label.startswith("R-")
    assert letters() == ["receipt"]


@pytest.mark.case("E1")
def test_it_sends_one_receipt_when_every_event_arrives_ten_times(
    desk: Desk, postman: Postman
) -> None:
    started = desk.open(rows.alice(), "monthly", 199)
    desk.stripe.pay(started.url)
    events = postman.fetch()
    for _ in range(10):
        assert set(postman.carry(events)) == {200}
        desk.work()
    assert Receipt.objects.count() == 1
    assert letters() == ["receipt", "welcome"]
    assert len(mail.outbox) == 2
    assert StripeEvent.objects.count() == len(events)


@pytest.mark.once
@pytest.mark.case("E2")
@pytest.mark.parametrize("seed", range(6))
def test_it_ends_the_same_in_whatever_order_a_life_arrives(desk: Desk, seed: int) -> None:
    """Join, renew twice, fail, heal, cancel, refund: told late and shuffled."""
    started = desk.open(rows.alice(), "monthly", 300)
    desk.stripe.pay(started.url)
    live_through_a_year(desk, started.subject)
    events = desk.postman.fetch()
    random.Random(seed).shuffle(events)
    for event in events:
        desk.postman.carry([event])
        if event["type"] != "invoice.paid":
            desk.work()
    desk.work(timezone.now() + timedelta(hours=2))
    membership = Membership.objects.get(pk=started.subject)
    assert membership.state == MembershipState.ENDED
    assert membership.end_reason == EndReason.REQUESTED
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.DONE}
    paid = Payment.objects.filter(membership=membership, state=PaymentState.SUCCEEDED)
    assert paid.count() == 4
    assert paid.filter(first_failed_at__isnull=False).count() == 1
    numbers = Receipt.objects.filter(series="R").values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3, 4]
    assert Receipt.objects.filter(series="C").count() == 1
    kinds = set(Letter.objects.values_list("kind", flat=True))
    assert {"welcome", "receipt", "ended", "credit-note"} <= kinds


def live_through_a_year(desk: Desk, subject: object) -> None:
    stripe = desk.stripe
    stripe.advance(months=1, seconds=7200)
    created = stripe.ask("events?type=customer.subscription.created")["data"][0]["data"]["object"]
    customer, sub = created["customer"], created["id"]
    stripe.tell(f"customers/{customer}/card", card="4000000000000341")
    stripe.advance(months=1)
    stripe.tell(f"customers/{customer}/card", card="4242424242424242", retry=True)
    stripe.advance(months=1)
    intents = {
        each["data"]["object"]["id"]
        for each in stripe.ask("events")["data"]
        if each["type"] == "payment_intent.succeeded"
    }
    stripe.tell("refund", payment_intent=sorted(intents)[0], amount=100)
    stripe.tell(f"subscriptions/{sub}/cancel", at_period_end=True)
    stripe.advance(months=1)


@pytest.mark.case("E8", "F13")
def test_it_ends_a_membership_whose_grace_is_over(desk: Desk) -> None:
    membership = desk.join()
    customer = StripeCustomer.objects.get(memberships=membership).stripe_customer_id
    desk.stripe.tell(f"customers/{customer}/card", card="4000000000000341")
    desk.stripe.advance(months=1, seconds=7200)
    desk.catch_up()
    membership.refresh_from_db()
    assert membership.state == MembershipState.PAST_DUE
    assert "payment-failed" in letters()
    assert membership.past_due_since is not None
    assert dunning.end_graces(now=membership.past_due_since + timedelta(days=13)) == 0
    assert dunning.end_graces(now=membership.past_due_since + timedelta(days=14)) == 1
    desk.catch_up()
    membership.refresh_from_db()
    assert (membership.state, membership.end_reason) == ("ended", EndReason.PAYMENT_FAILED)
    assert "ended" in letters()
    history = MembershipEvent.objects.filter(membership=membership)
    assert [each.new_state for each in history if each.old_state != each.new_state] == [
        "active",
        "past_due",
        "ended",
    ]


IBAN_PAYS, IBAN_FAILS = "DE89370400440532013000", "DE62370400440532013001"


@pytest.mark.case("E13")
def test_a_direct_debit_gets_its_receipt_when_the_bank_has_paid(desk: Desk) -> None:
    membership = desk.join("yearly", 2388, iban=IBAN_PAYS)
    assert membership.started_at is None
    assert not Receipt.objects.exists()
    desk.stripe.advance(days=6)
    desk.catch_up()
    membership.refresh_from_db()
    payment = Payment.objects.get(membership=membership)
    assert (membership.state, payment.state) == (MembershipState.ACTIVE, PaymentState.SUCCEEDED)
    assert payment.method_label == "SEPA direct debit ending 3000"
    assert membership.started_at == payment.paid_at


def test_a_direct_debit_that_the_bank_returns_ends_without_a_receipt(desk: Desk) -> None:
    membership = desk.join("yearly", 2388, iban=IBAN_FAILS)
    desk.stripe.advance(days=60)
    desk.catch_up()
    membership.refresh_from_db()
    assert not membership.live
    assert not Receipt.objects.exists()
    assert [*StripeEvent.objects.filter(state=EventState.PARKED).values_list("type", "error")] == []


@pytest.mark.case("E13")
def test_a_gift_by_direct_debit_that_fails_is_told_as_failed(desk: Desk) -> None:
    gift = desk.give(2000, iban=IBAN_FAILS)
    assert gift.state == PaymentState.PENDING
    desk.stripe.advance(days=10)
    desk.catch_up()
    gift.refresh_from_db()
    assert gift.state == PaymentState.FAILED
    assert not Receipt.objects.exists()


@pytest.mark.case("F4")
def test_a_checkout_that_runs_out_leaves_nothing_open(desk: Desk) -> None:
    member, gift = desk.open(rows.alice(), "monthly", 199), desk.open(rows.bob(), "once", 500)
    desk.stripe.advance(days=1)
    desk.catch_up()
    assert Membership.objects.get(pk=member.subject).state == MembershipState.EXPIRED
    assert Payment.objects.get(pk=gift.subject).state == PaymentState.EXPIRED
    assert letters() == []
