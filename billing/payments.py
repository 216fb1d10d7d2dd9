"""Payments: facts, written once by their id, with the receipt they call for."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from billing import figures, ledger, letters, memberships, receipts, refunds, returns, tidings
from billing.cause import Cause
from billing.ids import read_id
from billing.models import Membership, Payment
from billing.snapshots import InvoiceSnapshot, PaymentSnapshot
from billing.states import GIVEN_BACK, PaymentState, payment_state_of

log = structlog.get_logger(__name__)


def gift_of(snapshot: PaymentSnapshot) -> Payment | None:
    """The gift that this payment intent pays, or None if it is none of ours.

    By the exact id; else by the reference it was created with, for a row that has no id yet.
    Raises memberships.Unclaimed where the reference is ours by its key but leads nowhere.
    """
    claim = Q(stripe_payment_intent_id=snapshot.id)
    if ref := read_id(snapshot.ref):
        claim |= Q(pk=ref, stripe_payment_intent_id__isnull=True)
    # One statement: between two, another worker could give the waiting row its id.
    known_first = F("stripe_payment_intent_id").asc(nulls_last=True)
    gift = Payment.objects.filter(claim).order_by(known_first).first()
    if gift is None and snapshot.ref:
        raise memberships.Unclaimed(f"no gift waits for payment {snapshot.id}")
    return gift


def record_renewal(
    snapshot: PaymentSnapshot,
    *,
    membership: Membership,
    invoice: InvoiceSnapshot,
    ticket: int,
    cause: Cause,
) -> Payment | None:
    """Write down what an invoice's payment intent says: the first payment, or a renewal.

    Nothing is written before money moved, a try failed or the bank asks, since a payment intent
    alone is no fact. While a first direct debit is on its way its supporter is welcomed.
    """
    if debit_runs(snapshot):
        with transaction.atomic():
            memberships.note_debit(membership, cause=cause)
    if not has_row(snapshot):
        return None
    with transaction.atomic():
        payment = _row_of(snapshot.id, _fresh(membership, snapshot))
        was = figures.before([payment.pk])
        _apply(payment, snapshot, _known(invoice), ticket=ticket, cause=cause)
        figures.settle([payment.pk], was=was)
    return payment


def record_gift(snapshot: PaymentSnapshot, *, gift_id: UUID, ticket: int, cause: Cause) -> Payment:
    """Write down what a gift's payment intent says."""
    with transaction.atomic():
        payment = Payment.objects.select_for_update(no_key=True).get(pk=gift_id)
        if payment.stripe_payment_intent_id not in {None, snapshot.id}:
            raise memberships.Impossible(f"gift {gift_id} is another payment")
        was = figures.before([gift_id])
        _apply(payment, snapshot, {}, ticket=ticket, cause=cause)
        figures.settle([gift_id], was=was)
    return payment


def record_outside(
    invoice: InvoiceSnapshot, *, membership: Membership, cause: Cause
) -> Payment | None:
    """Write down an invoice that staff marked as paid: cash, or a transfer that Stripe never saw.

    https://docs.stripe.com/invoicing/dashboard#paid-out-of-band
    """
    if invoice.status != "paid" or invoice.paid_outside_cents <= 0:
        return None
    with transaction.atomic():
        payment, new = Payment.objects.get_or_create(
            stripe_invoice_id=invoice.id,
            outside_stripe=True,
            defaults=_outside(membership, invoice),
        )
        was = {} if new else figures.before([payment.pk])
        _write_facts(payment, cause, asks=False)
        figures.settle([payment.pk], was=was)
    return payment


def expire_unpaid(gift_id: UUID, *, cause: Cause) -> None:
    """Close a gift whose checkout ran out before anyone paid."""
    closed = Payment.objects.filter(
        pk=gift_id, state=PaymentState.PENDING, stripe_payment_intent_id__isnull=True
    ).update(state=PaymentState.EXPIRED)
    if closed:
        log.info("gift expired", payment=str(gift_id), source=cause.source)


def is_fact(snapshot: PaymentSnapshot) -> bool:
    """Whether money moved, or a try failed."""
    return snapshot.arrived or snapshot.first_failed_at is not None


