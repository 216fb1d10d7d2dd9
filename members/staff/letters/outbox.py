"""The figures and lines of tomorrow's mail, and of what became of the last day's."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from billing.dates import DUBLIN
from billing.models import Letter, LetterHold, Suppression
from billing.models.letter import LetterState
from members import vault
from members.staff.letters import masks
from members.staff.letters.words import TONES, About, about, trouble

AHEAD: Final = timedelta(hours=24)
_UNDER_WAY: Final = (LetterState.QUEUED, LetterState.SENDING)
WAITING: Final = (*_UNDER_WAY, LetterState.HELD)
_REASONS_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """A letter as the list shows it."""

    letter: Letter
    # Whether who reads may see who supporters are.
    shows_who: bool

    @property
    def about(self) -> About:
        return about(self.letter.kind)

    @property
    def to(self) -> str:
        if self.letter.supporter is not None and not self.shows_who:
            return "a supporter"
        return masked(self.letter)

    @property
    def tone(self) -> str:
        return TONES.get(self.letter.state, "")

    @property
    def trouble(self) -> str:
        return trouble(self.letter.reason)


@dataclass(frozen=True, slots=True)
class Share:
    """How many letters of a kind there are."""

    kind: str
    count: int

    @property
    def about(self) -> About:
        return about(self.kind)


@dataclass(frozen=True, slots=True)
class Hour:
    """What is due in one hour of Dublin's clock; `begins` is None for what waits already."""

    begins: datetime | None
    shares: list[Share]
    percent: int

    @property
    def count(self) -> int:
        return sum(each.count for each in self.shares)


@dataclass(frozen=True, slots=True)
class Ahead:
    """All that leaves in the next day: by hour, by kind, by state."""

    hours: list[Hour]
    kinds: list[Share]
    states: dict[str, int]

    @property
    def count(self) -> int:
        return sum(each.count for each in self.kinds)


@dataclass(frozen=True, slots=True)
class Stuck:
    """Letters that were given up for the same reason."""

    reason: str
    kinds: list[Share]

    @property
    def count(self) -> int:
        return sum(each.count for each in self.kinds)

    @property
    def trouble(self) -> str:
        return trouble(self.reason)


def masked(letter: Letter) -> str:
    """Whom it goes to, masked."""
    if letter.supporter is None:
        return "staff" if about(letter.kind).matter == "Staff" else "nobody"
    try:
        return masks.address(letter.supporter.email)
    except vault.VaultError:
        return "an address that does not open"


def waiting(now: datetime) -> QuerySet[Letter]:
    """What is due until this time tomorrow, and what waits already; the first due first."""
    # The index of what waits knows nothing of held letters. Those are few, and found by their id.
    held = list(LetterHold.objects.filter(released_at=None).values_list("letter", flat=True))
    chosen = Q(state__in=_UNDER_WAY)
    if held:
        chosen |= Q(pk__in=held, state=LetterState.HELD)
    return Letter.objects.filter(chosen, due_at__lte=now + AHEAD).order_by("due_at", "pk")


def ahead(now: datetime) -> Ahead:
    """The figures of what is waiting."""
    begins = _hours(now)
    rows = (
        waiting(now)
        .order_by()
        .annotate(hour=_hour_of("due_at", begins))
        .values_list("hour", "kind", "state")
        .annotate(count=Count("pk"))
    )
    hours: dict[int, Counter[str]] = defaultdict(Counter)
    kinds: Counter[str] = Counter()
    states: Counter[str] = Counter()
    for hour, kind, state, count in rows:
        hours[hour][kind] += count
        kinds[kind] += count
        states[state] += count
    most = max((sum(each.values()) for each in hours.values()), default=1)
    return Ahead(
        [
            Hour(
                begins[hour - 1] if hour else None,
                _shares(hours[hour]),
                _percent(hours[hour], most),
            )
            for hour in sorted(hours)
        ],
        _shares(kinds),
        dict(states),
    )


def _hours(now: datetime) -> list[datetime]:
    """When the hours of the next day begin: Dublin's are full when UTC's are."""
    first = now.astimezone(DUBLIN).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    return [first + timedelta(hours=hour) for hour in range(26)]


def _hour_of(column: str, begins: list[datetime]) -> Case:
    """The number of the hour that a moment lies in; 0 for what is before all of them.

    Told by plain comparisons: SQLite would call Python for every row to cut off the minutes.
    """
    ends = [When(**{f"{column}__lt": each}, then=Value(at)) for at, each in enumerate(begins)]
    return Case(*ends, default=Value(len(begins)), output_field=IntegerField())


def _percent(counted: Counter[str], most: int) -> int:
    # Two letters beside two thousand are still to be seen.
    return max(1, round(100 * sum(counted.values()) / most))


def _shares(counted: Counter[str]) -> list[Share]:
    return [Share(kind, count) for kind, count in counted.most_common()]


def sent(now: datetime) -> list[Share]:
    """What went out in the last day, by kind."""
    rows = Letter.objects.filter(state=LetterState.SENT, sent_at__gt=now - AHEAD).order_by()
    return _shares(Counter(dict(rows.values_list("kind").annotate(count=Count("pk")))))


def not_sent(now: datetime) -> list[tuple[str, str, int]]:
    """What was due in the last day and is not needed, or is collected: name, reason, count."""
    rows = Letter.objects.filter(
        state__in=[LetterState.SKIPPED, LetterState.GATHERED],
        due_at__gt=now - AHEAD,
        due_at__lte=now,
    ).order_by()
    told = rows.values_list("kind", "state", "reason").annotate(count=Count("pk"))
    ordered = sorted(told, key=lambda row: row[3], reverse=True)[:_REASONS_SHOWN]
    return [
        (
            about(kind).name,
            "Goes with the next collected letter."
            if state == LetterState.GATHERED
            else trouble(reason),
            count,
        )
        for kind, state, reason, count in ordered
    ]


def stuck() -> list[Stuck]:
    """What was given up, by reason, whenever it was: it waits for a person."""
    rows = Letter.objects.filter(state=LetterState.FAILED).order_by()
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for reason, kind, count in rows.values_list("reason", "kind").annotate(count=Count("pk")):
        counts[reason][kind] += count
    found = [Stuck(reason, _shares(kinds)) for reason, kinds in counts.items()]
    return sorted(found, key=lambda each: each.count, reverse=True)


def given_up_for(reason: str, *, most: int) -> Iterable[UUID]:
    rows = Letter.objects.filter(state=LetterState.FAILED, reason=reason).order_by("due_at")
    return list(rows.values_list("pk", flat=True)[:most])


def suppressed() -> int:
    """How many addresses get no letters at present."""
    return Suppression.objects.filter(lifted_at=None).count()
