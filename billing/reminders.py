"""Reminders: three weeks before a yearly renewal its supporter is told (DOMAIN 2.7, 3.5)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings

from billing.dates import day_start, dublin_date
from billing.models import Letter, Membership
from billing.models.letter import LetterState
from billing.models.plan import Interval
from billing.states import MembershipState

KIND: Final = "reminder"
# Visa Europe wants seven working days; a letter later than a week before would be no notice.
LEAST_DAYS: Final = 7
_CHUNK: Final = 500


def key_of(membership_id: UUID, period_end: datetime) -> str:
    """One reminder for each membership and day of renewal, as Dublin has it."""
    return f"{membership_id}:{dublin_date(period_end).isoformat()}"


def plan(*, now: datetime) -> int:
    """Queue the reminders that are due at `now` (UTC) and return how many were new.

    A renewal less than a week away, or past, leaves a SKIPPED row that says so. Whether it really
    renews is asked again when the letter is sent. May run as often as one likes.
    """
    wanted = list(_letters(now))
    return sum(_add(wanted[at : at + _CHUNK]) for at in range(0, len(wanted), _CHUNK))


def _add(wanted: list[Letter]) -> int:
    """Insert those of the letters that are not there; how many that were."""
    mine = Letter.objects.filter(kind=KIND)
    _ask_again(wanted)
    known = set(mine.filter(key__in=[each.key for each in wanted]).values_list("key", flat=True))
    fresh = [each for each in wanted if each.key not in known]
    # Another planner may have come in between: what it wrote is left as it is, and not counted.
    Letter.objects.bulk_create(fresh, ignore_conflicts=True)
    return mine.filter(pk__in=[each.pk for each in fresh]).count()


def _ask_again(wanted: list[Letter]) -> None:
    """Take up again what a doubt kept back: an ending that was taken back renews after all."""
    keys = [each.key for each in wanted if each.state == LetterState.QUEUED]
    doubted = Letter.objects.filter(kind=KIND, key__in=keys, state=LetterState.SKIPPED)
    doubted.exclude(reason="imported").update(state=LetterState.QUEUED, reason="", attempts=0)


def _letters(now: datetime) -> Iterable[Letter]:
    """A letter, not yet saved, for each yearly membership that renews within the notice."""
    today = dublin_date(now)
    renewing = Membership.objects.filter(
        interval=Interval.YEAR,
        state=MembershipState.ACTIVE,
        ends_on=None,
        # The whole of the last day counts: a letter goes out on the morning of day 21.
        period_end__lt=day_start(today + timedelta(days=settings.REMINDER_DAYS + 1)),
    )
    rows = renewing.values_list("id", "supporter_id", "period_end")
    for membership_id, supporter_id, period_end in rows.iterator():
        assert period_end is not None  # noqa: S101 - the filter compares it
        late = (dublin_date(period_end) - today).days < LEAST_DAYS
        yield Letter(
            kind=KIND,
            key=key_of(membership_id, period_end),
            supporter_id=supporter_id,
            state=LetterState.SKIPPED if late else LetterState.QUEUED,
            reason="too late to be a notice" if late else "",
            due_at=now,
            created_at=now,
        )
