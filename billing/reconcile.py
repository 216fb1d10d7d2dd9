"""Reconcile: asks Stripe for the truth, lists where we differ, heals by the same verbs.

The webhook makes it fast, the sweeper makes it sure, this makes it true. It also takes in what
happened while we were not there at all.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, TypeVar

import structlog
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from billing import checkout, memberships, payments, stripe_api, tickets
from billing.cause import Cause
from billing.ids import read_id
from billing.models import Membership, Payment, Refund
from billing.models.membership import LIVE
from billing.snapshots import (
    CheckoutSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)
from billing.states import (
    MembershipState,
    PaymentState,
    UnknownStatus,
)
from billing.stripe_api import StripeProblem

log = structlog.get_logger(__name__)

Snapshot = TypeVar("Snapshot")
Row = TypeVar("Row", Membership, Payment, Refund)
_SETTLED: Final = timedelta(hours=25)


@dataclass(slots=True)
class Report:
    """What one pass found. A difference names the kind and id of Stripe's object."""

    differences: list[str] = field(default_factory=list)
    healed: int = 0
    errors: list[str] = field(default_factory=list)


def run(*, apply: bool, quiet: bool = False) -> Report:
    """Compare everything with Stripe; with `apply`, heal what differs and say what remains.

    `quiet` heals without letters, for imports. A difference that could not be healed is an error
    of the report, not an exception. Raises stripe_api.Unavailable when Stripe cannot be read.
    """
    report = Report()
    walk = _Walk(report=report, apply=apply, cause=Cause.reconcile(quiet=quiet))
    # Before Stripe is asked: who joins while we read is in our rows and not on the page we have.
    held = _held()
    walk.invoices()
    walk.payments()
    walk.subscriptions()
    walk.missing_at_stripe(held)
    walk.refunds()
    walk.checkouts()
    if apply:
        walk.abandoned()
    log.info(
        "reconciled",
        differences=len(report.differences),
        healed=report.healed,
        errors=len(report.errors),
    )
    return report


def _open_memberships() -> QuerySet[Membership]:
    return Membership.objects.filter(
        state=MembershipState.PENDING, stripe_subscription_id__isnull=True
    )


def _open_gifts() -> QuerySet[Payment]:
    return Payment.objects.filter(
        state=PaymentState.PENDING, stripe_payment_intent_id__isnull=True, membership=None
    )


def _held() -> list[tuple[str, str]]:
    """Kind and id at Stripe of all that we hold for live or paid."""
    live = Membership.objects.filter(state__in=LIVE)
    paid = Payment.objects.filter(state=PaymentState.SUCCEEDED)
    subscriptions = live.values_list("stripe_subscription_id", flat=True)
    payment_intents = paid.values_list("stripe_payment_intent_id", flat=True)
    return [("subscription", str(each)) for each in subscriptions] + [
        ("payment", str(each)) for each in payment_intents
    ]


def _is_fact(snapshot: PaymentSnapshot, *, of_invoice: bool) -> bool:
    """Whether there is something to write of a payment intent that has no row of ours."""
    settled = snapshot.status == "succeeded" or snapshot.first_failed_at is not None
    # A gift has its row already, which waits for the id while a direct debit runs.
    return settled or (snapshot.status == "processing" and not of_invoice)


def _ticketed(pages: Iterator[list[Snapshot]]) -> Iterator[tuple[int, Snapshot]]:
    """Each snapshot with a ticket that was drawn before its page was asked for."""
    while True:
        ticket = tickets.draw()
        page = next(pages, None)
        if page is None:
            return
        for snapshot in page:
            yield ticket, snapshot


def _claimed(snapshot: PaymentSnapshot) -> bool:
    """Whether this is a gift of ours: one that was never paid may have been forgotten since."""
    ref = read_id(snapshot.ref)
    if ref is None or snapshot.paid_at is not None:
        return bool(snapshot.ref)
    return Payment.objects.filter(pk=ref).exists()


