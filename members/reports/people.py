"""Who came, who came back, who left, in any stretches of time: counted from the rows themselves.

For what is not a month, such as the week of the digest; months are rolled up. Each figure counts
persons. A person is live at a moment t if one of their memberships began at or before t and has not
ended at or before t (both dated by Stripe). DOMAIN 7; docs/metrics.md says it in words. That a
pause became too long is told by the month alone.
"""

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from billing.models import Membership
from members.reports.months import Month, per_month


def arrivals(months: list[Month]) -> list[dict[str, int]]:
    """Per month: `new` persons, and those who `returned` after all they had was over. One query."""
    others = _lived().filter(supporter=OuterRef("supporter")).exclude(pk=OuterRef("pk"))
    before = _before(others, "started_at")
    # Touching counts as never gone: ended at the very moment the next began.
    lasting = before.filter(Q(ended_at__isnull=True) | Q(ended_at__gte=OuterRef("started_at")))
    return per_month(
        _lived(),
        moment="started_at",
        months=months,
        new=Count("pk", filter=~Exists(before)),
        returned=Count("pk", filter=Exists(before) & ~Exists(lasting)),
    )


def departures(months: list[Month]) -> list[dict[str, int]]:
    """Per month: `ended`, how often a person's last live membership ended. One query."""
    others = (
        _lived()
        .filter(supporter=OuterRef("supporter"), started_at__lte=OuterRef("ended_at"))
        .exclude(pk=OuterRef("pk"))
    )
    remaining = others.filter(
        Q(ended_at__isnull=True)
        | Q(ended_at__gt=OuterRef("ended_at"))
        # Two that end at one moment are one departure: that of the later id.
        | Q(ended_at=OuterRef("ended_at"), pk__gt=OuterRef("pk"))
    )
    return per_month(
        _lived(),
        moment="ended_at",
        months=months,
        ended=Count("pk", filter=~Exists(remaining)),
    )


def _lived() -> QuerySet[Membership]:
    """Those whose first payment succeeded, at `started_at`, and not as they ended or later."""
    lived = Q(ended_at__isnull=True) | Q(ended_at__gt=F("started_at"))
    return Membership.objects.filter(lived, started_at__isnull=False)


def _before(others: QuerySet[Membership], moment: str) -> QuerySet[Membership]:
    """Those that came earlier; of two at one moment, that with the smaller id."""
    mine = OuterRef(moment)
    return others.filter(Q(**{f"{moment}__lt": mine}) | Q(**{moment: mine}, pk__lt=OuterRef("pk")))
