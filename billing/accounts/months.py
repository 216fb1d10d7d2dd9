"""Which month of the books a movement counts in: its own, or the open one if its own is closed."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.db.models import Min, Q, QuerySet
from django.utils import timezone

from billing.dates import day_start, dublin_date, month_start, months_between, next_month
from billing.figures import booked
from billing.models import LedgerLine, Payment, Period
from billing.states import PaymentState

CURRENCY: Final = booked.CURRENCY
_NAME: Final = re.compile(r"(\d{4})-(\d{2})")


@dataclass(frozen=True, slots=True)
class BookMonth:
    """A calendar month of Dublin, and whether it is the first one that is still open.

    Or several that follow each other, as if they were one: `through` is the last of them.
    """

    first: date
    gathers_late: bool = False
    through: date | None = None

    @property
    def begins(self) -> datetime:
        return day_start(self.first)

    @property
    def ends(self) -> datetime:
        return day_start(self.after)

    @property
    def after(self) -> date:
        """The first day that is no longer in it."""
        return next_month(self.through or self.first)

    @property
    def last_day(self) -> date:
        return date.fromordinal(self.after.toordinal() - 1)

    @property
    def name(self) -> str:
        """As addresses and files have it: "2026-03"."""
        return f"{self.first:%Y-%m}"

    def counts(self, moment: str) -> Q:
        """The rows that count in this month, while it is open, by the column of their moment.

        The first open month takes in whatever came after the closing of its own.
        """
        inside = Q(closed_month__isnull=True) & Q(**{f"{moment}__lt": self.ends})
        return inside if self.gathers_late else inside & Q(**{f"{moment}__gte": self.begins})


def lines() -> QuerySet[LedgerLine]:
    return LedgerLine.objects.filter(currency=CURRENCY).order_by()


def outside() -> QuerySet[Payment]:
    """What was paid to us directly, which Stripe's balance never held."""
    return Payment.objects.filter(
        outside_stripe=True, state=PaymentState.SUCCEEDED, currency=CURRENCY
    ).order_by()


def read_month(name: str) -> date | None:
    """The first day of the month of this name, or None where there is no such month."""
    found = _NAME.fullmatch(name)
    try:
        return date(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        return None


def last_closed() -> Period | None:
    return Period.objects.order_by("-month").first()


def first_open() -> date:
    """The first day of the oldest month that is not closed; of this month, before any money."""
    closed = last_closed()
    if closed is not None:
        return next_month(closed.month)
    # In the order of their index, lest every payment be looked through. No month is closed.
    directly = outside().order_by("closed_month", "paid_at").values_list("paid_at", flat=True)
    moments = [lines().aggregate(at=Min("booked_at"))["at"], directly.first()]
    known = [dublin_date(moment) for moment in moments if moment is not None]
    return month_start(min(known, default=this_month()))


def oldest() -> date:
    """The first day of the first month that the books have."""
    closed = Period.objects.order_by("month").first()
    return closed.month if closed else first_open()


def this_month() -> date:
    return month_start(dublin_date(timezone.now()))


def open_months() -> list[BookMonth]:
    """The months that are not closed, oldest first, up to the one that runs."""
    first = first_open()
    return [BookMonth(each, each == first) for each in months_between(first, this_month())]
