"""The notice before each direct debit, fourteen days ahead (SEPA Core Rulebook; DOMAIN 3.3)."""

from datetime import datetime
from typing import Final

from django.conf import settings

from billing.letters import ahead
from billing.letters.kinds.renewing import DOUBTS
from billing.letters.planting import plant
from billing.models import Membership
from billing.models.membership import DIRECT_DEBIT
from billing.reminders.renewals import RENEWING

KIND: Final = "sepa-notice"
# The mandate agrees that two days may be enough; later than that it would be no notice.
LEAST_DAYS: Final = 2


def plan(*, now: datetime) -> int:
    """Write the notices that are due within a day of `now` (UTC); how many were new.

    Where the debit is nearer than that already, the notice goes out at once.
    """
    return plant(
        KIND,
        Membership.objects.filter(RENEWING, method_kind=DIRECT_DEBIT),
        moment="period_end",
        turns=ahead.notices(now=now, days=settings.SEPA_NOTICE_DAYS, least=LEAST_DAYS),
        now=now,
        again=DOUBTS,
    )
