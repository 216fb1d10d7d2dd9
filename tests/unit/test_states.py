"""State comes from a snapshot, and only along the edges."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from billing.snapshots import SubscriptionSnapshot
from billing.states import (
    EDGES,
    MembershipState,
    RefundState,
    Refusal,
    UnknownStatus,
    payment_state_of,
    reachable,
    refund_state_of,
    refusal_of,
    state_of,
)

SNAPSHOT = SubscriptionSnapshot(
    id="sub_1",
    status="active",
    ref="",
    customer_id="cus_1",
    amount_cents=199,
    currency="eur",
    interval="month",
    period_start=datetime(2026, 3, 2, tzinfo=UTC),
    period_end=datetime(2026, 4, 2, tzinfo=UTC),
    cancel_at=None,
    cancel_at_period_end=False,
    collection_paused=False,
    ended_at=None,
    cancel_reason="",
    created=datetime(2026, 3, 2, tzinfo=UTC),
    livemode=False,
)


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("incomplete", "pending"),
        ("incomplete_expired", "expired"),
        ("trialing", "active"),
        ("active", "active"),
        ("past_due", "past_due"),
        ("unpaid", "past_due"),
        ("paused", "paused"),
        ("canceled", "ended"),
    ],
)
def test_each_status_of_stripe_means_one_state(status: str, state: str) -> None:
    assert state_of(replace(SNAPSHOT, status=status)) == state


def test_paused_collection_is_a_pause_though_stripe_says_active() -> None:
    assert state_of(replace(SNAPSHOT, collection_paused=True)) is MembershipState.PAUSED
    overdue = replace(SNAPSHOT, status="past_due", collection_paused=True)
    assert state_of(overdue) is MembershipState.PAST_DUE


def test_an_unknown_status_needs_a_person() -> None:
    for unknown in (
        lambda: state_of(replace(SNAPSHOT, status="hibernating")),
        lambda: payment_state_of("hibernating"),
        lambda: refund_state_of("hibernating"),
    ):
        with pytest.raises(UnknownStatus):
            unknown()


def test_a_refund_that_waits_for_the_payer_is_on_its_way() -> None:
    assert refund_state_of("requires_action") is RefundState.PENDING


def test_it_ends_on_the_day_the_portal_set_or_with_the_period() -> None:
    day = datetime(2026, 3, 20, tzinfo=UTC)
    assert SNAPSHOT.ends_on is None
    assert replace(SNAPSHOT, cancel_at=day).ends_on == day
    assert replace(SNAPSHOT, cancel_at_period_end=True).ends_on == SNAPSHOT.period_end


@pytest.mark.case("E2", "F14")
def test_what_ended_or_expired_stays_so() -> None:
    for final in (MembershipState.ENDED, MembershipState.EXPIRED):
        assert EDGES[final] == frozenset()
        assert [state for state in MembershipState if reachable(final, state)] == [final]


def test_steps_that_were_slept_through_are_allowed() -> None:
    assert reachable(MembershipState.PENDING, MembershipState.ENDED)
    assert reachable(MembershipState.PENDING, MembershipState.PAST_DUE)
    assert not reachable(MembershipState.ACTIVE, MembershipState.PENDING)
    assert not reachable(MembershipState.ACTIVE, MembershipState.EXPIRED)


@pytest.mark.parametrize("failure", ["stolen_card", "recipient_deceased", "fraudulent", "new", ""])
def test_what_is_not_for_the_reader_of_a_letter_is_no_reason(failure: str) -> None:
    assert refusal_of(failure) == Refusal.OTHER


def test_a_bank_that_has_no_money_for_it_is_named_as_that() -> None:
    assert refusal_of("insufficient_funds") == Refusal.FUNDS
