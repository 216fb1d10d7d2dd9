"""What events did: the rows they are about, and the lines of history that name them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from billing.models import (
    Dispute,
    Intent,
    Letter,
    Membership,
    MembershipEvent,
    Payment,
    Payout,
    Receipt,
    Refund,
    StripeEvent,
)
from billing.models.stripe import IntentKind
from billing.money import format_amount
from billing.states import MembershipState

_STATES: Final = dict(MembershipState.choices)
# What a line of history says of itself in its state, or is too plain to be told twice.
_SILENT: Final = {"state", "period_start"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of ours, as a link to it among the tables."""

    what: str
    id: str
    says: str
    link: str


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a membership's history: from which state to which, and what else changed."""

    membership: str
    link: str
    before: str
    after: str
    columns: list[str]

    @property
    def moved(self) -> bool:
        return self.before != self.after


def steps_of(events: Iterable[StripeEvent]) -> dict[str, list[Step]]:
    """By event id the history that names it, or the event that was done by the same look."""
    events = list(events)
    named_by = _done_together(events)
    memberships = {key for each in _memberships_of(events).values() for key in each}
    lines = MembershipEvent.objects.filter(
        membership__in=memberships, reference__in=set(named_by)
    ).order_by("recorded_at", "id")
    found: dict[str, list[Step]] = defaultdict(list)
    for line in lines:
        for event_id in named_by[line.reference]:
            found[event_id].append(_step(line))
    return found


def rows_of(event: StripeEvent) -> list[Row]:
    """The rows about this event's object as they stand now, and the documents of those."""
    object_id = event.object_id
    memberships = Membership.objects.filter(pk__in=_memberships_of([event])[object_id])
    payments = list(_payments_of([object_id]))
    payments += [gift for gift in _gifts_of(object_id) if gift not in payments]
    refunds = Refund.objects.filter(stripe_refund_id=object_id)
    disputes = Dispute.objects.filter(stripe_dispute_id=object_id)
    about = Q(payment__in=payments, series="R") | Q(refund__in=refunds) | Q(dispute__in=disputes)
    documents = list(Receipt.objects.filter(about))
    keys = [str(each.pk) for each in (*memberships, *payments, *documents)]
    return [
        *(_row("membership", each, each.get_state_display()) for each in memberships),
        *(_row("payment", each, _amount(each)) for each in payments),
        *(_row("refund", each, _amount(each)) for each in refunds),
        *(_row("dispute", each, _amount(each)) for each in disputes),
        *(_row("payout", each, each.status) for each in Payout.objects.filter(pk=object_id)),
        *(_row("receipt", each, each.label) for each in documents),
        *(
            _row("letter", each, f"{each.kind}, {each.get_state_display().lower()}")
            for each in Letter.objects.filter(key__in=keys).order_by("created_at")
        ),
    ]


def _done_together(events: list[StripeEvent]) -> dict[str, list[str]]:
    """By the id that history may name, the events of this list that were done with it.

    Events of one object that wait together are done by one look, and one of them is named.
    """
    looks: dict[tuple[str, datetime], list[str]] = defaultdict(list)
    for event in events:
        if event.done_at is not None:
            looks[event.object_id, event.done_at].append(event.pk)
    named: dict[str, list[str]] = defaultdict(list)
    together = StripeEvent.objects.filter(
        object_id__in={object_id for object_id, _ in looks},
        done_at__in={moment for _, moment in looks},
    )
    for event_id, object_id, done_at in together.values_list("pk", "object_id", "done_at"):
        named[event_id] += looks.get((object_id, done_at), []) if done_at else []
    return named


def _memberships_of(events: Iterable[StripeEvent]) -> dict[str, set[UUID]]:
    """By the id of Stripe's object the memberships that it is about, by exact ids alone."""
    ids = {event.object_id for event in events}
    found: dict[str, set[UUID]] = defaultdict(set)
    for column in ("stripe_subscription_id", "customer__stripe_customer_id", "stripe_method_id"):
        rows = Membership.objects.filter(**{f"{column}__in": ids})
        for stripe_id, key in rows.values_list(column, "pk"):
            found[str(stripe_id)].add(key)
    for payment in _payments_of(ids):
        for stripe_id in _ids(payment) & ids:
            if payment.membership_id:
                found[stripe_id].add(payment.membership_id)
    for model, column in ((Refund, "stripe_refund_id"), (Dispute, "stripe_dispute_id")):
        about: Any = model._default_manager.filter(**{f"{column}__in": ids})
        for stripe_id, key in about.values_list(column, "payment__membership"):
            if key:
                found[stripe_id].add(key)
    for stripe_id, key in _checkouts(ids):
        found[stripe_id].add(key)
    return found


def _checkouts(ids: set[str]) -> Iterable[tuple[str, UUID]]:
    sessions = [each for each in ids if each.startswith("cs_")]
    opened = Intent.objects.filter(kind=IntentKind.CHECKOUT, stripe_object_id__in=sessions)
    return opened.values_list("stripe_object_id", "subject") if sessions else []


def _payments_of(ids: Iterable[str]) -> Iterable[Payment]:
    ids = [each for each in ids if each.startswith(("pi_", "ch_", "py_", "in_"))]
    theirs = Q(stripe_payment_intent_id__in=ids)
    theirs |= Q(stripe_charge_id__in=ids) | Q(stripe_invoice_id__in=ids)
    return Payment.objects.filter(theirs) if ids else []


def _gifts_of(session_id: str) -> Iterable[Payment]:
    subjects = [key for _, key in _checkouts({session_id})]
    return Payment.objects.filter(pk__in=subjects) if subjects else []


def _ids(payment: Payment) -> set[str]:
    ids = (payment.stripe_payment_intent_id, payment.stripe_charge_id, payment.stripe_invoice_id)
    return {each for each in ids if each}


def _step(line: MembershipEvent) -> Step:
    return Step(
        membership=str(line.membership_id),
        link=reverse("admin:billing_membership_change", args=[line.membership_id]),
        before=_STATES.get(line.old_state, ""),
        after=_STATES.get(line.new_state, line.new_state),
        columns=[_column(name) for name in line.changes if name not in _SILENT],
    )


def _column(name: str) -> str:
    return name.removesuffix("_cents").replace("_", " ")


def _row(what: str, row: Any, says: str) -> Row:
    link = reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])
    return Row(what=what, id=str(row.pk), says=says, link=link)


def _amount(row: Payment | Refund | Dispute) -> str:
    return f"{format_amount(row.amount_cents, row.currency)}, {row.get_state_display().lower()}"
