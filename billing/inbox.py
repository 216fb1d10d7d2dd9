"""The inbox: each event once, claimed by one worker at a time, tried until done or parked."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import doorbell, mishaps, tallies
from billing.cause import Cause
from billing.handlers import HANDLERS
from billing.models import (
    Dispute,
    Membership,
    Payment,
    Refund,
    StripeCustomer,
    StripeEvent,
)
from billing.models.stripe import EventState
from billing.stripe_api import NotFound, Unavailable

log = structlog.get_logger(__name__)

_BATCH: Final = 200
_LONGEST_WAIT: Final = timedelta(hours=1)
# The ids by which a line of a record is explained. Stripe itself tells of an event for 30 days, and
# none that is deleted here could come again.
KEPT: Final = timedelta(days=732)
_SETTLED: Final = (EventState.DONE, EventState.FOREIGN, EventState.IGNORED)
# What a person may put back: parked, without an object at Stripe, or none of ours as it seemed.
_SHELVED: Final = (EventState.PARKED, EventState.IGNORED, EventState.FOREIGN)


def take_in(event: StripeEvent, *, account: str = "") -> str:
    """Store an event that is new and ours to handle, and ring; say in a word what became of it.

    `account` is set on events of connected accounts, which are never ours.
    """
    refusal = _refusal(event, account)
    if refusal:
        log.info("event not stored", event_id=event.id, type=event.type, reason=refusal)
        tallies.count(refusal)
        return refusal
    try:
        with transaction.atomic():
            event.save(force_insert=True)
            doorbell.ring("billing.tasks.process_event", event.id)
    except IntegrityError:
        return "known"
    return "stored"


def process(event_id: str, *, now: datetime | None = None) -> EventState | None:
    """Do one event, and with it the others of its object that were stored before this moment.

    None if it is not to be had: done, parked, not due yet, or in another worker's hands.
    """
    now = now or timezone.now()
    claim = uuid4()
    if not _claim(StripeEvent.objects.filter(pk=event_id), claim, now):
        return None
    event = StripeEvent.objects.get(pk=event_id)
    if event.attempts > settings.EVENT_ATTEMPTS and not event.error:
        # Nothing was ever written of its tries: each worker that took it died.
        return _finish(event, claim, EventState.PARKED, mishaps.WORKER_DIED)
    try:
        _claim(_siblings(event), claim, now)
        ours = HANDLERS[event.type](event.object_id, Cause.event(event.id))
    except Exception as error:  # noqa: BLE001 - whatever it is, it must land in the row, not be lost
        return _fail(event, claim, error, now)
    return _finish(event, claim, EventState.DONE if ours else EventState.FOREIGN)


def due(*, now: datetime) -> list[str]:
    """The ids of events that wait, or whose worker's lease ran out, oldest first."""
    return list(
        StripeEvent.objects.filter(_open(now))
        .order_by("next_try_at")
        .values_list("pk", flat=True)[:_BATCH]
    )


def retry(event_ids: Iterable[str]) -> int:
    """Put these back into the queue and ring: parked ones, those whose object was not found, and
    those that seemed not to be ours. How many there were.
    """
    with transaction.atomic():
        shelved = StripeEvent.objects.select_for_update().filter(state__in=_SHELVED)
        chosen = list(shelved.filter(pk__in=list(event_ids)).values_list("pk", flat=True))
        StripeEvent.objects.filter(pk__in=chosen).update(
            state=EventState.WAITING, attempts=0, next_try_at=timezone.now(), error=""
        )
        for event_id in chosen[:_BATCH]:  # the sweeper rings for the rest
            doorbell.ring("billing.tasks.process_event", event_id)
    return len(chosen)


def reclaim() -> int:
    """Look once more at what seemed foreign and is about an object that we hold by now (E3).

    An event may come before the row that makes its object ours: of a payer's card before their
    membership, or before a backup was put back. The later event tells the whole truth, so nothing
    is lost by waiting; this sees to it that the earlier one is not called foreign for ever. Once
    each: what is foreign twice stays so.
    """
    ours = Q()
    for rows, column in _OURS:
        known = rows.objects.exclude(**{column: None}).values(column)
        ours |= Q(object_id__in=known)
    foreign = StripeEvent.objects.filter(ours, state=EventState.FOREIGN, attempts=1)
    return foreign.update(state=EventState.WAITING, next_try_at=timezone.now())


