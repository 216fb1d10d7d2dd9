"""When a letter is due that no event calls for: at a humane hour of a Dublin day, or too late.

Its row is written up to a day before, so that the outbox itself shows tomorrow's mail.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from billing.dates import DUBLIN, day_start, dublin_date

# A day and the hour of a clock change, and an hour for a planner that comes late.
AHEAD: Final = timedelta(hours=26)
TOO_LATE: Final = "too late to be a notice"
_MORNING: Final = 9
# What was missed for longer leaves no trace: Stripe's own answer has moved the day by then.
_LOOKED_BACK: Final = 7


@dataclass(frozen=True, slots=True)
class Turn:
    """The letters of one period: one for each row whose moment lies from `begins` to `ends`.

    `period` stands in the key, so that there is one letter for it. With `too_late`, the reason why
    it would be of no use any more, the row is written as skipped.
    """

    period: str
    due_at: datetime
    begins: Any = None
    ends: Any = None
    too_late: str = ""


def morning(day: date, *, hour: int = _MORNING) -> datetime:
    """The moment (UTC) at which a letter of this day goes out: nine o'clock in Dublin."""
    return datetime.combine(day, time(hour), DUBLIN).astimezone(UTC)


def near(moment: datetime, *, now: datetime) -> bool:
    """Whether the row of what is due at this moment is to be written by now."""
    return moment <= now + AHEAD


def notices(*, now: datetime, days: int, least: int) -> list[Turn]:
    """The days of which notice is given so many days before: a turn for each, earliest first.

    Notice less than `least` days ahead would be none. What was missed goes out at once.
    """
    return list(_notices(now, days, least))


def _notices(now: datetime, days: int, least: int) -> Iterator[Turn]:
    today = dublin_date(now)
    day = today - timedelta(days=_LOOKED_BACK)
    while near(sent_at := morning(day - timedelta(days=days)), now=now):
        yield Turn(
            period=day.isoformat(),
            due_at=max(sent_at, now),
            begins=day_start(day),
            ends=day_start(day + timedelta(days=1)),
            too_late=TOO_LATE if (day - today).days < least else "",
        )
        day += timedelta(days=1)
