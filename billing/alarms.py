"""Alarms: an episode of red is told once when it has lasted, and once when it is over.

The watch hands in the names of what is red just now. Whether that becomes an alarm is decided here,
by rows alone: of two watches at once one writes each step (compare-and-set), so that any number of
workers tells a thing once. What flickers is told neither often nor as over: it must be well for as
long as it had to be red.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing.models import Alarm

log = structlog.get_logger(__name__)

# Nobody watched for so long: what went on meanwhile nobody was told.
SILENCE: Final = "silence"
KEPT: Final = timedelta(days=400)
Tell = Callable[[Alarm], None]


def follow(red: Collection[str], *, now: datetime, begun: Tell, over: Tell) -> None:
    """Move each alarm on by what is red now. `begun` and `over` write the letters that say so.

    They are called inside the transaction that takes the step, so that a step and its letters are
    one. May be called as often as one likes, by any number of watches.
    """
    known = set(_open().values_list("what", flat=True))
    fresh = [Alarm(what=name, since=now) for name in sorted(set(red) - known)]
    # Another watch may come in between: what it wrote is left as it is.
    Alarm.objects.bulk_create(fresh, ignore_conflicts=True)
    for alarm in _open().order_by("since", "pk"):
        if alarm.what in red:
            _goes_on(alarm, now=now, begun=begun)
        else:
            _is_well(alarm, now=now, over=over)


def silence(*, since: datetime, now: datetime, over: Tell) -> None:
    """Tell that nobody watched from `since` until now, and that it is over.

    While it lasted nothing could be told, since whoever tells was away. Call it once for each
    silence, in the transaction in which the watch takes up its work again.
    """
    alarm = Alarm.objects.create(
        what=SILENCE, since=since, told_at=now, well_since=now, over_at=now
    )
    over(alarm)
    log.warning("nobody had watched", minutes=round((now - since).total_seconds() / 60))


def acknowledge(alarm_id: int, *, by: AbstractBaseUser) -> bool:
    """Note that this member of staff has seen it and takes care; whether they are the first."""
    unseen = _open().filter(pk=alarm_id, acknowledged_at=None)
    first = unseen.update(acknowledged_at=timezone.now(), acknowledged_by_id=by.pk) == 1
    log.info("alarm acknowledged", alarm=alarm_id, staff=str(by.pk), first=first)
    return first


def lasting() -> list[Alarm]:
    """The alarms of now, the oldest first, with who takes care of each."""
    return list(_open().select_related("acknowledged_by").order_by("since", "pk"))


def forget(*, now: datetime) -> int:
    """Delete what was over 400 days before `now` (UTC); how many there were."""
    return Alarm.objects.filter(over_at__lt=now - KEPT).delete()[0]


def _open() -> QuerySet[Alarm]:
    return Alarm.objects.filter(over_at=None)


def _goes_on(alarm: Alarm, *, now: datetime, begun: Tell) -> None:
    Alarm.objects.filter(pk=alarm.pk).exclude(well_since=None).update(well_since=None)
    if alarm.told_at is not None or now - alarm.since < _lasts():
        return
    with transaction.atomic():
        if not _room(now):
            log.warning("alarm waits for room", alarm=alarm.pk, what=alarm.what)
        elif _open().filter(pk=alarm.pk, told_at=None).update(told_at=now):
            begun(alarm)
            log.error("alarm", alarm=alarm.pk, what=alarm.what)


def _is_well(alarm: Alarm, *, now: datetime, over: Tell) -> None:
    if alarm.told_at is None:
        # It was red for less than people are told of.
        _open().filter(pk=alarm.pk, told_at=None).delete()
        return
    _open().filter(pk=alarm.pk, well_since=None).update(well_since=now)
    if alarm.well_since is None or now - alarm.well_since < _lasts():
        return
    with transaction.atomic():
        if _open().filter(pk=alarm.pk).exclude(well_since=None).update(over_at=alarm.well_since):
            alarm.over_at = alarm.well_since
            over(alarm)
            log.info("alarm over", alarm=alarm.pk, what=alarm.what)


def _lasts() -> timedelta:
    return timedelta(minutes=settings.ALARM_MINUTES)


def _room(now: datetime) -> bool:
    """Whether this hour has seen fewer alarms than it may: a storm is told by its first lines."""
    told = Alarm.objects.filter(told_at__gt=now - timedelta(hours=1)).exclude(what=SILENCE)
    most: int = settings.ALARMS_PER_HOUR
    return told.count() < most
