"""The rest of the books: what the law no longer wants kept is deleted, and no figure changes.

A payment goes with all that hangs on it (documents, refunds, disputes, lines, letters) once the
youngest of it is out of time, so that what is kept always adds up. What it stood for in the reports
becomes bygone, the months of the books are closed as they stand before, and the series of document
numbers go on. May be cut short anywhere, and run as often as one likes.
"""

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from billing import figures, keeping
from billing.accounts import closing
from billing.models import (
    Dispute,
    Intent,
    LedgerLine,
    Letter,
    Payment,
    Payout,
    Receipt,
    Refund,
    YearLetGo,
)
from billing.models.receipt import Series
from billing.states import PaymentState

log = structlog.get_logger(__name__)

# What binds a payment besides the books, by the moment before which all is out of time.
Held = Callable[[datetime], Q]
# A debit note refers to a credit note, and that to the receipt.
_FROM_THE_LAST: Final = (Series.DEBIT_NOTE, Series.CREDIT_NOTE, Series.RECEIPT)


@dataclass(frozen=True, slots=True)
class Gone:
    """How many rows of the books went, or would go."""

    payments: int = 0
    documents: int = 0
    lines: int = 0
    payouts: int = 0

    def __bool__(self) -> bool:
        return any((self.payments, self.documents, self.lines, self.payouts))


def due(*, now: datetime, held: Held) -> Gone:
    """What `let_go` would delete at `now` (UTC). Changes nothing."""
    before = _before(now)
    over = payments_over(before, held=held)
    mine = Q(payment__in=over.values("pk"))
    return Gone(
        payments=over.count(),
        documents=Receipt.objects.filter(mine).count(),
        lines=LedgerLine.objects.filter(mine).count() + _lines_alone(before).count(),
        payouts=_payouts(before).count(),
    )


def let_go(*, now: datetime, held: Held) -> Gone:
    """Delete the books of the years that are kept no longer at `now` (UTC); how many rows went.

    The payments of one supporter go in one transaction. `held` says which stay for another reason.
    """
    if not due(now=now, held=held):
        return Gone()
    before, oldest = _before(now), keeping.first_year(now=now)
    # The next year's months are closed with them: income deferred in it is made of what goes now.
    closing.close_as_they_stand(before=date(oldest + 1, 1, 1))
    YearLetGo.objects.get_or_create(year=oldest - 1, defaults={"at": now})
    counts = Counter[str]()
    owners = payments_over(before, held=held).order_by("supporter").values_list("supporter")
    for (supporter_id,) in list(owners.distinct()):
        with transaction.atomic():
            counts += _let_go_of(supporter_id, before, held)
    counts["lines"] += _lines_alone(before).delete()[0]
    counts["payouts"] += _payouts(before).delete()[0]
    gone = Gone(**counts)
    _note(oldest - 1, counts)
    log.info("books let go", year=oldest - 1, **counts)
    return gone


def payments_over(before: datetime, *, held: Held) -> QuerySet[Payment]:
    """The payments of which nothing is younger than `before`, and that wait for nobody."""
    unpaid, untried = Q(paid_at=None), Q(paid_at=None, first_failed_at=None)
    said = Q(paid_at__lt=before) | unpaid & Q(first_failed_at__lt=before)
    younger = (
        _about(Receipt).filter(issued_at__gte=before),
        _about(Refund).filter(refunded_at__gte=before),
        _about(Dispute).filter(opened_at__gte=before),
        _about(LedgerLine).filter(Q(booked_at__gte=before) | _paid_out_since(before)),
    )
    rows = Payment.objects.filter(said | untried & Q(created_at__lt=before))
    for each in younger:
        rows = rows.filter(~Exists(each))
    return rows.exclude(state=PaymentState.PENDING).exclude(held(before))


def _before(now: datetime) -> datetime:
    return keeping.begins(keeping.first_year(now=now))


def _about(model: type[Model]) -> QuerySet[Any]:
    return model._default_manager.filter(payment=OuterRef("pk"))


def _paid_out_since(before: datetime) -> Q:
    """Lines of a payout that is kept: it has to be the sum of what is in it."""
    return Q(payout_id__in=Payout.objects.filter(created__gte=before).values("pk"))


def _lines_alone(before: datetime) -> QuerySet[LedgerLine]:
    """The account's own: fees, payouts, and what is about no payment of ours."""
    return LedgerLine.objects.filter(payment=None, booked_at__lt=before).exclude(
        _paid_out_since(before)
    )


def _payouts(before: datetime) -> QuerySet[Payout]:
    return Payout.objects.filter(created__lt=before)


def _let_go_of(supporter_id: UUID, before: datetime, held: Held) -> Counter[str]:
    """Delete what is over of one supporter's payments, if it is so once nobody else writes."""
    theirs = Payment.objects.filter(supporter=supporter_id)
    locked = [row.pk for row in theirs.order_by("pk").select_for_update()]
    over = payments_over(before, held=held).filter(pk__in=locked)
    ids = list(over.values_list("pk", flat=True))
    with figures.letting_go(supporter_id, ids):
        return _delete(supporter_id, ids)


def _delete(supporter_id: UUID, payment_ids: Collection[UUID]) -> Counter[str]:
    mine = Q(payment__in=payment_ids)
    counts = Counter[str]()
    _delete_letters(supporter_id, payment_ids)
    for series in _FROM_THE_LAST:
        counts["documents"] += Receipt.objects.filter(mine, series=series).delete()[0]
    counts["lines"] = LedgerLine.objects.filter(mine).delete()[0]
    Refund.objects.filter(mine).delete()
    Dispute.objects.filter(mine).delete()
    Intent.objects.filter(subject__in=payment_ids).delete()
    Payment.objects.filter(pk__in=payment_ids).delete()
    counts["payments"] = len(payment_ids)
    return counts


def _delete_letters(supporter_id: UUID, payment_ids: Collection[UUID]) -> None:
    """The letters about these payments: their keys name what they brought."""
    documents = Receipt.objects.filter(payment__in=payment_ids)
    refunds = Refund.objects.filter(payment__in=payment_ids)
    keys = [str(each) for each in payment_ids]
    keys += [str(each) for each in documents.values_list("pk", flat=True)]
    keys += refunds.values_list("stripe_refund_id", flat=True)
    Letter.objects.filter(supporter=supporter_id, key__in=keys).delete()


def _note(year: int, counts: Counter[str]) -> None:
    """Add to what this year's books came to; another run may have been cut short before."""
    with transaction.atomic():
        row = YearLetGo.objects.select_for_update().get(pk=year)
        row.counts = dict(Counter(row.counts) + counts)
        row.save(update_fields=["counts"])
