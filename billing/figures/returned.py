"""Lines of the ledger about money that went back, and that came once more, as figures count them.

The same definitions as billing.figures.payments, in SQL.
"""

from typing import Any, Final

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce

from billing.figures.payments import DISPUTE_LINES, REFUND_LINES
from billing.models import LedgerLine
from billing.models.ledger import LineKind
from billing.states import PaymentState

_OWN: Final = Q(payment__state=PaymentState.SUCCEEDED, source_id=F("payment__stripe_charge_id"))


def went_back() -> QuerySet[LedgerLine, Any]:
    """The lines of what went back of our payments, with the cents that each `took` (negative).

    A debit that failed on its way was booked and booked back, and never was income: its return
    takes no more than what both cost.
    """
    booked = (
        _payments(source_id=OuterRef("source_id"), payment=OuterRef("payment"))
        .values("source_id")
        .annotate(cents=Sum("net_cents"))
        .values("cents")
    )
    on_its_way = Q(kind=LineKind.PAYMENT_RETURNED) & ~_OWN
    came = Case(When(on_its_way, then=Coalesce(Subquery(booked), Value(0))), default=Value(0))
    kinds = REFUND_LINES | DISPUTE_LINES
    rows = LedgerLine.objects.filter(payment__isnull=False, kind__in=kinds)
    return rows.annotate(took=F("net_cents") + came)


def paid_again() -> QuerySet[LedgerLine, Any]:
    """The lines by which payments were made again, by other means, after they had come back."""
    back = LedgerLine.objects.filter(kind=LineKind.PAYMENT_RETURNED, payment__isnull=False)
    same = back.filter(payment=OuterRef("payment"), source_id=OuterRef("source_id"))
    rows = _payments(payment__in=back.filter(_OWN).values("payment"))
    return rows.filter(~_OWN, ~Exists(same))


def _payments(**about: Any) -> QuerySet[LedgerLine, Any]:
    return LedgerLine.objects.filter(kind=LineKind.PAYMENT, **about).order_by()
