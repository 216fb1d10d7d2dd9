"""What will the next twelve months bring, if nobody leaves but who has said so?

No guess is in it: who pays monthly goes on at what they pay now, each yearly membership pays once
when its period runs out, and what is set to end ends. Nobody joins, nothing fails.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from billing.dates import dublin_date, month_start
from billing.figures import names
from members.reports import rollups
from members.reports.amounts import divided
from members.reports.months import Month, next_months

MONTHS: Final = 12


@dataclass(frozen=True, slots=True)
class ForecastMonth:
    """A month to come: what monthly and yearly memberships will pay, and how many are set to end.

    `monthly_cents` is a payment of each monthly membership that will not have ended by then;
    `yearly_cents` of each yearly one whose period runs out and that will go on.
    """

    month: Month
    monthly_cents: int
    renewals: int
    yearly_cents: int
    leaving_monthly: int
    leaving_yearly: int

    @property
    def leaving(self) -> int:
        return self.leaving_monthly + self.leaving_yearly

    @property
    def cents(self) -> int:
        return self.monthly_cents + self.yearly_cents


@dataclass(frozen=True, slots=True)
class Leaving:
    """Memberships of one rhythm that are set to end in a month. `cents` is one payment of each."""

    month: date
    yearly: bool
    memberships: int
    cents: int


def leaving(*, until: date) -> list[Leaving]:
    """What is set to end, by month and rhythm, up to the month of this day. One query."""
    book = rollups.read(names.LEAVING, last=until)
    return [
        Leaving(month, rhythm == names.YEARLY, number.number, number.value)
        for month in book.months(names.LEAVING)
        for rhythm, number in book.keys(names.LEAVING, month).items()
        if number.number
    ]


def forecast(*, now: datetime, count: int = MONTHS) -> list[ForecastMonth]:
    """The `count` months after the one that runs. Three queries."""
    first, *months = next_months(now=now, count=count + 1)
    today = month_start(dublin_date(now))
    monthly = rollups.read(names.RHYTHM, last=today).whole(names.RHYTHM, names.MONTHLY)
    due = rollups.read(names.RENEWAL_DUE, first=months[0].first, last=months[-1].first)
    ends = leaving(until=months[-1].first)
    # Of monthly ones as much as they are worth: a membership is worth what was last paid for it.
    running = divided(monthly.value, 12)
    running -= sum(each.cents for each in ends if not each.yearly and each.month <= first.first)
    found = []
    for month in months:
        here = [each for each in ends if each.month == month.first]
        running -= sum(each.cents for each in here if not each.yearly)
        dues = due.at(names.RENEWAL_DUE, month.first)
        found.append(
            ForecastMonth(
                month=month,
                monthly_cents=max(running, 0),
                renewals=dues.number - sum(each.memberships for each in here if each.yearly),
                yearly_cents=dues.value - sum(each.cents for each in here if each.yearly),
                leaving_monthly=sum(each.memberships for each in here if not each.yearly),
                leaving_yearly=sum(each.memberships for each in here if each.yearly),
            )
        )
    return found
