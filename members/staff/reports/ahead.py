"""What comes: the next twelve months, renewals, what is overdue, who is a member twice."""

from datetime import timedelta
from typing import Final

from billing.dates import dublin_date
from billing.models import Membership
from billing.money import format_amount
from members.reports.forecast import ForecastMonth, forecast
from members.reports.present import (
    at_risk,
    duplicates,
    memberships_of,
    overdue_by_day,
    present,
)
from members.reports.renewals import upcoming, upcoming_weeks
from members.reports.small import hidden, tells
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE, Series, columns
from members.staff.reports.told import (
    Column,
    Key,
    Row,
    Table,
    Told,
    cents,
    count,
    month_row,
    people,
)

TOTAL: Final = -1
MOST: Final = 50


def coming(asked: Asked) -> Told:
    """The next twelve months, if nobody leaves but who has said so."""
    months = forecast(now=asked.now)
    monthly = _monthly_told(months)
    gone = _small_renewals(months)
    yearly = [None if i in gone else each.yearly_cents for i, each in enumerate(months)]
    rows = [
        month_row(each.month.first, [
            cents(monthly[i]), count(each.renewals, hidden=i in gone),
            cents(each.yearly_cents, hidden=i in gone),
            cents(monthly[i] + each.yearly_cents, hidden=i in gone),
        ], runs=False)
        for i, each in enumerate(months)
    ]  # fmt: skip
    whole = sum(monthly) + sum(each.yearly_cents for each in months)
    renewals = sum(each.renewals for each in months)
    hide = TOTAL in gone
    total = Row("All of it", [
        cents(sum(monthly)), count(renewals, hidden=hide),
        cents(sum(each.yearly_cents for each in months), hidden=hide), cents(whole, hidden=hide),
    ], tone="total")  # fmt: skip
    least = sum(monthly) if hide else whole
    return Told(
        answer=f"{format_amount(least)} in the next twelve months, before fees, if nobody leaves "
        "but who has said so and nobody joins.",
        charts=[
            columns("forecast", "What will be paid, month by month",
                    labels=[f"{each.month.first:%b %y}" for each in months],
                    series=[Series("main", "Monthly", monthly), Series("pale", "Yearly", yearly)],
                    write=format_amount, stacked=True,
                    summary="Monthly payments go on as they are; yearly ones come in the month in "
                    "which the paid year runs out. The table has every figure.")
        ],
        tables=[Table("forecast-table", "Month by month", "Month", [
            Column("Monthly", "cents"), Column("Renewals"), Column("Yearly", "cents"),
            Column("Together", "cents")], rows, total)],
        notes=["Monthly memberships that are set to end are taken off once there are five of them, "
               "so that no single one can be read from the difference."],
    )  # fmt: skip


def _monthly_told(months: list[ForecastMonth]) -> list[int]:
    """Monthly cents, which fall only where at least five have left since they last fell."""
    told: list[int] = []
    waiting = 0
    for each in months:
        waiting += each.leaving_monthly
        if told and tells(waiting):
            told.append(told[-1])
            continue
        told.append(each.monthly_cents)
        waiting = 0
    return told


def _small_renewals(months: list[ForecastMonth]) -> set[int]:
    """Months whose renewals are few, or which differ from all that is due by few who leave."""
    at: dict[int, int | None] = {
        i: None if tells(each.leaving_yearly) else each.renewals for i, each in enumerate(months)
    }
    at[TOTAL] = sum(each.renewals for each in months)
    return hidden(at, [list(at)])


