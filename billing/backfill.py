"""Backfill: events that never reached us, asked for every ten minutes (STRIPE 2.6, PEERS E3).

Stripe keeps its events for 30 days. Each that we do not know goes into the inbox like any other.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from billing import inbox, jobs, stripe_api, walks
from billing.handlers import HANDLERS
from billing.models import StripeEvent, Walk
from billing.snapshots import EventSnapshot
from billing.stripe_api import NotFound

log = structlog.get_logger(__name__)

NAME: Final = "backfill"
# An event may be listed a little after those that were created later.
_OVERLAP: Final = timedelta(minutes=15)
KEPT: Final = timedelta(days=29)
Tell = Callable[[str], None]


def run(
    *, now: datetime | None = None, back: timedelta | None = None, tell: Tell | None = None
) -> int | None:
    """Take in what happened since the last run and is not in the inbox; how many that was.

    None while another worker is at it. `back` looks further back than the last run did, at most 29
    days. May be killed: the place is kept after each page, and the next run reads on there before
    it looks for what is new. Raises stripe_api.Unavailable.
    """
    now = now or timezone.now()
    with jobs.noted(NAME) as run:
        missed = _alone(now, back, tell)
        if missed is None:
            run.skip()
        else:
            run.count(missed=missed)
        return missed


def _alone(now: datetime, back: timedelta | None, tell: Tell | None) -> int | None:
    try:
        with walks.alone(NAME) as walk:
            return _read(walk, now, back, tell) if walk is not None else None
    except walks.TakenOver:
        return None


def _read(walk: Walk, now: datetime, back: timedelta | None, tell: Tell | None) -> int:
    cut_short = "until" in walk.place
    walk.seen = walk.healed = 0
    if cut_short:
        _window(walk, tell)
    walk.place = {"from": _begin(walk, now, back).isoformat(), "until": now.isoformat()}
    _window(walk, tell)
    again = inbox.reclaim()
    if walk.healed:
        log.warning("events had been missed", count=walk.healed)
    if again:
        log.info("events looked at again", count=again)
    return walk.healed


def _begin(walk: Walk, now: datetime, back: timedelta | None) -> datetime:
    """Where to go on: a little before the place reached last; on the first run, a day back."""
    if back is not None:
        return max(now - back, now - KEPT)
    place = parse_datetime(walk.place.get("since", "")) or now - timedelta(days=1)
    return max(place - _OVERLAP, now - KEPT)


def _window(walk: Walk, tell: Tell | None) -> None:
    """Read the pages of one span of time; it is behind us once the last page is taken in."""
    for page in _pages(walk):
        walk.seen += len(page)
        walk.healed += _take_in_page(page)
        if page:
            walk.place["after"] = page[-1].id
        walks.save(walk)
        if tell:
            tell(f"{walk.seen} events looked at, {walk.healed} had been missed")
    walk.place = {"since": walk.place["until"]}
    walks.save(walk)


def _pages(walk: Walk) -> Iterator[list[EventSnapshot]]:
    """From our place on; all of them, if Stripe forgot the event we stopped at."""
    since = datetime.fromisoformat(walk.place["from"])
    pages = stripe_api.event_pages(since=since, after=walk.place.get("after", ""))
    try:
        first = next(pages, None)
    except NotFound:
        pages = stripe_api.event_pages(since=since)
        first = next(pages, None)
    if first is not None:
        yield first
        yield from pages


def _take_in_page(page: list[EventSnapshot]) -> int:
    # Stripe lists what happened, not what we asked to be told: the rest is no news to tally.
    handled = [each for each in page if each.type in HANDLERS]
    ids = [each.id for each in handled]
    known = set(StripeEvent.objects.filter(pk__in=ids).values_list("pk", flat=True))
    return sum(_take_in(each) for each in handled if each.id not in known)


def _take_in(event: EventSnapshot) -> bool:
    row = StripeEvent(
        id=event.id,
        type=event.type,
        object_id=event.object_id,
        api_version=event.api_version,
        livemode=event.livemode,
        created=event.created,
    )
    return inbox.take_in(row, account=event.account) == "stored"
