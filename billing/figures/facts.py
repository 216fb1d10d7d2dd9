"""The facts that figures are made of, as the tables have them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet
from psycopg.types.datetime import TimestamptzLoader

from billing.figures.lives import Paid, Stay, months_of
from billing.figures.names import YEARLY
from billing.figures.payments import Booked, PaymentFacts
from billing.figures.persons import Given, Person, invoices
from billing.figures.spans import Span
from billing.models import LedgerLine, Membership, MembershipEvent, Payment
from billing.models.membership import COVERED
from billing.states import MembershipState, PaymentState

Pauses = tuple[tuple[datetime, datetime | None], ...]
PaymentBook = dict[UUID, tuple[PaymentFacts, tuple[Booked, ...]]]

_OF_COVERED: Final = Q(changes__has_key=COVERED)
_OF_PAUSES: Final = Q(old_state=MembershipState.PAUSED) | Q(new_state=MembershipState.PAUSED)


def persons(theirs: Span) -> dict[UUID, Person]:
    """The facts of the supporters of a span, of each of them who has any. At most four queries."""
    given: dict[UUID, list[Given]] = defaultdict(list)
    paid: dict[UUID, list[tuple[str, Paid]]] = defaultdict(list)
    for owner, membership, invoice, at, cents, begins, ends, rhythm, own, extra in _read(
        _payments(theirs)
    ):
        given[owner].append(Given(at, cents, membership is None))
        if membership is not None and own != 0:
            months = months_of(begins, ends, otherwise=12 if rhythm == YEARLY else 1)
            paid[membership].append((invoice, Paid(at, cents, begins, ends, months, own, extra)))
    memberships = [*_memberships(theirs)]
    lines = _pause_lines(theirs) if any(row.paused for row in memberships) else {}
    if any(row.covered for row in memberships):
        for each, invoice, period in _covered(theirs):
            paid[each].append((invoice, period))
    stays: dict[UUID, list[Stay]] = defaultdict(list)
    for row in memberships:
        pauses = pauses_of(row, lines.get(row.pk, ()))
        stays[row.supporter_id].append(_stay(row, invoices(paid.get(row.pk, ())), pauses))
    return {
        each: Person(stays=tuple(stays.get(each, ())), given=tuple(given.get(each, ())))
        for each in given.keys() | stays.keys()
    }


def _read(found: QuerySet[Any, tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What was found. Moments are read by psycopg in C: Django's way takes longer than all else."""
    if connection.vendor != "postgresql":
        return [*found]
    with connection.cursor() as cursor:
        cursor.cursor.adapters.register_loader("timestamptz", TimestamptzLoader)
        cursor.execute(*found.query.sql_with_params())
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _payments(theirs: Span) -> QuerySet[Payment, tuple[Any, ...]]:
    return (
        Payment.objects.filter(
            supporter__id__range=theirs, state=PaymentState.SUCCEEDED, paid_at__isnull=False
        )
        # As the index has them; each person's in the order in which they came.
        .order_by("supporter_id", "paid_at", "pk")
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
    )


def _memberships(theirs: Span) -> QuerySet[Any]:
    """Those that were paid for: `started_at` is the date of the first payment.

    `paused` says whether their history has a pause, `covered` whether it has a period that no money
    came for: few have one.
    """
    theirs_of = MembershipEvent.objects.filter(membership=OuterRef("pk"))
    pauses, covered = theirs_of.filter(_OF_PAUSES), theirs_of.filter(_OF_COVERED)
    return (
        Membership.objects.filter(supporter__id__range=theirs, started_at__isnull=False)
        .annotate(paused=Exists(pauses), covered=Exists(covered))
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
            "free",
            "state",
            "period_start",
            "period_end",
            "ends_on",
            "resumes_on",
        )
    )


def _pause_lines(theirs: Span) -> dict[UUID, list[MembershipEvent]]:
    found: dict[UUID, list[MembershipEvent]] = defaultdict(list)
    rows = MembershipEvent.objects.filter(_OF_PAUSES, membership__supporter__id__range=theirs)
    for line in rows.order_by("recorded_at", "pk"):
        if line.old_state != line.new_state:
            found[line.membership_id].append(line)
    return found


def _covered(theirs: Span) -> Iterator[tuple[UUID, str, Paid]]:
    """Periods that no money came for, as if they had been paid: what they cost counts."""
    rows = MembershipEvent.objects.filter(_OF_COVERED, membership__supporter__id__range=theirs)
    for line in rows.select_related("membership").order_by("happened_at", "pk"):
        told = line.changes[COVERED][1]
        begins, ends = (_moment(told[name]) for name in ("begins", "ends"))
        months = months_of(begins, ends, otherwise=12 if line.membership.interval == YEARLY else 1)
        at = line.happened_at or line.recorded_at
        paid = Paid(at, 0, begins, ends, months, told["cents"], told["extra"])
        yield line.membership_id, told["invoice"], paid


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


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
    asked = row.state == MembershipState.ACTIVE and not row.free
    goes_on = yearly and asked and not row.ends_on
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
        leaves=row.ends_on if row.live else None,
        renews=row.period_end if goes_on else None,
        cents=row.amount_cents,
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
    for row in LedgerLine.objects.filter(payment__in=payment_ids).order_by("pk"):
        lines[row.payment_id].append(booked(row))
    return {each: (facts, tuple(lines[each])) for each, facts in found.items()}


def booked(row: LedgerLine) -> Booked:
    return Booked(
        id=row.pk,
        kind=row.kind,
        at=row.booked_at,
        cents=row.amount_cents,
        fee_cents=row.fee_cents,
        net_cents=row.net_cents,
        currency=row.currency,
        open=row.closed_month is None,
        source=row.source_id,
    )


def payment_facts(row: Payment) -> PaymentFacts:
    return PaymentFacts(
        supporter=row.supporter_id,
        state=row.state,
        cents=row.amount_cents,
        extra_cents=row.extra_cents,
        paid_at=row.paid_at,
        failed_at=row.first_failed_at,
        recovered_by=row.recovered_by,
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
        charge=row.stripe_charge_id,
    )
