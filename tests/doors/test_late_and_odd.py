"""Answers that come late, objects that are odd, and workers that die over them."""

from dataclasses import replace
from datetime import timedelta
from urllib.error import HTTPError

import pytest
import stripe
from django.test import Client
from django.utils import timezone

from billing import (
    checkout,
    inbox,
    memberships,
    payments,
    reconcile,
    reminders,
    stripe_api,
    tickets,
)
from billing.cause import Cause
from billing.models import Intent, Letter, Membership, Payment, Plan, Receipt, Refund, StripeEvent
from billing.models.stripe import EventState, IntentState
from billing.states import MembershipState, PaymentState, RefundState
from tests import rows
from tests.doors.conftest import Desk
from tests.doors.test_event_path import IBAN_PAYS

pytestmark = [pytest.mark.django_db, pytest.mark.once]

LONG_AGO = timedelta(days=2)


@pytest.mark.case("E2")
def test_an_older_answer_does_not_undo_a_newer_one(desk: Desk) -> None:
    membership = desk.join()
    older, newer = tickets.draw(), tickets.draw()
    now = stripe_api.get_subscription(membership.stripe_subscription_id or "")
    before = replace(now, status="past_due", amount_cents=100)
    memberships.apply(membership.pk, now, ticket=newer, cause=Cause.clock())
    memberships.apply(membership.pk, before, ticket=older, cause=Cause.clock())
    membership.refresh_from_db()
    assert (membership.state, membership.amount_cents) == (MembershipState.ACTIVE, 199)


def test_an_older_look_at_a_payment_does_not_take_its_fee_away(desk: Desk) -> None:
    gift = desk.give(500)
    older, newer = tickets.draw(), tickets.draw()
    now = stripe_api.get_payment(gift.stripe_payment_intent_id or "")
    before = replace(now, fee_cents=None, net_cents=None)
    for ticket, seen in ((newer, now), (older, before)):
        payments.record_gift(seen, gift_id=gift.pk, ticket=ticket, cause=Cause.clock())
    gift.refresh_from_db()
    assert gift.fee_cents == 33


@pytest.mark.case("E2")
def test_what_is_paid_stays_paid(desk: Desk) -> None:
    gift = desk.give(500)
    odd = replace(stripe_api.get_payment(gift.stripe_payment_intent_id or ""), status="canceled")
    payments.record_gift(odd, gift_id=gift.pk, ticket=tickets.draw(), cause=Cause.clock())
    gift.refresh_from_db()
    assert gift.state == PaymentState.SUCCEEDED


def test_events_of_one_object_are_done_by_one_look(desk: Desk) -> None:
    membership = desk.join()
    desk.stripe.tell(
        f"subscriptions/{membership.stripe_subscription_id}/cancel", at_period_end=True
    )
    [update] = desk.postman.fetch()
    again = [update | {"id": f"evt_again{n}"} for n in range(4)]
    desk.postman.carry([update, *again])
    assert inbox.process(update["id"]) == EventState.DONE
    assert not StripeEvent.objects.exclude(state=EventState.DONE).exists()


@pytest.mark.case("E3")
def test_an_event_whose_workers_all_died_is_shown_to_a_person(desk: Desk) -> None:
    membership = desk.join()
    over = timezone.now() - timedelta(minutes=1)
    event = StripeEvent.objects.create(
        id="evt_poison",
        type="customer.subscription.updated",
        object_id=membership.stripe_subscription_id or "",
        livemode=False,
        created=over,
        state=EventState.CLAIMED,
        lease_until=over,
        attempts=8,
    )
    assert inbox.process(event.pk) == EventState.PARKED
    event.refresh_from_db()
    assert event.error == "WorkerDied"
    assert inbox.retry([event.pk]) == 1
    assert inbox.process(event.pk) == EventState.DONE


def test_a_signature_in_strange_letters_is_refused_like_any_other() -> None:
    now = int(timezone.now().timestamp())
    answer = Client().post(
        "/stripe/webhook",
        b"{}",
        content_type="application/json",
        headers={"Stripe-Signature": f"t={now},v1=é"},
    )
    assert answer.status_code == 400


