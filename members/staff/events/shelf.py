"""The figures beside the inbox: what waits, what needs a person, what was left alone, what ran."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Max, Sum
from django.utils import timezone

from billing import backfill, balance, reconcile
from billing.dates import dublin_date
from billing.models import StripeEvent, Tally, Walk
from billing.models.stripe import EventState
from members.staff.events.words import REFUSED, Advice, advice, reason, says

_TALLIED_DAYS: Final = 14


@dataclass(frozen=True, slots=True)
class Counted:
    """How often something came."""

    name: str
    says: str
    count: int


@dataclass(frozen=True, slots=True)
class Parked:
    """All parked events that failed for the same reason, with their types."""

    reason: str
    advice: Advice | None
    types: list[Counted]
    newest: datetime

    @property
    def count(self) -> int:
        return sum(each.count for each in self.types)


@dataclass(frozen=True, slots=True)
class Run:
    """The last run of a walk, with its figures."""

    title: str
    when: str
    seen: str
    mended: str
    remaining: str
    finished_at: datetime | None
    state: str
    tone: str


# Name of the walk, its title, how often, and what its three figures count.
_RUNS: Final = (
    (backfill.NAME, "Missed events", "Every ten minutes", "asked about", "taken in", ""),
    (reconcile.NAME, "Comparison with Stripe", "Every night", "compared", "mended", "left"),
    (balance.NAME, "Books", "Every night", "lines", "written", "problems"),
)


def figures() -> list[tuple[str, str, int]]:
    """How many events are in each state that a person may care about: state, label, count."""
    # What was applied is most of it, and grows for ever: nobody needs it counted.
    rows = StripeEvent.objects.exclude(state=EventState.DONE)
    counted = dict(rows.order_by().values_list("state").annotate(count=Count("pk")))
    counted[EventState.WAITING] = counted.get(EventState.WAITING, 0) + counted.pop(
        EventState.CLAIMED, 0
    )
    shown = (EventState.PARKED, EventState.WAITING, EventState.FOREIGN, EventState.IGNORED)
    return [(state.value, state.label, counted.get(state, 0)) for state in shown]


def parked() -> list[Parked]:
    """What needs a person, by reason, the newest first."""
    rows = StripeEvent.objects.filter(state=EventState.PARKED).order_by()
    told = rows.values_list("type", "error").annotate(count=Count("pk"), last=Max("received_at"))
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    newest: dict[str, datetime] = {}
    for event_type, error, count, last in told:
        why = reason(error)
        counts[why][event_type] += count
        newest[why] = max(last, newest.get(why, last))
    return [
        Parked(why, advice(why), _counted(counts[why]), newest[why])
        for why in sorted(newest, key=lambda why: newest[why], reverse=True)
    ]


def _counted(types: Counter[str]) -> list[Counted]:
    return [Counted(each, says(each), count) for each, count in types.most_common()]


def foreign() -> list[Counted]:
    """Events about what other products on the account sell, by type, most first."""
    rows = StripeEvent.objects.filter(state=EventState.FOREIGN).order_by()
    return _counted(Counter(dict(rows.values_list("type").annotate(count=Count("pk")))))


def refused() -> list[Counted]:
    """What was refused at the door in the last fortnight, by reason, most first."""
    since = dublin_date(timezone.now()) - timedelta(days=_TALLIED_DAYS)
    rows = Tally.objects.filter(day__gt=since, name__in=REFUSED).order_by()
    counted = rows.values_list("name").annotate(total=Sum("count")).order_by("-total")
    return [Counted(name, REFUSED[name], total) for name, total in counted]


def runs() -> list[Run]:
    """The last run of each reading of Stripe."""
    rows = Walk.objects.in_bulk([name for name, *_ in _RUNS])
    return [_run(rows.get(name), *told) for name, *told in _RUNS]


def _run(walk: Walk | None, title: str, when: str, *counts: str) -> Run:
    figures = (walk.seen, walk.healed, walk.remaining) if walk else (0, 0, 0)
    seen, mended, remaining = (
        f"{figure:,} {what}" if walk and what else ""
        for figure, what in zip(figures, counts, strict=True)
    )
    state, tone = _state(walk)
    finished = walk.finished_at if walk else None
    return Run(title, when, seen, mended, remaining, finished, state, tone)


def _state(walk: Walk | None) -> tuple[str, str]:
    if walk is None or walk.started_at is None:
        return "Not run yet", ""
    if walk.claim is not None and walk.lease_until and walk.lease_until > timezone.now():
        return "At work", "warn"
    if walk.finished_at is None or walk.finished_at < walk.started_at:
        return "Cut short", "bad"
    return ("Clean", "good") if not walk.remaining else ("Needs a person", "bad")
