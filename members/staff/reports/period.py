"""The months that a report tells of: the last twelve, 24 or 36, or a calendar year."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Min
from django.http import QueryDict

from billing.dates import day_start, dublin_date
from billing.figures import names
from billing.models import Rollup

LENGTHS: Final = (12, 24, 36)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the periods to choose from: what it is called, and how the address names it."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Period:
    """`count` months, the last of which is that of `until`; `now` is when it is asked for.

    `until` is now where the period reaches the present, else the last moment of its year.
    """

    value: str
    until: datetime
    count: int
    now: datetime

    @property
    def runs(self) -> bool:
        """Whether its last month is not over."""
        return self.until == self.now

    @property
    def words(self) -> str:
        """As a sentence names it: "in the last 12 months", "in 2025"."""
        if self.value.startswith("y"):
            return f"in {self.value[1:]}" + (" so far" if self.runs else "")
        return f"in the last {self.count} months"


def of(query: QueryDict, *, now: datetime, usual: int = 12) -> Period:
    """The period that is asked for; a word that is none reads as the usual one."""
    value = query.get("period", "")
    if value.startswith("y") and value[1:].isascii() and value[1:].isdigit():
        year, today = int(value[1:]), dublin_date(now)
        if year == today.year:
            return Period(value, now, today.month, now)
        if 2000 <= year < today.year:
            last = day_start(date(year + 1, 1, 1)) - timedelta(microseconds=1)
            return Period(value, last, 12, now)
    count = int(value) if value in {str(each) for each in LENGTHS} else usual
    return Period(str(count), now, count, now)


def choices(*, now: datetime, years: bool = True) -> list[Choice]:
    """What there is to choose from: no year before the first payment. One query."""
    lengths = [Choice(str(each), f"{each} months") for each in LENGTHS]
    if not years:
        return lengths
    first = Rollup.objects.filter(figure=names.GROSS).aggregate(first=Min("month"))["first"]
    this = dublin_date(now).year
    known = range(this, (first.year if first else this) - 1, -1)
    return [*lengths, *(Choice(f"y{year}", str(year)) for year in known)]
