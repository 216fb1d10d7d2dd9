"""How much the staff read, and what of it is unusual: for those who look after the staff.

It judges nobody: a day with many letters looks the same as curiosity. It says where to ask.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import TruncDate, TruncHour
from django.utils.crypto import salted_hmac

from billing.dates import DUBLIN, day_start
from members.models import AccessLog, Search
from members.models.access import Action

# How far back somebody's usual day is looked for.
COMPARED: Final = timedelta(days=28)
_ENOUGH_DAYS: Final = 5
_TIMES_USUAL: Final = 3
# Below it a day is nobody's concern, however quiet the days before were.
_A_FEW: Final = 15
_UNKNOWN_USUAL: Final = 13
_IN_AN_HOUR: Final = 30
_AT_NIGHT: Final = 3
_NIGHT: Final = frozenset({22, 23, 0, 1, 2, 3, 4, 5})
_IN_A_FILE: Final = Q(action=Action.EXPORTED)


class Why(StrEnum):
    """What is unusual about a day of somebody's."""

    MANY = "many"
    BURST = "burst"
    NIGHT = "night"
    AGAIN = "again"
    GUESS = "guess"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Hour:
    """How many supporters somebody looked at within an hour. `at` is a clock in Dublin."""

    staff: UUID
    role: str
    at: datetime
    supporters: int


@dataclass(frozen=True, slots=True)
class Daily:
    """How often somebody did something on a day."""

    staff: UUID
    day: date
    count: int


# From so many on a day: looks at one supporter, searches that found nobody (typing errors, or
# guesses), supporters taken out in files.
_LEAST: Final = {Why.AGAIN: 5, Why.GUESS: 10, Why.FILE: 1}


@dataclass(frozen=True, slots=True)
class Unusual:
    """A day on which somebody's reading was unusual, by how much, and what is usual."""

    staff: UUID
    day: date
    why: Why
    count: int
    usual: int = 0


def unusual(
    hours: Iterable[Hour], daily: Mapping[Why, Iterable[Daily]], *, since: date
) -> list[Unusual]:
    """What was unusual from this day on, the newest first. Pure: what came before is to compare."""
    hours = list(hours)
    found = [*_many(hours), *_bursts(hours), *_nights(hours)]
    found += [
        Unusual(each.staff, each.day, why, each.count)
        for why, days in daily.items()
        for each in days
        if each.count >= _LEAST[why]
    ]
    order = list(Why)
    return sorted(
        (each for each in found if each.day >= since),
        key=lambda each: (-each.day.toordinal(), order.index(each.why), str(each.staff)),
    )


def _bursts(hours: Sequence[Hour]) -> list[Unusual]:
    return [
        Unusual(hour.staff, hour.at.date(), Why.BURST, hour.supporters)
        for hour in hours
        if hour.supporters > _IN_AN_HOUR
    ]


def _nights(hours: Sequence[Hour]) -> list[Unusual]:
    nights: defaultdict[tuple[UUID, date], int] = defaultdict(int)
    for hour in hours:
        if hour.at.hour in _NIGHT:
            nights[hour.staff, hour.at.date()] += hour.supporters
    return [Unusual(*key, Why.NIGHT, count) for key, count in nights.items() if count >= _AT_NIGHT]


def _many(hours: Sequence[Hour]) -> list[Unusual]:
    """Days with far more than this person's usual day, or their role's where they have none yet."""
    days: defaultdict[tuple[UUID, date], int] = defaultdict(int)
    roles: dict[tuple[UUID, date], str] = {}
    for hour in hours:
        days[hour.staff, hour.at.date()] += hour.supporters
        roles[hour.staff, hour.at.date()] = hour.role
    found = []
    for (staff, day), count in days.items():
        before = {key: seen for key, seen in days.items() if day - COMPARED <= key[1] < day}
        own = [seen for (whose, _day), seen in before.items() if whose == staff]
        of_role = [seen for key, seen in before.items() if roles[key] == roles[staff, day]]
        compared = own if len(own) >= _ENOUGH_DAYS else of_role
        usual = round(median(compared)) if len(compared) >= _ENOUGH_DAYS else _UNKNOWN_USUAL
        if count > max(_A_FEW, _TIMES_USUAL * usual):
            found.append(Unusual(staff, day, Why.MANY, count, usual))
    return found


def unusual_since(since: date, *, files: bool = True) -> list[Unusual]:
    """What was unusual from this day of Dublin on, read from the log. Four questions to it.

    Without `files` only three: those of a large list are many lines of the log.
    """
    log = AccessLog.objects.filter(at__gte=day_start(since - COMPARED))
    looks = log.exclude(_IN_A_FILE).annotate(hour=TruncHour("at", tzinfo=DUBLIN))
    hours = [
        Hour(row["staff"], row["role"], row["hour"], row["supporters"])
        for row in looks.order_by()
        .values("staff", "role", "hour")
        .annotate(supporters=Count("supporter", distinct=True))
    ]
    lately = log.filter(at__gte=day_start(since))
    again = lately.filter(action=Action.SHOWN)
    in_vain = Search.objects.filter(at__gte=day_start(since), hits=0)
    daily = {
        Why.AGAIN: _daily(again, Why.AGAIN, Count("pk"), "supporter"),
        Why.GUESS: _daily(in_vain, Why.GUESS, Count("pk")),
    }
    if files:
        supporters = Count("supporter", distinct=True)
        daily[Why.FILE] = _daily(lately.filter(_IN_A_FILE), Why.FILE, supporters)
    return unusual(hours, daily, since=since)


def _daily(rows: QuerySet[Any], why: Why, counted: Count, *apart: str) -> list[Daily]:
    """So many a day of each member of staff, and of each of what is `apart`. One question."""
    days = (
        rows.annotate(day=TruncDate("at", tzinfo=DUBLIN))
        .order_by()
        .values("staff", "day", *apart)
        .annotate(count=counted)
        .filter(count__gte=_LEAST[why])
    )
    return [Daily(row["staff"], row["day"], row["count"]) for row in days]


@dataclass(frozen=True, slots=True)
class Sum:
    """What one member of staff looked at in a time: supporters, each counted once for each kind."""

    staff: UUID
    shown: int
    found: int
    changed: int
    exported: int
    last: datetime


def sums(*, since: date) -> list[Sum]:
    """Everybody who looked at anything from this day of Dublin on, who looked at most first."""

    def seen(*actions: Action) -> Count:
        return Count("supporter", distinct=True, filter=Q(action__in=actions))

    rows = (
        AccessLog.objects.filter(at__gte=day_start(since))
        .order_by()
        .values("staff")
        .annotate(
            shown=seen(Action.SHOWN),
            found=seen(Action.FOUND),
            changed=seen(Action.CHANGED, Action.REMOVED),
            exported=seen(Action.EXPORTED),
            last=Max("at"),
        )
    )
    found = [Sum(**row) for row in rows]
    return sorted(found, key=lambda each: (-each.shown - each.found, -each.exported))


def pseudonym(supporter_id: UUID) -> str:
    """By what a supporter is known on these pages: the same each time, and it leads nowhere."""
    digest: str = salted_hmac("members.reading", supporter_id.hex, algorithm="sha256").hexdigest()
    return digest[:8]
