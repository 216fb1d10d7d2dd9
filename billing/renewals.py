"""The days on which a subscription falls due, one after another. Pure; moments in UTC.

Stripe keeps the day of the month on which it began: from 31 January to 28 February to 31 March
(https://docs.stripe.com/billing/subscriptions/billing-cycle).
"""

import calendar
from collections.abc import Iterator
from datetime import datetime
from itertools import count, islice

# Interval's values; the models are above this module.
_MONTHS = {"month": 1, "year": 12}


def dues(
    *, period_start: datetime, period_end: datetime, interval: str, after: datetime
) -> Iterator[datetime]:
    """Every moment after `after` at which a period ends and the next one falls due, for ever.

    Of two neighbouring months one has all the days there can be, so the later day of the two ends
    of a period is the day on which it all began.
    """
    day = max(period_start.day, period_end.day)
    for turn in count():
        due = _later(period_end, turn * _MONTHS[interval], day)
        if due > after:
            yield due


def next_dues(
    number: int, *, period_start: datetime, period_end: datetime, interval: str, after: datetime
) -> list[datetime]:
    """The first so many of `dues`."""
    found = dues(period_start=period_start, period_end=period_end, interval=interval, after=after)
    return list(islice(found, number))


def _later(moment: datetime, months: int, day: int) -> datetime:
    """So many months later, on this day or the month's last."""
    number = moment.year * 12 + moment.month - 1 + months
    year, month = number // 12, number % 12 + 1
    return moment.replace(year=year, month=month, day=min(day, calendar.monthrange(year, month)[1]))
