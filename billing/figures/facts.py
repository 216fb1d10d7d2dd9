"""The facts that figures are made of, as the tables have them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from billing.figures.lives import Paid, Stay, months_of
from billing.figures.names import YEARLY
from billing.figures.payments import DISPUTE_LINES, REFUND_LINES, Booked, PaymentFacts
from billing.figures.persons import Given, Person, invoices
from billing.models import LedgerLine, Membership, MembershipEvent, Payment
from billing.states import MembershipState, PaymentState

Pauses = tuple[tuple[datetime, datetime | None], ...]
PaymentBook = dict[UUID, tuple[PaymentFacts, tuple[Booked, ...]]]

_BOOKED: Final = sorted(REFUND_LINES | DISPUTE_LINES)


def persons(supporter_ids: Collection[UUID]) -> dict[UUID, Person]:
    """The facts of these supporters, of each of them. Three queries, however many they are."""
    given: dict[UUID, list[Given]] = defaultdict(list)
    paid: dict[UUID, list[tuple[str, Paid]]] = defaultdict(list)
    rows = _payments(supporter_ids)
    for owner, membership, invoice, at, cents, begins, ends, rhythm, own, extra in rows:
        given[owner].append(Given(at, cents, gift=membership is None))
        if membership is not None and own != 0:
            months = months_of(begins, ends, otherwise=12 if rhythm == YEARLY else 1)
            paid[membership].append((invoice, Paid(at, cents, begins, ends, months, own, extra)))
    lines = _pause_lines(supporter_ids)
    stays: dict[UUID, list[Stay]] = defaultdict(list)
    for row in _memberships(supporter_ids):
        pauses = pauses_of(row, lines[row.pk])
        stays[row.supporter_id].append(_stay(row, invoices(paid[row.pk]), pauses))
    return {
        each: Person(stays=tuple(stays[each]), given=tuple(given[each])) for each in supporter_ids
    }


def _payments(supporter_ids: Collection[UUID]) -> Iterable[tuple[Any, ...]]:
    return (
        Payment.objects.filter(
            supporter__in=supporter_ids, state=PaymentState.SUCCEEDED, paid_at__isnull=False
        )
        .order_by("paid_at", "pk")
        .values_list(
            "supporter_id",
            "membership_id",
            "stripe_invoice_id",
            "paid_at",
            "amount_cents",
            "period_start",
            "period_end",
            "plan__interval",
            "period_cents",
            "extra_cents",
        )
        .iterator(chunk_size=10_000)
    )


def _memberships(supporter_ids: Collection[UUID]) -> Iterable[Membership]:
    """Those that were paid for: `started_at` is the date of the first payment."""
    return (
        Membership.objects.filter(supporter__in=supporter_ids, started_at__isnull=False)
        .exclude(state=MembershipState.EXPIRED)
        .order_by("pk")
        .only(
            "supporter",
            "campaign",
            "started_at",
            "ended_at",
            "end_reason",
            "interval",
            "amount_cents",
            "state",
            "period_start",
            "resumes_on",
        )
    )


def _pause_lines(supporter_ids: Collection[UUID]) -> dict[UUID, list[MembershipEvent]]:
    paused = MembershipState.PAUSED
    found: dict[UUID, list[MembershipEvent]] = defaultdict(list)
    rows = MembershipEvent.objects.filter(
        Q(old_state=paused) | Q(new_state=paused), membership__supporter__in=supporter_ids
    )
    for line in rows.order_by("recorded_at", "pk"):
        if line.old_state != line.new_state:
            found[line.membership_id].append(line)
    return found


def pauses_of(membership: Membership, lines: Iterable[MembershipEvent]) -> Pauses:
    """When it was paused, from the lines of its history that begin and end pauses, in order.

    A line cannot have happened before the one above it: what was fetched later is later.
    """
    found: list[tuple[datetime, datetime | None]] = []
    begun: datetime | None = None
    latest = membership.started_at or membership.created_at
    for line in lines:
        latest = max(latest, line.happened_at or line.recorded_at)
        if line.new_state == MembershipState.PAUSED:
            begun = latest
        elif begun is not None:
            found.append((begun, latest))
            begun = None
    if begun is not None:
        found.append((begun, None))
    elif membership.state == MembershipState.PAUSED:
        # A row from before there was a history of it: with the period that is not paid.
        first = membership.started_at or membership.created_at
        found.append((max(first, membership.period_start or first), None))
    return tuple(found)


def _stay(row: Membership, paid: tuple[Paid, ...], pauses: Pauses) -> Stay:
    yearly = row.interval == YEARLY
    return Stay(
        began=row.started_at or row.created_at,
        ended=row.ended_at,
        reason=row.end_reason,
        campaign=row.campaign_id,
        yearly=yearly,
        otherwise=row.amount_cents if yearly else 12 * row.amount_cents,
        paid=paid,
        pauses=pauses,
        resumes=row.resumes_on,
    )


def payments(payment_ids: Collection[UUID], *, locked: bool) -> PaymentBook:
    """The facts of these payments, each with its lines. `locked`: nobody changes them meanwhile."""
    if not payment_ids:
        return {}
    rows = Payment.objects.filter(pk__in=payment_ids).select_related("plan").order_by("pk")
    if locked:
        # Not the key: a receipt or a letter about it may be written at the same time.
        rows = rows.select_for_update(of=("self",), no_key=True)
    found = {row.pk: payment_facts(row) for row in rows}
    lines: dict[UUID | None, list[Booked]] = defaultdict(list)
    for owner, kind, at, cents in (
        LedgerLine.objects.filter(payment__in=payment_ids, kind__in=_BOOKED)
        .order_by("pk")
        .values_list("payment_id", "kind", "booked_at", "net_cents")
    ):
        lines[owner].append(Booked(kind, at, cents))
    return {each: (facts, tuple(lines[each])) for each, facts in found.items()}


def payment_facts(row: Payment) -> PaymentFacts:
    return PaymentFacts(
        state=row.state,
        cents=row.amount_cents,
        extra_cents=row.extra_cents,
        paid_at=row.paid_at,
        failed_at=row.first_failed_at,
        fee_cents=row.fee_cents,
        net_cents=row.net_cents,
        outside=row.outside_stripe,
        gift=row.is_gift,
        begins=row.period_start,
        ends=row.period_end,
        own_cents=row.period_cents,
        plan=row.plan_id,
        plan_interval=row.plan.interval,
        campaign=row.campaign_id,
    )
