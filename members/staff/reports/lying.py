"""Bars that lie: a name before each, its value behind it; above it where there is little room."""

from collections.abc import Callable, Sequence
from typing import Final

from members.staff.reports.charts import NONE, WHOLE, Bar, Chart

# In pixels, as a line of words does not grow with the drawing.
ROW: Final = 42
_THICK: Final = 22
_LEAST: Final = 0.4
# So many letters fit beside a bar, and before the value above it.
_FITS: Final = 28

# A name, where its bar begins, how long it is (None: hidden, or there is none), and its colour.
Line = tuple[str, int, int | None, str]


def lying(
    slug: str,
    title: str,
    *,
    lines: Sequence[tuple[str, int | None, str]],
    write: Callable[[int], str],
    summary: str = "",
) -> Chart:
    """A name, a value and a colour each, from zero; what is hidden says so instead."""
    most = max(1, *(abs(value or 0) for _, value, _ in lines)) if lines else 1
    return _drawn(slug, title, [(name, 0, value, kind) for name, value, kind in lines],
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
    lines: list[Line] = [(start[0], 0, start[1], "main")]
    at, heights = start[1], [0, start[1], end[1]]
    for name, change in steps:
        lines.append((name, at, change, "gain" if change >= 0 else "loss"))
        at += change
        heights.append(at)
    lines.append((end[0], 0, end[1], "main"))
    # From zero where little moved; else from just below the lowest, so that the steps can be seen.
    low, high = min(heights[1:]), max(heights)
    floor = max(0, low - (high - low)) if low > (high - low) * 2 else min(0, low)
    return _drawn(slug, title, lines, (floor, high), write, summary)


def _drawn(
    slug: str,
    title: str,
    lines: Sequence[Line],
    span: tuple[int, int],
    write: Callable[[int], str],
    summary: str,
) -> Chart:
    bars, names = [], []
    for i, (name, start, value, kind) in enumerate(lines):
        middle = i * ROW + ROW / 2
        names.append((middle, _short(name), NONE if value is None else write(value)))
        if value is None:
            continue
        x, width = _across(start, value, span)
        bars.append(Bar(x, middle - _THICK / 2, width, _THICK, kind, f"{name}: {write(value)}"))
    told = summary or "; ".join(f"{name} {value}" for _, name, value in names) + "."
    return Chart(slug, title, told, bars, names=names, height=max(1, len(lines)) * ROW)


def _across(start: int, value: int, span: tuple[int, int]) -> tuple[float, float]:
    """Where the bar of a value begins, and how long it is: never so short as not to be seen."""
    low, high = span
    left, right = sorted((max(start, low), max(start + value, low)))
    scale = WHOLE / max(1, high - low)
    width = max(_LEAST, (right - left) * scale) if value else 0
    return round(min((left - low) * scale, WHOLE - width), 2), round(width, 2)


def _short(name: str) -> str:
    return name if len(name) <= _FITS else f"{name[: _FITS - 1]}…"
