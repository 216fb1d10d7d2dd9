"""Two memberships under one address: one is enough (DESIGN 15, PEERS E4 and E9).

A second one that is paid beside an active one is kept and told of: nobody is refused, since a
refusal would tell a stranger who is a member (DESIGN 9). One that is overdue is replaced by the new
one, and pages that wait for the same supporter in another tab are closed.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.db.models import QuerySet

from billing import intents
from billing.intents import Wanted
from billing.models import Intent, Membership
from billing.models.membership import LIVE
from billing.models.stripe import IntentKind, IntentState
from billing.states import EndReason, MembershipState
from billing.tidings import Tiding


def others(membership: Membership) -> QuerySet[Membership]:
    """The supporter's other memberships that still stand, oldest first."""
    rows = Membership.objects.filter(supporter_id=membership.supporter_id, state__in=LIVE)
    return rows.exclude(pk=membership.pk).order_by("created_at")


def tidings(stands: Membership) -> Iterator[Tiding]:
    """The letter about each membership that is paid beside an older one, once this one stands.

    Asked for with every payment and every return, whichever of the two is heard of first. One that
    is overdue is no reason, unless it has just been paid: it is replaced.
    """
    if stands.started_at is None:  # a direct debit that runs may yet come back
        return
    rows = Membership.objects.filter(supporter_id=stands.supporter_id, started_at__isnull=False)
    beside = rows.filter(state__in=_STANDS).exclude(pk=stands.pk)
    mine = [stands] if stands.state in {*_STANDS, MembershipState.PAST_DUE} else []
    paid = sorted([*beside, *mine], key=lambda each: (each.created_at, each.pk))
    yield from (Tiding("duplicate", str(each.pk)) for each in paid[1:])


# A first payment is noted before the state that comes with it.
_STANDS: Final = (MembershipState.PENDING, MembershipState.ACTIVE, MembershipState.PAUSED)


def settle(paid: Membership) -> None:
    """Have what this membership replaces ended, and checkouts left open beside it closed.

    Part of the transaction that records a payment of it; may run with every one, since what was
    begun after its first payment is left alone.
    """
    for each in wanted(paid):
        intents.call_for(**each)


def wanted(paid: Membership) -> Iterator[Wanted]:
    """What `settle` has done."""
    if paid.state == MembershipState.ENDED:
        return
    for overdue in others(paid).filter(state=MembershipState.PAST_DUE):
        if _replaces(paid, overdue):
            yield _end(overdue, paid)
    for begun in _begun(paid).filter(stripe_subscription_id__isnull=False):
        yield _end(begun, paid)
    for checkout in _open_checkouts(paid):
        yield _close(checkout, paid)


def wanted_of(overdue: Membership) -> Iterator[Wanted]:
    """The same, where we learn that one is overdue after we learnt who replaced it."""
    for paid in others(overdue).filter(started_at__isnull=False):
        if _replaces(paid, overdue):
            yield _end(overdue, paid)
            return


def _replaces(paid: Membership, overdue: Membership) -> bool:
    """Whether it was paid after the other's unpaid period had begun; both moments are Stripe's.

    Who holds two on purpose keeps both when the older one fails one day.
    """
    if paid.started_at is None or overdue.period_start is None:
        return False
    return overdue.created_at < paid.created_at and overdue.period_start < paid.started_at


def _begun(paid: Membership) -> QuerySet[Membership]:
    """What the same supporter began before this was first paid, and has not paid."""
    # Stripe's moments are whole seconds, rounded down.
    until = (paid.started_at or paid.created_at) + timedelta(seconds=1)
    return Membership.objects.filter(
        supporter_id=paid.supporter_id,
        state=MembershipState.PENDING,
        created_at__lt=max(until, paid.created_at),
    ).exclude(pk=paid.pk)


def _open_checkouts(paid: Membership) -> list[Intent]:
    waiting = _begun(paid).filter(stripe_subscription_id__isnull=True)
    return list(
        Intent.objects.filter(
            kind=IntentKind.CHECKOUT,
            state=IntentState.DONE,
            subject__in=waiting.values("pk"),
        )
    )


def _end(replaced: Membership, paid: Membership) -> Wanted:
    return {
        "kind": IntentKind.END_NOW,
        "press": f"replaced:{replaced.pk}",
        "subject": replaced.pk,
        "params": {
            "subscription": replaced.stripe_subscription_id,
            "reason": EndReason.REPLACED,
            "by": str(paid.pk),
        },
    }


def _close(checkout: Intent, paid: Membership) -> Wanted:
    return {
        "kind": IntentKind.CLOSE_CHECKOUT,
        "press": f"close:{checkout.pk}",
        "subject": checkout.subject,
        "params": {"session": checkout.stripe_object_id, "by": str(paid.pk)},
    }
