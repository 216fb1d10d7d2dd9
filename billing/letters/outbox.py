"""The outbox: a letter is a row before it is a mail (DESIGN 6)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone

from billing import doorbell, keeping
from billing.cause import Cause
from billing.models import Letter
from billing.models.letter import LetterState

_BATCH: Final = 500
# Where there is a pace to keep: somebody sits and waits for these ...
_URGENT: Final = ("sign-in", "join-link", "address-confirm", "authenticate", "alarm")
# ... and these come in thousands, on days of their own, and may come an hour later.
_PATIENT: Final = ("statement", "receipts", "staff-digest")

# Links that are over long ago; so are mails to staff, which have no supporter.
_PASSING: Final = ("sign-in", "join-link", "address-confirm", "address-told", "export-ready")
KEPT: Final = timedelta(days=732)
# Their row is what keeps them from being sent again, for as long as the membership is there.
_ONCE_FOR_ALL: Final = ("welcome", "duplicate")
_OVER: Final = (LetterState.SENT, LetterState.SKIPPED, LetterState.FAILED, LetterState.GATHERED)


def queue(
    *, kind: str, key: str, supporter_id: UUID | None, cause: Cause, due_at: datetime | None = None
) -> None:
    """Ask for one letter, with the caller's transaction; asking again for (kind, key) does nothing.

    It is sent soon after the commit, or once `due_at` (UTC) has come. A quiet cause leaves the row
    SKIPPED, so that history which is brought in later writes to nobody. Raises ValueError without
    a kind or a key.
    """
    if not kind or not key:  # SQLite's INSERT OR IGNORE would drop such a row without a word
        raise ValueError("a letter has a kind and a key")
    letter = Letter(kind=kind, key=key, supporter_id=supporter_id)
    if due_at is not None:
        letter.due_at = due_at
    if cause.quiet:
        letter.state, letter.reason = LetterState.SKIPPED, "imported"
    Letter.objects.bulk_create([letter], ignore_conflicts=True)
    if cause.quiet or letter.due_at > timezone.now():
        return
    if Letter.objects.filter(pk=letter.pk).exists():
        doorbell.ring("billing.tasks.deliver_letter", str(letter.pk))


def due(now: datetime, *, at_most: int = _BATCH) -> list[UUID]:
    """The letters that wait for a sender, or whose sender let its lease run out.

    The most urgent first; of those that are equally so, the oldest.
    """
    rank = Case(
        When(kind__in=_URGENT, then=Value(0)),
        When(kind__in=_PATIENT, then=Value(2)),
        default=Value(1),
        output_field=IntegerField(),
    )
    waiting = Letter.objects.filter(takeable(now)).order_by(rank, "due_at")
    return list(waiting.values_list("id", flat=True)[:at_most])


def retry(letter_ids: Iterable[UUID]) -> int:
    """Put letters that were given up back into the outbox; how many there were."""
    return Letter.objects.filter(pk__in=letter_ids, state=LetterState.FAILED).update(
        state=LetterState.QUEUED, attempts=0, due_at=timezone.now(), reason=""
    )


def takeable(now: datetime) -> Q:
    """What a sender may claim at this moment."""
    return Q(state=LetterState.QUEUED, due_at__lte=now) | Q(
        state=LetterState.SENDING, lease_until__lt=now
    )


def over(now: datetime) -> QuerySet[Letter]:
    """The rows of letters that are kept no longer, at `now`: passing ones after two years.

    The others prove that somebody was told, and are kept as long as the books are.
    """
    passing = Q(kind__in=_PASSING) | Q(supporter=None)
    old = Q(created_at__lt=keeping.begins(keeping.first_year(now=now)))
    old &= ~Q(kind__in=_ONCE_FOR_ALL)
    return Letter.objects.filter(passing & Q(created_at__lt=now - KEPT) | old, state__in=_OVER)


def forget(*, now: datetime) -> int:
    """Delete the rows of letters that are kept no longer; how many there were."""
    rows = list(over(now).values_list("pk", flat=True))
    Letter.objects.filter(pk__in=rows).delete()
    return len(rows)
