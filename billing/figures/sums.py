"""Sums of figures: what something stands for in the rollups, and the difference between two."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import NamedTuple

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

    def plus(self, other: "Amount", times: int = 1) -> "Amount":
        return Amount(self.number + times * other.number, self.value + times * other.value)


NOTHING = Amount()


class Sums(dict[Cell, Amount]):
    """Numbers by their place. A place that comes to nothing is not in it."""

    def add(self, cell: Cell, count: int, value: int = 0) -> None:
        """Count more of something."""
        total = self.get(cell, NOTHING).plus(Amount(count, value))
        if total == NOTHING:
            self.pop(cell, None)
        else:
            self[cell] = total

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

    def rows(self) -> Iterator[list[str | int]]:
        """As a row may keep it, in an order that is always the same."""
        for cell, amount in sorted(self.items()):
            yield [cell.figure, cell.month.isoformat(), cell.key, amount.number, amount.value]

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
    return month_start(dublin_date(moment))
