"""Members: who stands, who came, who came back, who left. Each figure counts persons.

A person is live at a moment t if one of their memberships began at or before t and has not ended at
or before t (both dated by Stripe). For the moment that is now, the state decides as well, so that a
paused membership does not count. DOMAIN 7; docs/metrics.md says it in words.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Sum, When

from billing.models import Membership
from billing.models.plan import Interval
from billing.states import MembershipState
from members.reports.months import Month, per_month

STANDING: Final = Q(state__in=[MembershipState.ACTIVE, MembershipState.PAST_DUE])
# A yearly amount counts a twelfth a month. Whole twelfths are summed: only the sum is rounded.
_TWELFTHS: Final = Case(
    When(interval=Interval.YEAR, then=F("amount_cents")), default=F("amount_cents") * 12
)


@dataclass(frozen=True, slots=True)
class Standing:
    """How many stand at one moment, and what they promise a month, in cents."""

    active: int
    mrr_cents: int


@dataclass(frozen=True, slots=True)
class Present:
    """What only the present knows: states. `at_risk_cents` is the part of MRR that is overdue."""

    at_risk: int
    at_risk_cents: int
    paused: int


def standings(months: list[Month]) -> tuple[list[Standing], Present]:
    """Who stands at the end of each month, the last of which is now. One query."""
    figures: dict[str, Any] = {}
    for i, month in enumerate(months[:-1]):
        figures |= _figures(str(i), _live_just_before(month))
    figures |= _figures("now", STANDING)
    figures |= _figures("risk", Q(state=MembershipState.PAST_DUE))
    figures |= _figures("paused", Q(state=MembershipState.PAUSED))
    sums = _paid_memberships().aggregate(**figures)
    moments = [*(str(i) for i in range(len(months) - 1)), "now"]
    present = Present(
        at_risk=sums["active_risk"],
        at_risk_cents=_months_worth(sums["mrr_risk"]),
        paused=sums["active_paused"],
    )
    return [
        Standing(sums[f"active_{m}"], _months_worth(sums[f"mrr_{m}"])) for m in moments
    ], present


def arrivals(months: list[Month]) -> list[dict[str, int]]:
    """Per month: `new` persons, and those who `returned` after all they had was over. One query."""
    others = Membership.objects.filter(supporter=OuterRef("supporter")).exclude(pk=OuterRef("pk"))
    before = _before(others, "started_at")
    # Touching counts as never gone: ended at the very moment the next began.
    lasting = before.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=OuterRef("started_at")))
    return per_month(
        _paid_memberships(),
        moment="started_at",
        months=months,
        new=Count("pk", filter=~Exists(before)),
        returned=Count("pk", filter=Exists(before) & ~Exists(lasting)),
    )


def departures(months: list[Month]) -> list[dict[str, int]]:
    """Per month: `ended`, how often a person's last live membership ended. One query."""
    others = Membership.objects.filter(
        supporter=OuterRef("supporter"), started_at__lte=OuterRef("ended_at")
    ).exclude(pk=OuterRef("pk"))
    remaining = others.filter(
        Q(ended_at__isnull=True)
        | Q(ended_at__gt=OuterRef("ended_at"))
        # Two that end at one moment are one departure: that of the later id.
        | Q(ended_at=OuterRef("ended_at"), pk__gt=OuterRef("pk"))
    )
    return per_month(
        _paid_memberships(),
        moment="ended_at",
        months=months,
        ended=Count("pk", filter=~Exists(remaining)),
    )


def _paid_memberships() -> QuerySet[Membership]:
    """Those whose first payment succeeded: `started_at` is the date of it."""
    return Membership.objects.filter(started_at__isnull=False)


def _live_just_before(month: Month) -> Q:
    """Live at the last moment of the month; midnight itself belongs to the next."""
    return Q(started_at__lt=month.ends) & (Q(ended_at__isnull=True) | Q(ended_at__gte=month.ends))


def _figures(name: str, live: Q) -> dict[str, Any]:
    return {
        f"active_{name}": Count("supporter", distinct=True, filter=live),
        f"mrr_{name}": Sum(_TWELFTHS, filter=live, default=0),
    }


def _months_worth(twelfths: int) -> int:
    """Cents a month from whole twelfths of a cent, rounded once, half up: 5970 -> 498."""
    return (2 * twelfths + 12) // 24


def _before(others: QuerySet[Membership], moment: str) -> QuerySet[Membership]:
    """Those that came earlier; of two at one moment, that with the smaller id."""
    mine = OuterRef(moment)
    return others.filter(Q(**{f"{moment}__lt": mine}) | Q(**{moment: mine}, pk__lt=OuterRef("pk")))
