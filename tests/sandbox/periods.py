"""Calendar arithmetic for billing periods, in UTC, anchored to the first day."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime
from typing import Any

DAY = 86_400
_FIXED = {"day": DAY, "week": 7 * DAY}


def add_months(moment: int, months: int) -> int:
    """Return the same day and time some months later, or the last day where there is none."""
    start = datetime.fromtimestamp(moment, UTC)
    index = start.year * 12 + start.month - 1 + months
    year, month = divmod(index, 12)
    last = calendar.monthrange(year, month + 1)[1]
    moved = start.replace(year=year, month=month + 1, day=min(start.day, last))
    return int(moved.timestamp())


def next_boundary(anchor: int, interval: str, count: int, after: int) -> int:
    """Return the first period boundary later than `after`; the 31st stays the 31st.

    Counting always starts at the anchor, so a short month does not shift those that follow.
    """
    if interval in _FIXED:
        step = _FIXED[interval] * count
        return anchor + ((after - anchor) // step + 1) * step
    step = count * (12 if interval == "year" else 1)
    gone = _months_between(anchor, after)
    turns = max(gone // step, 0)
    while (boundary := add_months(anchor, turns * step)) <= after:
        turns += 1
    return boundary


def window(recurring: dict[str, Any], anchor: int, moment: int) -> tuple[int, int]:
    """Return start and end of the period of this rhythm, counted from the anchor, around `moment`.

    Where the anchor is still ahead the period is the one that ends at or before it.
    """
    interval, count = recurring["interval"], int(recurring["interval_count"])
    if interval in _FIXED:
        step = _FIXED[interval] * count
        end = next_boundary(anchor, interval, count, moment)
        return end - step, end
    step = count * (12 if interval == "year" else 1)
    turn = (_month_of(moment) - _month_of(anchor)) // step + 1
    while add_months(anchor, turn * step) > moment:
        turn -= 1
    while add_months(anchor, (turn + 1) * step) <= moment:
        turn += 1
    return add_months(anchor, turn * step), add_months(anchor, (turn + 1) * step)


def add_interval(moment: int, interval: str, count: int) -> int:
    """Return the time that lies so many days, weeks, months or years later."""
    if interval in _FIXED:
        return moment + _FIXED[interval] * count
    return add_months(moment, count * (12 if interval == "year" else 1))


def _month_of(moment: int) -> int:
    day = datetime.fromtimestamp(moment, UTC)
    return day.year * 12 + day.month


def _months_between(start: int, end: int) -> int:
    a, b = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    return max((b.year - a.year) * 12 + b.month - a.month - 1, 0)


def day_text(moment: int) -> str:
    """Return a date for people, e.g. 31 Jan 2026 (UTC)."""
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %b %Y")
