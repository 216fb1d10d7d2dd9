"""What comes: the next twelve months, renewals, what is overdue, who is a member twice."""

from datetime import timedelta
from itertools import groupby
from typing import Final

from billing.dates import dublin_date
from billing.models import Membership
from billing.money import format_amount
from members.reports import rollups
from members.reports.forecast import ForecastMonth, forecast
from members.reports.present import (
    OverdueSince,
    Present,
    at_risk,
    duplicates,
    memberships_of,
    overdue_by_day,
    present,
)
from members.reports.renewals import RenewalMonth, RenewalWeek, upcoming, upcoming_weeks
from members.reports.rollups import Number
from members.reports.small import hidden, tells
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE, Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.told import (
    TOTAL,
    Cell,
    Column,
    Key,
    Row,
    Table,
    Told,
    cents,
    count,
    month_labels,
    month_row,
    people,
    thousands,
)

MOST: Final = 50


def coming(asked: Asked) -> Told:
    """The next twelve months, if nobody leaves but who has said so."""
    months = forecast(now=asked.now)
    monthly = _monthly_told(months)
    gone = _small_renewals(months)
    hide = TOTAL in gone
    renewals = sum(each.renewals for each in months)
    yearly = sum(each.yearly_cents for each in months)
    rows = [
        month_row(
            each.month.first,
            _coming_cells(monthly[i], each.renewals, each.yearly_cents, hide=i in gone),
            runs=False,
        )
        for i, each in enumerate(months)
    ]
    total = Row("All of it", _coming_cells(sum(monthly), renewals, yearly, hide=hide), tone="total")
    least = sum(monthly) + (0 if hide else yearly)
    return Told(
        answer=f"{format_amount(least)} in the next twelve months, before fees, if nobody leaves "
        "but who has said so and nobody joins.",
        charts=[_coming_chart(months, monthly, gone)],
        tables=[Table("forecast-table", "Month by month", "Month", _COMING_HEADS, rows, total)],
        notes=[_FIVE_AT_ONCE],
    )


_COMING_HEADS: Final = [
    Column("Monthly", "cents"),
    Column("Renewals"),
    Column("Yearly", "cents"),
    Column("Together", "cents"),
]
_FIVE_AT_ONCE: Final = (
    "Monthly memberships that are set to end are taken off once there are five of them, so that no "
    "single one can be read from the difference."
)


def _coming_cells(monthly: int, renewals: int, yearly: int, *, hide: bool) -> list[Cell]:
    return [
        cents(monthly),
        count(renewals, hidden=hide),
        cents(yearly, hidden=hide),
        cents(monthly + yearly, hidden=hide),
    ]


def _coming_chart(months: list[ForecastMonth], monthly: list[int], gone: set[int]) -> Chart:
    yearly = [None if i in gone else each.yearly_cents for i, each in enumerate(months)]
    return columns(
        "forecast",
        "What will be paid, month by month",
        labels=month_labels(months),
        series=[Series("main", "Monthly", monthly), Series("pale", "Yearly", yearly)],
        write=format_amount,
        stacked=True,
        summary="Monthly payments go on as they are; yearly ones come in the month in which the "
        "paid year runs out. The table has every figure.",
    )


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
    due = rollups.total(each.due for each in months)
    told = people(due.number, "yearly membership", "yearly memberships")
    worth = "" if tells(due.number) or not due.number else f", worth {format_amount(due.value)}"
    return Told(
        answer=f"{told.capitalize()} will have to be renewed in the next twelve months{worth}.",
        charts=[
            columns(
                "upcoming",
                "Paid years that run out",
                labels=month_labels(months),
                series=[Series("main", "", [
                    None if i in gone else each.due.number for i, each in enumerate(months)])],
                write=thousands,
            )
        ],
        tables=[_by_week(weeks), _by_month(months, gone)],
        notes=["Everybody who pays yearly gets a reminder before, with the amount and the day."],
    )  # fmt: skip


