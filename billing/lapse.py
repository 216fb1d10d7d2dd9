"""A supporter who lapsed: 24 months after the last payment nothing binds us to them any more.

A direct debit can be disputed for 13 months; the rest is margin (DOMAIN 4.10). Whoever never paid
counts from the day on which they last began to.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Exists, Max, Model, OuterRef, Q, QuerySet

from billing.models import CompMembership, Dispute, Intent, Membership, Payment, Refund
from billing.models.stripe import IntentKind, IntentState
from billing.states import DisputeState, MembershipState, PaymentState, RefundState

if TYPE_CHECKING:
    from members.models import Supporter

YEARS: Final = 2
MONTHS: Final = 12 * YEARS
_OVER: Final = (MembershipState.ENDED, MembershipState.EXPIRED)
# Nobody goes on with these but a press, or the grace of a membership that lives.
_NOT_ASKED_AGAIN: Final = (IntentKind.CHECKOUT, IntentKind.CANCEL_NOW)
_CONTESTED: Final = (DisputeState.INQUIRY, DisputeState.OPEN)


def over(*, now: datetime) -> Q:
    """Of a query of supporters: those who lapsed by `now` (UTC)."""
    limit = shifted(now, -YEARS)
    paid = _of(Payment).filter(state=PaymentState.SUCCEEDED)
    began = Q(Exists(_of(Membership).filter(created_at__gt=limit)))
    began |= Q(Exists(_of(Payment).filter(created_at__gt=limit)))
    never = ~Q(Exists(paid)) & ~began & Q(created_at__lte=limit)
    lapsed = Q(Exists(paid)) & ~Q(Exists(paid.filter(paid_at__gt=limit)))
    return (never | lapsed) & ~_lives(now) & ~_unsettled()


def forgets_on(supporter: "Supporter", *, now: datetime) -> datetime | None:
    """When name and address of this supporter go if they give nothing more.

    None while a membership stands or a payment runs. What is in dispute then holds it up.
    """
    rows = type(supporter)._default_manager.filter(pk=supporter.pk)
    if rows.filter(_lives(now)).exists():
        return None
    paid = supporter.payments.filter(state=PaymentState.SUCCEEDED)
    last = paid.aggregate(at=Max("paid_at"))["at"]
    if last is None:
        began = [
            row.aggregate(at=Max("created_at"))["at"]
            for row in (supporter.memberships.all(), supporter.payments.all())
        ]
        last = max([supporter.created_at, *(each for each in began if each is not None)])
    return shifted(last, YEARS)


def shifted(moment: datetime, years: int) -> datetime:
    """The same moment so many years later; of 29 February, the beginning of 1 March."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(
            year=moment.year + years, month=3, day=1, hour=0, minute=0, second=0, microsecond=0
        )


def _lives(now: datetime) -> Q:
    """A membership stands, be it given, or a payment is on its way."""
    standing = _of(CompMembership).filter(revoked_at=None, ends_on__gt=now)
    return (
        Q(Exists(_of(Membership).exclude(state__in=_OVER)))
        | Q(Exists(_of(Payment).filter(state=PaymentState.PENDING)))
        | Q(Exists(standing))
    )


def _unsettled() -> Q:
    """Money goes back, a bank asks, or Stripe has not answered what we asked of it."""
    refunds = Refund.objects.filter(payment__supporter=OuterRef("pk"))
    disputes = Dispute.objects.filter(payment__supporter=OuterRef("pk"))
    return (
        Q(Exists(refunds.filter(state=RefundState.PENDING)))
        | Q(Exists(disputes.filter(state__in=_CONTESTED)))
        | Q(Exists(_asked(Membership)))
        | Q(Exists(_asked(Payment)))
    )


def _of(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.filter(supporter=OuterRef("pk"))


def _asked(model: type[Model]) -> QuerySet[Any]:
    """Their rows of which something was asked that Stripe has not answered."""
    waiting = Intent.objects.filter(subject=OuterRef("pk"), state=IntentState.OPEN)
    waiting = waiting.exclude(kind__in=_NOT_ASKED_AGAIN)
    return _of(model).filter(Exists(waiting))
