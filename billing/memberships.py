"""Memberships: the only place that writes one. State comes from a snapshot, history with it."""

from collections.abc import Iterable, Iterator
from copy import copy
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from billing import (
    collection,
    duplicates,
    figures,
    history,
    intents,
    letters,
    moments,
    refunds,
    stripe_api,
    tickets,
    tidings,
)
from billing.cause import Cause
from billing.ids import read_id
from billing.intents import Wanted
from billing.models import Membership, Plan, StripeCustomer
from billing.models.plan import Interval
from billing.snapshots import SubscriptionSnapshot
from billing.states import (
    GIVEN_BACK,
    EndReason,
    MembershipState,
    end_reason_of,
    reachable,
    state_of,
)
from billing.tidings import Tiding

# What a snapshot decides besides, of which the history says nothing.
_ATTACHED: Final = (
    "stripe_subscription_id",
    "stripe_method_id",
    "method_kind",
    "card_expires_on",
    "plan_id",
)

# Another rhythm can be set in the dashboard alone. The state must follow Stripe's even so.
_SOLD: Final = frozenset({Interval.MONTH, Interval.YEAR})
_UNPAID: Final = {MembershipState.PENDING, MembershipState.EXPIRED}


class Unclaimed(LookupError):
    """Stripe's object bears a reference of ours that no row of ours answers to."""


class Impossible(ValueError):
    """The snapshot asks for a change that cannot be: a person has to look."""


def owner_of(snapshot: SubscriptionSnapshot) -> Membership | None:
    """The membership that this subscription is, or None if it is none of ours.

    By the exact id; else by the reference it was created with, for a row that has no id yet.
    Raises Unclaimed where the reference is ours by its key but leads nowhere.
    """
    claim = Q(stripe_subscription_id=snapshot.id)
    if ref := read_id(snapshot.ref):
        claim |= Q(pk=ref, stripe_subscription_id__isnull=True)
    # One statement: between two, another worker could give the waiting row its id.
    known_first = F("stripe_subscription_id").asc(nulls_last=True)
    owner = Membership.objects.filter(claim).order_by(known_first).first()
    if owner is None and snapshot.ref:
        raise Unclaimed(f"no membership waits for subscription {snapshot.id}")
    return owner


def refresh(subscription_id: str, *, cause: Cause) -> Membership | None:
    """Ask Stripe how this subscription stands and write it down; None if it is not ours."""
    ticket = tickets.draw()
    snapshot = stripe_api.get_subscription(subscription_id)
    owner = owner_of(snapshot)
    return owner and apply(owner.pk, snapshot, ticket=ticket, cause=cause)


def apply(
    membership_id: UUID, snapshot: SubscriptionSnapshot, *, ticket: int, cause: Cause
) -> Membership:
    """Bring the membership to what the snapshot says, unless a later ticket was applied already.

    Writes the history row and queues the letter that the change calls for in the same
    transaction. Raises Impossible and UnknownStatus; then nothing is changed.
    """
    with transaction.atomic():
        membership = _locked(membership_id)
        if membership.applied_ticket >= ticket:
            return membership
        _check(membership, snapshot)
        before, method_before = history.mirror(membership), membership.stripe_method_id
        _attach(membership, snapshot)
        _copy(membership, snapshot)
        membership.applied_ticket = ticket
        membership.save()
        changes = history.differences(before, history.mirror(membership))
        if changes:
            happened_at = moments.of_change(before, membership, cause)
            history.write(membership, before["state"], changes, cause, happened_at=happened_at)
            _tell(membership, tidings.of_membership(before, membership, snapshot), cause)
        if membership.state == MembershipState.ACTIVE != before["state"]:
            _tell(membership, duplicates.tidings(membership), cause)
        _act(membership, snapshot, method_before)
        if changes:
            figures.recount(membership.supporter_id)
    return membership


