"""How long do members stay?"""

from dataclasses import dataclass
from datetime import date, datetime

from billing.dates import dublin_date, month_start, months_back
from billing.figures import names
from members.reports import rollups
from members.reports.amounts import divided


@dataclass(frozen=True, slots=True)
class Tenure:
    """Months of membership, gaps and pauses left out, and how many persons have so many.

    `now` is of the active members, so far; `left` of those who left in the last twelve months and
    have not come back. A median is in tenths of a month, None where there is nobody.
    """

    now: dict[int, int]
    left: dict[int, int]

    @property
    def median_now(self) -> int | None:
        return _median(self.now)

    @property
    def median_left(self) -> int | None:
        return _median(self.left)


def tenure(*, now: datetime) -> Tenure:
    """How it stands now. Two queries."""
    today = month_start(dublin_date(now))
    book = rollups.read(names.TENURE_NOW, last=today)
    present = {
        _months(month, today): book.at(names.TENURE_NOW, month).number
        for month in book.months(names.TENURE_NOW)
    }
    gone = rollups.histogram(names.TENURE_LEFT, since=months_back(today, 11), until=today)
    return Tenure(
        now={months: number for months, number in present.items() if number},
        left={int(months): number for months, number in gone.items()},
    )


def _months(first: date, last: date) -> int:
    return (last.year - first.year) * 12 + last.month - first.month


def _median(of: dict[int, int]) -> int | None:
    middle = rollups.median(of)
    return divided(10 * sum(middle), 2) if middle else None
