"""The figures, each by its definition (docs/metrics.md, DOMAIN 7)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from billing import figures
from billing.models import Membership, Payment
from billing.models.ledger import LineKind
from billing.states import EndReason, MembershipState, PaymentState, RefundState
from members.models import Supporter
from members.reports import Report, build
from members.reports.definitions import DEFINITIONS, FIGURES
from members.reports.report import Line
from members.staff.reports.charts import Series
from members.staff.reports.columns import columns
from members.staff.reports.overview import Sight
from tests import rows
from tests.staff_desk import signed_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL = datetime(2026, 4, 10, 12, tzinfo=UTC)
MAY = datetime(2026, 5, 10, 12, tzinfo=UTC)
SEPTEMBER = datetime(2026, 9, 10, 12, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 10, 12, tzinfo=UTC)
# Summer time in Dublin: half an hour before midnight UTC is half an hour into October.
OCTOBERS_FIRST_HOUR = datetime(2026, 9, 30, 23, 30, tzinfo=UTC)
# Winter time: the same hour on the clock is October still.
OCTOBERS_LAST_HOUR = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def _report() -> Report:
    return build(now=NOW)


def _month(name: str) -> Line:
    """The line of a month of 2026 or 2025, by its first day."""
    return next(line for line in _report().lines if f"{line.month.first:%Y-%m}" == name)


def _ended(of: Supporter, *, began: datetime, ended: datetime) -> Membership:
    return rows.membership(
        of,
        state=MembershipState.ENDED,
        started_at=began,
        ended_at=ended,
        end_reason=EndReason.REQUESTED,
    )


def _members(*, count: int, slug: str, cents: int, start: int = 0) -> None:
    people = [
        Supporter(email_sealed=b"-", email_hash=f"{n:064d}") for n in range(start, start + count)
    ]
    Supporter.objects.bulk_create(people)
    plan = rows.plan(slug)
    Membership.objects.bulk_create(
        Membership(
            supporter=person,
            plan=plan,
            amount_cents=cents,
            interval=plan.interval,
            state=MembershipState.ACTIVE,
            stripe_subscription_id=f"sub_many_{person.email_hash}",
            started_at=rows.START,
        )
        for person in people
    )
    figures.rebuild()


def test_it_has_thirteen_months_the_last_of_which_runs() -> None:
    lines = _report().lines
    assert [f"{line.month.first:%Y-%m}" for line in lines][::12] == ["2025-11", "2026-11"]
    assert len(lines) == 13


def test_it_has_zeros_before_there_is_anything() -> None:
    line = _report().running
    assert (line.active, line.mrr_cents, line.net_cents, line.failed) == (0, 0, 0, 0)


def test_it_sums_monthly_amounts_and_twelfths_of_yearly_ones() -> None:
    _members(count=100, slug="monthly", cents=199)
    _members(count=50, slug="yearly", cents=2388, start=100)
    assert _report().running.mrr_cents == 29850


def test_it_rounds_the_sum_once_and_half_a_cent_upwards() -> None:
    _members(count=3, slug="yearly", cents=1990)
    # 3 x 19.90 / 12 = 4.975; rounded one by one it would be 4.98 as well only by luck of 1.66.
    assert _report().running.mrr_cents == 498
    assert _month("2026-03").mrr_cents == 498


def test_it_does_not_round_each_member() -> None:
    _members(count=10, slug="yearly", cents=1999)
    # 166.583... each: 1,665.83 in all, but 1,670 if each were rounded first.
    assert _report().running.mrr_cents == 1666


def test_it_counts_two_memberships_of_one_person_as_one_member() -> None:
    rows.membership(rows.alice())
    rows.membership(rows.alice(), slug="yearly")
    line = _report().running
    assert (line.active, line.mrr_cents) == (1, 398)
    assert _month("2026-03").new == 1


@pytest.mark.parametrize(
    ("state", "active", "cents"),
    [
        (MembershipState.ACTIVE, 1, 199),
        (MembershipState.PAST_DUE, 1, 199),
        (MembershipState.PAUSED, 0, 0),
    ],
)
def test_it_counts_what_is_active_or_overdue(
    state: MembershipState, active: int, cents: int
) -> None:
    rows.membership(state=state, past_due_since=NOW)
    line = _report().running
    assert (line.active, line.mrr_cents) == (active, cents)


def test_it_shows_what_is_overdue_and_paused_beside_the_figures() -> None:
    rows.membership(rows.alice(), state=MembershipState.PAST_DUE, past_due_since=NOW)
    rows.membership(rows.bob(), state=MembershipState.PAUSED)
    present = _report().present
    assert (present.at_risk, present.at_risk_cents, present.paused) == (1, 199, 1)


def test_it_leaves_out_who_never_paid() -> None:
    rows.membership(state=MembershipState.PENDING, started_at=None)
    line = _report().running
    assert (line.active, line.mrr_cents, line.new) == (0, 0, 0)


def test_it_knows_who_was_a_member_at_the_end_of_a_past_month() -> None:
    _ended(rows.alice(), began=SEPTEMBER, ended=OCTOBER)
    assert [_month(m).active for m in ("2026-08", "2026-09", "2026-10")] == [0, 1, 0]
    assert [_month(m).mrr_cents for m in ("2026-09", "2026-10")] == [199, 0]


@pytest.mark.case("E14")
def test_it_cuts_months_at_midnight_in_dublin() -> None:
    rows.membership(rows.alice(), started_at=OCTOBERS_FIRST_HOUR)
    rows.membership(rows.bob(), started_at=OCTOBERS_LAST_HOUR)
    assert (_month("2026-09").new, _month("2026-10").new, _month("2026-11").new) == (0, 2, 0)
    assert (_month("2026-09").active, _month("2026-10").active) == (0, 2)


def test_it_begins_the_oldest_month_at_midnight_in_dublin_too() -> None:
    rows.payment(amount_cents=500, paid_at=datetime(2026, 3, 31, 22, 59, 59, tzinfo=UTC))
    rows.payment(amount_cents=700, paid_at=datetime(2026, 3, 31, 23, 0, tzinfo=UTC))
    april = build(now=datetime(2026, 5, 15, tzinfo=UTC), count=2).lines[0]
    assert april.gross_cents == 700


def test_it_gives_midnight_itself_to_the_month_that_begins() -> None:
    midnight = datetime(2026, 10, 1, tzinfo=UTC) - timedelta(hours=1)
    _ended(rows.alice(), began=SEPTEMBER, ended=midnight)
    rows.membership(rows.bob(), started_at=midnight)
    september, october = _month("2026-09"), _month("2026-10")
    assert (september.active, september.ended, september.new) == (1, 0, 1)
    assert (october.active, october.ended, october.new) == (1, 1, 1)


def test_it_counts_a_person_as_new_once_and_as_returned_after_that() -> None:
    _ended(rows.alice(), began=rows.START, ended=SEPTEMBER)
    rows.membership(rows.alice(), started_at=OCTOBER)
    assert (_month("2026-03").new, _month("2026-03").returned) == (1, 0)
    assert (_month("2026-10").new, _month("2026-10").returned) == (0, 1)


def test_it_does_not_call_a_second_membership_a_return() -> None:
    rows.membership(rows.alice(), started_at=rows.START)
    rows.membership(rows.alice(), started_at=OCTOBER)
    assert (_month("2026-10").new, _month("2026-10").returned) == (0, 0)


def test_it_does_not_call_one_of_two_memberships_an_ending() -> None:
    rows.membership(rows.alice())
    _ended(rows.alice(), began=rows.START, ended=OCTOBER)
    assert _month("2026-10").ended == 0


def test_it_counts_two_memberships_that_end_at_one_moment_as_one_departure() -> None:
    _ended(rows.alice(), began=rows.START, ended=OCTOBER)
    _ended(rows.alice(), began=SEPTEMBER, ended=OCTOBER)
    assert _month("2026-10").ended == 1


def test_it_sees_no_gap_where_the_next_begins_as_the_last_ends() -> None:
    _ended(rows.alice(), began=rows.START, ended=OCTOBER)
    rows.membership(rows.alice(), started_at=OCTOBER)
    line = _month("2026-10")
    assert (line.active, line.returned, line.ended) == (1, 0, 0)


def test_it_counts_who_joined_and_left_in_one_month_as_both() -> None:
    _ended(rows.alice(), began=OCTOBER, ended=OCTOBER + timedelta(days=3))
    line = _month("2026-10")
    assert (line.new, line.ended, line.active) == (1, 1, 0)


def test_it_balances_members_from_month_to_month() -> None:
    _ended(rows.alice(), began=rows.START, ended=SEPTEMBER)
    _ended(rows.alice(), began=SEPTEMBER + timedelta(days=3), ended=OCTOBER)
    rows.membership(rows.bob(), started_at=OCTOBERS_FIRST_HOUR)
    _ended(rows.charlie(), began=SEPTEMBER, ended=OCTOBERS_LAST_HOUR)
    lines = _report().lines
    for before, line in pairwise(lines):
        assert line.active == before.active + line.new + line.returned - line.ended


def test_it_sums_what_stripe_says_of_gross_fee_and_net() -> None:
    member = rows.membership()
    for cents, fee in ((199, 28), (2388, 61)):
        rows.payment(
            member, amount_cents=cents, fee_cents=fee, net_cents=cents - fee, paid_at=OCTOBER
        )
    line = _month("2026-10")
    assert (line.gross_cents, line.fee_cents, line.net_cents) == (2587, 89, 2498)
    assert line.fee_unknown == 0


def test_it_never_guesses_a_fee_that_stripe_has_not_told() -> None:
    rows.payment(rows.membership(), paid_at=OCTOBER)
    rows.payment(amount_cents=500, fee_cents=33, net_cents=467, paid_at=OCTOBER)
    line = _month("2026-10")
    assert (line.gross_cents, line.fee_cents, line.net_cents) == (699, 33, 467)
    assert (line.fee_unknown, line.fee_unknown_cents) == (1, 199)
    page = signed_in().get("/staff/reports/").content.decode()
    assert "not yet told its fee for a few payments" in page


@pytest.mark.case("E10", "F7")
def test_it_takes_a_refund_off_the_month_in_which_it_went_back() -> None:
    paid = rows.payment(amount_cents=500, fee_cents=33, net_cents=467, paid_at=SEPTEMBER)
    rows.line(paid, amount_cents=-200, booked_at=OCTOBERS_FIRST_HOUR)
    rows.line(paid, amount_cents=-100, booked_at=OCTOBER)
    assert (_month("2026-09").net_cents, _month("2026-09").refund_cents) == (467, 0)
    assert (_month("2026-10").net_cents, _month("2026-10").refund_cents) == (-300, 300)


@pytest.mark.case("F9")
def test_a_refund_that_fails_later_leaves_the_month_of_the_refund_as_it_was() -> None:
    paid = rows.payment(amount_cents=500, fee_cents=33, net_cents=467, paid_at=SEPTEMBER)
    rows.line(paid, amount_cents=-500, booked_at=OCTOBER)
    rows.refund(paid, refunded_at=OCTOBER, state=RefundState.FAILED)
    rows.line(paid, kind=LineKind.REFUND_FAILED, amount_cents=500, booked_at=NOW)
    assert [_month(m).refund_cents for m in ("2026-09", "2026-10", "2026-11")] == [0, 500, -500]
    assert [_month(m).net_cents for m in ("2026-09", "2026-10", "2026-11")] == [467, -500, 500]


def _disputed(kind: LineKind, *, won: bool) -> list[tuple[int, int]]:
    """Disputes and net of March, April and May: €5.00 paid in March, and taken back in April."""
    paid = rows.payment(amount_cents=500, fee_cents=33, net_cents=467, paid_at=MARCH)
    rows.line(paid, kind=kind, amount_cents=-500, fee_cents=2000, booked_at=APRIL)
    if won:
        rows.line(paid, kind=kind, amount_cents=500, booked_at=MAY)
    return [
        (line.dispute_cents, line.net_cents)
        for line in (_month(each) for each in ("2026-03", "2026-04", "2026-05"))
    ]


@pytest.mark.case("E12")
def test_a_dispute_that_is_won_costs_its_fee_and_each_month_what_happened_in_it() -> None:
    assert _disputed(LineKind.DISPUTE, won=True) == [(0, 467), (2500, -2500), (-500, 500)]
    assert sum(line.net_cents for line in _report().lines) == 467 - 2000


@pytest.mark.case("E12")
def test_a_dispute_that_is_lost_costs_the_payment_and_its_fee() -> None:
    assert _disputed(LineKind.DISPUTE, won=False) == [(0, 467), (2500, -2500), (0, 0)]


@pytest.mark.case("E12", "E13")
def test_a_debit_that_comes_back_late_is_taken_off_the_month_in_which_it_came_back() -> None:
    paid = rows.payment(amount_cents=2388, fee_cents=35, net_cents=2353, paid_at=MARCH)
    returned = LineKind.PAYMENT_RETURNED
    rows.line(paid, kind=returned, amount_cents=-2388, fee_cents=750, booked_at=MAY)
    assert [_month(m).net_cents for m in ("2026-03", "2026-04", "2026-05")] == [2353, 0, -3138]
    assert _month("2026-05").dispute_cents == 3138


def test_its_columns_of_money_add_up_in_every_month() -> None:
    paid = rows.payment(amount_cents=500, fee_cents=33, net_cents=467, paid_at=MARCH)
    other = rows.payment(amount_cents=700, fee_cents=36, net_cents=664, paid_at=MARCH)
    rows.line(paid, amount_cents=-200, booked_at=MARCH)
    rows.line(other, kind=LineKind.DISPUTE, amount_cents=-700, fee_cents=2000, booked_at=MARCH)
    rows.line(other, kind=LineKind.PAYMENT, amount_cents=700, fee_cents=36, booked_at=MARCH)
    line = _month("2026-03")
    # 12.00 - 0.69 - 2.00 - 27.00: the line of a payment is the payment, and counted once.
    assert (line.gross_cents, line.fee_cents, line.refund_cents) == (1200, 69, 200)
    assert (line.dispute_cents, line.net_cents) == (2700, -1769)


@pytest.mark.case("E16")
def test_it_leaves_out_what_went_back_to_payers_of_another_product() -> None:
    paid = rows.payment(amount_cents=500, fee_cents=33, net_cents=467, paid_at=MARCH)
    rows.line(paid, amount_cents=-900, booked_at=MARCH, payment=None)
    assert (_month("2026-03").refund_cents, _month("2026-03").net_cents) == (0, 467)


def test_what_was_paid_to_us_directly_is_income_without_a_fee() -> None:
    rows.payment(
        rows.membership(),
        amount_cents=2388,
        paid_at=OCTOBER,
        outside_stripe=True,
        stripe_payment_intent_id=None,
        stripe_invoice_id="in_cash",
    )
    line = _month("2026-10")
    assert (line.gross_cents, line.fee_cents, line.net_cents) == (2388, 0, 2388)
    assert line.fee_unknown == 0


def test_it_leaves_mrr_alone_when_a_payment_is_refunded() -> None:
    member = rows.membership()
    paid = rows.payment(member, paid_at=OCTOBER)
    rows.line(paid, amount_cents=-199, booked_at=OCTOBER)
    assert _report().running.mrr_cents == 199


@pytest.mark.case("F9")
def test_it_dates_income_by_the_payment_and_counts_only_what_succeeded() -> None:
    rows.payment(paid_at=OCTOBERS_FIRST_HOUR)
    rows.payment(paid_at=OCTOBERS_LAST_HOUR)
    rows.payment(paid_at=None, state=PaymentState.FAILED, first_failed_at=OCTOBER)
    assert (_month("2026-09").gross_cents, _month("2026-10").gross_cents) == (0, 1000)


def test_it_shows_gifts_apart_from_memberships() -> None:
    rows.payment(rows.membership(), paid_at=OCTOBER)
    rows.payment(amount_cents=500, paid_at=OCTOBER)
    line = _month("2026-10")
    assert (line.gifts, line.gift_cents, line.gross_cents) == (1, 500, 699)
    assert line.active == 1


def test_it_counts_a_failure_in_the_month_of_the_first_even_if_it_healed() -> None:
    member = rows.membership()
    rows.payment(member, first_failed_at=OCTOBERS_FIRST_HOUR, paid_at=NOW)
    rows.payment(
        member, state=PaymentState.FAILED, paid_at=None, first_failed_at=OCTOBERS_LAST_HOUR
    )
    line = _month("2026-10")
    assert (line.failed, line.failed_cents) == (2, 398)
    assert _month("2026-11").failed == 0


def test_a_gift_whose_first_card_was_refused_is_no_failed_invoice() -> None:
    rows.payment(amount_cents=500, first_failed_at=OCTOBER, paid_at=OCTOBER)
    line = _month("2026-10")
    assert (line.failed, line.gifts) == (0, 1)


def test_it_needs_as_few_queries_for_three_hundred_members_as_for_one(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    rows.payment(rows.membership())
    with django_assert_num_queries(5):
        _report()
    _members(count=300, slug="monthly", cents=199)
    Payment.objects.bulk_create(
        Payment(
            supporter=member.supporter,
            plan=member.plan,
            membership=member,
            state=PaymentState.SUCCEEDED,
            amount_cents=199,
            stripe_payment_intent_id=f"pi_{member.stripe_subscription_id}",
            paid_at=OCTOBER,
            fee_cents=28,
            net_cents=171,
        )
        for member in Membership.objects.select_related("supporter", "plan").filter(
            stripe_subscription_id__startswith="sub_many"
        )
    )
    figures.rebuild()
    with django_assert_num_queries(5):
        report = _report()
    assert (report.running.active, report.running.mrr_cents) == (301, 301 * 199)
    october = report.lines[-2]
    assert (october.gross_cents, october.fee_cents, october.net_cents) == (59700, 8400, 51300)


def test_it_puts_every_figure_of_the_charts_into_the_table_too() -> None:
    rows.payment(rows.membership(), paid_at=OCTOBER, fee_cents=28, net_cents=171)
    client: Client = signed_in()
    page = client.get("/staff/reports/").content.decode()
    assert page.count("<svg") == page.count("<desc") == 3
    assert "style=" not in page
    assert "<script" not in page.partition("<main")[2]
    assert page.count('<th scope="row">') == 13
    for cell in ("€1.99", "€0.28", "€1.71"):
        assert f">{cell}</td>" in page


def test_it_draws_bars_within_the_drawing_whatever_the_figures() -> None:
    rows.payment(amount_cents=1_234_567, fee_cents=1, net_cents=1_234_566, paid_at=OCTOBER)
    rows.line(rows.payment(paid_at=SEPTEMBER), amount_cents=-500, booked_at=NOW)
    for chart in Sight.of(_report()).charts():
        for bar in chart.bars:
            assert 0 <= bar.y <= bar.y + bar.height <= 100.01
            assert 0 <= bar.x <= bar.x + bar.width <= 100


def test_each_month_that_a_phone_shows_of_years_says_its_year() -> None:
    labels = [f"{date(2024 + i // 12, i % 12 + 1, 1):%b %y}" for i in range(36)]
    chart = columns("c", "C", labels=labels, series=[Series("main", "", [1] * 36)], write=str)
    assert [each.text for each in chart.months if not each.sparse] == [
        "Sep 24", "Jun 25", "Mar 26", "Dec 26",
    ]  # fmt: skip


def test_what_is_hidden_is_marked_above_what_is_drawn() -> None:
    told, some = Series("main", "", [10, 10]), Series("pale", "", [None, 10])
    chart = columns("c", "C", labels=["a", "b"], series=[told, some], write=str, stacked=True)
    assert chart.hidden == [(25.0, min(bar.y for bar in chart.bars if bar.x < 50))]


def test_it_explains_every_figure_in_the_words_of_the_documentation() -> None:
    text = " ".join((Path(django_settings.BASE_DIR) / "docs/metrics.md").read_text().split())
    page = " ".join(signed_in().get("/staff/reports/").content.decode().split())
    for definition in DEFINITIONS.values():
        assert definition in text
        assert definition in page
    for figure in FIGURES.values():
        for sentence in (figure.meaning, figure.formula, figure.edges, figure.source):
            assert sentence in text
