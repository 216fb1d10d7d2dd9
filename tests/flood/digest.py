"""The end state as plain data: what must be the same, whatever came when and how often.

Left out is what depends on arrival: our ids, numbers of documents, history, tickets, letters that
tell of a passing state. Ids of Stripe's that were made before the events came are the same; what
came of our own acts later is told by what it is about.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from billing.models import (
    Dispute,
    Intent,
    LedgerLine,
    Letter,
    Membership,
    Payment,
    Payout,
    Receipt,
    Refund,
    StripeEvent,
)
from billing.models.stripe import IntentState

Line = tuple[Any, ...]
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Digest:
    """Takes the state apart into sorted lines; `since` is the moment when the events began."""

    def __init__(self, *, since: datetime, events: set[str]) -> None:
        self.since, self.events = since, events

    def lines(self) -> list[str]:
        """Every fact, one a line, sorted. A payment bears Stripe's id: ours is made on arrival."""
        parts = (
            self._memberships, self._payments, self._refunds, self._disputes, self._documents,
            self._ledger, self._payouts, self._letters, self._intents, self._events,
        )  # fmt: skip
        payments = Payment.objects.values_list("pk", "stripe_payment_intent_id")
        names = {str(pk): intent for pk, intent in payments if intent}
        told = (repr(line) for part in parts for line in part())
        return sorted(_UUID.sub(lambda found: names.get(found[0], found[0]), line) for line in told)

    def _when(self, moment: datetime | None) -> str:
        """A moment of Stripe's; what happened since is told only as that."""
        if moment is None:
            return "-"
        return moment.isoformat() if moment < self.since else "since"

    def _memberships(self) -> Iterator[Line]:
        for row in Membership.objects.select_related("plan"):
            yield (
                "membership", str(row.pk), row.state, row.amount_cents, row.currency, row.interval,
                row.plan.slug, row.stripe_subscription_id, row.stripe_method_id, row.end_reason,
                row.period_start and row.period_start.isoformat(),
                row.period_end and row.period_end.isoformat(),
                row.ends_on and row.ends_on.isoformat(),
                row.resumes_on and row.resumes_on.isoformat(),
                row.next_amount_cents, row.next_interval, self._when(row.started_at),
                self._when(row.past_due_since), self._when(row.ended_at),
                row.customer and row.customer.stripe_customer_id,
            )  # fmt: skip

    def _payments(self) -> Iterator[Line]:
        for row in Payment.objects.select_related("plan"):
            yield (
                "payment", row.stripe_payment_intent_id or str(row.pk), row.state,
                row.amount_cents, row.currency, row.fee_cents, row.net_cents, row.method, row.last4,
                str(row.membership_id), str(row.supporter_id), row.plan.slug,
                row.stripe_invoice_id, row.outside_stripe,
                row.period_start and row.period_start.isoformat(),
                row.period_end and row.period_end.isoformat(),
                self._when(row.paid_at), self._when(row.first_failed_at),
            )  # fmt: skip

    def _refunds(self) -> Iterator[Line]:
        for row in Refund.objects.select_related("payment"):
            yield "refund", *_of(row), row.state, self._when(row.refunded_at)

    def _disputes(self) -> Iterator[Line]:
        for row in Dispute.objects.select_related("payment"):
            yield "dispute", row.stripe_dispute_id, *_of(row), row.state, row.reason

    def _documents(self) -> Iterator[Line]:
        for row in Receipt.objects.all():
            yield "document", *_document(row)

    def _ledger(self) -> Iterator[Line]:
        for row in LedgerLine.objects.select_related("payment"):
            payment = row.payment.stripe_payment_intent_id if row.payment else "-"
            yield "line", row.kind, payment, row.amount_cents, row.fee_cents, row.net_cents

    def _payouts(self) -> Iterator[Line]:
        for row in Payout.objects.all():
            yield "payout", row.pk, row.status, row.amount_cents

    def _letters(self) -> Iterator[Line]:
        documents = {str(row.pk): _document(row) for row in Receipt.objects.all()}
        # Whether two stood side by side when each was heard of is a matter of arrival; that who has
        # two now was told so, the oracle demands.
        for row in Letter.objects.exclude(kind__in=("reminder", "duplicate")):
            yield "letter", row.kind, documents.get(row.key, row.key)

    def _intents(self) -> Iterator[Line]:
        # What Stripe refused changed nothing, such as to close the page of somebody who had paid on
        # it, of which we had not heard yet.
        for row in Intent.objects.exclude(kind="checkout").exclude(state=IntentState.REFUSED):
            yield "intent", row.kind, row.press, str(row.subject), row.state

    def _events(self) -> Iterator[Line]:
        for row in StripeEvent.objects.filter(pk__in=self.events):
            yield "event", row.pk, row.type, row.state, row.error


def _of(row: Refund | Dispute) -> Line:
    return row.payment.stripe_payment_intent_id, row.amount_cents, row.currency


def _document(row: Receipt) -> Line:
    """A document by its source: its payment, and what it says of it."""
    about = "refund" if row.refund_id else "dispute" if row.dispute_id else "payment"
    source = row.payment.stripe_payment_intent_id
    refers_to = row.refers_to.series if row.refers_to else "-"
    return row.series, about, source, row.amount_cents, row.method, row.plan_name, refers_to
