"""Collecting what is overdue, as soon as there is something new to collect it with (E5, E8)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from django.db import transaction

from billing import intents, stripe_api
from billing.intents import Wanted
from billing.models import Intent, Membership
from billing.models.stripe import IntentKind
from billing.snapshots import BY_INVOICE, SubscriptionSnapshot
from billing.states import EndReason, MembershipState

# What is said to a person of a subscription that has nothing to be charged.
BARE: Final = "renews without a means of payment"


def pay_open_now(membership: Membership, snapshot: SubscriptionSnapshot, *, again: str) -> None:
    """As `pay_open`, in a transaction of its own.

    `again` is what told of a card that is another while its id stayed.
    """
    with transaction.atomic():
        pay_open(membership, snapshot, again=again)


def pay_open(membership: Membership, snapshot: SubscriptionSnapshot, *, again: str = "") -> None:
    """Have the latest invoice of an overdue membership tried with its new means of payment, once.

    Part of the caller's transaction. Stripe itself would wait for its next retry, which may be a
    week away.
    """
    for each in wanted(membership, snapshot, again=again):
        intents.call_for(**each)


def wanted(
    membership: Membership, snapshot: SubscriptionSnapshot, *, again: str = ""
) -> Iterator[Wanted]:
    """What `pay_open` has done."""
    means = again or snapshot.method_id
    if snapshot.method_id and snapshot.latest_invoice_id:
        yield {
            "kind": IntentKind.PAY_INVOICE,
            "press": f"pay:{snapshot.latest_invoice_id[-28:]}:{means[-28:]}",
            "subject": membership.pk,
            "params": {"invoice": snapshot.latest_invoice_id},
        }


def pay_overdue(
    customer_id: str, method_id: str, *, again: str, since: datetime | None = None
) -> None:
    """Try what this customer owes on this means of payment, unless that was done `since` then."""
    if not method_id:
        return  # it would be that of every membership that has none (E17)
    overdue = Membership.objects.filter(
        customer__stripe_customer_id=customer_id,
        state=MembershipState.PAST_DUE,
        stripe_method_id=method_id,
    )
    for membership in overdue:
        if since is not None and asked_since(membership, since):
            continue
        snapshot = stripe_api.get_subscription(membership.stripe_subscription_id or "")
        pay_open_now(membership, snapshot, again=again)


def asked_since(membership: Membership, since: datetime) -> bool:
    """Whether we have had Stripe try what this membership owes since this moment."""
    tries = Intent.objects.filter(kind=IntentKind.PAY_INVOICE, subject=membership.pk)
    return tries.filter(created_at__gte=since).exists()


def is_bare(membership: Membership) -> bool:
    """Whether it is going to renew, and has nothing to be charged, as our row has it (E5)."""
    renews = membership.state == MembershipState.ACTIVE and membership.ends_on is None
    asked = membership.method_kind == BY_INVOICE
    return renews and not asked and not membership.stripe_method_id


def without_means(seen: Iterable[SubscriptionSnapshot]) -> list[str]:
    """The ids of those of ours that are going to renew, and have nothing to be charged (E5).

    Nothing is wrong with them yet, but the next payment will fail.
    """
    bare = [
        each.id
        for each in seen
        if not each.method_id and each.method_kind != BY_INVOICE and each.ends_on is None
    ]
    running = Membership.objects.filter(state=MembershipState.ACTIVE)
    rows = running.filter(stripe_subscription_id__in=bare).order_by("pk")
    return [each for each in rows.values_list("stripe_subscription_id", flat=True) if each]


def forgiven(membership: Membership, snapshot: SubscriptionSnapshot) -> Iterator[Wanted]:
    """What Stripe left open when it ended the membership for want of a payment is called off, once.

    Its page could be paid for ever, and we say that nothing is owed (E8). Where the end was ours,
    that was part of it.
    """
    if intents.ending_of(snapshot.cancel_comment, subject=membership.pk):
        return
    yield {
        "kind": IntentKind.END_NOW,
        "press": f"forgiven:{membership.pk}",
        "subject": membership.pk,
        "params": {
            "subscription": membership.stripe_subscription_id,
            "reason": EndReason.PAYMENT_FAILED,
        },
    }
