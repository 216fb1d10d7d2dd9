"""When a change of a membership came about: by Stripe's dates or a wish of ours.

Not by when we learnt of it, where anything tells better: the figures are cut by these moments. A
pause that was begun in Stripe's dashboard is dated by the event that told of it, since Stripe keeps
no date of it; two events in a row may then be told apart by which of them came first.
"""

from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils import timezone

from billing.cause import Cause
from billing.models import Intent, Membership, MembershipEvent, StripeEvent
from billing.models.stripe import IntentKind, IntentState
from billing.states import MembershipState

_DROPPED: Final = (IntentState.REFUSED, IntentState.SUPERSEDED)


def of_change(before: dict[str, Any], membership: Membership, cause: Cause) -> datetime:
    """When the change from `before` (history.mirror) to what the membership is now came about."""
    old, new = before["state"], membership.state
    if membership.ended_at is not None:
        return membership.ended_at
    if MembershipState.PAUSED in {old, new} and old != new:
        return _of_pause(before, membership, cause)
    if membership.period_start is not None and membership.period_start != before["period_start"]:
        return membership.period_start
    return _told(membership, cause)


def _of_pause(before: dict[str, Any], membership: Membership, cause: Cause) -> datetime:
    """When it was paused or resumed: by our wish, by Stripe at the day that was set, else told."""
    paused = membership.state == MembershipState.PAUSED
    since = _last_turn(membership)
    kind = IntentKind.PAUSE if paused else IntentKind.RESUME
    wishes = Intent.objects.filter(kind=kind, subject=membership.pk).exclude(state__in=_DROPPED)
    if since is not None:
        wishes = wishes.filter(created_at__gt=since)
    told = [*wishes.order_by("created_at").values_list("created_at", flat=True)[:1]]
    ends_itself = None if paused else before["resumes_on"]
    if ends_itself is not None and ends_itself <= timezone.now():
        told.append(ends_itself)
    return min(told, default=None) or _told(membership, cause)


def _last_turn(membership: Membership) -> datetime | None:
    """When it was last paused or resumed before, so that no wish counts for two turns."""
    paused = MembershipState.PAUSED
    turns = MembershipEvent.objects.filter(
        Q(old_state=paused) ^ Q(new_state=paused), membership=membership
    )
    last = turns.order_by("recorded_at", "pk").last()
    return (last.happened_at or last.recorded_at) if last else None


def _told(membership: Membership, cause: Cause) -> datetime:
    """When Stripe says that the event happened; now, where no event told.

    Events of a test clock bear real time, which may lie before all that they tell of.
    https://docs.stripe.com/billing/testing/test-clocks
    """
    if cause.source == "stripe":
        rows = StripeEvent.objects.filter(pk=cause.reference)
        created = rows.values_list("created", flat=True).first()
        if created is not None and created >= (membership.started_at or created):
            return created
    return timezone.now()
