"""Receipts that their supporter wants together: in one letter every three months, or each January.

A receipt's letter that was GATHERED waits until it points at the letter that takes it along
(`gathered_into`). It is written to point at one once, and only at one that nobody sends yet: so no
receipt is lost between two letters, and none goes twice.
"""

from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Concat

from billing.dates import day_start, dublin_date, months_back
from billing.letters import ahead
from billing.letters.ahead import TOO_LATE, Turn
from billing.letters.planting import plant, spelled
from billing.models import Letter, Payment
from billing.models.letter import LetterState
from billing.states import PaymentState

RECEIPTS: Final = "receipts"
STATEMENT: Final = "statement"
_GATHERED: Final = "receipt"
# The values of members.models.supporter.ReceiptRhythm.
_EVERY, _QUARTER, _YEAR = "every", "quarter", "year"
_MID_JANUARY: Final = (1, 15)
# After it a statement of the past year is of no use: the year's returns are long begun.
_STATEMENT_UNTIL: Final = (3, 31)


def plan(*, now: datetime) -> int:
    """Write the letters that take gathered receipts along, and the yearly statements; how many."""
    today = dublin_date(now)
    return _quarterly(today, now) + _yearly(today, now) + _switched_back(today, now) - _empty()


def quarter_start(day: date) -> date:
    return months_back(day, (day.month - 1) % 3)


def _quarterly(today: date, now: datetime) -> int:
    """What was gathered before this quarter began goes out on its first morning."""
    begins = quarter_start(today)
    last_day = begins - timedelta(days=1)
    turn = Turn(
        period=f"{last_day.year}-Q{(last_day.month + 2) // 3}",
        due_at=max(ahead.morning(begins), now),
    )
    return _collect(RECEIPTS, _pending(_QUARTER, before=day_start(begins)), turn, now)


def _yearly(today: date, now: datetime) -> int:
    """The statement of the past year, in the middle of January, to who paid in it and wants it.

    It takes along the year's receipts that its supporter did not want one by one. What was
    gathered too late for it follows by itself.
    """
    send_at = ahead.morning(date(today.year, *_MID_JANUARY))
    if not ahead.near(send_at, now=now):
        return 0
    begins, ends = day_start(date(today.year - 1, 1, 1)), day_start(date(today.year, 1, 1))
    turn = Turn(period=str(today.year - 1), due_at=max(send_at, now))
    pending = _pending(_YEAR, before=ends)
    collected = _collect(STATEMENT, pending, turn, now)
    late = TOO_LATE if today > date(today.year, *_STATEMENT_UNTIL) else ""
    paid = Payment.objects.filter(
        state=PaymentState.SUCCEEDED, paid_at__gte=begins, paid_at__lt=ends
    )
    new = plant(
        STATEMENT,
        _supporters().filter(pk__in=paid.values("supporter_id"), wants_statement=True),
        turns=[Turn(turn.period, turn.due_at, too_late=late)],
        supporter="pk",
        now=now,
    )
    return collected + new + (_collect(RECEIPTS, pending, turn, now) if now > send_at else 0)


def _switched_back(today: date, now: datetime) -> int:
    """What was gathered for who wants every receipt at once by now goes out soon."""
    turn = Turn(period=today.isoformat(), due_at=now)
    return _collect(RECEIPTS, _pending(_EVERY, before=now), turn, now)


def _supporters() -> QuerySet[Any]:
    """All supporters, by way of the letters that go to them."""
    rows: QuerySet[Any] = Letter.supporter.get_queryset(instance=Letter())
    return rows


def _pending(rhythm: str, *, before: datetime) -> QuerySet[Letter]:
    """The receipts that wait for a letter to go with, of supporters who have this rhythm.

    No join: of two planners the second must see that the first has been there (READ COMMITTED
    looks again at the columns of the row itself, and at nothing else).
    """
    return Letter.objects.filter(
        kind=_GATHERED,
        state=LetterState.GATHERED,
        gathered_into__isnull=True,
        created_at__lt=before,
        supporter_id__in=_supporters().filter(receipt_rhythm=rhythm).values("pk"),
    )


def _collect(kind: str, pending: QuerySet[Letter], turn: Turn, now: datetime) -> int:
    """Write a letter for each supporter of these, and have it take theirs along."""
    waiting = pending.filter(supporter=OuterRef("pk"))
    into = Letter.objects.filter(
        kind=kind,
        state=LetterState.QUEUED,
        # One that was tried may have arrived, although nobody said so: sent again under the same
        # Message-ID it would be taken for a copy, and what it has more would never be seen.
        attempts=0,
        key=Concat(spelled("supporter_id"), Value(f":{turn.period}")),
    )
    with transaction.atomic():
        new = plant(
            kind, _supporters().filter(Exists(waiting)), turns=[turn], supporter="pk", now=now
        )
        # Held until we are done: a sender must not compose it while we put something in.
        into.update(state=LetterState.QUEUED)
        mine = into.filter(supporter=OuterRef("supporter")).values("pk")
        pending.filter(Exists(mine)).update(gathered_into=Subquery(mine[:1]))
    return new


def _empty() -> int:
    """Take back letters of which another planner's has taken the contents; how many there were."""
    contents = Letter.objects.filter(gathered_into=OuterRef("pk"))
    queued = Letter.objects.filter(kind=RECEIPTS, state=LetterState.QUEUED)
    return queued.filter(~Exists(contents)).update(
        state=LetterState.SKIPPED, reason="nothing to gather"
    )
