"""The rollups as reports read them: numbers by month and key, in one query for any number."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from django.db.models import Sum

from billing.models import Rollup


class Number(NamedTuple):
    """How many, and how much, in the unit of the figure (billing.figures.names)."""

    number: int = 0
    value: int = 0


@dataclass(slots=True)
class Book:
    """Figures by figure, month and key, as they were read."""

    cells: dict[str, dict[date, dict[str, Number]]] = field(default_factory=dict)

    def at(self, figure: str, month: date, key: str | None = None) -> Number:
        """The number of a month; of all keys together where none is named."""
        keys = self.cells.get(figure, {}).get(month, {})
        if key is not None:
            return keys.get(key, Number())
        return total(keys.values())

    def keys(self, figure: str, month: date) -> dict[str, Number]:
        """The numbers of a month by their key."""
        return self.cells.get(figure, {}).get(month, {})

    def until(self, figure: str, month: date, key: str | None = None) -> Number:
        """The sum of all months before this one: of a change, how it stood as the month began."""
        months = self.cells.get(figure, {})
        return total(self.at(figure, each, key) for each in months if each < month)

    def whole(self, figure: str, key: str | None = None) -> Number:
        """The sum of all months that were read: of a change, how it stands after the last."""
        return total(self.at(figure, each, key) for each in self.cells.get(figure, {}))

    def months(self, figure: str) -> Iterator[date]:
        yield from sorted(self.cells.get(figure, {}))


def total(numbers: Iterable[Number]) -> Number:
    """All of them together."""
    number = value = 0
    for each in numbers:
        number += each.number
        value += each.value
    return Number(number, value)


def read(*figures: str, first: date | None = None, last: date | None = None) -> Book:
    """What the rollups say of these figures, from the first month to the last. One query."""
    rows = Rollup.objects.filter(figure__in=figures)
    if first is not None:
        rows = rows.filter(month__gte=first)
    if last is not None:
        rows = rows.filter(month__lte=last)
    cells: dict[str, dict[date, dict[str, Number]]] = defaultdict(lambda: defaultdict(dict))
    for figure, month, key, number, value in rows.values_list(
        "figure", "month", "key", "count", "value"
    ):
        cells[figure][month][key] = Number(number, value)
    return Book(cells)


def histogram(figure: str, *, until: date, since: date | None = None) -> dict[str, int]:
    """How many by key, over all months up to this one. One query, added up by the database."""
    rows = Rollup.objects.filter(figure=figure, month__lte=until)
    if since is not None:
        rows = rows.filter(month__gte=since)
    sums = rows.values("key").annotate(number=Sum("count")).filter(number__gt=0)
    return {row["key"]: row["number"] for row in sums.order_by("key")}


def median(of: dict[int, int]) -> tuple[int, int] | None:
    """The two values in the middle (the same one twice where there is one), from how many of each.

    None where there are none. Half their sum is the median.
    """
    count = sum(of.values())
    if not count:
        return None
    return _nth(of, (count - 1) // 2), _nth(of, count // 2)


def _nth(of: dict[int, int], place: int) -> int:
    for value in sorted(of):
        place -= of[value]
        if place < 0:
            return value
    raise IndexError(place)
