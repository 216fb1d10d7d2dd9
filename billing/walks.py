"""Long readings of Stripe, one reader at a time, each going on where the last one came to."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from django.db.models import Q
from django.utils import timezone

from billing.models import Walk

# A holder saves its place with each page of a list. One that is silent for so long is dead.
LEASE: Final = timedelta(minutes=10)


class TakenOver(RuntimeError):
    """The lease ran out, and another worker goes on with this walk."""


@contextmanager
def alone(name: str) -> Iterator[Walk | None]:
    """Hold this walk for the length of a block; None if another worker holds it.

    Taken by compare-and-set, with a lease for a holder that dies. What the block writes into the
    row is kept when it ends well; when it raises, the place it saved last stays (see `save`).
    """
    Walk.objects.get_or_create(name=name)
    claim, now = uuid4(), timezone.now()
    free = Q(claim=None) | Q(lease_until__lt=now)
    if not Walk.objects.filter(free, name=name).update(
        claim=claim, lease_until=now + LEASE, started_at=now
    ):
        yield None
        return
    walk = Walk.objects.get(name=name)
    try:
        yield walk
        walk.finished_at = timezone.now()
        save(walk)
    finally:
        Walk.objects.filter(name=name, claim=claim).update(claim=None, lease_until=None)


def save(walk: Walk) -> None:
    """Keep how far it has come, and hold on to it. Raises TakenOver."""
    mine = Walk.objects.filter(name=walk.name, claim=walk.claim)
    if not mine.update(
        place=walk.place,
        seen=walk.seen,
        healed=walk.healed,
        remaining=walk.remaining,
        finished_at=walk.finished_at,
        lease_until=timezone.now() + LEASE,
    ):
        raise TakenOver(walk.name)


def note(name: str, *, seen: int, healed: int, remaining: int, started_at: datetime) -> None:
    """Write down the figures of a reading that needs no place, since it begins anew each time."""
    Walk.objects.update_or_create(
        name=name,
        defaults={
            "seen": seen,
            "healed": healed,
            "remaining": remaining,
            "started_at": started_at,
            "finished_at": timezone.now(),
        },
    )


def stranded(name: str, *, now: datetime) -> bool:
    """Whether this walk was cut short and nobody has gone on with it for a lease's length."""
    held = Q(lease_until__gte=now) | Q(started_at__gte=now - LEASE)
    return (
        Walk.objects.filter(name=name, started_at__isnull=False)
        .exclude(held)
        .exclude(place={})
        .exists()
    )
