"""Leaving altogether: all that is paid ends first, then Stripe forgets the person (PEERS E11).

Both verbs may be called again and again, and go on where Stripe did not answer. They raise nothing
for what Stripe refuses or leaves open: they are not done yet, and say so.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import fulfilment, handlers, intents, stripe_api
from billing.cause import Cause
from billing.intents import Wanted
from billing.models import Intent, Membership, Payment, StripeCustomer
from billing.models.stripe import IntentKind, IntentState
from billing.states import EndReason, MembershipState, PaymentState

if TYPE_CHECKING:
    from members.models import Supporter

log = structlog.get_logger(__name__)

_OVER: Final = (MembershipState.ENDED, MembershipState.EXPIRED)
_CAUSE: Final = Cause("supporter")
_CLOSED: Final = frozenset({"complete", "expired"})


def end_all(supporter: "Supporter") -> bool:
    """End all that takes money of theirs, and close every page that still could; True if it is so.

    Nothing but what Stripe has said counts: where it does not answer, this is False (fail closed).
    """
    try:
        for membership in supporter.memberships.exclude(state__in=_OVER):
            _end(membership)
        waiting = supporter.payments.filter(membership=None, state=PaymentState.PENDING)
        closed = [_close(gift) for gift in waiting]
    except stripe_api.StripeProblem as error:
        log.warning("not all is ended", supporter=str(supporter.pk), error=str(error))
        return False
    return all(closed) and is_over(supporter)


def is_over(supporter: "Supporter") -> bool:
    """Whether every membership of theirs has ended, by what Stripe told us."""
    return not supporter.memberships.exclude(state__in=_OVER).exists()


def forget(supporter: "Supporter") -> bool:
    """Have every customer of theirs deleted at Stripe; True once all are. Not to be undone.

    The ids stay with us: later money is walked to its payment by them.
    """
    try:
        for customer in supporter.customers.all():
            intent = intents.record(**_farewell(customer))
            intents.supersede_before(intent)
            fulfilment.fulfil(intent)
    except stripe_api.StripeProblem as error:
        log.warning("a customer is not deleted", supporter=str(supporter.pk), error=str(error))
        return False
    return True


def forget_later(supporter: "Supporter") -> None:
    """Have every customer of theirs deleted at Stripe by a worker, however long that takes.

    Part of the caller's transaction: where nothing is paid any more, nobody has to wait for it.
    """
    for customer in supporter.customers.all():
        intents.call_for(**_farewell(customer))
        intents.supersede_before(Intent.objects.get(press=f"erase:{customer.pk}"))


def ask_anew() -> None:
    """Ask again where Stripe refused to delete a customer; it may have been a moment's reason."""
    refused = Intent.objects.filter(kind=IntentKind.DELETE_CUSTOMER, state=IntentState.REFUSED)
    for customer in StripeCustomer.objects.filter(pk__in=refused.values("subject")):
        with transaction.atomic():
            intents.call_for(**_farewell(customer))


def _farewell(customer: StripeCustomer) -> Wanted:
    return {
        "kind": IntentKind.DELETE_CUSTOMER,
        "press": f"erase:{customer.pk}",
        "subject": customer.pk,
        "params": {"customer": customer.stripe_customer_id},
    }


def _end(membership: Membership) -> None:
    if membership.stripe_subscription_id is None:
        _close(membership)
        return
    intent = intents.record(
        kind=IntentKind.END_NOW,
        press=f"erase:{membership.pk}",
        subject=membership.pk,
        params={
            "subscription": membership.stripe_subscription_id,
            "reason": EndReason.REQUESTED,
        },
    )
    intents.supersede_before(intent)
    fulfilment.fulfil(intent)


def _close(row: Membership | Payment) -> bool:
    """Close the page that was opened to pay this; whether none is open any more."""
    opened = Intent.objects.filter(subject=row.pk, kind=IntentKind.CHECKOUT).first()
    if opened is None:
        return True
    if not opened.stripe_object_id:
        # We never heard an answer: there may be a page, until it runs out by itself.
        patience = timedelta(minutes=settings.CHECKOUT_MINUTES)
        return row.created_at < timezone.now() - patience
    if stripe_api.get_checkout(opened.stripe_object_id).status in _CLOSED:
        handlers.take_checkout(opened.stripe_object_id, _CAUSE)
        return True
    fulfilment.fulfil(
        intents.record(
            kind=IntentKind.CLOSE_CHECKOUT,
            press=f"erase:{row.pk}",
            subject=row.pk,
            params={"session": opened.stripe_object_id},
        )
    )
    return True
