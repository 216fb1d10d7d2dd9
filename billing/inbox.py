"""The inbox: each event once, claimed by one worker at a time, tried until done or parked."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from billing import doorbell
from billing.cause import Cause
from billing.handlers import HANDLERS
from billing.memberships import Impossible, Unclaimed
from billing.models import StripeEvent
from billing.models.stripe import EventState
from billing.states import UnknownStatus
from billing.stripe_api import NotFound, StripeProblem, Unavailable

log = structlog.get_logger(__name__)

_BATCH: Final = 200
_LONGEST_WAIT: Final = timedelta(hours=1)
# A person has to look: the same try would meet the same wall.
_HOPELESS: Final = (Unclaimed, Impossible, UnknownStatus)


def take_in(event: StripeEvent, *, account: str = "") -> str:
    """Store an event that is new and ours to handle, and ring; say in a word what became of it.

    `account` is set on events of connected accounts, which are never ours.
    """
    refusal = _refusal(event, account)
    if refusal:
        log.info("event not stored", event_id=event.id, type=event.type, reason=refusal)
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
        return _finish(event, claim, EventState.PARKED, "WorkerDied")
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
    """Put parked events, and those whose object was not found, back into the queue."""
    shelved = StripeEvent.objects.filter(state__in=[EventState.PARKED, EventState.IGNORED])
    return shelved.filter(pk__in=event_ids).update(
        state=EventState.WAITING, attempts=0, next_try_at=timezone.now(), error=""
    )


def counts() -> Counter[str]:
    """How many events are in each state."""
    return Counter(StripeEvent.objects.values_list("state", flat=True))


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
    told = _describe(error)
    if isinstance(error, NotFound):
        # Deleted, or of another account: there is nothing to bring our rows to.
        return _finish(event, claim, EventState.IGNORED, told)
    if isinstance(error, _HOPELESS):
        return _finish(event, claim, EventState.PARKED, told)
    # An outage of Stripe's is no fault of the event: it waits as long as it takes.
    if event.attempts >= settings.EVENT_ATTEMPTS and not isinstance(error, Unavailable):
        log.error("event parked", event_id=event.id, type=event.type, error=told)
        return _finish(event, claim, EventState.PARKED, told)
    wait = min(timedelta(seconds=5 * 2 ** min(event.attempts, 10)), _LONGEST_WAIT)
    StripeEvent.objects.filter(claim=claim, state=EventState.CLAIMED).update(
        state=EventState.WAITING, claim=None, lease_until=None, error=told, next_try_at=now + wait
    )
    log.warning("event waits", event_id=event.id, type=event.type, error=told)
    return EventState.WAITING


def _describe(error: Exception) -> str:
    """The error in words that name no one: our own errors' text, of others only the class."""
    ours = isinstance(error, (*_HOPELESS, StripeProblem))
    return f"{type(error).__name__}: {error}"[:200] if ours else type(error).__name__
