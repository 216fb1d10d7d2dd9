"""A year made by hand, with every movement: each figure is written out from its definition.

Ten people besides Charlie's comeback. What each gives a month stands beside them, in cents.
"""

from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine

from billing import figures
from billing.figures import names
from billing.figures.names import Move
from billing.models import Campaign, Membership, MembershipEvent, Payment
from billing.models.ledger import LineKind
from billing.states import EndReason, MembershipState, PaymentState
from members.models import Supporter
from members.models.supporter import supporter_for
from members.reports import (
    campaigns,
    cohorts,
    failures,
    forecast,
    givers,
    income,
    movement,
    plans,
    present,
    renewals,
    rhythms,
    tenure,
    worth,
)
from tests import rows

NOW = datetime(2026, 10, 15, 10, tzinfo=UTC)
YEAR = 2026

pytestmark = [pytest.mark.django_db, pytest.mark.real]


@pytest.fixture(autouse=True)
def _year() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        _live()
        yield


def on(month: int, day: int, year: int = YEAR) -> datetime:
    return datetime(year, month, day, 12, tzinfo=UTC)


def _person(name: str) -> Supporter:
    return supporter_for(email=f"{name}@example.org", name="")


def _joins(who: Supporter, at: datetime, cents: int, **more: Any) -> Membership:
    """A monthly membership, with its first payment."""
    stay = rows.membership(who, started_at=at, amount_cents=cents, period_start=at, **more)
    _pays(stay, at, cents)
    return stay


def _joins_for_years(who: Supporter, at: datetime, cents: int, **more: Any) -> Membership:
    stay = rows.membership(
        who, slug="yearly", started_at=at, amount_cents=cents, period_start=at, **more
    )
    _pays_a_year(stay, at, cents)
    return stay


