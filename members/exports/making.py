"""Making a list: by whoever holds its lease, some thousand lines at a time.

Each step is one transaction: the part, a line in the access log for everybody who stands in it, and
how far it has come. So a worker may die anywhere; who carries on begins after the last part, and no
line is missing or there twice. Nothing larger than a step is ever in memory. Rows are taken in the
order of their ids, each as it is at that moment; what came after the asking is not in it.
"""

import base64
import time
import zlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import orjson
import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from billing.doorbell import ring
from members import access, lockdown
from members.exports import shapes, telling
from members.exports.asking import TASK, let_rested_begin
from members.exports.telling import Step
from members.models import ListPart, StaffList
from members.models.access import Purpose
from members.models.listing import ListState
from members.roles import May, may

log = structlog.get_logger(__name__)
STEP: Final = 5000
LEASE: Final = timedelta(minutes=2)
# A worker has other things to do: it rings for the rest.
AT_ONCE: Final = 10.0
LASTS: Final = timedelta(hours=24)
LOOKS_ON: Final = timedelta(minutes=2)


def carry_on(list_id: UUID, *, seconds: float = AT_ONCE) -> bool:
    """Make more of this list, for about so many seconds; whether there is nothing left to do.

    May be called by any number of workers at once: one of them works.
    """
    claim = uuid4()
    if not _claimed(list_id, claim):
        return True
    began = time.monotonic()
    while (more := _step(list_id, claim)) and time.monotonic() - began < seconds:
        pass
    with transaction.atomic():
        StaffList.objects.filter(pk=list_id, claim=claim).update(claim=None, lease_until=None)
        if more:
            ring(TASK, str(list_id))
    return not more


def carry_on_all() -> None:
    """Ring for every list that nobody is at work on. May run as often as one likes."""
    now = timezone.now()
    let_rested_begin(now=now)
    if lockdown.holds():
        return
    for list_id in _idle(now).values_list("pk", flat=True):
        ring(TASK, str(list_id))


def _idle(now: datetime) -> QuerySet[StaffList]:
    free = Q(lease_until__isnull=True) | Q(lease_until__lt=now)
    return StaffList.objects.filter(free, state=ListState.MAKING)


def _claimed(list_id: UUID, claim: UUID) -> bool:
    now = timezone.now()
    return _idle(now).filter(pk=list_id).update(claim=claim, lease_until=now + LEASE) == 1


@transaction.atomic
def _step(list_id: UUID, claim: UUID) -> bool:
    """Make one part, or the end; whether there is more to do."""
    mine = StaffList.objects.select_for_update(of=("self",)).select_related("by")
    wanted = mine.filter(pk=list_id, claim=claim, state=ListState.MAKING).first()
    if wanted is None or lockdown.holds():
        return False
    if not may(wanted.by, May.EXPORT_NAMES if wanted.names else May.EXPORT):
        return _stop(wanted)
    made = _make_part(wanted)
    # A short part is the last: no need to look whether there is another.
    return True if made == STEP else _finish(wanted)


def _make_part(wanted: StaffList) -> int:
    """Make the next part, note who stands in it, and come along; how many lines it has."""
    shape = shapes.of(wanted.subject)
    columns = shape.named(wanted.columns)
    rows = shape.rows(wanted.filters).filter(created_at__lte=wanted.asked_at)
    if wanted.after is not None:
        rows = rows.filter(pk__gt=wanted.after)
    found = list(rows.order_by("pk").values(*shapes.reads(columns, "id", shape.supporter))[:STEP])
    if not found:
        return 0
    part = ListPart(of=wanted, number=wanted.parts.count(), lines=len(found))
    part.body = pack([shapes.line(columns, row) for row in found])
    part.save(force_insert=True)
    access.note_list(
        staff=wanted.by,
        supporter_ids=[row[shape.supporter] for row in found],
        fields={column.tells for column in columns},
        purpose=Purpose(wanted.purpose),
    )
    wanted.after = found[-1]["id"]
    wanted.rows_done += len(found)
    wanted.lease_until = timezone.now() + LEASE
    wanted.save(update_fields=["after", "rows_done", "lease_until"])
    return len(found)


def _finish(wanted: StaffList) -> bool:
    now = timezone.now()
    wanted.state = ListState.READY
    wanted.ready_at, wanted.expires_at = now, now + LASTS
    wanted.claim = wanted.lease_until = None
    wanted.save(update_fields=["state", "ready_at", "expires_at", "claim", "lease_until"])
    # Who asked a moment ago still has the page before them, which says so by itself.
    if now - wanted.asked_at > LOOKS_ON:
        telling.tell(wanted, Step.READY)
    log.info("list made", list=str(wanted.pk), rows=wanted.rows_done)
    return False


def _stop(wanted: StaffList) -> bool:
    """Who asked may not have it any more: what was made of it goes."""
    wanted.parts.all().delete()
    wanted.state = ListState.STOPPED
    wanted.claim = wanted.lease_until = None
    wanted.save(update_fields=["state", "claim", "lease_until"])
    log.warning("list stopped", list=str(wanted.pk))
    return False


def pack(lines: list[list[str]]) -> str:
    return base64.b64encode(zlib.compress(orjson.dumps(lines))).decode()


def unpack(body: str) -> list[list[str]]:
    lines: list[list[str]] = orjson.loads(zlib.decompress(base64.b64decode(body)))
    return lines
