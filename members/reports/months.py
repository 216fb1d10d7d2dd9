"""Calendar months as they are counted here: from midnight to midnight in Dublin."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Aggregate, Case, IntegerField, QuerySet, Value, When

from billing.dates import day_start, dublin_date, months_back, months_between, next_month


@dataclass(frozen=True, slots=True)
class Month:
    """A month: its first day, its first moment, and the first moment of the next, in UTC."""

    first: date
    begins: datetime
    ends: datetime


def last_months(*, now: datetime, count: int) -> list[Month]:
    """The last `count` months, oldest first; the last of them is the one that runs."""
    today = dublin_date(now)
    return [_month(first) for first in months_between(months_back(today, count - 1), today)]


def next_months(*, now: datetime, count: int) -> list[Month]:
    """`count` months, the first of which is the one that runs."""
    today = dublin_date(now)
    return [_month(first) for first in months_between(today, months_back(today, 1 - count))]


def _month(first: date) -> Month:
    return Month(first, day_start(first), day_start(next_month(first)))


def per_month(
    rows: QuerySet[Any], *, moment: str, months: list[Month], **figures: Aggregate
) -> list[dict[str, int]]:
    """Aggregate the rows by the month in which `moment` falls: one dict for each of the months.

    One query. The borders go in as parameters, so that no database's own idea of a time zone
    takes part. A month without rows has zeros.
    """
    inside = {f"{moment}__gte": months[0].begins, f"{moment}__lt": months[-1].ends}
    borders = [
        When(**{f"{moment}__lt": month.ends}, then=Value(i)) for i, month in enumerate(months)
    ]
    found = (
        rows.filter(**inside)
        .annotate(month=Case(*borders, output_field=IntegerField()))
        .order_by()
        .values("month")
        .annotate(**figures)
    )
    sums = {row["month"]: row for row in found}
    return [
        {name: (sums[i][name] or 0) if i in sums else 0 for name in figures}
        for i in range(len(months))
    ]
