"""The end of a grace: ends who did not pay, and nobody who did, whatever we have heard of it."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from billing import dunning, intents, memberships, stripe_api, sweeper, tickets, wishes
from billing.cause import Cause
from billing.models import Membership, StripeCustomer
from billing.models.stripe import IntentKind
from billing.states import EndReason, MembershipState
from tests import rows
from tests.doors.conftest import Desk
from tests.local_stripe import GOOD_CARD

pytestmark = pytest.mark.django_db

FAILS_LATER = "4000000000000341"


def customer_of(membership: Membership) -> str:
    return StripeCustomer.objects.get(memberships=membership).stripe_customer_id


def fail(desk: Desk, membership: Membership) -> datetime:
    """Let the next renewal fail; since when it is overdue."""
    desk.stripe.tell(f"customers/{customer_of(membership)}/card", card=FAILS_LATER)
    desk.stripe.advance(months=1, seconds=7200)
    desk.catch_up()
    membership.refresh_from_db()
    assert membership.state == MembershipState.PAST_DUE
    assert membership.past_due_since is not None
    return membership.past_due_since


def pay(desk: Desk, membership: Membership) -> None:
    desk.stripe.tell(f"customers/{customer_of(membership)}/card", card=GOOD_CARD, retry=True)


def status(membership: Membership) -> str:
    return stripe_api.get_subscription(membership.stripe_subscription_id or "").status


def end_graces(since: datetime, *, hours: int = 0) -> int:
    return dunning.end_graces(now=since + timedelta(days=14, hours=hours))


@pytest.mark.case("E8")
def test_it_does_not_end_who_has_paid_though_the_event_is_late(desk: Desk) -> None:
    membership = desk.join()
    since = fail(desk, membership)
    pay(desk, membership)
    assert end_graces(since) == 0
    assert status(membership) == "active"


@pytest.mark.case("E8")
def test_it_does_not_end_who_paid_while_stripe_did_not_answer_us(desk: Desk) -> None:
    membership = desk.join()
    since = fail(desk, membership)
    desk.stripe.tell("down", seconds=600)
    assert end_graces(since) == 0
    desk.stripe.tell("down", seconds=0)
    pay(desk, membership)
    sweeper.resume_intents(now=timezone.now() + timedelta(minutes=2))
    assert end_graces(since, hours=1) == 0
    assert status(membership) == "active"


def test_a_press_of_the_supporter_does_not_keep_an_unpaid_membership_for_ever(
    desk: Desk,
) -> None:
    membership = desk.join()
    since = fail(desk, membership)
    # A worker died between the row and the call.
    intents.record(
        kind=IntentKind.CANCEL_NOW,
        press=f"grace:{membership.pk}:{since:%Y%m%d}",
        subject=membership.pk,
        params={"subscription": membership.stripe_subscription_id},
    )
    wishes.keep(membership=membership, press="keep")
    end_graces(since, hours=1)
    membership.refresh_from_db()
    assert membership.state == MembershipState.ENDED
    assert membership.end_reason == EndReason.PAYMENT_FAILED


def test_one_membership_that_cannot_be_ended_does_not_keep_the_others(desk: Desk) -> None:
    membership = desk.join()
    since = fail(desk, membership)
    # Overdue for longer than Alice's, and unknown to Stripe: it comes first and is refused.
    rows.membership(
        rows.charlie(),
        state=MembershipState.PAST_DUE,
        past_due_since=since - timedelta(days=1),
        stripe_subscription_id="sub_that_is_gone",
    )
    assert end_graces(since) == 1
    assert status(membership) == "canceled"


@pytest.mark.case("E8")
def test_a_second_failure_has_a_grace_of_its_own(desk: Desk) -> None:
    membership = desk.join()
    first = fail(desk, membership)
    pay(desk, membership)
    # The next month fails as well, and all of it is told at once.
    second = fail(desk, membership)
    assert second > first + timedelta(days=25)


def test_a_failure_that_is_heard_of_late_has_its_whole_grace(desk: Desk) -> None:
    """A direct debit comes back two weeks after the period began."""
    membership = desk.join()
    snapshot = stripe_api.get_subscription(membership.stripe_subscription_id or "")
    long_ago = timezone.now() - timedelta(days=15)
    stale = {"status": "past_due", "period_start": long_ago}
    returned = type(snapshot)(**{n: getattr(snapshot, n) for n in snapshot.__slots__} | stale)
    applied = memberships.apply(membership.pk, returned, ticket=tickets.draw(), cause=Cause.clock())
    assert applied.past_due_since is not None
    assert applied.past_due_since > timezone.now() - timedelta(minutes=1)