def has_row(snapshot: PaymentSnapshot) -> bool:
    """Whether an invoice's payment intent is worth a row: it is a fact, or the bank asks the payer.

    What once had a row is followed to its end, such as a question that nobody answered.
    """
    rows = Payment.objects.filter(stripe_payment_intent_id=snapshot.id)
    return is_fact(snapshot) or snapshot.needs_confirmation or rows.exists()


def debit_runs(snapshot: PaymentSnapshot) -> bool:
    """Whether the bank has it in hand and takes days to answer."""
    return snapshot.status == "processing"


def blank(membership: Membership, snapshot: PaymentSnapshot) -> Payment:
    """The row, not yet saved, that the first news of an invoice's payment intent begins with."""
    return Payment(stripe_payment_intent_id=snapshot.id, **_fresh(membership, snapshot))


def blank_outside(membership: Membership, invoice: InvoiceSnapshot) -> Payment:
    """The row, not yet saved, of an invoice that staff marked as paid."""
    fields = _outside(membership, invoice)
    return Payment(stripe_invoice_id=invoice.id, outside_stripe=True, **fields)


def changes(
    payment: Payment, snapshot: PaymentSnapshot, invoice: InvoiceSnapshot | None = None
) -> dict[str, Any]:
    """The columns that applying this snapshot would change, with their new values. Writes nothing.

    Raises UnknownStatus.
    """
    wanted = _columns(payment, snapshot) | (_known(invoice) if invoice else {})
    return {name: new for name, new in wanted.items() if getattr(payment, name) != new}


def differs(payment: Payment, snapshot: PaymentSnapshot) -> bool:
    """Whether applying this snapshot would change anything. Raises UnknownStatus."""
    return bool(changes(payment, snapshot))


def extra_of(membership: Membership, cents: int, *, paid_at: datetime) -> int:
    """Which part of a payment of this membership was given on top, in cents.

    What the membership says, where the payment is of its amount. One of an amount that it had
    before is told by the history: it does not matter which of the two we learn of first.
    """
    if cents == membership.amount_cents:
        return membership.extra_cents
    lines = membership.history.filter(changes__has_key="extra_cents", recorded_at__gte=paid_at)
    for line in lines:
        before, extra = line.changes["amount_cents"][0], line.changes["extra_cents"][0]
        if before == cents:
            return int(extra)
    return 0


def _fresh(membership: Membership, snapshot: PaymentSnapshot) -> dict[str, Any]:
    return {
        "supporter_id": membership.supporter_id,
        "plan_id": membership.plan_id,
        "membership": membership,
        "amount_cents": snapshot.amount_cents,
        "extra_cents": extra_of(membership, snapshot.amount_cents, paid_at=snapshot.created),
        "currency": snapshot.currency,
    }


def _outside(membership: Membership, invoice: InvoiceSnapshot) -> dict[str, Any]:
    return {
        "supporter_id": membership.supporter_id,
        "plan_id": membership.plan_id,
        "membership": membership,
        "state": PaymentState.SUCCEEDED,
        "amount_cents": invoice.paid_outside_cents,
        "extra_cents": extra_of(membership, invoice.paid_outside_cents, paid_at=invoice.created),
        "currency": invoice.currency,
        "paid_at": invoice.paid_at or invoice.created,
        "method": "Paid to us directly",
        "period_start": invoice.period_start,
        "period_end": invoice.period_end,
        "period_cents": invoice.period_cents,
    }


def _known(invoice: InvoiceSnapshot) -> dict[str, Any]:
    return {
        "stripe_invoice_id": invoice.id,
        "period_start": invoice.period_start,
        "period_end": invoice.period_end,
        "period_cents": invoice.period_cents,
    }


def _row_of(payment_intent_id: str, fresh: dict[str, Any]) -> Payment:
    """The row of this payment intent, locked; made now if this is the first we hear of it."""
    try:
        with transaction.atomic():
            Payment.objects.get_or_create(
                stripe_payment_intent_id=payment_intent_id, defaults=fresh
            )
    except IntegrityError:
        log.info("payment row was made by another worker")
    rows = Payment.objects.select_for_update(no_key=True)
    return rows.get(stripe_payment_intent_id=payment_intent_id)


