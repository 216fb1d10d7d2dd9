"""Charts as plain geometry, drawn as SVG by staff/reports/chart.html: no script, no third party.

What is hidden (members.reports.small) is not drawn either: a bar would tell it to the pixel.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

WIDTH: Final = 640
HEIGHT: Final = 260
LEFT: Final = 64
TOP: Final = 14
FLOOR: Final = 226
ROW: Final = 38
_NAMES: Final = 204
_NUMBERS: Final = 540
SMALL: Final = (130, 32)
_NICE_TENTHS: Final = (10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100)
_MOST_MARKS: Final = 13
# The part of its place that a column takes.
_FILLED: Final = 0.72
_NARROW: Final = 3
_WIDE: Final = 90
# What stands where there is no figure.
NONE: Final = "–"  # noqa: RUF001 - a dash in print, not a minus


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in the drawing's units, and what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    says: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A word and where it stands; `sparse` ones are left out where there is no room."""

    at: float
    text: str
    sparse: bool = False
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing. `summary` says in words what the eye would see."""

    slug: str
    title: str
    summary: str
    bars: list[Bar]
    heights: list[Mark] = field(default_factory=list)
    months: list[Mark] = field(default_factory=list)
    names: list[tuple[float, str, str]] = field(default_factory=list)
    legend: list[tuple[str, str]] = field(default_factory=list)
    hidden: list[float] = field(default_factory=list)
    height: int = HEIGHT
    zero: float = FLOOR


class Series(NamedTuple):
    """One colour of a chart: a value for each place, None where it is hidden or there is none."""

    kind: str
    name: str
    values: Sequence[int | None]


def columns(
    slug: str,
    title: str,
    *,
    labels: Sequence[str],
    series: Sequence[Series],
    write: Callable[[int], str],
    summary: str = "",
    stacked: bool = False,
    runs: bool = False,
    top: int = 0,
    beside: bool = False,
) -> Chart:
    """Columns over months, before one another, or stacked up and down from zero.

    `top` is the height of the drawing, where it is to be more than the highest column; `beside`
    sets those of a month next to one another, where neither is always the smaller.
    """
    place = _Heights(0, top) if top else _Heights.over(series, stacked=stacked)
    step = (WIDTH - LEFT) / max(1, len(labels))
    width = step * _FILLED / (len(series) if beside else 1)
    bars: list[Bar] = []
    for i, label in enumerate(labels):
        for number, (each, start) in enumerate(_starts(series, i, stacked=stacked)):
            value = each.values[i]
            if value is None:
                continue
            y, height = place.span(start, start + value)
            says = f"{label}: {f'{each.name} ' if each.name else ''}{write(value)}"
            kind = f"{each.kind} running" if runs and i == len(labels) - 1 else each.kind
            x = LEFT + i * step + step * (1 - _FILLED) / 2 + (number * width if beside else 0)
            bars.append(Bar(round(x, 1), y, round(width, 1), height, kind, says))
    return Chart(
        slug=slug,
        title=title,
        summary=summary or _summary(labels, series[-1].values, write),
        bars=bars,
        heights=[Mark(place.at(each), _short(each, write)) for each in place.marks],
        months=_months(labels, step),
        legend=[(each.kind, each.name) for each in series if each.name],
        hidden=_hidden(series, step),
        zero=place.at(0),
    )


def _starts(series: Sequence[Series], i: int, *, stacked: bool) -> Iterator[tuple[Series, int]]:
    """Where the column of each begins: from zero, or where the one before it ended."""
    above = below = 0
    for each in series:
        value = each.values[i] or 0
        yield each, (above if value >= 0 else below) if stacked else 0
        above, below = above + max(0, value), below + min(0, value)


def _hidden(series: Sequence[Series], step: float) -> list[float]:
    """Where something is that is not drawn, so that it is not taken for nothing."""
    places = zip(*(each.values for each in series), strict=True)
    return [round(LEFT + (i + 0.5) * step, 1) for i, values in enumerate(places) if None in values]


def small(values: Sequence[int | None]) -> list[Bar]:
    """Columns for beside a figure, SMALL wide and high: a shape without words, read with it."""
    most = max(1, *(value or 0 for value in values)) if values else 1
    step = SMALL[0] / max(1, len(values))
    bars = []
    for i, value in enumerate(values):
        height = round(max(0, value or 0) / most * SMALL[1], 1)
        kind = "main" if i == len(values) - 1 else "pale"
        bars.append(Bar(round(i * step, 1), round(SMALL[1] - height, 1), round(step * 0.7, 1),
                        height, kind, ""))  # fmt: skip
    return bars


def lying(
    slug: str,
    title: str,
    *,
    lines: Sequence[tuple[str, int | None, str]],
    write: Callable[[int], str],
    summary: str = "",
) -> Chart:
    """Bars that lie: a name, a value and a colour each; what is hidden says so instead."""
    most = max(1, *(abs(value or 0) for _, value, _ in lines)) if lines else 1
    return _lying(slug, title, [(name, 0, value, kind) for name, value, kind in lines],
                  (0, most), write, summary)  # fmt: skip


def waterfall(
    slug: str,
    title: str,
    *,
    start: tuple[str, int],
    steps: Sequence[tuple[str, int]],
    end: tuple[str, int],
    write: Callable[[int], str],
    summary: str = "",
) -> Chart:
    """From the start to the end, a bar for each step between them where it begins and ends."""
    lines: list[tuple[str, int, int | None, str]] = [(start[0], 0, start[1], "main")]
    at, heights = start[1], [0, start[1], end[1]]
    for name, change in steps:
        lines.append((name, at, change, "gain" if change >= 0 else "loss"))
        at += change
        heights.append(at)
    lines.append((end[0], 0, end[1], "main"))
    # From zero where little moved; else from just below the lowest, so that the steps can be seen.
    low, high = min(heights[1:]), max(heights)
    floor = max(0, low - (high - low)) if low > (high - low) * 2 else min(0, low)
    return _lying(slug, title, lines, (floor, high), write, summary)


def _lying(
    slug: str,
    title: str,
    lines: Sequence[tuple[str, int, int | None, str]],
    span: tuple[int, int],
    write: Callable[[int], str],
    summary: str,
) -> Chart:
    low, high = span
    scale = (_NUMBERS - _NAMES) / max(1, high - low)
    bars, names = [], []
    for i, (name, start, value, kind) in enumerate(lines):
        y = i * ROW + ROW / 2
        names.append((y, name, NONE if value is None else write(value)))
        if value is None:
            continue
        left, right = sorted((max(start, low), max(start + value, low)))
        width = max(1.5, (right - left) * scale) if value else 0
        x = _NAMES + (left - low) * scale
        bars.append(Bar(round(x, 1), round(y - 11, 1), round(width, 1), 22, kind,
                        f"{name}: {write(value)}"))  # fmt: skip
    told = summary or "; ".join(f"{name} {value}" for _, name, value in names) + "."
    return Chart(slug, title, told, bars, names=names, height=max(1, len(lines)) * ROW)


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
        return round(FLOOR - (FLOOR - TOP) * (value - self.low) / (self.high - self.low), 1)

    def span(self, start: int, end: int) -> tuple[float, float]:
        """The top of a bar between two values, and its height."""
        top, foot = sorted((self.at(start), self.at(end)))
        return top, round(foot - top, 1)


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
        found.append(
            Mark(
                at=WIDTH if ends else round(LEFT + (i + 0.5) * step, 1),
                text=label if _with_year(labels, i, every) else label.split(" ")[0],
                sparse=back % (3 * every) != 0,
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


def _short(value: int, write: Callable[[int], str]) -> str:
    """An axis mark without cents, thousands as k: "€1.2k"."""
    told = write(value).removesuffix(".00")
    whole, mark, rest = told.rpartition(",")
    if not mark or not rest.isdigit():
        return told
    return f"{whole}.{rest[0]}k".replace(".0k", "k")


def _summary(
    labels: Sequence[str], values: Sequence[int | None], write: Callable[[int], str]
) -> str:
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
