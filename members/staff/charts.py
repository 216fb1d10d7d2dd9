"""Charts as plain geometry, drawn as SVG by staff/chart.html: no script, no third party."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from billing.money import format_amount
from members.reports.report import Line, Report

WIDTH: Final = 400
HEIGHT: Final = 190
_LEFT: Final = 46
_TOP: Final = 12
_FLOOR: Final = 164
_NICE_TENTHS: Final = (10, 12, 16, 20, 24, 30, 40, 50, 60, 80, 100)


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
    """A word on an axis and where it stands."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One bar chart. `summary` says in words what the eye would see."""

    slug: str
    title: str
    summary: str
    bars: list[Bar]
    heights: list[Mark]
    months: list[Mark]
    legend: list[tuple[str, str]]


def charts(report: Report) -> list[Chart]:
    """The three drawings of the report page."""
    lines = report.lines
    return [
        _chart(
            "active", "Active members", lines, [("main", "", [x.active for x in lines])], _count
        ),
        _chart(
            "mrr",
            "Monthly recurring revenue",
            lines,
            [("main", "", [x.mrr_cents for x in lines])],
            format_amount,
        ),
        _chart(
            "income",
            "Income each month",
            lines,
            [
                ("back", "Gross", [x.gross_cents for x in lines]),
                ("main", "Net", [x.net_cents for x in lines]),
            ],
            format_amount,
        ),
    ]


def _chart(
    slug: str,
    title: str,
    lines: Sequence[Line],
    series: list[tuple[str, str, list[int]]],
    write: Callable[[int], str],
) -> Chart:
    top = _nice(max(1, *(value for _, _, values in series for value in values)))
    width = (WIDTH - _LEFT) / len(lines)
    bars = [
        Bar(
            x=round(_LEFT + i * width + width * 0.14, 1),
            y=round(_height(value, top), 1),
            width=round(width * 0.72, 1),
            height=round(_FLOOR - _height(value, top), 1),
            kind=f"{kind} running" if i == len(lines) - 1 else kind,
            says=f"{lines[i].month.first:%B %Y}: {f'{name} ' if name else ''}{write(value)}",
        )
        for kind, name, values in series
        for i, value in enumerate(values)
    ]
    return Chart(
        slug=slug,
        title=title,
        summary=_summary(lines, series[-1][2], write),
        bars=bars,
        heights=[Mark(_height(v, top), _short(v, write)) for v in (0, top // 2, top)],
        months=[
            Mark(round(_LEFT + (i + 0.5) * width, 1), _month(line.month.first))
            for i, line in enumerate(lines)
            if (len(lines) - 1 - i) % 2 == 0
        ],
        legend=[(kind, name) for kind, name, _ in series if name],
    )


def _height(value: int, top: int) -> float:
    """Where a value lies; below zero is drawn as nothing, the table has the figure."""
    return _FLOOR - (_FLOOR - _TOP) * max(0, value) / top


def _nice(value: int) -> int:
    """The next round number that is even, so that half of it can be written too: 187 -> 200."""
    power: int = 10 ** (len(str(value)) - 1)
    tenths = next(step for step in _NICE_TENTHS if step * power >= 10 * value)
    return max(2, -(-tenths * power // 20) * 2)


def _count(value: int) -> str:
    return f"{value:,}"


def _short(value: int, write: Callable[[int], str]) -> str:
    """An axis mark without cents."""
    return write(value).removesuffix(".00")


def _month(first: date) -> str:
    return f"{first:%b} {first:%y}" if first.month == 1 else f"{first:%b}"


def _summary(lines: Sequence[Line], values: list[int], write: Callable[[int], str]) -> str:
    high = max(range(len(values)), key=lambda i: values[i])
    return (
        f"From {write(values[0])} in {lines[0].month.first:%B %Y} to {write(values[-1])} now; "
        f"the most was {write(values[high])} in {lines[high].month.first:%B %Y}. "
        "The table below has every figure."
    )
