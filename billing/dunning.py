"""Dunning: a supporter whose payment failed stays a member for a stated time, then it ends."""

from datetime import datetime, timedelta

import structlog
from django.conf import settings

from billing import memberships, stripe_api, wishes
from billing.cause import Cause
from billing.models import Membership
from billing.states import MembershipState, UnknownStatus
from billing.stripe_api import StripeProblem

log = structlog.get_logger(__name__)


def end_graces(*, now: datetime) -> int:
    """End at Stripe every membership whose grace is over; how many were ended."""
    limit = now - timedelta(days=settings.GRACE_DAYS)
    overdue = Membership.objects.filter(
        state=MembershipState.PAST_DUE, past_due_since__lte=limit
    ).order_by("past_due_since")
    return sum(_end(membership, limit) for membership in overdue)


def _end(membership: Membership, limit: datetime) -> bool:
    """End one; what Stripe refuses today is tried again by the next run."""
    try:
        # Our row may not know yet that it was paid a moment ago: Stripe does.
        fresh = memberships.refresh(membership.stripe_subscription_id or "", cause=Cause.clock())
        if fresh is None or fresh.past_due_since is None or fresh.past_due_since > limit:
            return False
        if stripe_api.debit_runs(fresh.stripe_subscription_id or ""):
            return False  # it is being paid; if the bank says no, the next run ends it
        return wishes.end_after_grace(membership=fresh)
    except (StripeProblem, memberships.Impossible, UnknownStatus) as error:
        log.error("grace could not be ended", membership=str(membership.pk), error=str(error))
        return False
