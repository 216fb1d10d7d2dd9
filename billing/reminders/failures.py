"""What follows on a payment that failed: on day 3, on day 7, and before the grace ends."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from django.conf import settings
from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from billing.dates import day_start, dublin_date
from billing.letters import ahead
from billing.letters.ahead import TOO_LATE, Turn
from billing.letters.kinds.failing import steps
from billing.letters.planting import plant
from billing.models import Membership, Payment
from billing.states import MembershipState, PaymentState

KIND: Final = "payment-failed"
_A_DAY: Final = timedelta(days=1)


def plan(*, now: datetime) -> int:
    """Write the letters that are due within a day of `now` (UTC); how many were new.

    The first, on the day of the failure, is written with the failure itself. One whose successor
    is due already leaves a SKIPPED row.
    """
    return sum(
        plant(
            KIND,
            _overdue(),
            moment="past_due_since",
            turns=list(_turns(now, step, after, until)),
            subject="failed",
            now=now,
        )
        for (step, after), (_, until) in pairwise(steps())
    )


def _overdue() -> QuerySet[Membership]:
    """Who has a grace, with the payment that began it.

    That is the latest of those that failed by then: what fails later, while the grace runs, begins
    none, so that nobody is told of the third day twice.
    """
    # One that waits for its payer to confirm it has not failed; it is as unpaid.
    unpaid = Payment.objects.filter(membership=OuterRef("pk")).exclude(state=PaymentState.SUCCEEDED)
    failed = unpaid.annotate(since=Coalesce("first_failed_at", "created_at"))
    begun = failed.filter(since__lte=OuterRef("past_due_since") + _A_DAY)
    latest = begun.order_by("-since", "-pk").values("pk")[:1]
    overdue = Membership.objects.filter(state=MembershipState.PAST_DUE)
    return overdue.annotate(failed=Subquery(latest)).filter(failed__isnull=False)


def _turns(now: datetime, step: str, after: int, until: int) -> Iterator[Turn]:
    """The days on which a grace began of which this letter is due, earliest first."""
    today = dublin_date(now)
    since = today - timedelta(days=2 * settings.GRACE_DAYS)
    while ahead.near(sent_at := ahead.morning(since + timedelta(days=after)), now=now):
        yield Turn(
            period=step,
            due_at=max(sent_at, now),
            begins=day_start(since),
            ends=day_start(since + _A_DAY),
            too_late=TOO_LATE if today >= since + timedelta(days=until) else "",
        )
        since += _A_DAY
