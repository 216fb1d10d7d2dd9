"""Who is overdue, paused or twice a member just now? Asked of the rows, by partial indexes."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, F, QuerySet, Sum, When
from django.db.models.functions import TruncDate

from billing.dates import DUBLIN
from billing.models import Counted, Membership
from billing.models.membership import LIVE
from billing.models.plan import Interval
from billing.states import MembershipState
from members.reports.amounts import months_worth

# A yearly amount counts a twelfth a month. Whole twelfths are summed: only the sum is rounded.
TWELFTHS: Final = Case(
    When(interval=Interval.YEAR, then=F("amount_cents")), default=F("amount_cents") * 12
)


@dataclass(frozen=True, slots=True)
class Present:
    """What only the present knows: states. `at_risk_cents` is the part of MRR that is overdue."""

    at_risk: int
    at_risk_cents: int
    paused: int


def present() -> Present:
    """How many persons are overdue or paused. Two queries."""
    overdue = _paid().filter(state=MembershipState.PAST_DUE)
    risk = overdue.aggregate(people=Count("supporter", distinct=True), sum=Sum(TWELFTHS))
    paused = _paid().filter(state=MembershipState.PAUSED)
    return Present(
        at_risk=risk["people"],
        at_risk_cents=months_worth(risk["sum"] or 0),
        paused=paused.aggregate(people=Count("supporter", distinct=True))["people"],
    )


def at_risk() -> QuerySet[Membership]:
    """Memberships that are overdue, the longest first: the page cuts what it shows."""
    rows = _paid().filter(state=MembershipState.PAST_DUE).select_related("plan")
    return rows.order_by("past_due_since", "pk")


@dataclass(frozen=True, slots=True)
class OverdueSince:
    """Memberships that are overdue since a day in Dublin. Cents a month of MRR."""

    day: date
    memberships: int
    mrr_cents: int


def overdue_by_day() -> list[OverdueSince]:
    """What is overdue, by the day since when; the longest first. One query."""
    rows = (
        _paid()
        .filter(state=MembershipState.PAST_DUE, past_due_since__isnull=False)
        .annotate(day=TruncDate("past_due_since", tzinfo=DUBLIN))
        .order_by()
        .values("day")
        .annotate(number=Count("pk"), twelfths=Sum(TWELFTHS))
        .order_by("day")
    )
    return [OverdueSince(row["day"], row["number"], months_worth(row["twelfths"])) for row in rows]


def duplicates() -> QuerySet[Counted]:
    """Supporters with more than one paid membership that has not ended, by id."""
    return Counted.objects.filter(memberships__gt=1).order_by("pk")


def memberships_of(supporter_ids: list[UUID]) -> QuerySet[Membership]:
    """The live memberships of these, for the page of duplicates; oldest first."""
    rows = _paid().filter(supporter__in=supporter_ids, state__in=LIVE).select_related("plan")
    return rows.order_by("supporter", "created_at")


def _paid() -> QuerySet[Membership]:
    """Those whose first payment succeeded: `started_at` is the date of it."""
    return Membership.objects.filter(started_at__isnull=False)
