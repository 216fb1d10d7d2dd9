"""Calendar arithmetic for billing periods, in UTC, anchored to the first day."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime

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


def _months_between(start: int, end: int) -> int:
    a, b = datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC)
    return max((b.year - a.year) * 12 + b.month - a.month - 1, 0)


def day_text(moment: int) -> str:
    """Return a date for people, e.g. 31 Jan 2026 (UTC)."""
    return datetime.fromtimestamp(moment, UTC).strftime("%-d %b %Y")
