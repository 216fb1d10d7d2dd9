"""How many of those who pay once a year renew, and which renewals are to come?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.dates import dublin_date
from billing.figures import names
from members.reports import rollups
from members.reports.months import Month, last_months, next_months
from members.reports.rollups import Number


@dataclass(frozen=True, slots=True)
class RenewalMonth:
    """Yearly periods that run out in a month, and those that were paid again. Cents."""

    month: Month
    due: Number
    renewed: Number


def renewal_rate(*, now: datetime, count: int) -> list[RenewalMonth]:
    """The last `count` months, oldest first; the last of them runs. One query."""
    return _renewals(last_months(now=now, count=count))


def upcoming(*, now: datetime, count: int = 12) -> list[RenewalMonth]:
    """The month that runs and those after it: what runs out, nothing left out. One query."""
    return _renewals(next_months(now=now, count=count))


@dataclass(frozen=True, slots=True)
class RenewalWeek:
    """Yearly memberships that go on and whose paid year runs out in the week of this Monday."""

    monday: date
    due: int
    cents: int


def upcoming_weeks(*, now: datetime, count: int = 8) -> list[RenewalWeek]:
    """What runs out from today on, in this week and those after it. One query.

    What is set to end is not in it.
    """
    today = dublin_date(now)
    monday = today - timedelta(days=today.weekday())
    weeks = [monday + timedelta(weeks=week) for week in range(count)]
    book = rollups.read(names.RENEWING, first=today, last=weeks[-1] + timedelta(days=6))
    found = []
    for monday in weeks:
        days = [monday + timedelta(days=day) for day in range(7)]
        due = rollups.total(book.at(names.RENEWING, day) for day in days)
        found.append(RenewalWeek(monday, due.number, due.value))
    return found


def _renewals(months: list[Month]) -> list[RenewalMonth]:
    book = rollups.read(
        names.RENEWAL_DUE, names.RENEWED, first=months[0].first, last=months[-1].first
    )
    return [
        RenewalMonth(
            month=month,
            due=book.at(names.RENEWAL_DUE, month.first),
            renewed=book.at(names.RENEWED, month.first),
        )
        for month in months
    ]
