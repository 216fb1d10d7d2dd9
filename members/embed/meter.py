"""The goal meter's figure: what stood when the day began in Dublin, told from six in the morning.

Once a day, so that polling shows nobody's joining; six hours late, so that what Stripe tells late
is in it and the figure of a day does not change.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import Case, Count, F, Q, Sum, When
from django.db.models.functions import Least
from django.utils.crypto import salted_hmac

from billing.dates import DUBLIN, day_start
from billing.models import Membership
from billing.models.plan import Interval
from billing.states import MembershipState
from members.embed import figure
from members.embed.figure import Figure

TOLD_AT: Final = 6
_TWELFTHS: Final = Case(
    When(interval=Interval.YEAR, then=F("amount_cents")), default=F("amount_cents") * 12
)


@dataclass(frozen=True, slots=True)
class Meter:
    """The figure, and the day at whose beginning it stood."""

    figure: Figure
    day: date


def current(now: datetime) -> Meter | None:
    """The meter as it is shown now; None where the charity has set no goal. One query a day."""
    goal = settings.METER_GOAL_MEMBERS or settings.METER_GOAL_EUROS * 100
    if goal <= 0:
        return None
    day = day_shown(now)
    members, cents = _counted(day)
    shown = figure.figure(
        members=members,
        cents=cents,
        goal=goal,
        in_cents=not settings.METER_GOAL_MEMBERS,
        secret=_secret(day),
    )
    return Meter(shown, day)


def day_shown(now: datetime) -> date:
    """The day whose beginning is shown now: before six in the morning, that of yesterday."""
    local = now.astimezone(DUBLIN)
    return local.date() if local.hour >= TOLD_AT else local.date() - timedelta(days=1)


def _counted(day: date) -> tuple[int, int]:
    """Members, and cents a month, kept until the next day's are told."""
    name = f"embed.meter:{day}"
    found: tuple[int, int] | None = cache.get(name)
    if found is None:
        found = _count(day)
        # Longer than it is asked for: the name holds the day.
        cache.set(name, found, timeout=60 * 60 * 48)
    return found


def _count(day: date) -> tuple[int, int]:
    begins = day_start(day)
    stood = Membership.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=begins), started_at__lt=begins
    ).exclude(state=MembershipState.PAUSED)
    sums = stood.aggregate(
        members=Count("supporter", distinct=True),
        twelfths=Sum(Least(_TWELFTHS, figure.MOST_CENTS * 12), default=0),
    )
    return sums["members"], sums["twelfths"] // 12


def _secret(day: date) -> int:
    """What shifts the steps: another number every month, so that it is not worth finding out."""
    digest = salted_hmac("members.embed.meter", f"{day:%Y-%m}", algorithm="sha256").digest()
    return int.from_bytes(digest)
