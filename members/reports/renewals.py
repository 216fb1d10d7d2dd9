"""How many of those who pay once a year renew, and which renewals are to come?"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Sum
from django.db.models.functions import TruncWeek

from billing.dates import DUBLIN, day_start, dublin_date
from billing.figures import names
from billing.models import Membership
from billing.models.plan import Interval
from billing.states import MembershipState
from members.reports import rollups
from members.reports.amounts import share
from members.reports.months import Month, last_months, next_months
from members.reports.rollups import Number


@dataclass(frozen=True, slots=True)
class RenewalMonth:
    """Yearly periods that run out in a month, and those that were paid again. Cents."""

    month: Month
    due: Number
    renewed: Number

    @property
    def renewed_share(self) -> int | None:
        """Renewed of due, in hundredths of a per cent."""
        return share(self.renewed.number, self.due.number)


def renewal_rate(*, now: datetime, count: int) -> list[RenewalMonth]:
    """The last `count` months, oldest first; the last of them runs. One query."""
    return _renewals(last_months(now=now, count=count))


def upcoming(*, now: datetime, count: int = 12) -> list[RenewalMonth]:
    """The month that runs and those after it: what runs out, nothing left out. One query."""
    return _renewals(next_months(now=now, count=count))


@dataclass(frozen=True, slots=True)
class RenewalWeek:
    """Yearly memberships that go on and whose paid year runs out in the week of this Monday."""

    monday: date
    due: int
    cents: int


def upcoming_weeks(*, now: datetime, count: int = 8) -> list[RenewalWeek]:
    """The week that runs and those after it; what is set to end is not in it. One query."""
    today = dublin_date(now)
    first = today - timedelta(days=today.weekday())
    mondays = [first + timedelta(weeks=week) for week in range(count)]
    rows = (
        Membership.objects.filter(
            interval=Interval.YEAR,
            state=MembershipState.ACTIVE,
            started_at__isnull=False,
            ends_on__isnull=True,
            period_end__gte=now,
            period_end__lt=day_start(first + timedelta(weeks=count)),
        )
        .annotate(week=TruncWeek("period_end", tzinfo=DUBLIN))
        .order_by()
        .values("week")
        .annotate(number=Count("pk"), cents=Sum("amount_cents"))
    )
    found = {row["week"].date(): row for row in rows}
    nothing = {"number": 0, "cents": 0}
    told = [(monday, found.get(monday, nothing)) for monday in mondays]
    return [RenewalWeek(monday, row["number"], row["cents"]) for monday, row in told]


def _renewals(months: list[Month]) -> list[RenewalMonth]:
    book = rollups.read(
        names.RENEWAL_DUE, names.RENEWED, first=months[0].first, last=months[-1].first
    )
    return [
        RenewalMonth(
            month=month,
            due=book.at(names.RENEWAL_DUE, month.first),
            renewed=book.at(names.RENEWED, month.first),
        )
        for month in months
    ]
