"""Rows that wait for a checkout: it ran out, was paid unheard, or never opened at all."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from billing import checkout, memberships, payments, stripe_api
from billing.cause import Cause
from billing.models import Membership, Payment
from billing.states import MembershipState, PaymentState

# A day longer than any checkout stays open.
_SETTLED: Final = timedelta(hours=25)
Row = Membership | Payment


def rows() -> Iterator[Row]:
    """What waits and has nothing of Stripe's yet; few, however many members there are."""
    yield from Membership.objects.filter(
        state=MembershipState.PENDING, stripe_subscription_id__isnull=True
    ).order_by("pk")
    yield from Payment.objects.filter(
        state=PaymentState.PENDING, stripe_payment_intent_id__isnull=True, membership=None
    ).order_by("pk")


def still(row: Row) -> bool:
    """Whether it waits even now."""
    return type(row).objects.filter(pk=row.pk, state="pending").exists()


def is_over(row: Row, *, now: datetime) -> bool:
    """Whether it is too old for a checkout that anybody could still pay."""
    return row.created_at < now - timedelta(minutes=settings.CHECKOUT_MINUTES) - _SETTLED


def named_at_stripe(candidates: list[Row]) -> set[str]:
    """Those of these that a checkout names whose opening was never answered, so we lack its id."""
    if not candidates:
        return set()
    since = min(row.created_at for row in candidates) - timedelta(days=1)
    wanted = {str(row.pk) for row in candidates}
    return {
        session.ref
        for page in stripe_api.checkout_pages(since=since)
        for session in page
        if session.ref in wanted and session.status != "expired"
    }


def session_of(row: Row) -> str:
    return checkout.session_of(row.pk)


def close(row: Row, *, cause: Cause) -> None:
    """Close a row of which Stripe knows nothing."""
    shut = memberships.expire_unpaid if isinstance(row, Membership) else payments.expire_unpaid
    key: UUID = row.pk
    shut(key, cause=cause)
