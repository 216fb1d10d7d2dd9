"""The sections of a run: each is one of Stripe's lists, and how its pages are held to our rows.

A page is only a hint. What looks different on it is looked at alone, by the outlook, before it is
called a difference: a webhook may have been faster than the list.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from billing import (
    collection,
    covered,
    disputes,
    handlers,
    keeping,
    ledger,
    memberships,
    payments,
    payouts,
    refunds,
    returns,
    stripe_api,
)
from billing.handlers import Handler
from billing.ids import read_id
from billing.models import Dispute, Membership, Payment, Payout, Refund, StripeCustomer
from billing.snapshots import (
    BookedSnapshot,
    DisputeSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)
from billing.states import UnknownStatus

_OVER: Final = ("canceled", "incomplete_expired")
_BESIDE: Final = "charges a customer of ours and is no membership: it was not begun here"


@dataclass(frozen=True, slots=True)
class Section:
    """`suspects` picks from a page what does not look like our rows; `handler` would heal it.

    `worries` are words for what is the same here and there, and which only a person can mend.
    """

    name: str
    kind: str
    pages: Callable[..., Iterator[list[Any]]]
    suspects: Callable[[list[Any]], list[Any]]
    handler: Handler
    worries: Callable[[list[Any]], list[str]] = lambda _page: []


def _of_a_person(page: list[SubscriptionSnapshot]) -> list[str]:
    """What is the same here and there, and wrong all the same: words for who can mend it."""
    bare = [f"subscription {each} {collection.BARE}" for each in collection.without_means(page)]
    running = {each.id: each for each in page if each.status not in _OVER}
    known = Membership.objects.filter(stripe_subscription_id__in=running)
    members = set(known.values_list("stripe_subscription_id", flat=True))
    odd = [
        f"subscription {each.id} has a rhythm that we do not sell ({each.interval})"
        for each in running.values()
        if each.id in members and memberships.is_odd(each)
    ]
    strange = [each for each in running.values() if not each.ref and each.id not in members]
    return [*bare, *odd, *(f"subscription {each} {_BESIDE}" for each in _beside(strange))]


def _beside(strange: list[SubscriptionSnapshot]) -> list[str]:
    """The ids of those that charge a customer of ours without being a membership.

    Made in the dashboard: nobody gets receipts for them, nor can end them in their account.
    """
    theirs = [each.customer_id for each in strange if each.customer_id]
    rows = StripeCustomer.objects.filter(stripe_customer_id__in=theirs)
    ours = set(rows.values_list("stripe_customer_id", flat=True))
    return [each.id for each in strange if each.customer_id in ours]


def _invoices(page: list[InvoiceSnapshot]) -> list[InvoiceSnapshot]:
    """Those of ours that were tried or paid, and not written down."""
    theirs = {each.subscription_id for each in page if each.subscription_id}
    ours = set(
        Membership.objects.filter(stripe_subscription_id__in=theirs).values_list(
            "stripe_subscription_id", flat=True
        )
    )
    since = keeping.let_go_before()
    mine = [
        each
        for each in page
        if each.subscription_id in ours and not _gone(each.paid_at or each.created, since)
    ]
    tried = {name for each in mine for name in each.payment_intent_ids}
    known = dict(
        Payment.objects.filter(stripe_payment_intent_id__in=tried).values_list(
            "stripe_payment_intent_id", "stripe_invoice_id"
        )
    )
    outside = set(
        Payment.objects.filter(
            outside_stripe=True, stripe_invoice_id__in=[each.id for each in mine]
        ).values_list("stripe_invoice_id", flat=True)
    )
    told = covered.known(Membership.objects.filter(stripe_subscription_id__in=ours))
    return [each for each in mine if _unwritten(each, known, outside, told)]


def _unwritten(
    invoice: InvoiceSnapshot, known: dict[str | None, str], outside: set[str], told: set[str]
) -> bool:
    if invoice.moneyless:
        return invoice.id not in told
    if invoice.status == "paid" and invoice.paid_outside_cents > 0 and invoice.id not in outside:
        return True
    tried = invoice.status == "paid" or invoice.attempt_count > 0
    return tried and any(known.get(each) != invoice.id for each in invoice.payment_intent_ids)


def _subscriptions(page: list[SubscriptionSnapshot]) -> list[SubscriptionSnapshot]:
    """Those that bear a reference of ours without being a membership, or differ from theirs."""
    rows = {
        row.stripe_subscription_id: row
        for row in Membership.objects.select_related("plan").filter(
            stripe_subscription_id__in=[each.id for each in page]
        )
    }

    since = keeping.let_go_before()

    def differs(each: SubscriptionSnapshot) -> bool:
        row = rows.get(each.id)
        if row is None:
            return bool(each.ref) and not _gone(each.ended_at, since)
        return memberships.differs(row, each)

    return _picked(page, differs)


def _payments(page: list[PaymentSnapshot]) -> list[PaymentSnapshot]:
    """Those that differ from their row, and gifts of ours without one.

    What paid an invoice and has no row was looked for on the invoices: it bears no reference.
    """
    rows = {
        row.stripe_payment_intent_id: row
        for row in Payment.objects.filter(stripe_payment_intent_id__in=[each.id for each in page])
    }
    unbooked = _unbooked(each.booked for each in page if each.id in rows)
    # A payout may have brought the line of what came back, without what it calls for.
    came_back = returns.undocumented(each.id for each in page if each.id in rows)
    since = keeping.let_go_before()

    def differs(each: PaymentSnapshot) -> bool:
        row = rows.get(each.id)
        if row is None:
            return _is_gift(each) and not _gone(each.paid_at or each.created, since)
        # The list knows the latest failure alone; the first one stands in the row.
        seen = replace(each, first_failed_at=row.first_failed_at or each.first_failed_at)
        known = each.id not in came_back and not _among(each.booked, unbooked)
        return payments.differs(row, seen) or not known

    return _picked(page, differs)


def _is_gift(snapshot: PaymentSnapshot) -> bool:
    """Whether this is a gift of ours with something to say: of who never paid nothing is kept."""
    ref = read_id(snapshot.ref)
    if ref is None or snapshot.status == "succeeded":
        return bool(snapshot.ref)
    # A direct debit that runs is told as well: the row waits for its id.
    told = payments.is_fact(snapshot) or snapshot.status == "processing"
    return told and Payment.objects.filter(pk=ref).exists()


def _refunds(page: list[RefundSnapshot]) -> list[RefundSnapshot]:
    rows = {
        row.stripe_refund_id: row
        for row in Refund.objects.filter(stripe_refund_id__in=[each.id for each in page])
    }
    ours = _ours(page)
    unbooked = _unbooked(each.booked for each in page if each.id in rows)

    def differs(each: RefundSnapshot) -> bool:
        row = rows.get(each.id)
        if row is None:
            return each.payment_intent_id in ours
        return bool(refunds.changes(row, each)) or _among(each.booked, unbooked)

    return _picked(page, differs)


def _disputes(page: list[DisputeSnapshot]) -> list[DisputeSnapshot]:
    rows = {
        row.stripe_dispute_id: row
        for row in Dispute.objects.filter(stripe_dispute_id__in=[each.id for each in page])
    }
    ours = _ours(page)
    unbooked = _unbooked(each.booked for each in page if each.id in rows)

    def differs(each: DisputeSnapshot) -> bool:
        row = rows.get(each.id)
        if row is None:
            return each.payment_intent_id in ours
        return bool(disputes.changes(row, each)) or _among(each.booked, unbooked)

    return _picked(page, differs)


def _payouts(page: list[PayoutSnapshot]) -> list[PayoutSnapshot]:
    rows = Payout.objects.in_bulk([each.id for each in page])
    since = keeping.let_go_before()

    def differs(each: PayoutSnapshot) -> bool:
        row = rows.get(each.id)
        if row is None:
            return not _gone(each.created, since)
        return bool(payouts.changes(row, each))

    return _picked(page, differs)


def _gone(moment: datetime | None, since: datetime | None) -> bool:
    """Whether it is of a year whose books were let go: that we hold nothing of it is right."""
    return moment is not None and since is not None and moment < since


def _ours(page: Iterable[RefundSnapshot | DisputeSnapshot]) -> set[str | None]:
    """The payment intents behind these that are payments of ours."""
    behind = {each.payment_intent_id for each in page if each.payment_intent_id}
    rows = Payment.objects.filter(stripe_payment_intent_id__in=behind)
    return set(rows.values_list("stripe_payment_intent_id", flat=True))


def _unbooked(told: Iterable[tuple[BookedSnapshot, ...]]) -> set[str]:
    """The ids of movements on a page that have no line: one question for all of them."""
    return {each.id for each in ledger.lacking(each for some in told for each in some)}


def _among(movements: tuple[BookedSnapshot, ...], unbooked: set[str]) -> bool:
    return any(each.id in unbooked for each in movements)


def _picked(page: list[Any], differs: Callable[[Any], bool]) -> list[Any]:
    """Those that differ; what cannot be compared, such as a status we do not know, does."""
    return [each for each in page if _safely(differs, each)]


def _safely(differs: Callable[[Any], bool], each: Any) -> bool:
    try:
        return differs(each)
    except (UnknownStatus, memberships.Impossible):
        return True


# Payments before states, so that a state and its letter find their facts.
SECTIONS: Final = (
    Section("invoices", "invoice", stripe_api.invoice_pages, _invoices, handlers.take_invoice),
    Section(
        "subscriptions",
        "subscription",
        stripe_api.subscription_pages,
        _subscriptions,
        handlers.take_subscription,
        _of_a_person,
    ),
    Section("payments", "payment", stripe_api.payment_pages, _payments, handlers.take_payment),
    Section("refunds", "refund", stripe_api.refund_pages, _refunds, handlers.take_refund),
    Section("disputes", "dispute", stripe_api.dispute_pages, _disputes, handlers.take_dispute),
    Section("payouts", "payout", stripe_api.payout_pages, _payouts, handlers.take_payout),
)
