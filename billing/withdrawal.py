"""The fourteen days in which a new supporter may withdraw (DOMAIN 2.3). Pure."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

PERIOD: Final = timedelta(days=14)
_FRIDAY, _SATURDAY = 4, 5


def deadline(contract_day: date) -> date:
    """The last day to withdraw from what was agreed on this day; it ends with that day in Dublin.

    Day 14 counts from the day after. If it is no working day, the period ends with the next one
    (Regulation 1182/71, Art. 3(4)).
    """
    day = contract_day + PERIOD
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


def is_working_day(day: date) -> bool:
    return day.weekday() < _SATURDAY and day not in public_holidays(day.year)


def public_holidays(year: int) -> frozenset[date]:
    """Ireland's public holidays (Organisation of Working Time Act 1997, second schedule)."""
    return frozenset(
        {
            date(year, 1, 1),
            _saint_brigid(year),
            date(year, 3, 17),
            _easter(year) + timedelta(days=1),
            *(_first_monday(year, month) for month in (5, 6, 8)),
            _last_monday_of_october(year),
            date(year, 12, 25),
            date(year, 12, 26),
        }
    )


def _saint_brigid(year: int) -> date:
    """The first Monday of February, but the 1st itself where that is a Friday (since 2023)."""
    first = date(year, 2, 1)
    return first if first.weekday() == _FRIDAY else _first_monday(year, 2)


def _first_monday(year: int, month: int) -> date:
    return next(day for day in _days(date(year, month, 1)) if day.weekday() == 0)


def _last_monday_of_october(year: int) -> date:
    return next(day for day in _days(date(year, 10, 25)) if day.weekday() == 0)


def _days(first: date) -> Iterator[date]:
    return (first + timedelta(days=each) for each in range(7))


def _easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian computus (Nature, 20 April 1876)."""
    golden, century, rest = year % 19, year // 100, year % 100
    leaps = century - century // 4 - (century - (century + 8) // 25 + 1) // 3
    moon = (19 * golden + leaps + 15) % 30
    week = (32 + 2 * (century % 4) + 2 * (rest // 4) - moon - rest % 4) % 7
    late = (golden + 11 * moon + 22 * week) // 451
    month, day = divmod(moon + week - 7 * late + 114, 31)
    return date(year, month, day + 1)
