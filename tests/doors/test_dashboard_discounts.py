"""What staff take off in Stripe's dashboard: discounts, trials, credits, and who is sent invoices.

What was billed counts (DOMAIN 7), a payment of nothing has no receipt, and no letter names an
amount that is not charged.
"""

from typing import Any

import pytest

from billing import figures, reconcile, wishes
from billing.figures.names import Move
from billing.models import Membership, MembershipEvent, Receipt, StripeEvent
from billing.models.stripe import EventState
from billing.states import MembershipState
from members import timeline
from members.reports import movement
from tests import rows
from tests.cases.acts import at_stripes_time, dashboard, let_pass, letters, paid, settle
from tests.doors.conftest import Desk
from tests.doors.test_duplicates import checkout_of
from tests.doors.test_event_path import IBAN_PAYS
from tests.doors.test_notices import planned, sent
from tests.doors.test_odd_invoices import change
from tests.supporter_desk import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def give(desk: Desk, member: Membership, **coupon: Any) -> None:
    """Staff give a coupon to a membership, and we hear of it."""
    made = dashboard(desk).coupons.create(coupon)
    tell(desk, member, discounts=[{"coupon": made.id}])


def tell(desk: Desk, member: Membership, **fields: Any) -> None:
    """Staff change a subscription, and we hear of it."""
    dashboard(desk).subscriptions.update(member.stripe_subscription_id, fields)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()


def lend(desk: Desk, member: Membership, cents: int) -> None:
    """Staff give a customer a credit."""
    assert member.customer is not None
    asked = {"amount": -cents, "currency": "eur"}
    owner = member.customer.stripe_customer_id
    dashboard(desk).customers.balance_transactions.create(owner, asked)


def months(desk: Desk, count: int = 2) -> list[movement.MovementMonth]:
    """The movements of the last months, once the rollups are proven and the night has nothing."""
    with at_stripes_time(desk) as now:
        found = movement.movement(now=now, count=count)
        assert reconcile.run(apply=True).found == 0
    assert figures.compare().equal
    assert not StripeEvent.objects.exclude(state=EventState.DONE).exists()
    return found


def moved(month: movement.MovementMonth) -> dict[Move, int]:
    """Who moved in a month, by what it is called, and by how many cents."""
    return {kind: each.cents for kind, each in month.moves.items() if each.people}


