"""How long money's papers are kept: six full years after the end of the year they belong to.

The duty is of Companies Act 2014, s. 285; the year is the calendar year, in Dublin (DOMAIN 4.10).
What Stripe still shows of a year that was let go is no news to us, and is not brought back.
"""

from datetime import date, datetime
from typing import Final

from billing.dates import day_start, dublin_date
from billing.models import YearLetGo

FULL_YEARS: Final = 6


def first_year(*, now: datetime) -> int:
    """The oldest year whose books are still kept at `now`."""
    return dublin_date(now).year - FULL_YEARS


def begins(year: int) -> datetime:
    """The first moment of a Dublin year, in UTC."""
    return day_start(date(year, 1, 1))


def let_go_before() -> datetime | None:
    """From when on we have the books, once a year of them was let go. None until then."""
    newest = YearLetGo.objects.order_by("-year").values_list("year", flat=True).first()
    return None if newest is None else begins(newest + 1)
