"""A membership from month to month: cards, amounts, failures, ends, and the calendar."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from billing import dunning, reconcile, stripe_api
from billing.dates import dublin_date
from billing.models import Membership, MembershipEvent, Payment, Receipt, StripeEvent
from billing.models.stripe import EventState
from billing.states import EndReason, MembershipState, PaymentState
from billing.wording import long_date
from members.reports import report
from tests import rows
from tests.cases.acts import (
    at_stripes_time,
    dashboard,
    let_pass,
    letters,
    paid,
    settle,
    stripes_now,
)
from tests.doors.conftest import Desk
from tests.doors.test_duplicates import checkout_of, fresh, live, open_invoices
from tests.doors.test_grace import FAILS_LATER, customer_of
from tests.local_stripe import session_id
from tests.supporter_desk import press, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MASTERCARD = "5555555555554444"


def last_paid(membership: Membership) -> Payment:
    return membership.payments.filter(state=PaymentState.SUCCEEDED).latest("paid_at")


def came_in_by(membership: Membership) -> list[str]:
    """With what each payment came in that had failed at first; "" of the others."""
    return [*membership.payments.order_by("paid_at").values_list("recovered_by", flat=True)]


def change_card_in_the_portal(desk: Desk, member: Membership) -> None:
    portal = press(signed_in(rows.alice()), member, "card").headers["Location"]
    desk.stripe.tell(f"portal/{session_id(portal)}/press", do="card", card=MASTERCARD)


def fail_next(desk: Desk, member: Membership, *, days: int = 0) -> None:
    """The next renewal fails, and so many days pass."""
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card=FAILS_LATER)
    let_pass(desk, member)
    if days:
        desk.stripe.advance(days=days)
        with at_stripes_time(desk):
            settle(desk)
        member.refresh_from_db()


# Order
@pytest.mark.case("E2")
def test_what_happened_before_the_end_and_is_heard_after_it_opens_nothing_again(desk: Desk) -> None:
    member = desk.join()
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=True)
    desk.stripe.advance(months=1, seconds=7200)
    told = desk.postman.fetch()
    end = [each for each in told if each["type"] == "customer.subscription.deleted"]
    desk.postman.carry(end)
    desk.work()
    ended = fresh(member)
    assert ended.state == MembershipState.ENDED
    assert ended.ended_at == datetime.fromtimestamp(end[0]["data"]["object"]["ended_at"], UTC)
    before = MembershipEvent.objects.count()
    for event in [each for each in told if each not in end][::-1]:
        desk.postman.carry([event])
        desk.work()
    assert fresh(member).state == MembershipState.ENDED
    assert MembershipEvent.objects.count() == before
    assert letters().count("ended") == 1
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.DONE}


@pytest.mark.case("F14", "F13")
def test_every_change_of_state_has_a_line_that_says_who_and_what_made_it(desk: Desk) -> None:
    member = desk.join()
    press(signed_in(rows.alice()), member, "cancel")
    let_pass(desk, member)
    told = [
        (each.old_state, each.new_state, each.source, bool(each.reference))
        for each in MembershipEvent.objects.filter(membership=member)
        if each.old_state != each.new_state or "ends_on" in each.changes
    ]
    assert told == [
        ("pending", "active", "stripe", True),
        ("active", "active", "intent", True),
        ("active", "ended", "stripe", True),
    ]
    assert member.end_reason == EndReason.REQUESTED


# Cards
@pytest.mark.case("E5")
def test_every_month_is_charged_to_the_card_that_was_chosen_last(desk: Desk) -> None:
    member = desk.join()
    snapshot = stripe_api.get_subscription(member.stripe_subscription_id or "")
    assert member.stripe_method_id == snapshot.method_id != ""
    let_pass(desk, member)
    assert last_paid(member).method_label == "Visa ending 4242"
    change_card_in_the_portal(desk, member)
    with at_stripes_time(desk):
        settle(desk)
    let_pass(desk, member)
    assert last_paid(member).method_label == "Mastercard ending 4444"
    assert paid(member) == [199, 199, 199]


@pytest.mark.case("E5")
def test_a_membership_with_nothing_to_be_charged_is_named_before_it_fails(desk: Desk) -> None:
    member = desk.join()
    assert reconcile.run(apply=True).remaining == 0
    dashboard(desk).payment_methods.detach(member.stripe_method_id)
    desk.catch_up()
    words = f"subscription {member.stripe_subscription_id} renews without a means of payment"
    for apply in (False, True):
        assert reconcile.run(apply=apply).remains == [words]
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card=MASTERCARD)
    desk.catch_up()
    assert reconcile.run(apply=True).remaining == 0
    let_pass(desk, member)
    assert paid(member) == [199, 199]


@pytest.mark.case("F3")
@pytest.mark.parametrize("heard", ["customer.subscription.updated", "customer.updated"])
def test_a_new_card_is_known_whichever_event_of_it_arrives(heard: str, desk: Desk) -> None:
    member = desk.join()
    before = member.stripe_method_id
    change_card_in_the_portal(desk, member)
    told = [each for each in desk.postman.fetch() if each["type"] == heard]
    assert told
    desk.postman.carry(told)
    desk.work()
    now = stripe_api.get_subscription(member.stripe_subscription_id or "").method_id
    assert fresh(member).stripe_method_id == now != before


@pytest.mark.case("E5", "E8")
def test_a_new_card_in_the_portal_pays_what_is_open_and_it_is_paid_once(desk: Desk) -> None:
    desk.stripe.tell("settings", portal_retries_open=False)
    member = desk.join()
    fail_next(desk, member)
    assert member.state == MembershipState.PAST_DUE
    with at_stripes_time(desk):
        change_card_in_the_portal(desk, member)
        settle(desk)
    assert fresh(member).state == MembershipState.ACTIVE
    assert paid(member) == [199, 199]
    assert came_in_by(member) == ["", "new_means"]
    let_pass(desk, member)
    assert paid(member) == [199, 199, 199]


@pytest.mark.case("E8")
def test_a_card_that_its_network_renews_is_charged_at_once_and_no_more_is_written(
    desk: Desk,
) -> None:
    member = desk.join()
    fail_next(desk, member)
    assert letters().count("payment-failed") == 1
    method = fresh(member).stripe_method_id
    with at_stripes_time(desk):
        desk.stripe.tell(f"payment_methods/{method}/update", card=MASTERCARD, exp_year=2040)
        settle(desk)
    assert fresh(member).state == MembershipState.ACTIVE
    assert paid(member) == [199, 199]
    assert came_in_by(member) == ["", "retry"]
    desk.stripe.advance(days=20)
    with at_stripes_time(desk) as now:
        settle(desk)
        assert dunning.end_graces(now=now) == 0
    assert letters().count("payment-failed") == 1


# Failures
@pytest.mark.case("E8", "E1")
def test_four_tries_of_one_payment_are_one_letter_with_a_stated_day(desk: Desk) -> None:
    desk.stripe.tell("settings", retry_days=[2, 2, 2], after_retries="past_due")
    member = desk.join()
    fail_next(desk, member, days=8)
    assert member.state == MembershipState.PAST_DUE
    tried = stripe_api.get_invoice(open_invoices(member)[0]).attempt_count
    assert tried == 4
    assert letters().count("payment-failed") == 1
    assert member.past_due_since is not None
    day = long_date(member.past_due_since + timedelta(days=14))
    bodies = [" ".join(str(each.body).split()) for each in mail.outbox]
    assert len([each for each in bodies if f"by {day}" in each]) == 1
    with at_stripes_time(desk):
        assert f"until <strong>{day}</strong>" in text_of(signed_in(rows.alice()))


@pytest.mark.case("E8")
@pytest.mark.parametrize("outcome", ["cancel", "unpaid", "past_due", "pause"])
def test_it_ends_with_one_good_bye_and_nothing_owed_whatever_stripe_does_last(
    outcome: str, desk: Desk
) -> None:
    desk.stripe.tell("settings", retry_days=[1, 1, 1], after_retries=outcome)
    member = desk.join()
    fail_next(desk, member, days=5)
    assert (member.state == MembershipState.ENDED) is (outcome == "cancel")
    desk.stripe.advance(days=12)
    with at_stripes_time(desk) as now:
        dunning.end_graces(now=now)
        settle(desk)
    member.refresh_from_db()
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.PAYMENT_FAILED)
    assert open_invoices(member) == []
    assert letters().count("ended") == 1
    assert letters().count("payment-failed") == 1
    # Who comes back pays for the new time alone.
    with at_stripes_time(desk):
        desk.stripe.pay(checkout_of(Client()))
        settle(desk)
    assert paid(member) == [199]
    [new] = live()
    assert paid(new) == [199]


@pytest.mark.case("E9")
@pytest.mark.parametrize(
    "outcome", ["unpaid", pytest.param("past_due", marks=pytest.mark.long), "pause"]
)
def test_who_joins_again_while_stripe_has_given_up_has_one_and_owes_nothing(
    outcome: str, desk: Desk
) -> None:
    desk.stripe.tell("settings", retry_days=[1, 1, 1], after_retries=outcome)
    member = desk.join()
    fail_next(desk, member, days=5)
    with at_stripes_time(desk):
        desk.stripe.pay(checkout_of(Client()))
        settle(desk)
    old = fresh(member)
    assert (old.state, old.end_reason) == (MembershipState.ENDED, EndReason.REPLACED)
    assert open_invoices(old) == []
    assert len(live()) == 1


@pytest.mark.case("E9")
def test_who_joins_again_while_the_first_payment_waits_for_the_bank_ends_with_one(
    desk: Desk,
) -> None:
    """Incomplete at Stripe: the bank asks, and the payer has gone."""
    api = dashboard(desk)
    waiting = desk.open(rows.alice(), "monthly", 199)
    customer = api.customers.create({"email": "alice@example.org"})
    card = api.payment_methods.attach("pm_card_authenticationRequired", {"customer": customer.id})
    begun = api.subscriptions.create(
        {
            "customer": customer.id,
            "default_payment_method": card.id,
            "metadata": {"meitheal_ref": str(waiting.subject)},
            "payment_behavior": "default_incomplete",
            "items": [
                {
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": 199,
                        "recurring": {"interval": "month"},
                        "product": "meitheal_monthly",
                    }
                }
            ],
        }
    )
    settle(desk)
    old = Membership.objects.get(pk=waiting.subject)
    assert (old.state, old.stripe_subscription_id) == (MembershipState.PENDING, begun.id)
    desk.stripe.pay(checkout_of(Client()))
    settle(desk)
    assert fresh(old).state == MembershipState.EXPIRED
    assert open_invoices(old) == []
    [new] = live()
    assert new.pk != old.pk
    assert paid(new) == [199]


# Amounts
@pytest.mark.case("E6")
def test_an_amount_changed_in_the_dashboard_lands_and_counts_once(desk: Desk) -> None:
    member = desk.join()
    snapshot = stripe_api.get_subscription(member.stripe_subscription_id or "")
    price = {
        "currency": "eur",
        "unit_amount": 500,
        "recurring": {"interval": "month"},
        "product": "meitheal_monthly",
    }
    items = [{"id": snapshot.item_id, "price_data": price}]
    changed = {"items": items, "proration_behavior": "none"}
    dashboard(desk).subscriptions.update(snapshot.id, changed)
    events = desk.postman.fetch()
    for _ in range(3):
        desk.postman.carry(events)
        settle(desk)
        running = report.build(now=timezone.now()).running
        # It counts from the first payment that it is asked in.
        assert (running.mrr_cents, running.active, running.new) == (199, 1, 1)
    moved = MembershipEvent.objects.filter(membership=member, changes__has_key="amount_cents")
    assert [each.changes["amount_cents"] for each in moved][-1] == [199, 500]
    assert len([each for each in moved if each.changes["amount_cents"] == [199, 500]]) == 1
    let_pass(desk, member)
    assert paid(member) == [199, 500]
    assert report.build(now=stripes_now(desk)).running.mrr_cents == 500


# The calendar
CALENDAR = {
    "month end": ("monthly", "2027-01-31T12:00", ["2027-02-28", "2027-03-31", "2027-04-30"]),
    "month end of a leap year": ("monthly", "2028-01-31T12:00", ["2028-02-29", "2028-03-31"]),
    "29 February": (
        "yearly",
        "2028-02-29T12:00",
        ["2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29"],
    ),
    "the clocks go forward": ("monthly", "2027-03-28T00:30", ["2027-04-28", "2027-05-28"]),
    "the clocks go back": ("monthly", "2027-10-31T00:30", ["2027-11-30", "2027-12-31"]),
    # 23:30 UTC is the same day in Dublin in winter, and the next one in summer.
    "late in winter": ("monthly", "2027-01-31T23:30", ["2027-02-28", "2027-04-01"]),
    "late in summer": ("monthly", "2027-06-30T23:30", ["2027-07-31", "2027-08-31"]),
}
# What another of them asks as well.
ALIKE = {"month end", "the clocks go forward", "late in winter"}


@pytest.mark.case("E14")
@pytest.mark.parametrize(
    "when",
    [pytest.param(each, marks=pytest.mark.long if each in ALIKE else ()) for each in CALENDAR],
)
def test_stripes_anchor_decides_the_day_and_dublin_what_it_is_called(when: str, desk: Desk) -> None:
    slug, begins, days = CALENDAR[when]
    began = datetime.fromisoformat(begins).replace(tzinfo=UTC)
    desk.stripe.tell("clock", now=int(began.timestamp()))
    with at_stripes_time(desk):
        member = desk.join(slug, 2388)
        settle(desk)
    member.refresh_from_db()
    for day in days:
        assert member.period_end is not None
        assert dublin_date(member.period_end) == date.fromisoformat(day)
        ends = member.period_end
        let_pass(desk, member)
        assert member.period_start == ends
    assert paid(member) == [2388] * (len(days) + 1)
    starts = Receipt.objects.order_by("paid_at").values_list("period_start", flat=True)
    assert [dublin_date(each).isoformat() for each in starts if each][1:] == days


@pytest.mark.case("E14")
@pytest.mark.parametrize(
    ("moment", "day", "label"),
    [
        ("2027-06-30T22:59", "30 June 2027", "R-2027-000001"),
        ("2027-06-30T23:01", "1 July 2027", "R-2027-000001"),
        ("2026-12-31T23:59", "31 December 2026", "R-2026-000001"),
        ("2027-01-01T00:01", "1 January 2027", "R-2027-000001"),
    ],
)
def test_a_payment_around_midnight_has_the_day_month_and_year_of_dublin(
    moment: str, day: str, label: str, desk: Desk
) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    desk.stripe.tell("clock", now=int(now.timestamp()))
    with at_stripes_time(desk):
        gift = desk.give(500)
        assert Receipt.objects.get(payment=gift).label == label
        assert day in str(mail.outbox[-1].body)
        running = report.build(now=timezone.now()).running
        assert (running.gross_cents, running.month.first) == (
            500,
            dublin_date(now).replace(day=1),
        )