def _by_week(weeks: list[RenewalWeek]) -> Table:
    few = hidden({i: each.due for i, each in enumerate(weeks)})
    rows = [
        Row(
            f"{each.monday:%-d %b} to {each.monday + timedelta(days=6):%-d %b}",
            [count(each.due, hidden=i in few), cents(each.cents, hidden=i in few)],
        )
        for i, each in enumerate(weeks)
    ]
    says = "Those that go on: what is set to end is left out, and so is what was renewed."
    heads = [Column("Renew"), Column("Worth", "cents")]
    return Table("weeks", "The next eight weeks", "Week", heads, rows, None, says)


def _by_month(months: list[RenewalMonth], gone: set[int]) -> Table:
    def cells(due: Number, *, hide: bool) -> list[Cell]:
        return [count(due.number, hidden=hide), cents(due.value, hidden=hide)]

    rows = [
        month_row(each.month.first, cells(each.due, hide=i in gone), runs=False)
        for i, each in enumerate(months)
    ]
    due = rollups.total(each.due for each in months)
    total = Row("All of it", cells(due, hide=tells(due.number)), tone="total")
    says = "All that runs out, whether or not somebody has said that they leave."
    heads = [Column("Run out"), Column("Worth", "cents")]
    return Table("upcoming-table", "The next twelve months", "Month", heads, rows, total, says)


# Overdue from so many days to so many.
_STRETCHES: Final = (("Up to 3 days", 0, 3), ("4 to 7 days", 4, 7), ("8 days or more", 8, 10_000))


def risk(asked: Asked) -> Told:
    """Memberships that are overdue, by how long, and what part of MRR is theirs."""
    told, days = present(), overdue_by_day()
    today = dublin_date(asked.now)
    parts = [
        [each for each in days if first <= (today - each.day).days <= last]
        for _, first, last in _STRETCHES
    ]
    numbers = [sum(each.memberships for each in part) for part in parts]
    gone = hidden(dict(enumerate(numbers)), [range(len(parts))])
    paused = NONE if tells(told.paused) else f"{told.paused:,}"
    return Told(
        answer=_risk_in_words(told),
        keys=[Key("Paused", paused, "give nothing for now, and are not at risk")],
        charts=[
            columns(
                "risk",
                "Overdue for so long",
                labels=[name for name, _, _ in _STRETCHES],
                series=[Series("main", "", [
                    None if i in gone else number for i, number in enumerate(numbers)])],
                write=thousands,
            )
        ],
        tables=[_overdue(told, parts, numbers, gone)],
        lists={"overdue": list(at_risk()[:MOST])} if asked.sees_members else {},
        notes=["Each gets letters, and the bank is asked again, until the days of grace are over."],
    )  # fmt: skip


def _risk_in_words(told: Present) -> str:
    if not told.at_risk:
        return "Nothing is overdue."
    who = people(told.at_risk, "member", "members").capitalize()
    worth = f", {format_amount(told.at_risk_cents)} of MRR with them"
    verb = "is" if told.at_risk == 1 else "are"
    return f"{who} {verb} overdue{'' if tells(told.at_risk) else worth}."


def _overdue(
    told: Present, parts: list[list[OverdueSince]], numbers: list[int], gone: set[int]
) -> Table:
    rows = [
        Row(
            name,
            [
                count(numbers[i], hidden=i in gone),
                cents(sum(each.mrr_cents for each in parts[i]), hidden=i in gone),
            ],
        )
        for i, (name, _, _) in enumerate(_STRETCHES)
    ]
    few = tells(told.at_risk)
    total = [count(sum(numbers), hidden=few), cents(told.at_risk_cents, hidden=few)]
    heads = [Column("Memberships"), Column("MRR", "cents")]
    return Table(
        "risk-table", "By how long", "Overdue for", heads, rows, Row("All", total, tone="total")
    )


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
        pairs = [list(theirs) for _, theirs in groupby(found, key=lambda row: row.supporter_id)]
    return Told(
        answer=answer,
        tables=[Table("twice-table", "Just now", "What", [Column("Supporters")], [
            Row("More than one membership", [count(number, hidden=few)])])],
        lists={"twice": pairs} if pairs else {},
        notes=["They may be meant: everyone is asked by letter, and can undo the second one."],
    )  # fmt: skip
