"""Refunds: asked for once, written down by their id, with the document that each calls for."""

from collections.abc import Iterator

import structlog
from django.db import transaction
from django.db.models import QuerySet, Sum

from billing import figures, intents, ledger, letters, receipts
from billing.cause import Cause
from billing.intents import Wanted
from billing.models import Intent, Letter, Membership, Payment, Refund
from billing.models.ledger import LineKind
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind
from billing.snapshots import RefundSnapshot
from billing.states import (
    GIVEN_BACK,
    HOLDS,
    PaymentState,
    RefundState,
    refund_state_of,
)
from billing.stripe_shapes import Shape

log = structlog.get_logger(__name__)

_ON_THE_WAY = (RefundState.PENDING, RefundState.SUCCEEDED)


class NothingLeft(ValueError):
    """There is not as much of this payment as is to be given back, or the bank holds it."""


def left_of(payment: Payment) -> int:
    """How many cents of a payment we still hold: not given back, on their way, or taken back."""
    gone = payment.refunds.filter(state__in=_ON_THE_WAY).aggregate(cents=Sum("amount_cents"))
    held = payment.disputes.filter(state__in=HOLDS).aggregate(cents=Sum("amount_cents"))
    back = (gone["cents"] or 0) + (held["cents"] or 0) + _taken_back(payment)
    return max(payment.amount_cents - back, 0)


def request(*, payment: Payment, amount_cents: int | None, press: str) -> Intent:
    """Write down that money is to go back (all that is left when None), and have it sent.

    Once per press. Raises NothingLeft, also while a dispute holds the money: to refund it then
    would pay it twice.
    """
    if payment.state != PaymentState.SUCCEEDED or payment.outside_stripe:
        raise NothingLeft("nothing was received by Stripe")
    if _held_by_bank(payment):
        raise NothingLeft("the bank holds the money")
    pressed = Intent.objects.filter(press=press).first()
    if pressed is not None:
        return pressed
    amount = left_of(payment) if amount_cents is None else amount_cents
    if not 0 < amount <= left_of(payment):
        raise NothingLeft("there is not as much left")
    return _ask(payment, amount, press)


def give_back(membership: Membership) -> None:
    """Have everything refunded that was ever paid for this membership, each payment once.

    Part of the caller's transaction. A direct debit that still runs is given back when it arrives.
    """
    for each in wanted_of(membership):
        intents.call_for(**each)


def wanted_of(membership: Membership) -> Iterator[Wanted]:
    """What `give_back` has done."""
    for payment in _received(membership):
        yield from wanted_back(payment, reason=membership.end_reason)


def would_come_back(membership: Membership) -> int:
    """How many cents `give_back` would send back now."""
    return sum(left_of(payment) for payment in _received(membership) if not _held_by_bank(payment))


def give_back_payment(payment: Payment, *, reason: str) -> None:
    """Have what is left of one payment refunded, once, unless its bank holds the money."""
    for each in wanted_back(payment, reason=reason):
        intents.call_for(**each)


def wanted_back(payment: Payment, *, reason: str) -> Iterator[Wanted]:
    """What `give_back_payment` has done."""
    if payment.outside_stripe:
        return  # Stripe never had it
    if not _held_by_bank(payment) and left_of(payment) > 0:
        # Of a part that went back unheard we do not know, so Stripe is asked for all that is left.
        yield _wanted(payment, None, f"back:{payment.pk}:{reason}")