def _pays(stay: Membership, at: datetime, cents: int, **more: Any) -> Payment:
    ends = at.replace(month=at.month % 12 + 1, year=at.year + at.month // 12)
    return rows.payment(
        stay, paid_at=at, amount_cents=cents, period_start=at, period_end=ends, **more
    )


def _pays_a_year(stay: Membership, at: datetime, cents: int, **more: Any) -> Payment:
    ends = at.replace(year=at.year + 1)
    return rows.payment(
        stay, paid_at=at, amount_cents=cents, period_start=at, period_end=ends, **more
    )


def _ends(stay: Membership, at: datetime, reason: EndReason) -> None:
    stay.state, stay.ended_at, stay.end_reason = MembershipState.ENDED, at, reason
    stay.save()
    figures.recount(stay.supporter_id)


def _turns(stay: Membership, at: datetime, *, paused: bool) -> None:
    new = MembershipState.PAUSED if paused else MembershipState.ACTIVE
    MembershipEvent.objects.create(
        membership=stay, old_state=stay.state, new_state=new, source="stripe", happened_at=at
    )
    stay.state = new
    stay.save()
    figures.recount(stay.supporter_id)


def _live() -> None:
    letter = Campaign.objects.create(slug="letter", name="A letter")
    # 499 from January, 699 from April, 399 from July.
    alice = _joins(rows.alice(), on(1, 10), 499, campaign=letter)
    _pays(alice, on(4, 10), 699, extra_cents=200, fee_cents=36, net_cents=663)
    _pays(alice, on(7, 10), 399)
    # 199: 23.88 a year; and a gift.
    _joins_for_years(rows.bob(), on(1, 15), 2388)
    rows.payment(amount_cents=2000, paid_at=on(3, 9), fee_cents=55, net_cents=1945)
    # 199 until March, 299 from May; a gift in each year.
    left = _joins(rows.charlie(), on(1, 5), 199)
    _ends(left, on(3, 5), EndReason.REQUESTED)
    _joins(rows.charlie(), on(5, 20), 299)
    for at, cents in ((on(4, 4, 2025), 1000), (on(3, 10), 500)):
        rows.payment(supporter=rows.charlie(), amount_cents=cents, paid_at=at, campaign=letter)
    # 500 until the payments failed.
    fails = _joins(_person("d"), on(2, 3), 500)
    rows.payment(
        fails, paid_at=None, state=PaymentState.FAILED, amount_cents=500, first_failed_at=on(4, 3)
    )
    _ends(fails, on(4, 20), EndReason.PAYMENT_FAILED)
    # 1000 until the bank took it back, with its fee.
    disputes = _joins(_person("e"), on(2, 1), 1000)
    taken = Payment.objects.get(membership=disputes)
    rows.line(taken, kind=LineKind.DISPUTE, amount_cents=-1000, fee_cents=2000, booked_at=on(3, 12))
    _ends(disputes, on(3, 12), EndReason.DISPUTED)
    # 5000/12 for five days, and given back.
    withdraws = _joins_for_years(_person("f"), on(2, 20), 5000)
    back = Payment.objects.get(membership=withdraws)
    rows.line(back, amount_cents=-5000, booked_at=on(2, 26))
    _ends(withdraws, on(2, 25), EndReason.WITHDRAWN)
    # 300, paused from April to June; a payment failed first and came four days later.
    pauses = _joins(_person("g"), on(3, 2), 300)
    _pays(pauses, on(4, 6), 300, first_failed_at=on(4, 2), recovered_by="new_means")
    _turns(pauses, on(4, 10), paused=True)
    _turns(pauses, on(6, 10), paused=False)
    # 400, paused in May and never again: that is too long on 30 July.
    _turns(_joins(_person("h"), on(3, 2), 400), on(5, 1), paused=True)
    # 200, and 100 more from February; the first ends in June.
    two = _person("i")
    first = _joins(two, on(1, 5), 200)
    _joins_for_years(two, on(2, 5), 1200)
    _ends(first, on(6, 5), EndReason.REQUESTED)
    # 200 since last year, renewed in June.
    renews = _joins_for_years(_person("j"), on(6, 10, 2025), 2400)
    _pays_a_year(renews, on(6, 10), 2400)
    # 300 since last year, not renewed in September.
    ends = _joins_for_years(_person("k"), on(9, 1, 2025), 3600)
    _ends(ends, on(9, 1), EndReason.REQUESTED)


# Start, then what is not nothing, then end; cents, and active members.
MOVEMENTS: dict[int, tuple[int, dict[Move, tuple[int, int]], int, int]] = {
    1: (500, {Move.NEW: (4, 1097)}, 1597, 6),
    # 416.67 comes and goes: 1,916.67 is new.
    2: (
        1597,
        {Move.NEW: (3, 1917), Move.EXPANSION: (1, 100), Move.WITHDRAWN: (1, -417)},
        3197,
        8,
    ),
    3: (
        3197,
        {Move.NEW: (2, 700), Move.VOLUNTARY: (1, -199), Move.DISPUTE: (1, -1000)},
        2698,
        8,
    ),
    4: (
        2698,
        {Move.EXPANSION: (1, 200), Move.PAUSED: (1, -300), Move.INVOLUNTARY: (1, -500)},
        2098,
        6,
    ),
    5: (2098, {Move.REACTIVATION: (1, 299), Move.PAUSED: (1, -400)}, 1997, 6),
    6: (1997, {Move.RESUMED: (1, 300), Move.CONTRACTION: (1, -200)}, 2097, 7),
    7: (2097, {Move.CONTRACTION: (1, -300)}, 1797, 7),
    8: (1797, {}, 1797, 7),
    9: (1797, {Move.VOLUNTARY: (1, -300)}, 1497, 6),
    10: (1497, {}, 1497, 6),
}


def test_it_tells_where_every_cent_of_the_monthly_income_came_from_and_went() -> None:
    for month in movement.movement(now=NOW, count=10):
        start, moves, end, active = MOVEMENTS[month.month.first.month]
        told = {kind: (each.people, each.cents) for kind, each in month.moves.items()}
        assert {kind: each for kind, each in told.items() if each != (0, 0)} == moves
        assert (month.start_cents, month.end_cents, month.active_end) == (start, end, active)
        assert month.start_cents + sum(each.cents for each in month.moves.values()) == end


def test_it_tells_of_who_left_while_they_paused_apart() -> None:
    months = movement.movement(now=NOW, count=10)
    left = {each.month.first.month: sum(each.from_pause.values()) for each in months}
    assert {month for month, number in left.items() if number} == {7}
    assert [each.left for each in months] == [0, 1, 2, 1, 0, 0, 1, 0, 1, 0]


def test_it_does_not_count_a_pause_as_too_long_before_it_is() -> None:
    [july] = movement.movement(now=on(7, 29), count=1)
    assert july.left == 0


def test_it_tells_what_part_left() -> None:
    months = {each.month.first.month: each for each in movement.movement(now=NOW, count=10)}
    # March: 2 of 8; 1,199 of 3,197 cents. June: 200 of 1,997 less nothing; May: 0 - 299 of 2,098.
    assert (months[3].churn_share, months[3].gross_churn_share) == (2500, 3750)
    assert months[6].gross_churn_share == 1002
    assert (months[5].churn_share, months[5].net_churn_share) == (0, -1425)
    # April: (500) - 200 of 2,698.
    assert months[4].net_churn_share == 1112


def test_who_churns_in_the_month_of_joining_is_counted_in_both_and_flagged() -> None:
    # Comes and goes in August; withdraws; leaves and comes back; goes the month after.
    _ends(_joins(_person("l"), on(8, 2), 300), on(8, 20), EndReason.PAYMENT_FAILED)
    _ends(_joins(_person("m"), on(8, 2), 300), on(8, 9), EndReason.WITHDRAWN)
    _ends(_joins(_person("n"), on(7, 20), 300), on(8, 3), EndReason.REQUESTED)
    _joins(_person("n"), on(8, 21), 300)
    months = {each.month.first.month: each for each in movement.movement(now=NOW, count=10)}
    august = months[8]
    assert (august.moves[Move.NEW].people, august.moves[Move.REACTIVATION].people) == (2, 1)
    assert (august.churned, august.moves[Move.WITHDRAWN].people, august.brief) == (2, 1, 1)
    assert [month for month, each in months.items() if each.brief] == [8]


def test_it_tells_what_of_the_monthly_income_is_given_on_top() -> None:
    # Alice's 2.00 of the 6.99 that she paid from April until July.
    months = movement.movement(now=NOW, count=10)
    told = {each.month.first.month: (each.on_top, each.on_top_cents) for each in months}
    assert {month for month, each in told.items() if each == (1, 200)} == {4, 5, 6}
    assert {each for month, each in told.items() if month not in {4, 5, 6}} == {(0, 0)}


def test_it_never_mixes_monthly_and_yearly_in_one_rate() -> None:
    months = {each.month.first.month: each for each in rhythms.rhythms(now=NOW, count=10)}
    # March: Charlie's and the disputed one, of Alice's, theirs, d's and i's 2.00.
    march, september = months[3], months[9]
    assert (march.monthly.start, march.monthly.left, march.monthly.share) == (5, 2, 4000)
    assert (march.yearly.start, march.yearly.left, march.yearly.share) == (4, 0, 0)
    # The one that was not renewed, of Bob's, i's, j's and k's; withdrawn is not left.
    assert (september.yearly.start, september.yearly.left) == (4, 1)
    assert (september.monthly.start, september.monthly.left) == (3, 0)
    assert sum(each.yearly.left for each in months.values()) == 1


def test_it_tells_income_by_month_and_kind() -> None:
    months = {each.month.first.month: each for each in income.income(now=NOW, count=10)}
    gross = {
        month: tuple(each.kinds[kind].gross_cents for kind in income.KINDS)
        for month, each in months.items()
    }
    assert gross == {
        1: (499 + 199 + 200, 2388, 0),
        2: (500 + 1000, 5000 + 1200, 0),
        3: (300 + 400, 0, 2500),
        4: (699 + 300, 0, 0),
        5: (299, 0, 0),
        6: (0, 2400, 0),
        7: (399, 0, 0),
        8: (0, 0, 0),
        9: (0, 0, 0),
        10: (0, 0, 0),
    }
    assert months[2].kinds[names.YEARLY].refund_cents == 5000
    assert months[3].kinds[names.MONTHLY].dispute_cents == 3000
    april, march = months[4].total, months[3].total
    assert (april.fee_cents, april.extra_cents, april.net_cents) == (36, 200, 663)
    assert (april.fee_unknown, april.fee_unknown_cents) == (1, 300)
    assert (march.fee_cents, march.net_cents) == (55, 1945 - 3000)


def test_it_tells_which_payments_failed_and_which_came_after_all() -> None:
    april = failures.failures(now=NOW, count=7)[0]
    # Tried in April: Alice's, and two that failed first.
    assert (april.attempted, april.failed, april.recovered) == ((3, 1499), (2, 800), (1, 300))
    assert april.by == {"": (0, 0), "retry": (0, 0), "new_means": (1, 300)}
    assert not april.open


def test_it_tells_which_yearly_ones_renewed_and_which_are_to_come() -> None:
    rate = {each.month.first.month: each for each in renewals.renewal_rate(now=NOW, count=10)}
    assert (rate[6].due, rate[6].renewed) == ((1, 2400), (1, 2400))
    assert (rate[9].due, rate[9].renewed) == ((1, 3600), (0, 0))
    assert sum(each.due.number for each in rate.values()) == 2
    coming = {each.month.first: each.due for each in renewals.upcoming(now=NOW)}
    told = {f"{first:%Y-%m}": due for first, due in coming.items() if due.number}
    assert told == {"2027-01": (1, 2388), "2027-02": (1, 1200), "2027-06": (1, 2400)}


def test_it_tells_in_which_week_paid_years_run_out_and_leaves_out_who_leaves() -> None:
    assert _weeks() == {"2027-03-01": (3, 5988)}
    leaver = Membership.objects.get(interval="year", amount_cents=2400)
    Membership.objects.filter(pk=leaver.pk).update(ends_on=leaver.period_end)
    figures.recount(leaver.supporter_id)
    assert _weeks() == {"2027-03-01": (2, 3588)}


def _weeks() -> dict[str, tuple[int, int]]:
    weeks = renewals.upcoming_weeks(now=NOW, count=40)
    return {f"{each.monday:%Y-%m-%d}": (each.due, each.cents) for each in weeks if each.due}


def test_it_tells_what_the_next_year_brings_if_nobody_leaves() -> None:
    leaver = Membership.objects.get(supporter=rows.charlie(), state=MembershipState.ACTIVE)
    Membership.objects.filter(pk=leaver.pk).update(ends_on=on(12, 20))
    figures.recount(leaver.supporter_id)
    told = forecast.forecast(now=NOW)
    # Alice 399, Charlie 299 until December's, and 300.
    assert [each.monthly_cents for each in told][:3] == [998, 699, 699]
    assert [each.leaving for each in told][:3] == [0, 1, 0]
    years = {f"{each.month.first:%Y-%m}": (each.renewals, each.yearly_cents) for each in told}
    assert (years["2027-01"], years["2027-03"], years["2027-06"]) == ((1, 2388), (0, 0), (1, 2400))


def test_it_tells_how_long_people_stay() -> None:
    told = tenure.tenure(now=NOW)
    # Charlie was away from March to May, and one was paused from April to June.
    assert told.now == {5: 1, 7: 1, 9: 3, 16: 1}
    assert told.left == {0: 1, 1: 1, 2: 2, 12: 1}
    assert (told.median_now, told.median_left) == (90, 20)


def test_it_tells_what_people_give() -> None:
    # 1,497 of six; 100, 199, 200, 299, 300, 399. Gifts of 20.00 and 5.00.
    assert astuple(givers.averages(now=NOW)) == (250, 250, 2, 1250, 1250, 6)


def test_it_tells_who_gave_again_and_who_did_not() -> None:
    anything = {each.year: each for each in givers.years(now=NOW)}
    assert (anything[2025].donors, anything[2025].first) == ((3, 7000), 3)
    this = anything[2026]
    assert (this.donors.number, this.first, this.kept, this.retention) == (10, 8, 2, 6667)
    assert (this.last_year_not_this, this.some_year_not_this) == (1, 0)
    [_, gifts] = givers.years(now=NOW, key=names.GIFT)
    assert (gifts.donors, gifts.first, gifts.kept) == ((2, 2500), 1, 1)
    after = givers.years(now=datetime(2027, 5, 1, tzinfo=UTC))[-1]
    assert (after.last_year_not_this, after.some_year_not_this) == (10, 1)


def test_it_tells_what_a_campaign_brought() -> None:
    letter, unnamed = campaigns.campaigns(now=NOW)
    assert letter.campaign is not None
    assert (letter.joins, letter.gifts) == ((1, 499), (1, 500))
    assert (letter.memberships, letter.mrr_cents) == (1, 399)
    assert unnamed.campaign is None
    # All that began since last November but Alice's: nine memberships, and Bob's gift.
    assert (unnamed.joins.number, unnamed.gifts) == (10, (1, 2000))
    assert (unnamed.memberships, unnamed.mrr_cents) == (5, 1098)


def test_it_tells_what_stripe_keeps_of_each_plan() -> None:
    told = {each.plan.slug: each for each in plans.fee_shares(now=NOW)}
    assert astuple(told["monthly"])[1:] == (1, 699, 36)
    assert (told["once"].gross_cents, told["once"].fee_cents) == (2000, 55)
    assert (told["once"].fee_share, told["yearly"].fee_share) == (275, None)


def test_it_tells_who_is_overdue_paused_or_twice_a_member() -> None:
    rows.membership(rows.bob(), state=MembershipState.PAST_DUE, past_due_since=NOW)
    told = present.present()
    assert (told.at_risk, told.at_risk_cents, told.paused) == (1, 199, 1)
    assert [each.supporter_id for each in present.duplicates()] == [rows.bob().pk]
    assert present.at_risk().count() == 1


def test_it_tells_what_a_member_brings() -> None:
    told = worth.lifetime_value(now=NOW)
    # 663 that is told, less 5,000 and 3,000 that went back, over eleven people.
    assert (told.members_ever, told.realised_cents) == (11, -667)
    assert told.expected_cents is None


def test_it_hides_a_cohort_that_is_too_small_to_hide_in() -> None:
    for number in range(6):
        stay = _joins(_person(f"n{number}"), on(8, 3), 200)
        if number < 2:
            _ends(stay, on(9 + number, 3), EndReason.REQUESTED)
    told = {each.month.first.month: each for each in cohorts.cohorts(now=NOW, count=10)}
    assert told[8].starters == 6
    assert [astuple(each) for each in told[8].cells] == [
        (6, 10_000, 1200),
        (5, 8333, 1000),
        (None, None, None),
    ]
    assert told[1].starters is None


def test_the_rollups_are_what_the_facts_say_and_made_anew_they_are_the_same() -> None:
    assert figures.compare().equal
    kept = figures.stored()
    figures.rebuild()
    assert figures.stored() == kept
    assert figures.compare().equal
