"""What a supporter was promised back comes back, once, whatever happened on the way to it."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from billing import fulfilment, handlers, inbox, intents, reconcile, refunds, stripe_api, wishes
from billing.cause import Cause
from billing.models import Intent, Membership, Payment, Refund, StripeEvent
from billing.models.stripe import EventState, IntentKind, IntentState
from billing.states import EndReason, MembershipState
from tests import staff_desk
from tests.cases.acts import at_stripes_time, close, dashboard, refund_there, settle
from tests.cases.test_direct_debits import debited
from tests.doors.conftest import Desk
from tests.doors.test_grace import fail
from tests.doors.test_reconcile import told
from tests.supporter_desk import text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def withdraw(member: Membership) -> None:
    assert wishes.end_now(membership=member, reason=EndReason.WITHDRAWN, press="withdraw")


def left(member: Membership) -> int:
    """How many cents of their only payment we still hold."""
    return refunds.left_of(member.payments.get())


def test_who_withdraws_is_paid_back_though_it_ended_unheard_a_moment_before(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=False)
    withdraw(member)
    settle(desk)
    member.refresh_from_db()
    assert member.end_reason == EndReason.WITHDRAWN
    assert left(member) == 0


def test_a_withdrawal_holds_though_another_of_our_endings_was_faster(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    subscription = member.stripe_subscription_id
    for press, reason in (("theirs", EndReason.WITHDRAWN), ("ours", EndReason.FRAUD)):
        intents.record(
            kind=IntentKind.END_NOW,
            press=press,
            subject=member.pk,
            params={"subscription": subscription, "reason": reason},
        )
    # Two workers: ours is the first at Stripe.
    fulfilment.fulfil(Intent.objects.get(press="ours"))
    settle(desk)
    member.refresh_from_db()
    assert member.end_reason == EndReason.WITHDRAWN
    assert left(member) == 0


def test_a_part_refunded_unheard_does_not_keep_back_the_rest(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    refund_there(desk, member.payments.get(), amount=100)
    withdraw(member)
    settle(desk)
    assert left(member) == 0


def test_what_a_bank_held_goes_back_once_it_lets_go(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    intent = member.payments.get().stripe_payment_intent_id
    disputed = desk.stripe.tell("dispute", payment_intent=intent)
    withdraw(member)
    settle(desk)
    assert (left(member), Refund.objects.count()) == (0, 0)
    close(desk, str(disputed["id"]), "won")
    assert [each.amount_cents for each in Refund.objects.all()] == [500]
    assert left(member) == 0


def test_a_promised_refund_that_failed_is_told_to_a_person_until_it_is_mended(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    withdraw(member)
    settle(desk)
    payment = member.payments.get()
    [refund] = stripe_api.refunds_of_payment(payment.stripe_payment_intent_id or "")
    desk.stripe.tell(f"refunds/{refund.id}/fail")
    settle(desk)
    parked = StripeEvent.objects.filter(state=EventState.PARKED)
    assert {each.error for each in parked} == {
        f"NeedsPerson: refund {refund.id} failed, and its money is promised back"
    }
    refunds.request(payment=payment, amount_cents=None, press="again")
    settle(desk)
    assert left(member) == 0
    inbox.retry(parked.values_list("pk", flat=True))
    settle(desk)
    assert list(parked.values_list("type", "error")) == []


def test_a_debit_that_came_back_cannot_be_given_back(desk: Desk, settings: Settings) -> None:
    settings.DISPUTE_ENDS_MEMBERSHIP = False
    member, payment = debited(desk)
    desk.stripe.tell(f"debits/{payment.stripe_charge_id}/return", as_failure=True)
    with at_stripes_time(desk):
        settle(desk)
        assert refunds.would_come_back(member) == 0
        fresh = Payment.objects.get(pk=payment.pk)
        with pytest.raises(refunds.NothingLeft):
            refunds.request(payment=fresh, amount_cents=None, press="by staff")
        member.refresh_from_db()
        withdraw(member)
        settle(desk)
    assert not Intent.objects.filter(kind=IntentKind.REFUND).exists()


def test_what_was_paid_in_cash_is_not_asked_back_of_stripe(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    fail(desk, member)
    [invoice] = [
        each
        for each in stripe_api.invoices_of(member.stripe_subscription_id or "")
        if each.status == "open"
    ]
    dashboard(desk).invoices.pay(invoice.id, {"paid_out_of_band": True})
    settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    withdraw(member)
    settle(desk)
    handlers.take_invoice(invoice.id, Cause.clock())
    asked = Intent.objects.filter(kind=IntentKind.REFUND)
    assert [each.params["payment_intent"] for each in asked] == [
        member.payments.earliest("created_at").stripe_payment_intent_id
    ]


def test_a_promise_that_stripe_refused_is_named_until_it_is_kept(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    intent = member.payments.get().stripe_payment_intent_id
    disputed = str(desk.stripe.tell("dispute", payment_intent=intent)["id"])  # unheard
    withdraw(member)
    desk.work(timezone.now() + timedelta(minutes=2))
    line = (
        f"payment {intent}: its refund was refused (charge_disputed), and its money is still to "
        "go back"
    )
    code, said = told()
    assert code == 1
    assert f"remains: {line}" in said
    assert line in text_of(staff_desk.signed_in(), reverse("staff-inbox"))
    # The bank has it: what comes of that asks anew, so there is nothing for a person to do.
    settle(desk)
    assert reconcile.unkept() == []
    close(desk, disputed, "won")
    assert (left(member), reconcile.unkept()) == (0, [])
    assert told("--apply")[0] == 0


def test_an_end_that_stripe_refused_is_named_while_the_membership_runs(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    params = {"subscription": member.stripe_subscription_id, "reason": EndReason.WITHDRAWN}
    refused = intents.record(
        kind=IntentKind.END_NOW, press="withdraw", subject=member.pk, params=params
    )
    Intent.objects.filter(pk=refused.pk).update(
        state=IntentState.REFUSED, error="subscription_locked"
    )
    line = (
        f"subscription {member.stripe_subscription_id}: its end was refused "
        "(subscription_locked), and it still runs"
    )
    code, said = told("--apply")
    assert code == 1
    assert f"remains: {line}" in said
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=False)
    settle(desk)
    assert told("--apply")[0] == 0
