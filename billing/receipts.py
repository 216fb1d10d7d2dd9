"""Receipts and what corrects them, each numbered without gaps and never changed (DESIGN 7)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import charity, letters
from billing.cause import Cause
from billing.dates import dublin_date
from billing.models import Dispute, LedgerLine, Payment, Receipt, ReceiptSeries, Refund
from billing.models.ledger import LineKind
from billing.models.receipt import Series
from billing.states import DisputeState, PaymentState, RefundState


class NoLegalName(RuntimeError):
    """A receipt without the legal name is none (Companies Act 2014, s. 151; DOMAIN 1.1)."""


class NotPaid(ValueError):
    """The money did not come, or did not go back."""


def issue(payment: Payment, *, cause: Cause, now: datetime | None = None) -> Receipt:
    """Issue the receipt of a payment and queue its letter; the one there is, if there is one.

    Part of the caller's transaction. The number belongs to the Dublin year of `now` (UTC). Raises
    NotPaid and NoLegalName.
    """
    if payment.state != PaymentState.SUCCEEDED or payment.paid_at is None:
        raise NotPaid(str(payment.pk))
    issued = Receipt.objects.filter(payment=payment, series=Series.RECEIPT)
    with transaction.atomic():
        receipt = issued.first()
        if receipt is None:
            now = now or timezone.now()
            counter = _lock(Series.RECEIPT, now)
            # Another worker may have issued it while we waited for the lock.
            receipt = issued.first() or _write(
                counter,
                payment,
                now,
                amount_cents=payment.amount_cents,
                extra_cents=payment.extra_cents,
                paid_at=payment.paid_at,
            )
        _queue("receipt", receipt.pk, payment, cause)
    return receipt


def credit(refund: Refund, *, cause: Cause, now: datetime | None = None) -> Receipt:
    """Issue the credit note of a refund and queue its letter; the one there is, if there is one.

    It refers to the receipt of the payment, which is issued first if it is missing. Part of the
    caller's transaction. Raises NotPaid and NoLegalName.
    """
    if refund.state != RefundState.SUCCEEDED:
        raise NotPaid(str(refund.pk))
    with transaction.atomic():
        note = _correct(
            refund.payment,
            Series.CREDIT_NOTE,
            now or timezone.now(),
            amount_cents=refund.amount_cents,
            paid_at=refund.refunded_at,
            refund=refund,
            refers_to=issue(refund.payment, cause=cause, now=now),
        )
        _queue("credit-note", note.pk, refund.payment, cause)
    return note


def take_back(refund: Refund, *, cause: Cause, now: datetime | None = None) -> Receipt | None:
    """Issue the debit note of a refund that failed after its credit note, and queue its letter.

    It is dated by the day on which the money was with us again, as Stripe booked it. None where no
    credit note was issued. Part of the caller's transaction.
    """
    if refund.state not in {RefundState.FAILED, RefundState.CANCELED}:
        raise NotPaid(str(refund.pk))
    note = Receipt.objects.filter(refund=refund, series=Series.CREDIT_NOTE).first()
    if note is None:
        return None
    now = now or timezone.now()
    with transaction.atomic():
        debit = _correct(
            refund.payment,
            Series.DEBIT_NOTE,
            now,
            amount_cents=refund.amount_cents,
            paid_at=_came_back(LineKind.REFUND_FAILED, refund.stripe_refund_id) or now,
            refund=refund,
            refers_to=note,
        )
        _queue("debit-note", debit.pk, refund.payment, cause)
    return debit


def credit_dispute(dispute: Dispute, *, cause: Cause, now: datetime | None = None) -> Receipt:
    """Issue the credit note of a dispute that was lost. No letter: the payer asked the bank.

    Dated as Stripe booked it. One that was won in between and is lost again has another. Part of
    the caller's transaction.
    """
    if dispute.state != DisputeState.LOST:
        raise NotPaid(str(dispute.pk))
    out = Q(kind=LineKind.DISPUTE, source_id=dispute.stripe_dispute_id, amount_cents__lt=0)
    with transaction.atomic():
        return _credit_in_turn(
            dispute.payment,
            cause,
            now or timezone.now(),
            out,
            amount_cents=dispute.amount_cents,
            paid_at=dispute.opened_at,
            dispute=dispute,
        )


def take_back_dispute(dispute: Dispute, *, now: datetime | None = None) -> Receipt | None:
    """Issue the debit note of a dispute that was lost and then won on appeal. No letter, as before.

    It is dated by the day on which the money was with us again, as Stripe booked it. None where no
    credit note was issued. Part of the caller's transaction.
    """
    if dispute.state != DisputeState.WON:
        raise NotPaid(str(dispute.pk))
    now = now or timezone.now()
    back = _came_back(LineKind.DISPUTE, dispute.stripe_dispute_id)
    with transaction.atomic():
        return _take_back_in_turn(dispute.payment, now, paid_at=back or now, dispute=dispute)


def credit_return(line: LedgerLine, *, cause: Cause, now: datetime | None = None) -> Receipt:
    """Issue the credit note of a debit that its bank returned by this line, and queue its letter.

    Part of the caller's transaction. Raises NotPaid and NoLegalName.
    """
    payment = _payment_of(line)
    with transaction.atomic():
        note = _credit_in_turn(
            payment,
            cause,
            now or timezone.now(),
            Q(kind=LineKind.PAYMENT_RETURNED, payment=payment),
            amount_cents=-line.amount_cents,
            paid_at=line.booked_at,
            returned=line,
        )
        _queue("credit-note", note.pk, payment, cause)
    return note


def take_back_return(
    line: LedgerLine, *, again: LedgerLine, cause: Cause, now: datetime | None = None
) -> Receipt | None:
    """Issue the debit note of a returned debit that was paid `again`, and queue its letter.

    None where no credit note was issued. Part of the caller's transaction.
    """
    payment, now = _payment_of(line), now or timezone.now()
    with transaction.atomic():
        note = _take_back_in_turn(payment, now, paid_at=again.booked_at, returned=line)
        if note is not None:
            _queue("debit-note", note.pk, payment, cause)
    return note


def calls_for(*, gone: bool, **about: Any) -> Series | None:
    """Which document a dispute or a return lacks: of money that is `gone`, or is with us again."""
    last = _last(**about)
    credited = last is not None and last.series == Series.CREDIT_NOTE
    if gone:
        return None if credited else Series.CREDIT_NOTE
    return Series.DEBIT_NOTE if credited else None


def _last(**about: Any) -> Receipt | None:
    """The document that says where the money of this dispute or return is now."""
    return Receipt.objects.filter(**about).order_by("-turn", "-series").first()


def _credit_in_turn(
    payment: Payment,
    cause: Cause,
    now: datetime,
    out: Q,
    *,
    amount_cents: int,
    paid_at: datetime,
    **about: Any,
) -> Receipt:
    """The credit note that stands, else the first one, else the one after a debit note.

    `out` are the lines by which the money may have gone. It went by the last of them, and after a
    debit note by one that is younger.
    """
    last = _last(**about)
    if last is not None and last.series == Series.CREDIT_NOTE:
        return last
    lines = LedgerLine.objects.filter(out).order_by("-booked_at")
    if last is not None:
        paid_at, lines = now, lines.filter(booked_at__gt=last.paid_at)
    went = lines.first()
    return _correct(
        payment,
        Series.CREDIT_NOTE,
        now,
        amount_cents=amount_cents,
        paid_at=went.booked_at if went else paid_at,
        turn=last.turn + 1 if last else 1,
        refers_to=issue(payment, cause=cause, now=now),
        **about,
    )


def _take_back_in_turn(
    payment: Payment, now: datetime, *, paid_at: datetime, **about: Any
) -> Receipt | None:
    """The debit note of the last credit note; None where there is none."""
    last = _last(**about)
    if last is None or last.series == Series.DEBIT_NOTE:
        return last
    return _correct(
        payment,
        Series.DEBIT_NOTE,
        now,
        amount_cents=last.amount_cents,
        paid_at=paid_at,
        turn=last.turn,
        refers_to=last,
        **about,
    )


def _payment_of(line: LedgerLine) -> Payment:
    if line.payment is None:
        raise NotPaid(line.pk)
    return line.payment


def _came_back(kind: LineKind, source_id: str) -> datetime | None:
    """When money that had gone out for this source was booked as ours again, the last time."""
    lines = LedgerLine.objects.filter(kind=kind, source_id=source_id, amount_cents__gt=0)
    back = lines.order_by("-booked_at").first()
    return back.booked_at if back else None


def _correct(
    payment: Payment, series: Series, now: datetime, *, turn: int = 1, **own: Any
) -> Receipt:
    """The document of this series, about this and in this turn: the one there is, or a new one."""
    about = {name: own[name] for name in ("refund", "dispute", "returned") if name in own}
    issued = Receipt.objects.filter(series=series, turn=turn, **about)
    found = issued.first()
    if found is not None:
        return found
    counter = _lock(series, now)
    # Another worker may have issued it while we waited for the lock.
    return issued.first() or _write(counter, payment, now, turn=turn, **own)


def _lock(series: Series, now: datetime) -> ReceiptSeries:
    """The counter of this series in the Dublin year of `now`, ours until the transaction ends."""
    wanted = {"series": series, "year": dublin_date(now).year}
    counters = ReceiptSeries.objects.select_for_update().filter(**wanted)
    counter = counters.first()
    if counter is None:
        # The first two receipts of a year may come at once: one row is made, both lock it.
        ReceiptSeries.objects.bulk_create([ReceiptSeries(**wanted)], ignore_conflicts=True)
        counter = counters.get()
    return counter


def _write(counter: ReceiptSeries, payment: Payment, now: datetime, **own: Any) -> Receipt:
    """Take the next number and keep everything the document states. A rollback gives it back."""
    counter.last_number += 1
    counter.save(update_fields=["last_number"])
    return Receipt.objects.create(
        series=counter.series,
        year=counter.year,
        number=counter.last_number,
        payment=payment,
        issued_at=now,
        currency=payment.currency,
        method=payment.method_label,
        plan_name=payment.plan.name,
        interval=payment.plan.interval,
        benefit_class=payment.plan.benefit_class,
        benefits=payment.plan.benefits,
        period_start=payment.period_start,
        period_end=payment.period_end,
        charity=_identity(),
        **own,
    )


def _identity() -> dict[str, str]:
    identity = charity.current()
    if not identity.legal_name.strip():
        raise NoLegalName("CHARITY_LEGAL_NAME is empty")
    return identity.snapshot()


def _queue(kind: str, receipt_id: UUID, payment: Payment, cause: Cause) -> None:
    letters.queue(kind=kind, key=str(receipt_id), supporter_id=payment.supporter_id, cause=cause)