def _apply(
    payment: Payment,
    snapshot: PaymentSnapshot,
    known: dict[str, Any],
    *,
    ticket: int,
    cause: Cause,
) -> None:
    """Bring the row to the snapshot and write down the facts that follow from it."""
    if payment.applied_ticket < ticket:
        columns = _columns(payment, snapshot) | known
        if any(getattr(payment, name) != value for name, value in columns.items()):
            log.info("payment changed", payment=str(payment.pk), state=columns["state"])
        for name, value in columns.items():
            setattr(payment, name, value)
        payment.applied_ticket = ticket
        payment.save()
    ledger.post(snapshot.booked, payment=payment)
    _write_facts(payment, cause, asks=snapshot.needs_confirmation)
    if returns.told(snapshot.booked):
        returns.settle(payment, cause=cause)


def _columns(payment: Payment, snapshot: PaymentSnapshot) -> dict[str, Any]:
    """The mutable columns as the snapshot has them. What is paid stays paid.

    What came back is a fact of its own (billing/returns.py): the payment keeps the figures of the
    day on which it first arrived, also where it is paid once more by other means.
    """
    state = payment_state_of(snapshot.status)
    if snapshot.arrived or payment.state == PaymentState.SUCCEEDED:
        state = PaymentState.SUCCEEDED
    if (
        state is PaymentState.PENDING
        and snapshot.first_failed_at
        and snapshot.status != "processing"
    ):
        # A failed try is a fact; another card may still turn it into a payment.
        state = PaymentState.FAILED
    columns: dict[str, Any] = {
        "state": state,
        "stripe_payment_intent_id": snapshot.id,
        "first_failed_at": _failed_first(payment, snapshot),
    }
    if _by_its_charge(payment, snapshot):
        columns |= {
            "amount_cents": snapshot.amount_cents,
            "extra_cents": payment.extra_cents if _as_asked(payment, snapshot) else 0,
            "stripe_charge_id": snapshot.charge_id,
            "paid_at": snapshot.paid_at or snapshot.created,
            "fee_cents": snapshot.fee_cents,
            "net_cents": snapshot.net_cents,
            "method": snapshot.method,
            "last4": snapshot.last4,
            "recovered_by": snapshot.recovered_by or payment.recovered_by,
        }
    return columns


def _failed_first(payment: Payment, snapshot: PaymentSnapshot) -> datetime | None:
    """When the first try failed. What fails once the money had arrived is no first try."""
    if payment.state == PaymentState.SUCCEEDED and not _by_its_charge(payment, snapshot):
        return payment.first_failed_at
    failed, paid = snapshot.first_failed_at, snapshot.paid_at
    if failed is not None and paid is not None and failed > paid:
        failed = None
    return failed or payment.first_failed_at


def _by_its_charge(payment: Payment, snapshot: PaymentSnapshot) -> bool:
    """Whether it tells how the payment arrived first, not how it was paid again."""
    return snapshot.arrived and payment.stripe_charge_id in {"", snapshot.charge_id}


def _as_asked(payment: Payment, snapshot: PaymentSnapshot) -> bool:
    return payment.amount_cents == snapshot.amount_cents


def _write_facts(payment: Payment, cause: Cause, *, asks: bool) -> None:
    """The receipt of what is paid, the letter about what is not: each once."""
    if payment.state == PaymentState.SUCCEEDED and payment.paid_at:
        receipts.issue(payment, cause=cause)
        if payment.membership is not None:
            memberships.note_payment(payment.membership.pk, paid_at=payment.paid_at, cause=cause)
            # Locked: who withdraws at this moment has not seen the payment yet.
            locked = Membership.objects.select_for_update(no_key=True)
            payment.membership.refresh_from_db(fields=["end_reason"], from_queryset=locked)
            if payment.membership.end_reason in GIVEN_BACK:
                # A direct debit that arrived after its supporter had withdrawn.
                refunds.give_back_payment(payment, reason=payment.membership.end_reason)
    for kind, key in tidings.of_payment(payment, asks=asks):
        letters.queue(kind=kind, key=key, supporter_id=payment.supporter_id, cause=cause)
