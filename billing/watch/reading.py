"""Billing's signs: what waits, what was given up, how long things take, who is alive."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count

from billing import balance
from billing.models import Dispute, Letter, Pulse, StripeEvent, Suppression, Walk
from billing.models.letter import LetterState, SuppressionReason
from billing.models.stripe import EventState
from billing.states import DisputeState
from billing.watch import nights, pace
from billing.watch.counting import Counted, Tallied
from billing.watch.rest import last
from billing.watch.sign import Level, Sign, age, worse

PARTS: Final = ("worker", "beat")
# As /healthz counts it.
_STALE: Final = timedelta(seconds=60)
_EVENT_LOOK: Final = timedelta(minutes=2)
_EVENT_RED: Final = timedelta(minutes=5)
_LETTER_LOOK: Final = timedelta(minutes=5)
_LETTER_RED: Final = timedelta(minutes=15)
# Where a pace is kept, letters wait by design.
_PACED_LOOK: Final = timedelta(hours=3)
_PACED_RED: Final = timedelta(hours=24)
_DISPUTE_RED: Final = timedelta(days=3)
MAIL_DAYS: Final = 7
# What large mail services ask of senders: complaints under 0.1 %, and never 0.3 %
# (https://support.google.com/mail/answer/81126); returns are taken ill from some per cent on.
_COMPLAINTS: Final = (0.001, 0.003)
_RETURNS: Final = (0.02, 0.05)
# Of fewer letters a share says nothing.
_ENOUGH: Final = 100


def tallies(*, now: datetime) -> Tallied:
    """What billing wants counted: name, rows, the column of their moment."""
    lately = now - timedelta(days=MAIL_DAYS)
    letters, events = Letter.objects.all(), StripeEvent.objects.all()
    gone = Suppression.objects.filter(since__gt=lately)
    open_disputes = Dispute.objects.filter(
        state__in=[DisputeState.OPEN, DisputeState.INQUIRY], respond_by__gt=now
    )
    under_way = [EventState.WAITING, EventState.CLAIMED]
    due = letters.filter(state__in=[LetterState.QUEUED, LetterState.SENDING], due_at__lte=now)
    return {
        "events-waiting": (events.filter(state__in=under_way), "received_at"),
        "events-parked": (events.filter(state=EventState.PARKED), "done_at"),
        "events-foreign": (events.filter(state=EventState.FOREIGN), "received_at"),
        "letters-due": (due, "due_at"),
        "letters-failed": (letters.filter(state=LetterState.FAILED), "due_at"),
        "letters-sent": (letters.filter(sent_at__gt=lately), "sent_at"),
        "complaints": (gone.filter(reason=SuppressionReason.COMPLAINED), "since"),
        "returns": (gone.exclude(reason=SuppressionReason.COMPLAINED), "since"),
        "disputes": (open_disputes, "respond_by"),
    }


def read(counted: Mapping[str, Counted], *, now: datetime) -> list[Sign]:
    """Every sign of billing, in the order in which a tired eye wants them."""
    found, watched = nights.runs(now=now), last()
    return [
        *_alive(watched, now=now),
        nights.stripe(found),
        _waiting(counted["events-waiting"], now=now),
        _parked(counted["events-parked"]),
        pace.sign(now=now),
        _foreign(counted["events-foreign"]),
        _promises(watched),
        *_letters(counted, now=now),
        _returned(counted),
        _books(found, now=now),
        *nights.signs(found, now=now),
        _disputes(counted["disputes"], now=now),
    ]


def _alive(watched: Walk | None, *, now: datetime) -> list[Sign]:
    seen = dict(Pulse.objects.filter(name__in=PARTS).values_list("name", "seen_at"))
    told = [_pulse(part, seen.get(part), now=now) for part in PARTS]
    finished = watched.finished_at if watched else None
    # The watch runs once a minute: three missed are no accident.
    return [*told, _pulse("watch", finished, now=now, stale=3 * _STALE)]


def _pulse(part: str, seen: datetime | None, *, now: datetime, stale: timedelta = _STALE) -> Sign:
    if seen is None:
        return Sign(part, Level.RED, "never seen")
    well = now - seen < stale
    since = None if well else seen
    return Sign(part, Level.GOOD if well else Level.RED, f"{age(now - seen)} ago", since)


def _waiting(found: Counted, *, now: datetime) -> Sign:
    if not found.count or found.first is None:
        return Sign("events-waiting", Level.GOOD, "0")
    level = worse(now - found.first, look=_EVENT_LOOK, red=_EVENT_RED)
    note = f"The oldest has waited {age(now - found.first)}."
    return Sign("events-waiting", level, f"{found.count:,}", found.first, note)


def _parked(found: Counted) -> Sign:
    level = Level.RED if found.count else Level.GOOD
    return Sign("events-parked", level, f"{found.count:,}", found.first)


def _foreign(found: Counted) -> Sign:
    """How many, and the types that came most. Never more than Good: they are others' business."""
    rows = StripeEvent.objects.filter(state=EventState.FOREIGN).order_by()
    most = rows.values_list("type").annotate(count=Count("pk")).order_by("-count", "type")[:3]
    told = ", ".join(f"{name} {count:,}" for name, count in most)
    note = f"Most: {told}." if told else ""
    return Sign("events-foreign", Level.GOOD, f"{found.count:,}", found.first, note)