@dataclass(slots=True)
class _Walk:
    """One pass over Stripe's lists: payments before states, so that letters have their facts."""

    report: Report
    apply: bool
    cause: Cause
    invoice_of: dict[str, InvoiceSnapshot] = field(default_factory=dict)
    subscription_of: dict[str, SubscriptionSnapshot] = field(default_factory=dict)
    known_refs: set[str] = field(default_factory=set)
    known_payments: set[str] = field(default_factory=set)

    def invoices(self) -> None:
        """Learn which invoice each payment intent pays, and which subscription each invoice has."""
        for subscriptions in stripe_api.subscription_pages():
            self.subscription_of.update({each.id: each for each in subscriptions})
        for invoices in stripe_api.invoice_pages():
            for invoice in invoices:
                for payment_intent_id in invoice.payment_intent_ids:
                    self.invoice_of[payment_intent_id] = invoice

    def payments(self) -> None:
        failed = stripe_api.first_failures()
        rows = {
            row.stripe_payment_intent_id: row
            for row in Payment.objects.exclude(stripe_payment_intent_id=None)
        }
        for ticket, snapshot in _ticketed(stripe_api.payment_pages(failed)):
            self.known_refs.add(snapshot.ref)
            self.known_payments.add(snapshot.id)
            row = rows.get(snapshot.id)
            if row is None or self._differs(payments.differs, row, snapshot):
                self._payment(ticket, snapshot, row)

    def _payment(self, ticket: int, snapshot: PaymentSnapshot, row: Payment | None) -> None:
        invoice = self.invoice_of.get(snapshot.id)
        owner = self._owner_of(invoice) if invoice else None
        if row is None and not _is_fact(snapshot, of_invoice=invoice is not None):
            return
        if invoice is not None and owner is not None:
            self._heal(
                f"payment {snapshot.id}",
                lambda: payments.record_renewal(
                    snapshot, membership=owner, invoice=invoice, ticket=ticket, cause=self.cause
                ),
            )
        elif invoice is None and (row is not None or _claimed(snapshot)):
            self._heal(f"gift {snapshot.id}", lambda: self._gift(ticket, snapshot))

    def _gift(self, ticket: int, snapshot: PaymentSnapshot) -> None:
        gift = payments.gift_of(snapshot)
        if gift is not None:
            payments.record_gift(snapshot, gift_id=gift.pk, ticket=ticket, cause=self.cause)

    def _owner_of(self, invoice: InvoiceSnapshot) -> Membership | None:
        subscription = self.subscription_of.get(invoice.subscription_id)
        try:
            return memberships.owner_of(subscription) if subscription else None
        except memberships.Unclaimed:
            return None  # told once, where its subscription is looked at

    def subscriptions(self) -> None:
        rows = {
            row.stripe_subscription_id: row
            for row in Membership.objects.exclude(stripe_subscription_id=None)
        }
        for ticket, snapshot in _ticketed(stripe_api.subscription_pages()):
            self.known_refs.add(snapshot.ref)
            row = rows.get(snapshot.id)
            ours = row is not None or snapshot.ref
            if ours and (row is None or self._differs(memberships.differs, row, snapshot)):
                self._subscription(ticket, snapshot)

    def _subscription(self, ticket: int, snapshot: SubscriptionSnapshot) -> None:
        self._heal(f"subscription {snapshot.id}", lambda: self._membership(ticket, snapshot))

    def _membership(self, ticket: int, snapshot: SubscriptionSnapshot) -> None:
        owner = memberships.owner_of(snapshot)
        if owner is not None:
            memberships.apply(owner.pk, snapshot, ticket=ticket, cause=self.cause)

    def missing_at_stripe(self, held: list[tuple[str, str]]) -> None:
        """Name what we hold for live or paid and Stripe does not know: a person has to look."""
        seen = self.subscription_of.keys() | self.known_payments
        self.report.differences += [
            f"{kind} {stripe_id} is not at Stripe"
            for kind, stripe_id in held
            if stripe_id not in seen
        ]

    def refunds(self) -> None:
        rows = {row.stripe_refund_id: row for row in Refund.objects.all()}
        for ticket, snapshot in _ticketed(stripe_api.refund_pages()):
            row = rows.get(snapshot.id)
            if row is None or self._differs(payments.refund_differs, row, snapshot):
                self._refund(ticket, snapshot)

    def _refund(self, ticket: int, snapshot: RefundSnapshot) -> None:
        if not snapshot.payment_intent_id:
            return
        payment = Payment.objects.filter(
            stripe_payment_intent_id=snapshot.payment_intent_id
        ).first()
        if payment is not None:
            self._heal(
                f"refund {snapshot.id}",
                lambda: payments.record_refund(
                    snapshot, payment=payment, ticket=ticket, cause=self.cause
                ),
            )

    def checkouts(self) -> None:
        """Close the rows whose checkout ran out; what was paid has been found above."""
        waiting = {str(row.pk) for rows in (_open_memberships(), _open_gifts()) for row in rows}
        for page in stripe_api.checkout_pages():
            for snapshot in page:
                if snapshot.status == "expired" and snapshot.ref in waiting:
                    self._expire(snapshot)
                elif snapshot.status != "expired":
                    self.known_refs.add(snapshot.ref)

    def _expire(self, snapshot: CheckoutSnapshot) -> None:
        self._heal(f"checkout {snapshot.id}", lambda: checkout.expire(snapshot, cause=self.cause))

    def abandoned(self) -> None:
        """Close rows too old for an open checkout, of which Stripe knows nothing."""
        limit = timezone.now() - timedelta(minutes=settings.CHECKOUT_MINUTES) - _SETTLED
        for row in _open_memberships().filter(created_at__lt=limit):
            if str(row.pk) not in self.known_refs:
                memberships.expire_unpaid(row.pk, cause=self.cause)
        for gift in _open_gifts().filter(created_at__lt=limit):
            if str(gift.pk) not in self.known_refs:
                payments.expire_unpaid(gift.pk, cause=self.cause)

    def _differs(
        self, compare: Callable[[Row, Snapshot], bool], row: Row, snapshot: Snapshot
    ) -> bool:
        """Compare; what cannot be compared, such as a status we do not know, differs."""
        try:
            return compare(row, snapshot)
        except UnknownStatus:
            return True

    def _heal(self, what: str, verb: Callable[[], object]) -> None:
        """Note a difference and, if asked to, mend it; one that resists stops no other."""
        self.report.differences.append(what)
        if not self.apply:
            return
        try:
            verb()
        except StripeProblem:
            raise
        except Exception as error:  # noqa: BLE001 - one odd object must not stop the night's run
            self.report.errors.append(f"{what}: {type(error).__name__}")
            log.error("difference remains", what=what, error=type(error).__name__)
        else:
            self.report.healed += 1
