"""The word that a pause is about to end by itself, a week ahead."""

from datetime import datetime
from typing import Final

from billing.letters import ahead
from billing.letters.kinds.renewing import DOUBTS, PAUSE_NOTICE_DAYS
from billing.letters.planting import plant
from billing.models import Membership
from billing.states import MembershipState

KIND: Final = "resumes-soon"
LEAST_DAYS: Final = 1


def plan(*, now: datetime) -> int:
    """Write the letters that are due within a day of `now` (UTC); how many were new."""
    return plant(
        KIND,
        Membership.objects.filter(state=MembershipState.PAUSED, ends_on=None),
        moment="resumes_on",
        turns=ahead.notices(now=now, days=PAUSE_NOTICE_DAYS, least=LEAST_DAYS),
        now=now,
        again=DOUBTS,
    )