def changes(membership: Membership, snapshot: SubscriptionSnapshot) -> dict[str, Any]:
    """The columns that applying this snapshot would change, with their new values.

    Writes nothing. Raises Impossible and UnknownStatus, as `apply` would.
    """
    _check(membership, snapshot)
    wanted = copy(membership)
    wanted.stripe_subscription_id = snapshot.id
    _copy(wanted, snapshot)
    names = (*_ATTACHED, *history.MIRRORED)
    found = {each: getattr(wanted, each) for each in names}
    found = {each: new for each, new in found.items() if getattr(membership, each) != new}
    if snapshot.customer_id and membership.customer_id is None:
        found["customer"] = snapshot.customer_id
    return found


def is_odd(snapshot: SubscriptionSnapshot) -> bool:
    """Whether it has a rhythm that we do not sell, and have no words for."""
    return snapshot.interval not in {"", *_SOLD}


def differs(membership: Membership, snapshot: SubscriptionSnapshot) -> bool:
    """Whether applying this snapshot would change anything. Raises Impossible, UnknownStatus."""
    return bool(changes(membership, snapshot))


def note_payment(membership_id: UUID, *, paid_at: datetime, cause: Cause) -> None:
    """Keep the day of the first payment, whichever payment we learn of first, and say welcome.

    `paid_at` is Stripe's. Called in the transaction that records the payment.
    """
    rows = Membership.objects.filter(pk=membership_id)
    rows.filter(Q(started_at__isnull=True) | Q(started_at__gt=paid_at)).update(started_at=paid_at)
    membership = rows.get()
    _tell(membership, [Tiding("welcome", str(membership_id))], cause)
    _tell(membership, duplicates.tidings(membership), cause)
    duplicates.settle(membership)


def note_debit(membership: Membership, *, cause: Cause) -> None:
    """Say welcome while the first direct debit is still on its way: it takes days to arrive."""
    if membership.started_at is None:
        _tell(membership, [Tiding("welcome", str(membership.pk))], cause)


def expire_unpaid(membership_id: UUID, *, cause: Cause) -> None:
    """Close a membership whose checkout ran out before anyone paid."""
    with transaction.atomic():
        membership = _locked(membership_id)
        if membership.state != MembershipState.PENDING or membership.stripe_subscription_id:
            return
        membership.state = MembershipState.EXPIRED
        membership.save(update_fields=["state"])
        history.write(membership, MembershipState.PENDING, {}, cause)


def _locked(membership_id: UUID) -> Membership:
    """The row, which nobody else writes until this transaction ends.

    Not its key: who writes a payment of it looks for that as they commit, and by then holds the
    rollups that we are going to wait for.
    """
    return Membership.objects.select_for_update(no_key=True).get(pk=membership_id)


def _check(membership: Membership, snapshot: SubscriptionSnapshot) -> None:
    """Refuse a change that no path of states allows, and a second subscription for one row."""
    if membership.stripe_subscription_id not in {None, snapshot.id}:
        raise Impossible(f"membership {membership.pk} is another subscription")
    if is_odd(snapshot) and membership.state == MembershipState.PENDING:
        raise Impossible(f"membership {membership.pk} has a rhythm that we do not sell")
    old, new = MembershipState(membership.state), _target(membership, snapshot)
    if not reachable(old, new):
        raise Impossible(f"membership {membership.pk}: {old} -> {new}")


def _target(membership: Membership, snapshot: SubscriptionSnapshot) -> MembershipState:
    """The state that the snapshot means for this membership."""
    state = state_of(snapshot)
    never_began = membership.started_at is None and membership.state in _UNPAID
    # A direct debit that the bank returns ends a membership that was active while the debit ran.
    returned = _end_reason(membership, snapshot) is EndReason.PAYMENT_FAILED
    if state is MembershipState.ENDED and never_began and not returned:
        # Cancelled before anyone paid: nothing ended, because nothing began.
        return MembershipState.EXPIRED
    return state


def _attach(membership: Membership, snapshot: SubscriptionSnapshot) -> None:
    membership.stripe_subscription_id = snapshot.id
    if snapshot.customer_id and membership.customer_id is None:
        membership.customer, _ = StripeCustomer.objects.get_or_create(
            stripe_customer_id=snapshot.customer_id,
            defaults={"supporter_id": membership.supporter_id},
        )


