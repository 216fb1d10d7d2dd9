"""What else goes wrong with money: stale wishes, and what only the dashboard can do."""

import contextlib
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from billing import balance, dunning, fulfilment, intents, reconcile, stripe_api, wishes
from billing.models import LedgerLine, Membership, Plan, StripeEvent
from billing.models.stripe import EventState
from billing.states import MembershipState
from tests import rows
from tests.cases.acts import at_stripes_time, dashboard, paid, settle
from tests.doors.conftest import Desk
from tests.doors.test_duplicates import checkout_of
from tests.doors.test_event_path import IBAN_PAYS
from tests.doors.test_grace import customer_of, fail
from tests.supporter_desk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def items(desk: Desk, member: Membership) -> list[Any]:
    """What Stripe charges for, item by item."""
    found = dashboard(desk).subscriptions.retrieve(member.stripe_subscription_id)
    return list(found["items"].data)


def a_month(desk: Desk, member: Membership) -> int:
    return sum(each.price.unit_amount * each.quantity for each in items(desk, member))


def price(cents: int, *, every: int = 1) -> dict[str, Any]:
    """So many cents every so many months."""
    return {
        "currency": "eur",
        "unit_amount": cents,
        "product": "meitheal_monthly",
        "recurring": {"interval": "month", "interval_count": every},
    }


def test_an_older_wish_is_not_done_after_a_newer_one(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    desk.stripe.tell("down", seconds=600)
    assert not wishes.change_amount(membership=member, amount_cents=5000, press="older")
    desk.stripe.tell("down", seconds=0)
    # The sweeper has read what waits, and is busy with the first of it ...
    waiting = intents.unanswered(now=timezone.now() + timedelta(minutes=5))
    # ... while Alice thinks better of it.
    assert wishes.change_amount(membership=member, amount_cents=300, press="newer")
    for each in waiting:
        with contextlib.suppress(stripe_api.Refused):
            fulfilment.fulfil(each)
    assert len(waiting) == 1
    assert a_month(desk, member) == 300


def test_a_change_of_amount_never_charges_for_a_rhythm_that_is_over(desk: Desk) -> None:
    """Her year has begun and is paid; of that we have not heard when she asks for less."""
    member = desk.join("monthly", 500)
    yearly = Plan.objects.get(slug="yearly")
    wishes.change_plan(membership=member, plan=yearly, amount_cents=6000, press="yearly")
    desk.catch_up()
    desk.stripe.advance(months=1, seconds=3 * 3600)
    member.refresh_from_db()
    with at_stripes_time(desk):
        with pytest.raises(stripe_api.Refused):
            wishes.change_amount(membership=member, amount_cents=600, press="amount")
        desk.stripe.advance(seconds=3 * 3600)
        settle(desk)
    assert paid(member) == [500, 6000]


def test_a_grace_does_not_end_while_the_debit_that_pays_is_on_its_way(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    fail(desk, member)
    [invoice] = [
        each
        for each in stripe_api.invoices_of(member.stripe_subscription_id or "")
        if each.status == "open"
    ]
    desk.stripe.advance(days=12)
    payer = {"card": "", "iban": IBAN_PAYS, "name": "Alice", "email": "alice@example.org"}
    desk.stripe.tell(f"invoices/{invoice.id}/settle", **payer)
    desk.stripe.advance(days=2, seconds=3600)
    with at_stripes_time(desk) as now:
        settle(desk)
        assert dunning.end_graces(now=now + timedelta(days=14)) == 0
    desk.stripe.advance(days=10)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    assert paid(member) == [500, 500]


def test_an_amount_is_what_was_asked_for_whatever_staff_put_beside_it(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    beside = {"subscription": member.stripe_subscription_id, "proration_behavior": "none"}
    dashboard(desk).subscription_items.create({**beside, "price_data": price(300)})
    settle(desk)
    member.refresh_from_db()
    assert member.amount_cents == 800
    wishes.change_amount(membership=member, amount_cents=600, press="amount")
    assert a_month(desk, member) == 600


def test_a_payout_made_by_hand_stops_neither_the_books_nor_the_night(desk: Desk) -> None:
    desk.stripe.tell("settings", payouts="off")
    desk.give(500)
    desk.stripe.advance(days=8)
    dashboard(desk).payouts.create({"amount": 300, "currency": "eur"})
    desk.stripe.advance(days=8)
    with at_stripes_time(desk):
        settle(desk)
        assert not StripeEvent.objects.exclude(state=EventState.DONE).exists()
        assert balance.prove().problems == []
        assert reconcile.run(apply=True).remains == []


def test_a_rhythm_that_we_do_not_sell_does_not_freeze_a_membership(desk: Desk) -> None:
    """Set in the dashboard. What is paid is written down, and an end is an end."""
    member = desk.join("monthly", 500)
    quarterly = {"id": items(desk, member)[0].id, "price_data": price(1500, every=3)}
    dashboard(desk).subscriptions.update(
        member.stripe_subscription_id, {"items": [quarterly], "proration_behavior": "none"}
    )
    settle(desk)
    assert paid(member) == [500, 1500]
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=False)
    settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ENDED


def test_a_line_that_comes_while_the_books_are_read_is_no_problem(desk: Desk) -> None:
    desk.give(500)
    coming = [700]

    def meanwhile(execute: Any, sql: str, *args: Any) -> Any:
        # The pages have been read, and the lines, which are all asked for at once, have not.
        if (
            "billing_ledgerline" in sql
            and sql.startswith("SELECT")
            and "WHERE" not in sql
            and coming
        ):
            desk.give(coming.pop())
        return execute(sql, *args)

    with connection.execute_wrapper(meanwhile):
        assert balance.prove().problems == []
    assert LedgerLine.objects.filter(amount_cents=700).exists()


def test_a_customer_deleted_at_stripe_is_no_dead_end_for_who_is_signed_in(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    dashboard(desk).customers.delete(customer_of(member))
    settle(desk)
    desk.stripe.pay(checkout_of(signed_in(rows.alice())))
    settle(desk)
    assert Membership.objects.filter(state=MembershipState.ACTIVE).count() == 1