def test_a_discount_counts_as_what_was_billed_and_is_told_before_it_is(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    desk.stripe.advance(days=3)
    give(desk, member, percent_off=50, duration="forever")
    assert member.amount_cents == 250
    assert letters() == ["changed", "receipt", "welcome"]
    let_pass(desk, member)
    assert paid(member) == [500, 250]
    before, now = months(desk)
    assert (before.end_cents, now.end_cents) == (500, 250)
    assert moved(now) == {Move.CONTRACTION: -250}


@pytest.mark.long
def test_what_is_off_for_some_months_comes_back_with_a_letter(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    give(desk, member, amount_off=100, currency="eur", duration="repeating", duration_in_months=1)
    assert member.amount_cents == 400
    desk.stripe.advance(days=25)
    let_pass(desk, member)
    # Given a moment after it was paid, its month is over a moment after the next payment.
    assert (paid(member), member.amount_cents) == ([500, 400], 500)
    assert letters().count("changed") == 2


def test_what_is_off_once_is_in_the_notice_of_that_payment_alone(desk: Desk) -> None:
    member = desk.join("yearly", 2400)
    give(desk, member, percent_off=25, duration="once")
    desk.stripe.advance(days=343)
    with at_stripes_time(desk) as now:
        assert "€18.00" in sent(planned("reminder", now))
    let_pass(desk, member)
    assert (paid(member), member.amount_cents) == ([2400, 1800], 2400)


def test_a_whole_discount_is_no_money_no_receipt_no_mrr_and_no_churn(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    give(desk, member, percent_off=100, duration="forever")
    desk.stripe.advance(months=4)
    let_pass(desk, member)
    assert (member.state, paid(member)) == (MembershipState.ACTIVE, [500])
    assert Receipt.objects.count() == 1
    page = signed_in(member.supporter).get("/account/").content.decode()
    assert "It is free for you: nothing is being taken." in page
    assert "Next payment" not in page
    # Longer than the longest pause, and still nobody left.
    found = months(desk, 6)
    assert [each.end_cents for each in found] == [500, 0, 0, 0, 0, 0]
    assert [each.active_end for each in found] == [1, 0, 0, 0, 0, 0]
    assert [moved(each) for each in found][1:] == [{Move.PAUSED: -500}, {}, {}, {}, {}]
    dashboard(desk).subscriptions.delete_discount(member.stripe_subscription_id)
    let_pass(desk, member)
    [now] = months(desk, 1)
    assert moved(now) == {Move.RESUMED: 500}


@pytest.mark.long
def test_no_notice_names_a_payment_that_will_not_be_taken(desk: Desk) -> None:
    member = desk.join("yearly", 2400)
    give(desk, member, percent_off=100, duration="forever")
    desk.stripe.advance(days=343)
    with at_stripes_time(desk) as now:
        assert sent(planned("reminder", now)) == "nothing is charged on that day"


def test_an_amount_that_its_supporter_chose_is_what_is_charged(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    give(desk, member, percent_off=50, duration="forever")
    wishes.change_amount(membership=member, amount_cents=600, press="six")
    settle(desk)
    let_pass(desk, member)
    assert (paid(member), member.amount_cents) == ([500, 600], 600)


def test_a_trial_of_a_running_membership_rests_and_begins_nothing_anew(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    desk.stripe.advance(days=10)
    until = desk.stripe.ask("clock")["now"] + 40 * 86400
    tell(desk, member, trial_end=until, proration_behavior="none")
    assert member.state == MembershipState.ACTIVE
    assert moved(months(desk, 1)[0]) == {Move.PAUSED: -500}
    let_pass(desk, member)
    assert paid(member) == [500, 500]
    assert moved(months(desk, 1)[0]) == {Move.RESUMED: 500}
    assert letters().count("welcome") == 1


def test_a_credit_that_pays_all_of_a_cheaper_renewal_tells_its_worth(desk: Desk) -> None:
    member = desk.join("monthly", 3000)
    desk.stripe.advance(days=2)
    change(desk, member, 1000, how="always_invoice")
    let_pass(desk, member)
    assert paid(member) == [3000]
    now = months(desk)[-1]
    assert (now.end_cents, moved(now)) == (1000, {Move.CONTRACTION: -2000})
    assert Receipt.objects.count() == 1
    lines = [str(each.words) for each in timeline.of(member.supporter)]
    assert sum("money of yours that we held" in each for each in lines) == 1


def test_who_joins_again_on_a_credit_is_a_member_from_that_day(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    lend(desk, member, 70000)
    desk.stripe.advance(days=40)
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=False)
    with at_stripes_time(desk):
        settle(desk)
        desk.stripe.pay(checkout_of(signed_in(rows.alice())))
        settle(desk)
    again = Membership.objects.exclude(pk=member.pk).get()
    assert (again.state, paid(again)) == (MembershipState.ACTIVE, [])
    assert again.started_at is not None
    assert months(desk, 1)[0].active_end == 1


def test_the_night_finds_a_period_without_money_that_no_event_told(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    give(desk, member, percent_off=100, duration="forever")
    desk.stripe.advance(days=35)
    desk.postman.carried |= {each["id"] for each in desk.postman.fetch()}
    with at_stripes_time(desk):
        assert reconcile.run(apply=True).remains == []
    told = MembershipEvent.objects.filter(membership=member, changes__has_key="covered")
    assert told.count() == 1
    assert months(desk, 1)[0].end_cents == 0


def test_who_is_sent_invoices_is_not_missed_for_having_no_card(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    method = member.stripe_method_id
    tell(desk, member, collection_method="send_invoice", days_until_due=10)
    dashboard(desk).payment_methods.detach(method)
    let_pass(desk, member)
    assert member.state == MembershipState.ACTIVE
    with at_stripes_time(desk):
        assert reconcile.run(apply=True).remains == []
    desk.stripe.advance(days=11)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.PAST_DUE


def test_a_renewal_paid_twice_is_income_twice_and_worth_once(desk: Desk) -> None:
    member = desk.join("monthly", 700, iban=IBAN_PAYS)
    desk.stripe.advance(days=10)
    desk.stripe.tell("settings", sepa_days=20)
    let_pass(desk, member)
    asked = {"subscription": member.stripe_subscription_id, "status": "open"}
    [invoice] = dashboard(desk).invoices.list(asked).data
    dashboard(desk).invoices.pay(invoice.id, {"paid_out_of_band": True})
    desk.stripe.advance(days=15)
    let_pass(desk, member)
    assert paid(member) == [700, 700, 700]
    # The next one is paid from what Stripe credits for it.
    assert [each.end_cents for each in months(desk, 3)] == [700, 700, 700]


def test_a_subscription_made_beside_a_membership_is_told_to_a_person(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    there = dashboard(desk).subscriptions
    [item] = there.retrieve(member.stripe_subscription_id)["items"].data
    assert member.customer is not None
    beside = there.create(
        {
            "customer": member.customer.stripe_customer_id,
            "items": [{"price": item.price.id}],
            "default_payment_method": member.stripe_method_id,
        }
    )
    settle(desk)
    assert (paid(member), Receipt.objects.count()) == ([500], 1)
    [line] = reconcile.run(apply=True).remains
    assert beside.id in line
    assert "no membership" in line
    there.cancel(beside.id)
    settle(desk)
    assert reconcile.run(apply=True).remains == []


def test_a_rhythm_that_we_have_no_words_for_is_told_to_staff_and_to_nobody_else(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    desk.stripe.advance(days=2)
    change(desk, member, 1200, count=2, how="none")
    assert "changed" not in letters()
    with at_stripes_time(desk) as now:
        [line] = reconcile.run(apply=True).remains
        assert movement.movement(now=now, count=1)[0].end_cents == 600
    assert "2 month" in line
    change(desk, member, 500, how="none")
    with at_stripes_time(desk):
        assert reconcile.run(apply=True).remains == []


@pytest.mark.long
def test_a_credit_note_on_what_is_open_leaves_what_was_billed(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    tell(desk, member, collection_method="send_invoice", days_until_due=10)
    let_pass(desk, member)
    asked = {"subscription": member.stripe_subscription_id, "status": "open"}
    [invoice] = dashboard(desk).invoices.list(asked).data
    dashboard(desk).credit_notes.create({"invoice": invoice.id, "amount": 200})
    dashboard(desk).invoices.pay(invoice.id, {"payment_method": "pm_card_visa"})
    with at_stripes_time(desk):
        settle(desk)
    assert paid(member) == [500, 300]
    assert months(desk, 1)[0].end_cents == 300


def test_a_credit_note_over_all_of_it_is_a_period_that_cost_nothing(desk: Desk) -> None:
    member = desk.join("monthly", 500)
    tell(desk, member, collection_method="send_invoice", days_until_due=10)
    let_pass(desk, member)
    asked = {"subscription": member.stripe_subscription_id, "status": "open"}
    [invoice] = dashboard(desk).invoices.list(asked).data
    dashboard(desk).credit_notes.create({"invoice": invoice.id, "amount": 500})
    with at_stripes_time(desk):
        settle(desk)
    assert (paid(member), Receipt.objects.count()) == ([500], 1)
    assert moved(months(desk, 1)[0]) == {Move.PAUSED: -500}