def _copy(membership: Membership, snapshot: SubscriptionSnapshot) -> None:
    """Set every mirrored column from the snapshot: the whole of it, always (PEERS F3)."""
    state = _target(membership, snapshot)
    overdue, ended = state is MembershipState.PAST_DUE, state is MembershipState.ENDED
    membership.state = state
    if snapshot.amount_cents not in {0, membership.amount_cents}:
        membership.amount_cents = snapshot.amount_cents
        # What was given on top belonged to the amount that it was chosen with.
        membership.extra_cents = 0
    membership.free = snapshot.discounted and not snapshot.amount_cents
    if snapshot.interval in _SOLD:
        membership.interval = snapshot.interval
    if membership.plan.interval != membership.interval:
        membership.plan = _plan_for(membership, snapshot)
    membership.period_start = snapshot.period_start
    membership.period_end = snapshot.period_end
    membership.ends_on = None if ended else snapshot.ends_on
    membership.resumes_on = snapshot.resumes_on if state is MembershipState.PAUSED else None
    membership.next_amount_cents = None if ended else snapshot.next_amount_cents
    membership.next_interval = "" if ended else snapshot.next_interval
    membership.changes_on = None if ended else snapshot.changes_on
    membership.stripe_method_id = snapshot.method_id
    membership.method_kind = snapshot.method_kind
    membership.card_expires_on = snapshot.card_expires_on
    membership.past_due_since = _overdue_since(membership, snapshot) if overdue else None
    membership.ended_at = (snapshot.ended_at or snapshot.period_end) if ended else None
    membership.end_reason = _end_reason(membership, snapshot) if ended else ""


def _plan_for(membership: Membership, snapshot: SubscriptionSnapshot) -> Plan:
    """The plan whose rhythm it has now: else the next change would be priced in the old one."""
    plans = Plan.objects.filter(interval=membership.interval, currency=membership.currency)
    same = plans.filter(stripe_product_id=snapshot.product_id) if snapshot.product_id else plans
    return same.first() or plans.first() or membership.plan


def _end_reason(membership: Membership, snapshot: SubscriptionSnapshot) -> EndReason:
    """Our own reason where we ended it: to Stripe that is a request like any other."""
    if membership.end_reason in GIVEN_BACK:
        return EndReason(membership.end_reason)
    # A promise to pay back holds, whoever was a moment faster in ending it.
    begins = snapshot.ended_at is not None and not membership.end_reason
    promised = intents.promised_back(membership.pk) if begins else ""
    ours = promised or intents.ending_of(snapshot.cancel_comment, subject=membership.pk)
    return EndReason(ours) if ours else end_reason_of(snapshot.cancel_reason)


def _act(membership: Membership, snapshot: SubscriptionSnapshot, method_before: str) -> None:
    """Have done what the new facts call for, each once: the rows say what has been asked."""
    for each in wanted(membership, snapshot, method_before):
        intents.call_for(**each)


def wanted(
    membership: Membership, snapshot: SubscriptionSnapshot, method_before: str
) -> Iterator[Wanted]:
    """What these new facts call for at Stripe, once they are applied."""
    if membership.state == MembershipState.PAST_DUE and method_before != snapshot.method_id:
        yield from collection.wanted(membership, snapshot)
    if membership.state == MembershipState.PAST_DUE:
        yield from duplicates.wanted_of(membership)
    if membership.end_reason in GIVEN_BACK:
        yield from refunds.wanted_of(membership)
    if membership.end_reason == EndReason.PAYMENT_FAILED:
        yield from collection.forgiven(membership, snapshot)


def _overdue_since(membership: Membership, snapshot: SubscriptionSnapshot) -> datetime:
    """When the grace began: on the day we learnt of a failure, not on the due date.

    A direct debit comes back two weeks late, and its supporter has a grace as well. A longer debt
    keeps its first day, unless a payment came in between.
    """
    since = membership.past_due_since
    if since is None or membership.payments.filter(paid_at__gt=since).exists():
        return max(snapshot.period_start, timezone.now())
    return since


def _tell(membership: Membership, told: Iterable[Tiding], cause: Cause) -> None:
    """Queue the letters, part of the caller's transaction."""
    for kind, key in told:
        letters.queue(kind=kind, key=key, supporter_id=membership.supporter_id, cause=cause)
