"""The ledger: one line for each movement of money that Stripe booked, whoever told us of it first.

https://docs.stripe.com/reports/reporting-categories
"""

from collections.abc import Iterable
from typing import Final

from django.db.models import Q

from billing.models import LedgerLine, Payment
from billing.models.ledger import LineKind
from billing.snapshots import BookedSnapshot

# A category is the same for cards and debits, and for every road on which something came back.
_KINDS: Final = {
    "charge": LineKind.PAYMENT,
    "charge_failure": LineKind.PAYMENT_RETURNED,
    "refund": LineKind.REFUND,
    "refund_failure": LineKind.REFUND_FAILED,
    "dispute": LineKind.DISPUTE,
    "dispute_reversal": LineKind.DISPUTE,
    "fee": LineKind.FEE,
    "tax": LineKind.FEE,
    "network_cost": LineKind.FEE,
    "payout": LineKind.PAYOUT,
    "payout_reversal": LineKind.PAYOUT_FAILED,
}


def kind_of(booked: BookedSnapshot) -> LineKind:
    """What kind of line this movement is, by Stripe's reporting category (DOMAIN 6.2)."""
    return _KINDS.get(booked.category, LineKind.OTHER)


def post(
    movements: Iterable[BookedSnapshot], *, payment: Payment | None, payout_id: str = ""
) -> int:
    """Write a line for each movement that has none; how many were new. No figure is ever changed.

    Part of the caller's transaction. `payment` is the payment of ours that they are about: a payout
    may have brought the line before we knew of the payment, so a line without one takes it on.
    """
    movements = list(movements)
    fresh = [_line(each, payment, payout_id) for each in lacking(movements)]
    # Another worker may have come in between: what it wrote says the same.
    LedgerLine.objects.bulk_create(fresh, ignore_conflicts=True)
    if payment is not None:
        ids = [each.id for each in movements]
        LedgerLine.objects.filter(pk__in=ids, payment=None).update(payment=payment)
    return len(fresh)


def lines_of(payment: Payment, told: Iterable[BookedSnapshot] = ()) -> list[LedgerLine]:
    """The lines of a payment, oldest first, and unsaved those that Stripe `told` of beside them."""
    fresh = [_line(each, payment, "") for each in lacking(told)]
    lines = [*payment.ledger_lines.order_by("booked_at", "pk"), *fresh]
    return sorted(lines, key=lambda each: (each.booked_at, each.pk))


def lacking(movements: Iterable[BookedSnapshot]) -> list[BookedSnapshot]:
    """Those of these movements that have no line yet."""
    wanted = {each.id: each for each in movements}
    known = set(LedgerLine.objects.filter(pk__in=wanted).values_list("pk", flat=True))
    return [each for each in wanted.values() if each.id not in known]


def owner_of(booked: BookedSnapshot) -> Payment | None:
    """The payment of ours that a movement is about, by the exact id of its source."""
    if not booked.source_id:
        return None
    return (
        Payment.objects.filter(
            Q(stripe_charge_id=booked.source_id)
            | Q(refunds__stripe_refund_id=booked.source_id)
            | Q(disputes__stripe_dispute_id=booked.source_id)
        )
        .distinct()
        .first()
    )


def _line(booked: BookedSnapshot, payment: Payment | None, payout_id: str) -> LedgerLine:
    return LedgerLine(
        id=booked.id,
        kind=kind_of(booked),
        payment=payment,
        amount_cents=booked.amount_cents,
        fee_cents=booked.fee_cents,
        net_cents=booked.net_cents,
        currency=booked.currency,
        source_id=booked.source_id,
        payout_id=payout_id,
        booked_at=booked.booked_at,
        available_on=booked.available_on,
    )
