"""What was paid and what went back, each with the document that was issued for it."""

from collections.abc import Iterator

from django.conf import settings

from billing.models import Dispute, Payment, Receipt, Refund
from billing.money import format_amount
from billing.states import PaymentState
from members.models import Supporter
from members.staff.desk.timeline.line import Line, Topic, row


def lines(supporter: Supporter) -> Iterator[Line]:
    """Every payment that was begun in earnest, with all that came of it."""
    payments = supporter.payments.exclude(state=PaymentState.EXPIRED)
    for payment in payments.prefetch_related("receipts", "refunds", "disputes"):
        yield from _paid(payment)
        yield from (_receipt(each) for each in payment.receipts.all())
        yield from (_refund(each, payment) for each in payment.refunds.all())
        yield from (_dispute(each) for each in payment.disputes.all())


def _paid(payment: Payment) -> Iterator[Line]:
    """Whether the bank said no at first, and whether it arrived or is still on its way."""
    amount = format_amount(payment.amount_cents, payment.currency)
    what = f"A {'gift' if payment.is_gift else 'payment'} of {amount}"
    links = (row("billing_payment", payment.pk, "Payment"),)
    days = settings.GRACE_DAYS
    if payment.first_failed_at is not None:
        yield Line(
            payment.first_failed_at,
            Topic.MONEY,
            f"{what} was refused",
            f"The bank said no to the first try. Stripe tries again; grace is {days} days.",
            tone="warn" if payment.state == PaymentState.SUCCEEDED else "bad",
            links=links,
        )
    if payment.paid_at is not None:
        yield Line(
            payment.paid_at,
            Topic.MONEY,
            f"{what} arrived",
            "A payment counts by Stripe's own moment, however late we heard of it.",
            tone="good",
            detail=payment.method_label,
            links=links,
        )
    elif payment.state == PaymentState.PENDING:
        yield Line(
            payment.created_at,
            Topic.MONEY,
            f"{what} waits for the bank",
            "A row of ours exists before Stripe hears of it. A debit takes some days.",
            tone="warn",
            links=links,
        )


def _receipt(receipt: Receipt) -> Line:
    return Line(
        receipt.issued_at,
        Topic.MONEY,
        f"{receipt.get_series_display()} {receipt.label} was issued",
        "Numbered without gaps, never changed: a second document corrects the first.",
        links=(row("billing_receipt", receipt.pk, "Receipt"),),
    )


def _refund(refund: Refund, payment: Payment) -> Line:
    given = format_amount(refund.amount_cents, refund.currency)
    paid = format_amount(payment.amount_cents, payment.currency)
    return Line(
        refund.refunded_at,
        Topic.MONEY,
        f"{given} of {paid} was given back",
        "Known by Stripe's id of the refund; its credit note is issued once it is done.",
        mark=refund.get_state_display(),
        tone="bad" if refund.state == "failed" else "",
        links=(row("billing_refund", refund.pk, "Refund"),),
    )


def _dispute(dispute: Dispute) -> Line:
    asked = format_amount(dispute.amount_cents, dispute.currency)
    return Line(
        dispute.opened_at,
        Topic.MONEY,
        f"Their bank questioned {asked}",
        "While a bank holds the money nothing is refunded: it would be paid twice.",
        mark=dispute.get_state_display(),
        tone="warn",
        links=(row("billing_dispute", dispute.pk, "Dispute"),),
    )
