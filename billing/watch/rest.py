"""The row of the watch itself: when it last looked, and what it alone looks at."""

from datetime import datetime, timedelta
from typing import Final

from billing import reconcile, walks
from billing.models import Walk

WATCH: Final = "watch"
_SILENT: Final = timedelta(minutes=10)


def last() -> Walk | None:
    """When the watch last looked, and how many promises it found refused; None if it never did."""
    return Walk.objects.filter(name=WATCH).first()


def keep(*, began: datetime) -> None:
    """Note that the watch has looked, and how many promises that Stripe refused are unkept.

    That takes a few questions for each: too many for a page, none too many for once a minute.
    """
    unkept = len(reconcile.unkept())
    walks.note(WATCH, seen=unkept, healed=0, remaining=unkept, started_at=began)


def woke(*, now: datetime) -> datetime | None:
    """Since when nobody had watched, if that was long; told to one of all watches that wake.

    By compare-and-set: whoever is told has moved the row on. None if there was no such silence.
    """
    row = last()
    if row is None or row.finished_at is None or now - row.finished_at < _SILENT:
        return None
    mine = Walk.objects.filter(name=WATCH, finished_at=row.finished_at).update(finished_at=now)
    return row.finished_at if mine else None
