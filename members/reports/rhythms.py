"""Who leaves more, those who pay monthly or those who pay yearly? Never one rate of both.

Who pays yearly can leave once a year. Counted by membership, each with the rhythm that it had last.
"""

from dataclasses import dataclass
from datetime import datetime

from billing.dates import dublin_date
from billing.figures import names
from members.reports import rollups
from members.reports.amounts import share
from members.reports.months import Month, last_months


@dataclass(frozen=True, slots=True)
class Leavers:
    """Memberships of one rhythm: how many gave something as the month began, how many ended."""

    start: int
    left: int

    @property
    def share(self) -> int | None:
        """Ended of those at the start, in hundredths of a per cent."""
        return share(self.left, self.start)


@dataclass(frozen=True, slots=True)
class RhythmMonth:
    """A month, by rhythm."""

    month: Month
    monthly: Leavers
    yearly: Leavers


def rhythms(*, now: datetime, count: int) -> list[RhythmMonth]:
    """The last `count` months, oldest first; the last of them runs. One query."""
    months = last_months(now=now, count=count)
    book = rollups.read(names.RHYTHM, names.RHYTHM_LEFT, last=dublin_date(now))

    def leavers(month: Month, key: str) -> Leavers:
        return Leavers(
            start=book.until(names.RHYTHM, month.first, key).number,
            left=book.at(names.RHYTHM_LEFT, month.first, key).number,
        )

    return [
        RhythmMonth(month, leavers(month, names.MONTHLY), leavers(month, names.YEARLY))
        for month in months
    ]