def record(snapshot: RefundSnapshot, *, payment: Payment, ticket: int, cause: Cause) -> Refund:
    """Write down a refund of this payment, with its credit note or what takes that back."""
    state = refund_state_of(snapshot.status)
    fields = {
        "payment": payment,
        "state": state,
        "amount_cents": snapshot.amount_cents,
        "currency": snapshot.currency,
        "refunded_at": snapshot.created,
        "applied_ticket": ticket,
    }
    with transaction.atomic():
        was = figures.before([payment.pk])
        refund, new = Refund.objects.select_for_update().get_or_create(
            stripe_refund_id=snapshot.id, defaults=fields
        )
        if not new and refund.applied_ticket < ticket:
            Refund.objects.filter(pk=refund.pk).update(state=state, applied_ticket=ticket)
            refund.refresh_from_db()
        ledger.post(snapshot.booked, payment=payment)
        _write_documents(refund, cause)
        figures.settle([payment.pk], was=was)
    log.info("refund recorded", refund=str(refund.pk), payment=str(payment.pk), state=refund.state)
    return refund


def is_owed(refund: Refund) -> bool:
    """Whether its bank sent back what a supporter was promised, and it has gone no other way.

    Who was told by letter that it is on its way was promised it as well: where it fails before it
    has a credit note, no debit note tells them so.
    """
    membership = refund.payment.membership
    promised = membership is not None and membership.end_reason in GIVEN_BACK
    failed = refund.state in {RefundState.FAILED, RefundState.CANCELED}
    return failed and (promised or _announced(refund)) and left_of(refund.payment) > 0


def changes(refund: Refund, snapshot: RefundSnapshot) -> dict[str, RefundState]:
    """The columns that applying this snapshot would change, with their new values. Writes nothing.

    Raises UnknownStatus.
    """
    state = refund_state_of(snapshot.status)
    return {} if refund.state == state else {"state": state}


def differs(refund: Refund, snapshot: RefundSnapshot) -> bool:
    """Whether applying this snapshot would change anything. Raises UnknownStatus."""
    return bool(changes(refund, snapshot)) or bool(ledger.lacking(snapshot.booked))


def _announced(refund: Refund) -> bool:
    told = Letter.objects.filter(kind="refund", key=refund.stripe_refund_id, state=LetterState.SENT)
    return told.exists() and not refund.documents.exists()


def _received(membership: Membership) -> QuerySet[Payment]:
    return membership.payments.filter(state=PaymentState.SUCCEEDED, outside_stripe=False)


def _held_by_bank(payment: Payment) -> bool:
    return payment.disputes.filter(state__in=HOLDS).exists()


def _taken_back(payment: Payment) -> int:
    """How much of it the bank took back as a debit that failed after it had arrived."""
    lines = payment.ledger_lines.filter(kind__in=(LineKind.PAYMENT, LineKind.PAYMENT_RETURNED))
    amounts = dict(lines.order_by().values_list("kind").annotate(cents=Sum("amount_cents")))
    if LineKind.PAYMENT_RETURNED not in amounts:
        return 0
    return payment.amount_cents - sum(amounts.values())


def _write_documents(refund: Refund, cause: Cause) -> None:
    """The document that its state calls for, or the letter that says that it is on its way."""
    if refund.state == RefundState.SUCCEEDED:
        receipts.credit(refund, cause=cause)
    elif refund.state in {RefundState.FAILED, RefundState.CANCELED}:
        # It may have failed before anybody was told of it; then there is nothing to take back.
        receipts.take_back(refund, cause=cause)
    else:
        # A card's is done at once, and its credit note says so; others take days.
        letters.queue(
            kind="refund",
            key=refund.stripe_refund_id,
            supporter_id=refund.payment.supporter_id,
            cause=cause,
        )


def _ask(payment: Payment, amount_cents: int, press: str) -> Intent:
    with transaction.atomic():
        intents.call_for(**_wanted(payment, amount_cents, press))
    return Intent.objects.get(press=press)


def _wanted(payment: Payment, amount_cents: int | None, press: str) -> Wanted:
    params: Shape = {
        "payment_intent": payment.stripe_payment_intent_id,
        "reason": "requested_by_customer",
    }
    if amount_cents is not None:
        params["amount"] = amount_cents
    return {
        "kind": IntentKind.REFUND,
        "press": press,
        "subject": payment.pk,
        "params": params,
    }