def _promises(watched: Walk | None) -> Sign:
    unkept = watched.remaining if watched else 0
    return Sign("promises", Level.RED if unkept else Level.GOOD, f"{unkept:,}")


def _letters(counted: Mapping[str, Counted], *, now: datetime) -> list[Sign]:
    due, failed = counted["letters-due"], counted["letters-failed"]
    limits = (
        {"look": _PACED_LOOK, "red": _PACED_RED}
        if settings.LETTERS_PER_MINUTE
        else {"look": _LETTER_LOOK, "red": _LETTER_RED}
    )
    waits = now - due.first if due.first else timedelta()
    note = f"The oldest was due {age(waits)} ago." if due.count else ""
    return [
        Sign("letters-due", worse(waits, **limits), f"{due.count:,}", due.first, note),
        Sign(
            "letters-failed",
            Level.RED if failed.count else Level.GOOD,
            f"{failed.count:,}",
            failed.first,
        ),
    ]


def _returned(counted: Mapping[str, Counted]) -> Sign:
    """Addresses that a server refused, or whose owners complained, beside what was sent."""
    sent = counted["letters-sent"].count
    returns, complaints = counted["returns"], counted["complaints"]
    note = f"{returns.count:,} returned, {complaints.count:,} complained, {sent:,} sent."
    first = min((each.first for each in (returns, complaints) if each.first), default=None)
    if sent < _ENOUGH:
        level = Level.LOOK if complaints.count else Level.GOOD
        return Sign("mail-returns", level, f"{returns.count + complaints.count:,}", first, note)
    level = max(
        _share(returns.count / sent, _RETURNS), _share(complaints.count / sent, _COMPLAINTS)
    )
    share = (returns.count + complaints.count) / sent
    return Sign("mail-returns", level, f"{share:.2%}", first, note)


def _share(share: float, limits: tuple[float, float]) -> Level:
    look, red = limits
    if share >= red:
        return Level.RED
    return Level.LOOK if share >= look else Level.GOOD


def _books(found: dict[str, list[nights.Ran]], *, now: datetime) -> Sign:
    """The badge: how many days in a row the books balanced. Its job has a line of its own."""
    days = nights.days_green(found, now=now)
    told = f"{days} day{'' if days == 1 else 's'}"
    early = balance.NAME not in found
    return Sign("books", Level.GOOD if days else Level.LOOK, told, early=early)


def _disputes(found: Counted, *, now: datetime) -> Sign:
    if not found.count or found.first is None:
        return Sign("disputes", Level.GOOD, "0")
    left = found.first - now
    level = Level.RED if left < _DISPUTE_RED else Level.LOOK
    note = f"The first answer is due in {age(left)}."
    return Sign("disputes", level, f"{found.count:,}", None, note)
