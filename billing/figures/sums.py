"""Sums of figures: what something stands for in the rollups, and the difference between two."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Final, NamedTuple

from billing.dates import dublin_date, month_start


class Cell(NamedTuple):
    """The place of a number: a figure, a month (its first day in Dublin), what divides it."""

    figure: str
    month: date
    key: str = ""


class Amount(NamedTuple):
    """How many, and how much."""

    number: int = 0
    value: int = 0


NOTHING: Final = Amount()


class Sums(dict[Cell, Amount]):
    """Numbers by their place. A place that comes to nothing is not in it."""

    def add(self, cell: Cell, count: int, value: int = 0) -> None:
        """Count more of something."""
        before = self.get(cell)
        if before is not None:
            count, value = count + before[0], value + before[1]
        if count or value:
            self[cell] = Amount(count, value)
        elif before is not None:
            del self[cell]

    def merge(self, other: "Sums", times: int = 1) -> "Sums":
        """Add all of the other, or take it off with times=-1; itself."""
        for cell, (count, value) in other.items():
            self.add(cell, times * count, times * value)
        return self

    def less(self, other: "Sums") -> "Sums":
        """What must be added to the other to make this."""
        return Sums(self).merge(other, -1)

    def of(self, figures: Iterable[str]) -> "Sums":
        """The part that is of these figures."""
        chosen = frozenset(figures)
        return Sums({cell: amount for cell, amount in self.items() if cell.figure in chosen})

    def rows(self) -> list[list[str | int]]:
        """As a row may keep it, in an order that is always the same."""
        return [
            [figure, month.isoformat(), key, number, value]
            for (figure, month, key), (number, value) in sorted(self.items())
        ]

    @classmethod
    def read(cls, rows: Iterable[tuple[str, str, str, int, int]]) -> "Sums":
        """What `rows` wrote."""
        return cls(
            {
                Cell(figure, date.fromisoformat(month), key): Amount(count, value)
                for figure, month, key, count, value in rows
            }
        )


def month_of(moment: datetime) -> date:
    """The first day of the Dublin month in which this moment lies."""
    moment = moment.astimezone(UTC)
    return _month_at(moment.toordinal(), moment.hour)


# A million lives are twenty million moments, in some ten thousand hours; clocks change on the hour.
@lru_cache(maxsize=100_000)
def _month_at(day: int, hour: int) -> date:
    begins = datetime.fromordinal(day).replace(tzinfo=UTC) + timedelta(hours=hour)
    return month_start(dublin_date(begins))
