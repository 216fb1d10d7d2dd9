"""How long events are on their way: from Stripe to our door, and from the door to being applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Final

from billing.models import StripeEvent
from billing.watch.sign import Level, Sign, age

_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)
_MOST: Final = 2000
_LOOK: Final = timedelta(minutes=1)
_RED: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Delay:
    """The middle and the longest of some delays, and of how many."""

    count: int
    median: timedelta
    worst: timedelta

    def __str__(self) -> str:
        return f"median {age(self.median)}, worst {age(self.worst)}"


def sign(*, now: datetime) -> Sign:
    """The whole way of the last hour's events, else of the last day's: of 2,000 at most.

    Stripe dates its events by the second, so that a delay may be told up to a second too long.
    """
    rows = StripeEvent.objects.filter(received_at__gt=now - _DAY).order_by("-received_at", "-pk")
    told = list(rows.values_list("created", "received_at", "done_at")[:_MOST])
    recent = [each for each in told if each[1] > now - _HOUR]
    span, chosen = ("hour", recent) if recent else ("day", told)
    arriving = _delay([received - created for created, received, _done in chosen])
    if arriving is None:
        return Sign("webhook-delay", Level.GOOD, "quiet", note="Nothing came in the last day.")
    working = _delay([done - received for _created, received, done in chosen if done])
    level = _level(arriving, working)
    whole = arriving.median + (working.median if working else timedelta())
    note = f"Last {span}: Stripe to us {arriving}; to done {working or 'not yet'}."
    return Sign("webhook-delay", level, age(whole), note=note)


def _delay(lengths: Sequence[timedelta]) -> Delay | None:
    if not lengths:
        return None
    seconds = [max(0.0, each.total_seconds()) for each in lengths]
    middle, worst = timedelta(seconds=median(seconds)), timedelta(seconds=max(seconds))
    return Delay(len(seconds), middle, worst)


def _level(*delays: Delay | None) -> Level:
    """By the median: one event that was made good late is no slowness of the whole."""
    middle = max(each.median for each in delays if each is not None)
    if middle >= _RED:
        return Level.RED
    return Level.LOOK if middle >= _LOOK else Level.GOOD
