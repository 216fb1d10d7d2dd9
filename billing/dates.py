"""Dates of people: a day, a month and a year begin when they begin in Dublin (DESIGN 14)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

DUBLIN: Final = ZoneInfo("Europe/Dublin")


def dublin_date(moment: datetime) -> date:
    """The calendar day that a clock in Dublin shows at this moment."""
    return moment.astimezone(DUBLIN).date()


def day_start(day: date) -> datetime:
    """The first moment of a Dublin day, in UTC."""
    return datetime.combine(day, time(), DUBLIN).astimezone(UTC)


def month_start(day: date) -> date:
    return day.replace(day=1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def months_back(day: date, count: int) -> date:
    """The first day of the month that lies `count` months before the month of `day`."""
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def months_between(first: date, last: date) -> Iterator[date]:
    """The first days of the months from `first` to `last`, both included."""
    month = month_start(first)
    while month <= last:
        yield month
        month = next_month(month)
