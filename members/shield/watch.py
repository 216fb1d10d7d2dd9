"""The level that holds now. It rises and falls by itself; staff may set it for some hours.

Where the level stands lies in the cache beside the counts. Nothing is asked of the database for it
but the staff's last word, so a page costs the same whoever asks. Its changes become rows, and
letters to staff, when the clock looks.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from billing import letters
from billing.cause import Cause as LetterCause
from billing.models import Membership, Payment, StripeEvent
from billing.states import MembershipState, PaymentState
from members import pressure
from members.models import ShieldChange, StaffMember
from members.models.shield import Cause, ForceReason, Level
from members.models.staff import Role
from members.pressure import Signal
from members.shield import levels
from members.shield.levels import Stand

log = structlog.get_logger(__name__)

ALERT: Final = "shield-alert"
MOST_HOURS: Final = 48
_KEY: Final = "shield:stand"
_KEPT: Final = int(timedelta(days=7).total_seconds())
_REFUSED: Final = "payment_intent.payment_failed"
_OF_A_RENEWAL: Final = "invoice.payment_failed"
_ALERTED: Final = (Role.SUPPORT, Role.ADMIN)


def level(*, now: datetime, of_pressure: bool = True) -> Level:
    """The level that holds at `now`: the staff's word, else what the pressure made of it.

    Without `of_pressure` only the staff's word counts: for the machine itself.
    """
    said = forced(now=now)
    if said is not None:
        return Level(said.level)
    return stand(now=now).level if of_pressure else Level.CALM


def stand(*, now: datetime) -> Stand:
    """Where pressure alone has brought the level, kept for all processes."""
    kept = cache.get(_KEY)
    before = Stand(**kept) if kept else Stand(Level.CALM, now, now)
    stands = levels.after(
        before,
        pressing(now=now),
        thresholds=settings.SHIELD_THRESHOLDS,
        now=now,
        quiet=timedelta(minutes=settings.SHIELD_QUIET_MINUTES),
    )
    if stands != before:
        cache.set(
            _KEY,
            {
                "level": stands.level,
                "since": stands.since,
                "pressed_at": stands.pressed_at,
                "because": stands.because,
            },
            _KEPT,
        )
    return stands


def pressing(*, now: datetime) -> dict[str, int]:
    """What presses at `now`, by the name of its setting."""
    return levels.pressures(
        pressure.counts(now=now), open_per_paid=settings.SHIELD_CHECKOUTS_PER_PAYMENT
    )


def forced(*, now: datetime) -> ShieldChange | None:
    """The level that staff have set, while it holds."""
    last = ShieldChange.objects.filter(cause__in=[Cause.FORCED, Cause.RELEASED]).first()
    holds = last is not None and last.until is not None and last.at <= now < last.until
    return last if holds else None


def force(
    *, level: Level, hours: int, reason: ForceReason, by: UUID, now: datetime
) -> ShieldChange:
    """Hold this level for so many hours (1 to MOST_HOURS), whatever presses."""
    if not 1 <= hours <= MOST_HOURS:
        raise ValueError("a level is held for 1 to 48 hours")
    with transaction.atomic():
        change = ShieldChange.objects.create(
            level=level,
            cause=Cause.FORCED,
            reason=reason,
            by_id=by,
            at=now,
            until=now + timedelta(hours=hours),
        )
        _alert(change)
    log.warning("shield forced", level=str(level), hours=hours, reason=str(reason), staff=str(by))
    return change


def release(*, by: UUID, now: datetime) -> bool:
    """Leave the level to itself again; whether it was held."""
    if forced(now=now) is None:
        return False
    left_to = stand(now=now).level
    ShieldChange.objects.create(level=left_to, cause=Cause.RELEASED, by_id=by, at=now)
    log.warning("shield released", level=str(left_to), staff=str(by))
    return True


def look(*, now: datetime) -> ShieldChange | None:
    """Count what only rows tell, and write down a change of level; staff hear of a storm.

    May run as often as one likes. What was found stands in the cache until the next look.
    """
    _find(now)
    stands = stand(now=now)
    last = ShieldChange.objects.filter(cause=Cause.PRESSURE).first()
    if stands.level == (last.level if last else Level.CALM):
        return None
    with transaction.atomic():
        change = ShieldChange.objects.create(
            level=stands.level, cause=Cause.PRESSURE, because=stands.because, at=stands.since
        )
        _alert(change)
    log.warning("shield changed", level=str(stands.level), because=stands.because)
    return change


def _find(now: datetime) -> None:
    hour, lately = (now - pressure.WINDOWS[each] for each in (Signal.PAID, Signal.REFUSED))
    begun = Membership.objects.exclude(
        state__in=[MembershipState.PENDING, MembershipState.EXPIRED]
    ).filter(started_at__gt=hour, started_at__lte=now)
    given = Payment.objects.filter(
        state=PaymentState.SUCCEEDED, membership=None, paid_at__gt=hour, paid_at__lte=now
    )
    pressure.found(Signal.PAID, begun.count() + given.count())
    events = StripeEvent.objects.filter(received_at__gt=lately, received_at__lte=now)
    # A renewal that fails says so twice: nobody stands at the door for it.
    refused = events.filter(type=_REFUSED).count() - events.filter(type=_OF_A_RENEWAL).count()
    pressure.found(Signal.REFUSED, max(0, refused))


def _alert(change: ShieldChange) -> None:
    """Write to those who can do something about it, with the caller's transaction."""
    if change.level != Level.STORM:
        return
    readers = StaffMember.objects.filter(is_active=True, role__in=_ALERTED)
    for staff_id in readers.values_list("pk", flat=True):
        letters.queue(
            kind=ALERT,
            key=f"{change.pk}:{staff_id}",
            supporter_id=None,
            cause=LetterCause.clock(),
        )
