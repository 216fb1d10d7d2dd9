"""The house locked down: one press of an admin, while something is wrong (PEERS 5.8).

While it holds, no public number is shown, no list is made or handed out, and the desk shows nobody
in clear. Sessions and the links in letters that were sent end with it, for good: every supporter
has to ask for a new one. The join form stays open, and nobody's membership is touched.
"""

from datetime import datetime
from typing import Final

import structlog
from django.core.cache import cache
from django.db import transaction
from django.utils import timezone

from members.models import Browser, SignIn, StaffMember, TeamAct
from members.models.team import TeamDeed

log = structlog.get_logger(__name__)
_KEY: Final = "lockdown"
_KEPT_SECONDS: Final = 60
_DEEDS: Final = (TeamDeed.LOCKED, TeamDeed.OPENED)


def last() -> TeamAct | None:
    """The last time that the house was locked or opened."""
    return TeamAct.objects.select_related("actor").filter(deed__in=_DEEDS).first()


def holds() -> bool:
    """Whether the house is locked down now."""
    act = last()
    return act is not None and act.deed == TeamDeed.LOCKED


def last_begun() -> datetime | None:
    """When it was last locked, whether or not it was opened since: links of before are dead."""
    locked = TeamAct.objects.filter(deed=TeamDeed.LOCKED)
    return locked.values_list("at", flat=True).first()


def hides_numbers() -> bool:
    """As `holds`, at most a minute late: for what anybody may fetch as often as they like."""
    known: bool | None = cache.get(_KEY)
    if known is None:
        known = holds()
        cache.set(_KEY, known, timeout=_KEPT_SECONDS)
    return known


def begin(*, by: StaffMember, now: datetime) -> bool:
    """Lock the house: supporters' sessions and links that were sent end. False if it was locked."""
    with transaction.atomic():
        if holds():
            return False
        TeamAct.objects.create(deed=TeamDeed.LOCKED, actor=by, at=now)
        SignIn.objects.filter(used_at=None, expires_at__gt=now).update(expires_at=now)
        Browser.objects.all().delete()
    cache.delete(_KEY)
    log.warning("house locked down", staff=str(by.pk))
    return True


def end(*, by: StaffMember) -> bool:
    """Open the house again; what ended stays ended. False if it was open."""
    with transaction.atomic():
        if not holds():
            return False
        TeamAct.objects.create(deed=TeamDeed.OPENED, actor=by, at=timezone.now())
    cache.delete(_KEY)
    log.warning("house opened again", staff=str(by.pk))
    return True
