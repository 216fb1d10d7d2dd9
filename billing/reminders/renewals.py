"""The notice before a yearly renewal, three weeks ahead (DOMAIN 2.7, 3.5)."""

from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q

from billing.dates import dublin_date
from billing.letters import ahead
from billing.letters.kinds.renewing import DOUBTS
from billing.letters.planting import plant
from billing.models import Membership
from billing.models.plan import Interval
from billing.states import MembershipState

KIND: Final = "reminder"
# Visa Europe wants seven working days; a letter later than a week before would be no notice.
LEAST_DAYS: Final = 7
# The same states stand in the partial indexes, which serve only what says them.
STANDING: Final = Q(state__in=[MembershipState.ACTIVE, MembershipState.PAUSED])
# Money is taken at the period's end: it runs, or its pause is over by then.
RENEWING: Final = (
    STANDING
    & Q(ends_on=None)
    & (Q(state=MembershipState.ACTIVE) | Q(resumes_on__lte=F("period_end")))
)


def key_of(membership_id: UUID, period_end: datetime) -> str:
    """One reminder for each membership and day of renewal, as Dublin has it."""
    return f"{membership_id}:{dublin_date(period_end).isoformat()}"


def plan(*, now: datetime) -> int:
    """Write the reminders that are due within a day of `now` (UTC); how many were new.

    A renewal less than a week away, or past, leaves a SKIPPED row that says so. Whether it really
    renews is asked again when the letter is sent. May run as often as one likes.
    """
    return plant(
        KIND,
        Membership.objects.filter(RENEWING, interval=Interval.YEAR),
        moment="period_end",
        turns=ahead.notices(now=now, days=settings.REMINDER_DAYS, least=LEAST_DAYS),
        now=now,
        again=DOUBTS,
    )
