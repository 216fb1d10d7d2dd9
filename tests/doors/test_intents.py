"""Buttons that move money or plans: once per press, whatever the network does."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing import checkout, stripe_api, sweeper, wishes
from billing.ids import new_id
from billing.intents import PressMismatch
from billing.models import Intent, Membership, Payment, Plan
from billing.models.stripe import IntentState
from billing.states import MembershipState
from tests import rows
from tests.cases.acts import dashboard
from tests.doors.conftest import Desk
from tests.doors.lives import Crash

pytestmark = pytest.mark.django_db


def press_pay(press: str, cents: int = 199, slug: str = "monthly") -> checkout.Started:
    plan = Plan.objects.get(slug=slug)
    return checkout.start(supporter=rows.alice(), plan=plan, amount_cents=cents, press=press)


def sessions(desk: Desk) -> int:
    return sum(1 for page in stripe_api.checkout_pages() for _ in page)


@pytest.mark.case("E4", "F17")
def test_a_double_click_opens_one_checkout(desk: Desk) -> None:
    first, second = press_pay("one"), press_pay("one")
    assert first == second
    assert (sessions(desk), Membership.objects.count()) == (1, 1)


@pytest.mark.case("E4", "F12")
def test_an_answer_that_was_lost_is_asked_for_again_with_the_same_key(desk: Desk) -> None:
    # The write commits and the line goes dead, on the first try and on both of the SDK's retries.
    desk.stripe.tell("down", drop_after_commit=3)
    with pytest.raises(stripe_api.Unavailable):
        press_pay("one")
    assert Intent.objects.get().state == IntentState.OPEN
    started = press_pay("one")
    assert started.url
    assert (sessions(desk), Membership.objects.count()) == (1, 1)


@pytest.mark.case("F12")
def test_a_refusal_is_final_for_its_attempt_and_the_next_press_is_a_new_one(desk: Desk) -> None:
    Plan.objects.filter(slug="monthly").update(stripe_product_id="prod_gone")
    with pytest.raises(stripe_api.Refused):
        press_pay("one")
    intent = Intent.objects.get()
    assert (intent.state, intent.attempt) == (IntentState.REFUSED, 1)
    intent.params["line_items"][0]["price_data"]["product"] = "meitheal_monthly"
    intent.save()
    assert press_pay("one").url
    intent.refresh_from_db()
    assert (intent.state, intent.attempt) == (IntentState.DONE, 2)


@pytest.mark.case("E4")
def test_a_paid_press_leads_to_the_thanks_page(desk: Desk) -> None:
    desk.stripe.pay(press_pay("one").url)
    assert press_pay("one").url == ""


def test_an_amount_below_the_plans_least_is_refused_before_anything_is_written(
    desk: Desk,
) -> None:
    with pytest.raises(checkout.TooLittle):
        press_pay("one", cents=198)
    assert not Membership.objects.exists()


def test_a_press_is_one_persons(desk: Desk) -> None:
    press_pay("one")
    plan = Plan.objects.get(slug="monthly")
    with pytest.raises(PressMismatch):
        checkout.start(supporter=rows.bob(), plan=plan, amount_cents=199, press="one")


def test_no_address_is_frozen_in_an_intent(desk: Desk) -> None:
    press_pay("one")
    assert "alice" not in str(Intent.objects.get().params)


def test_cancelling_ends_with_the_paid_period_and_can_be_taken_back(desk: Desk) -> None:
    membership = desk.join()
    for ends, verb in [
        (True, wishes.cancel_at_period_end),
        (False, wishes.keep),
        (True, wishes.cancel_at_period_end),
    ]:
        assert verb(membership=membership, press=new_id().hex)
        membership.refresh_from_db()
        assert (membership.ends_on == membership.period_end) is ends
    assert membership.state == MembershipState.ACTIVE
    desk.stripe.advance(months=1)
    desk.catch_up()
    membership.refresh_from_db()
    assert membership.state == MembershipState.ENDED
    assert membership.ended_at == membership.period_end
    assert Payment.objects.count() == 1


def test_an_ending_set_in_the_portal_can_be_taken_back_here(desk: Desk) -> None:
    membership = desk.join()
    assert membership.stripe_subscription_id and membership.period_end
    stripe_api.update_subscription(
        membership.stripe_subscription_id,
        {"cancel_at": int(membership.period_end.timestamp())},
        key="portal",
    )
    desk.catch_up()
    membership.refresh_from_db()
    assert membership.ends_on == membership.period_end
    assert wishes.keep(membership=membership, press="keep")
    membership.refresh_from_db()
    assert membership.ends_on is None


def test_a_cancellation_pressed_while_stripe_is_down_is_carried_out_later(desk: Desk) -> None:
    membership = desk.join()
    desk.stripe.tell("down", seconds=600)
    assert wishes.cancel_at_period_end(membership=membership, press="p") is False
    assert Intent.objects.get(press="p").state == IntentState.OPEN
    desk.stripe.tell("down", seconds=0)
    later = timezone.now() + timedelta(minutes=2)
    assert sweeper.resume_intents(now=later) == 1
    membership.refresh_from_db()
    assert membership.ends_on == membership.period_end
    assert sweeper.resume_intents(now=later) == 0


def test_a_later_wish_overtakes_one_that_stripe_never_answered(desk: Desk) -> None:
    membership = desk.join()
    desk.stripe.tell("down", seconds=600)
    assert wishes.cancel_at_period_end(membership=membership, press="cancel") is False
    desk.stripe.tell("down", seconds=0)
    assert wishes.keep(membership=membership, press="keep") is True
    assert sweeper.resume_intents(now=timezone.now() + timedelta(minutes=2)) == 0
    membership.refresh_from_db()
    assert membership.ends_on is None


def test_a_press_that_is_used_for_something_else_is_refused(desk: Desk) -> None:
    first, second = desk.join(), desk.join()
    wishes.cancel_at_period_end(membership=first, press="p")
    with pytest.raises(PressMismatch):
        wishes.cancel_at_period_end(membership=second, press="p")


def while_it_is_asked(act: Callable[[], object]) -> Any:
    """Do this once, after a wish has looked at the subscription and before its call goes out."""
    seen = 0

    def watch(execute: Any, sql: str, *args: Any) -> Any:
        nonlocal seen
        done = execute(sql, *args)
        seen += (seen == 0) and sql.startswith('UPDATE "billing_intent" SET "params"')
        if seen == 1 and sql.startswith("RELEASE"):
            seen = 2
            act()
        return done

    return connection.execute_wrapper(watch)


def a_month(desk: Desk, member: Membership) -> int:
    """What Stripe charges, in cents."""
    found = dashboard(desk).subscriptions.retrieve(member.stripe_subscription_id)
    [item] = found["items"].data
    return int(item.price.unit_amount)


def die() -> None:
    raise Crash


def test_a_call_that_is_on_its_way_does_not_land_after_that_of_a_later_wish(desk: Desk) -> None:
    """Two workers: the slow one has 50.00 in hand while Alice thinks better of it."""
    member = desk.join("monthly", 500)
    told = []

    def think_better() -> None:
        told.append(wishes.change_amount(membership=member, amount_cents=300, press="newer"))

    with while_it_is_asked(think_better):
        wishes.change_amount(membership=member, amount_cents=5000, press="older")
    assert told == [False]
    assert sweeper.resume_intents(now=timezone.now() + timedelta(minutes=2)) == 1
    assert a_month(desk, member) == 300
    member.refresh_from_db()
    assert member.amount_cents == 300


def test_what_a_killed_worker_had_in_hand_is_gone_on_with_under_the_same_key(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    with while_it_is_asked(die), pytest.raises(Crash):
        wishes.change_amount(membership=member, amount_cents=700, press="press")
    later = timezone.now() + timedelta(minutes=2)
    assert sweeper.resume_intents(now=later) == 0  # it may be at it still
    assert wishes.cancel_at_period_end(membership=member, press="another") is False
    with time_machine.travel(timezone.now() + timedelta(seconds=settings.LEASE_SECONDS + 61)):
        assert sweeper.resume_intents(now=timezone.now()) == 2
    assert a_month(desk, member) == 700
    intent = Intent.objects.get(press="press")
    assert (intent.state, intent.attempt, intent.claim) == (IntentState.DONE, 1, None)
    member.refresh_from_db()
    assert (member.amount_cents, member.ends_on) == (700, member.period_end)