@pytest.mark.case("E2", "E10")
def test_a_refund_that_is_heard_of_before_the_payment_finds_it(desk: Desk) -> None:
    started = desk.open(rows.bob(), "once", 500)
    with pytest.raises(HTTPError):
        desk.stripe.pay(started.url, card="4000000000000002")
    desk.catch_up()
    assert Payment.objects.get().state == PaymentState.FAILED
    desk.stripe.pay(started.url)
    paid = desk.stripe.ask("events?type=payment_intent.succeeded")["data"][0]["data"]["object"]
    desk.stripe.tell("refund", payment_intent=paid["id"], amount=500)
    desk.postman.carry([each for each in desk.postman.fetch() if "refund" in each["type"]])
    desk.work()
    assert [each.series for each in Receipt.objects.order_by("issued_at")] == ["R", "C"]
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.DONE}


@pytest.mark.case("E10", "F1")
def test_a_refund_that_failed_unheard_is_found_at_night(desk: Desk) -> None:
    gift = desk.give(500)
    desk.stripe.tell("refund", payment_intent=gift.stripe_payment_intent_id, amount=200)
    desk.catch_up()
    refund = Refund.objects.get()
    desk.stripe.tell(f"refunds/{refund.stripe_refund_id}/fail")
    reconcile.run(apply=True)
    refund.refresh_from_db()
    assert refund.state == RefundState.FAILED


@pytest.mark.case("E13", "F14")
def test_a_gift_whose_debit_still_runs_is_not_closed_as_abandoned(desk: Desk) -> None:
    started = desk.open(rows.bob(), "once", 2000)
    desk.stripe.pay(started.url, iban=IBAN_PAYS)
    Payment.objects.update(created_at=timezone.now() - LONG_AGO)
    reconcile.run(apply=True)
    assert Payment.objects.get().state == PaymentState.PENDING
    desk.stripe.advance(days=6)
    desk.catch_up()
    assert Payment.objects.get().state == PaymentState.SUCCEEDED


@pytest.mark.case("F8", "F15")
def test_one_odd_subscription_neither_stops_the_night_nor_is_closed(desk: Desk) -> None:
    """Somebody made it in the dashboard with an interval that we do not sell."""
    started = desk.open(rows.alice(), "monthly", 199)
    Membership.objects.update(created_at=timezone.now() - LONG_AGO)
    api = stripe.StripeClient("sk_test_local", base_addresses={"api": desk.stripe.url}).v1
    customer = api.customers.create({"email": "alice@example.org"})
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    api.subscriptions.create(
        {
            "customer": customer.id,
            "default_payment_method": card.id,
            "metadata": {"meitheal_ref": str(started.subject)},
            "items": [
                {
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": 300,
                        "recurring": {"interval": "month", "interval_count": 3},
                        "product": "meitheal_monthly",
                    }
                }
            ],
        }
    )
    gift = desk.open(rows.bob(), "once", 500)
    desk.stripe.pay(gift.url)
    report = reconcile.run(apply=True)
    assert len(report.errors) == 1
    assert Payment.objects.get(pk=gift.subject).state == PaymentState.SUCCEEDED
    assert Membership.objects.get(pk=started.subject).state == MembershipState.PENDING


def test_a_press_that_waited_out_a_long_outage_still_opens_a_checkout(desk: Desk) -> None:
    desk.stripe.tell("down", seconds=600)
    alice, plan = rows.alice(), Plan.objects.get(slug="monthly")

    def press() -> checkout.Started:
        return checkout.start(supporter=alice, plan=plan, amount_cents=199, press="p")

    with pytest.raises(stripe_api.Unavailable):
        press()
    desk.stripe.tell("down", seconds=0)
    intent = Intent.objects.get()
    intent.params["expires_at"] -= 40 * 60
    intent.save()
    assert press().url
    intent.refresh_from_db()
    assert (intent.state, intent.attempt) == (IntentState.DONE, 2)


@pytest.mark.case("E15")
def test_an_ending_that_was_taken_back_is_reminded_of_after_all(desk: Desk) -> None:
    membership = desk.join("yearly", 2388)
    assert membership.period_end is not None
    now = membership.period_end - timedelta(days=20)
    subscription = membership.stripe_subscription_id or ""
    stripe_api.update_subscription(subscription, {"cancel_at_period_end": True}, key="ends")
    reminders.plan(now=now)
    desk.work(now)
    reminder = Letter.objects.get(kind="reminder")
    assert reminder.state == "skipped"
    stripe_api.update_subscription(subscription, {"cancel_at_period_end": False}, key="stays")
    desk.catch_up(now)
    for _ in range(2):
        reminders.plan(now=now + timedelta(hours=1))
        desk.work(now + timedelta(hours=1))
    reminder.refresh_from_db()
    assert reminder.state == "sent"