def renewals_ahead(asked: Asked) -> Told:
    """Paid years that run out: by week of the next eight, and by month of the next twelve."""
    months, weeks = upcoming(now=asked.now), upcoming_weeks(now=asked.now)
    gone = hidden({i: each.due.number for i, each in enumerate(months)}, [range(len(months))])
    few = hidden({i: each.due for i, each in enumerate(weeks)})
    number = sum(each.due.number for each in months)
    worth = sum(each.due.value for each in months)
    hide = tells(number)
    rows = [
        month_row(each.month.first, [
            count(each.due.number, hidden=i in gone), cents(each.due.value, hidden=i in gone),
        ], runs=i == 0)
        for i, each in enumerate(months)
    ]  # fmt: skip
    total = Row("All of it", [count(number, hidden=hide), cents(worth, hidden=hide)], tone="total")
    by_week = [
        Row(f"{each.monday:%-d %b} to {each.monday + timedelta(days=6):%-d %b}", [
            count(each.due, hidden=i in few), cents(each.cents, hidden=i in few)])
        for i, each in enumerate(weeks)
    ]  # fmt: skip
    told = people(number, "yearly membership", "yearly memberships")
    return Told(
        answer=f"{told.capitalize()} will have to be renewed in the next twelve months"
        + ("." if hide or not number else f", worth {format_amount(worth)}."),
        charts=[
            columns("upcoming", "Paid years that run out",
                    labels=[f"{each.month.first:%b %y}" for each in months],
                    series=[Series("main", "", [None if i in gone else each.due.number
                                                for i, each in enumerate(months)])],
                    write=lambda value: f"{value:,}")
        ],
        tables=[
            Table("weeks", "The next eight weeks", "Week", [
                Column("Renew"), Column("Worth", "cents")], by_week, None,
                "Those that go on: what is set to end is left out, and so is what was renewed."),
            Table("upcoming-table", "The next twelve months", "Month", [
                Column("Run out"), Column("Worth", "cents")], rows, total,
                "All that runs out, whether or not somebody has said that they leave."),
        ],
        notes=["Everybody who pays yearly gets a reminder before, with the amount and the day."],
    )  # fmt: skip


def risk(asked: Asked) -> Told:
    """Memberships that are overdue, by how long, and what part of MRR is theirs."""
    now_told, days = present(), overdue_by_day()
    today = dublin_date(asked.now)
    stretches = [("Up to 3 days", 0, 3), ("4 to 7 days", 4, 7), ("8 days or more", 8, 10_000)]
    parts = [
        [each for each in days if first <= (today - each.day).days <= last]
        for _, first, last in stretches
    ]
    numbers = [sum(each.memberships for each in part) for part in parts]
    gone = hidden(dict(enumerate(numbers)), [range(len(parts))])
    rows = [
        Row(name, [count(numbers[i], hidden=i in gone),
                   cents(sum(each.mrr_cents for each in parts[i]), hidden=i in gone)])
        for i, (name, _, _) in enumerate(stretches)
    ]  # fmt: skip
    few = tells(now_told.at_risk)
    total = Row("All", [count(sum(numbers), hidden=few),
                        cents(now_told.at_risk_cents, hidden=few)], tone="total")  # fmt: skip
    answer = "Nothing is overdue."
    if now_told.at_risk:
        who = people(now_told.at_risk, "member", "members").capitalize()
        worth = "" if few else f", {format_amount(now_told.at_risk_cents)} of MRR with them"
        answer = f"{who} {'is' if now_told.at_risk == 1 else 'are'} overdue{worth}."
    return Told(
        answer=answer,
        keys=[Key("Paused", NONE if tells(now_told.paused) else f"{now_told.paused:,}",
                  "give nothing for now, and are not at risk")],
        charts=[
            columns("risk", "Overdue for so long",
                    labels=[name for name, _, _ in stretches],
                    series=[Series("main", "", [None if i in gone else number
                                                for i, number in enumerate(numbers)])],
                    write=lambda value: f"{value:,}")
        ],
        tables=[Table("risk-table", "By how long", "Overdue for", [
            Column("Memberships"), Column("MRR", "cents")], rows, total)],
        lists={"overdue": list(at_risk()[:MOST])} if asked.sees_members else {},
        notes=["Each gets letters, and the bank is asked again, until the days of grace are over."],
    )  # fmt: skip


def twice(asked: Asked) -> Told:
    """Supporters with more than one paid membership that has not ended."""
    number = duplicates().count()
    few = tells(number)
    answer = "Nobody is a member twice."
    if number:
        who = people(number, "supporter", "supporters").capitalize()
        answer = f"{who} {'has' if number == 1 else 'have'} more than one membership."
    pairs: list[list[Membership]] = []
    if asked.sees_members and number:
        found = memberships_of(list(duplicates()[:MOST].values_list("supporter_id", flat=True)))
        by_supporter: dict[object, list[Membership]] = {}
        for each in found:
            by_supporter.setdefault(each.supporter_id, []).append(each)
        pairs = list(by_supporter.values())
    return Told(
        answer=answer,
        tables=[Table("twice-table", "Just now", "What", [Column("Supporters")], [
            Row("More than one membership", [count(number, hidden=few)])])],
        lists={"twice": pairs} if pairs else {},
        notes=["They may be meant: everyone is asked by letter, and can undo the second one."],
    )  # fmt: skip
