"""Columns over months: before one another, beside one another, or stacked up and down from zero."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from members.staff.reports.charts import WHOLE, Bar, Chart, Mark, Series

_NICE_TENTHS: Final = (10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100)
_MOST_MARKS: Final = 13
# So few have room anywhere.
_FEW: Final = 4
# The part of its place that a column takes.
_FILLED: Final = 0.72
_NARROW: Final = 3
_WIDE: Final = 15

Write = Callable[[int], str]


def columns(
    slug: str,
    title: str,
    *,
    labels: Sequence[str],
    series: Sequence[Series],
    write: Write,
    summary: str = "",
    stacked: bool = False,
    runs: bool = False,
    top: int = 0,
    beside: bool = False,
) -> Chart:
    """A chart with a column for each label.

    `top` is the height of the drawing, where it is to be more than the highest column; `beside`
    sets those of a month next to one another, where neither is always the smaller.
    """
    heights = _Heights(0, top) if top else _Heights.over(series, stacked=stacked)
    plot = _Plot(heights, labels, series, stacked=stacked, beside=beside)
    return Chart(
        slug=slug,
        title=title,
        summary=summary or _summary(labels, series[-1].values, write),
        bars=list(plot.bars(write, runs=runs)),
        heights=[Mark(heights.at(each), _short(each, write)) for each in heights.marks],
        months=_months(labels, plot.step),
        legend=[(each.kind, each.name) for each in series if each.name],
        hidden=list(plot.hidden()),
        zero=heights.at(0),
    )


def small(values: Sequence[int | None]) -> list[Bar]:
    """Columns for beside a figure: a shape without words, read with it."""
    most = max(1, *(value or 0 for value in values)) if values else 1
    step = WHOLE / max(1, len(values))
    bars = []
    for i, value in enumerate(values):
        height = round(max(0, value or 0) / most * WHOLE, 1)
        kind = "main" if i == len(values) - 1 else "pale"
        bars.append(Bar(round(i * step, 1), round(WHOLE - height, 1), round(step * 0.7, 1),
                        height, kind, ""))  # fmt: skip
    return bars


@dataclass(frozen=True, slots=True)
class _Heights:
    """How a value becomes a height: the floor may lie below zero."""

    low: int
    high: int

    @classmethod
    def over(cls, series: Sequence[Series], *, stacked: bool) -> "_Heights":
        places = list(zip(*(each.values for each in series), strict=True))
        ups = [[value for value in place if value and value > 0] for place in places]
        downs = [[value for value in place if value and value < 0] for place in places]
        add = sum if stacked else (lambda values: max(values, key=abs))
        high = max((add(each) for each in ups if each), default=0)
        low = min((add(each) for each in downs if each), default=0)
        return cls(-_nice(-low) if low else 0, _nice(high) if high or not low else 0)

    @property
    def marks(self) -> list[int]:
        if not self.low:
            return [0, self.high // 2, self.high]
        return sorted({self.low, 0, self.high})

    def at(self, value: int) -> float:
        return round(WHOLE * (self.high - value) / (self.high - self.low), 2)

    def span(self, start: int, end: int) -> tuple[float, float]:
        """The top of a bar between two values, and its height."""
        top, foot = sorted((self.at(start), self.at(end)))
        return top, round(foot - top, 2)


@dataclass(frozen=True, slots=True)
class _Plot:
    """The columns and where they stand."""

    heights: _Heights
    labels: Sequence[str]
    series: Sequence[Series]
    stacked: bool
    beside: bool

    @property
    def step(self) -> float:
        return WHOLE / max(1, len(self.labels))

    def bars(self, write: Write, *, runs: bool) -> Iterator[Bar]:
        """Each value as a rectangle; the last place `runs` where its month is not over."""
        width = self.step * _FILLED / (len(self.series) if self.beside else 1)
        for i, label in enumerate(self.labels):
            left = (i + (1 - _FILLED) / 2) * self.step
            for number, (each, start) in enumerate(self._starts(i)):
                value = each.values[i]
                if value is None:
                    continue
                x = left + (number * width if self.beside else 0)
                y, height = self.heights.span(start, start + value)
                kind = f"{each.kind} running" if runs and i == len(self.labels) - 1 else each.kind
                says = f"{label}: {f'{each.name} ' if each.name else ''}{write(value)}"
                yield Bar(round(x, 2), y, round(width, 2), height, kind, says)

    def _starts(self, i: int) -> Iterator[tuple[Series, int]]:
        """Where the column of each begins: from zero, or where the one before it ended."""
        above = below = 0
        for each in self.series:
            value = each.values[i] or 0
            yield each, (above if value >= 0 else below) if self.stacked else 0
            above, below = above + max(0, value), below + min(0, value)

    def hidden(self) -> Iterator[tuple[float, float]]:
        """Where something is that is not drawn, so that it is not taken for nothing."""
        for i, values in enumerate(zip(*(each.values for each in self.series), strict=True)):
            if None in values:
                ups = [max(0, value or 0) for value in values]
                reach = sum(ups) if self.stacked else max(ups)
                yield round((i + 0.5) * self.step, 2), self.heights.at(reach)


def _nice(value: int) -> int:
    """The next round number that is even, so that half of it can be written too: 187 -> 200."""
    value = max(1, value)
    power: int = 10 ** (len(str(value)) - 1)
    tenths = next(step for step in _NICE_TENTHS if step * power >= 10 * value)
    return max(2, -(-tenths * power // 20) * 2)


def _months(labels: Sequence[str], step: float) -> list[Mark]:
    """Words below the columns, counted from the last: fewer where there are many or little room."""
    every = -(-len(labels) // _MOST_MARKS)
    found = []
    for i, label in enumerate(labels):
        back = len(labels) - 1 - i
        if back % every:
            continue
        # A wide word below the last column would reach beyond the drawing.
        ends = not back and len(label) > _NARROW and step < _WIDE
        sparse = len(labels) > _FEW and back % (3 * every) != 0
        # Over more than a year, each that is left where there is little room says its own.
        in_full = _with_year(labels, i, every) or (every > 1 and not sparse)
        found.append(
            Mark(
                at=WHOLE if ends else round((i + 0.5) * step, 2),
                text=label if in_full else label.split(" ")[0],
                sparse=sparse,
                anchor="end" if ends else "middle",
            )
        )
    return found


def _with_year(labels: Sequence[str], i: int, every: int) -> bool:
    """Whether the year is said beside this month: at both ends, and where it begins."""
    beside = i + every < len(labels) - 1 and _begins(labels[i + every])
    return _begins(labels[i]) or i == len(labels) - 1 or (i == 0 and not beside)


def _begins(label: str) -> bool:
    """Whether the year must be said: it begins, or this is the name of no month."""
    return label.startswith("Jan") or not label[-2:].isdigit() or " " not in label


def _short(value: int, write: Write) -> str:
    """An axis mark without cents, thousands as k: "€1.2k"."""
    told = write(value).removesuffix(".00")
    whole, mark, rest = told.rpartition(",")
    if not mark or not rest.isdigit():
        return told
    return f"{whole}.{rest[0]}k".replace(".0k", "k")


def _summary(labels: Sequence[str], values: Sequence[int | None], write: Write) -> str:
    known = [
        (label, value) for label, value in zip(labels, values, strict=True) if value is not None
    ]
    if not known:
        return "Nothing in it can be told."
    high = max(known, key=lambda each: each[1])
    return (
        f"From {write(known[0][1])} in {known[0][0]} to {write(known[-1][1])} in {known[-1][0]}; "
        f"the most was {write(high[1])} in {high[0]}. The table has every figure."
    )
