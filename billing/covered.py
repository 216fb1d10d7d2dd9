"""Periods for which no money came: free of charge, or paid from a credit that Stripe held.

Stripe calls such an invoice paid, and there is no payment: no receipt, no income. But what the
period cost is what the membership is worth from then on (DOMAIN 7), so it is a line of its history,
dated by Stripe, once for each invoice.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from billing import figures, history, memberships, payments
from billing.cause import Cause
from billing.models import Membership, MembershipEvent
from billing.models.membership import COVERED
from billing.snapshots import InvoiceSnapshot


def record(invoice: InvoiceSnapshot, *, membership: Membership, cause: Cause) -> None:
    """Write down that a period was paid without money, if this invoice says so; once.

    What is paid from a credit was paid before, so that it begins a membership as a payment does;
    what is free does not. Its figures follow in the same transaction.
    """
    if not invoice.moneyless:
        return
    with transaction.atomic():
        locked = Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
        if invoice.id in known([locked]):
            return
        paid_at = invoice.paid_at or invoice.created
        told = {COVERED: [None, _told(invoice, locked)]}
        history.write(locked, locked.state, told, cause, happened_at=paid_at)
        if invoice.period_cents:
            memberships.note_payment(locked.pk, paid_at=paid_at, cause=cause)
        figures.recount(locked.supporter_id)


def known(of: Iterable[Membership]) -> set[str]:
    """The ids of the invoices of these memberships that are written down."""
    lines = MembershipEvent.objects.filter(membership__in=of, changes__has_key=COVERED)
    return {line.changes[COVERED][1]["invoice"] for line in lines}


def _told(invoice: InvoiceSnapshot, membership: Membership) -> dict[str, Any]:
    begins, ends = invoice.period_start, invoice.period_end
    cents = invoice.period_cents or 0
    return {
        "invoice": invoice.id,
        "cents": cents,
        "extra": payments.extra_of(membership, cents, paid_at=invoice.created),
        "begins": begins and begins.isoformat(),
        "ends": ends and ends.isoformat(),
    }