_OURS: Final[tuple[tuple[Any, str], ...]] = (
    (Membership, "stripe_subscription_id"),
    (Membership, "stripe_method_id"),
    (StripeCustomer, "stripe_customer_id"),
    (Payment, "stripe_payment_intent_id"),
    (Payment, "stripe_charge_id"),
    (Payment, "stripe_invoice_id"),
    (Refund, "stripe_refund_id"),
    (Dispute, "stripe_dispute_id"),
)


def counts() -> Counter[str]:
    """How many events are in each state."""
    return Counter(StripeEvent.objects.values_list("state", flat=True))


def over(now: datetime) -> QuerySet[StripeEvent]:
    """The events that are kept no longer, at `now`. What waits for a person is kept until then."""
    return StripeEvent.objects.filter(state__in=_SETTLED, received_at__lt=now - KEPT)


def forget(*, now: datetime) -> int:
    """Delete the events that are kept no longer; how many there were."""
    return over(now).delete()[0]


def _refusal(event: StripeEvent, account: str) -> str:
    """Why an event is answered 200 and not stored, or ""."""
    if event.type not in HANDLERS:
        return "unknown type"
    if event.livemode != settings.STRIPE_LIVEMODE:
        return "other mode"
    if account:
        return "other account"
    return "" if event.object_id else "no object"


def _open(now: datetime) -> Q:
    waits = Q(state=EventState.WAITING, next_try_at__lte=now)
    abandoned = Q(state=EventState.CLAIMED, lease_until__lt=now)
    return waits | abandoned


def _claim(rows: QuerySet[StripeEvent], claim: UUID, now: datetime) -> int:
    """Take what is free of these rows, by compare-and-set; how many were taken."""
    return rows.filter(_open(now)).update(
        state=EventState.CLAIMED,
        claim=claim,
        lease_until=now + timedelta(seconds=settings.LEASE_SECONDS),
        attempts=F("attempts") + 1,
    )


def _siblings(event: StripeEvent) -> QuerySet[StripeEvent]:
    """Waiting events of the same object that the same look at Stripe answers as well."""
    same = [name for name, handler in HANDLERS.items() if handler is HANDLERS[event.type]]
    return StripeEvent.objects.filter(
        object_id=event.object_id, type__in=same, state=EventState.WAITING
    )


def _finish(event: StripeEvent, claim: UUID, state: EventState, error: str = "") -> EventState:
    StripeEvent.objects.filter(claim=claim, state=EventState.CLAIMED).update(
        state=state, claim=None, lease_until=None, error=error, done_at=timezone.now()
    )
    log.info("event done", event_id=event.id, type=event.type, outcome=state.value)
    return state


def _fail(event: StripeEvent, claim: UUID, error: Exception, now: datetime) -> EventState:
    """Note what went wrong; wait and try again, or park it for a person to see."""
    told = mishaps.describe(error)
    if isinstance(error, NotFound):
        # Deleted, or of another account: there is nothing to bring our rows to.
        return _finish(event, claim, EventState.IGNORED, told)
    if isinstance(error, mishaps.HOPELESS):
        return _finish(event, claim, EventState.PARKED, told)
    # An outage of Stripe's is no fault of the event: it waits as long as it takes.
    if event.attempts >= settings.EVENT_ATTEMPTS and not isinstance(error, Unavailable):
        log.error("event parked", event_id=event.id, type=event.type, error=told)
        return _finish(event, claim, EventState.PARKED, told)
    # Half of the wait is chance, so that what failed together does not come back together.
    longest = min(timedelta(seconds=5 * 2 ** min(event.attempts, 10)), _LONGEST_WAIT)
    wait = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load
    StripeEvent.objects.filter(claim=claim, state=EventState.CLAIMED).update(
        state=EventState.WAITING, claim=None, lease_until=None, error=told, next_try_at=now + wait
    )
    log.warning("event waits", event_id=event.id, type=event.type, error=told)
    return EventState.WAITING
