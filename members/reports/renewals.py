"""How many of those who pay once a year renew, and which renewals are to come?"""

from dataclasses import dataclass
from datetime import datetime

from billing.figures import names
from members.reports import rollups
from members.reports.amounts import share
from members.reports.months import Month, last_months, next_months
from members.reports.rollups import Number


@dataclass(frozen=True, slots=True)
class RenewalMonth:
    """Yearly periods that run out in a month, and those that were paid again. Cents."""

    month: Month
    due: Number
    renewed: Number

    @property
    def renewed_share(self) -> int | None:
        """Renewed of due, in hundredths of a per cent."""
        return share(self.renewed.number, self.due.number)


def renewal_rate(*, now: datetime, count: int) -> list[RenewalMonth]:
    """The last `count` months, oldest first; the last of them runs. One query."""
    return _renewals(last_months(now=now, count=count))


def upcoming(*, now: datetime, count: int = 12) -> list[RenewalMonth]:
    """The month that runs and those after it: what runs out, nothing left out. One query."""
    return _renewals(next_months(now=now, count=count))


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
