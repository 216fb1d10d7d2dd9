"""Asking for a list, and who has to agree before it is made.

Whatever says who people are, and whatever goes through more than half of all there is, needs a
second person: a colleague who may agree, and who was neither let in nor given another role or key
within the last day, lest one person be two; within a week, if it was the one who asks who did it,
or the other way about. Where there is no colleague at all it rests a day, which everybody who may
agree can see, and stop. Who has shut somebody out within that week is not alone: they wait for a
second person as well.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.doorbell import ring
from members import access, lockdown
from members.exports import shapes, telling
from members.exports.shapes import Shape
from members.exports.telling import Step
from members.models import ListPart, StaffList, StaffMember, TeamAct
from members.models.access import Purpose
from members.models.listing import Format, ListState, Subject
from members.models.team import TeamDeed
from members.roles import May, may, those_who

log = structlog.get_logger(__name__)
TASK: Final = "members.tasks.make_list"
RESTS: Final = timedelta(days=1)
# For so long two of whom one let the other in, or gave them a key or a role, are not two.
OWN_HAND: Final = timedelta(days=7)
# Nobody answered: whoever still wants it asks again.
ANSWER_WITHIN: Final = timedelta(days=7)
# From so many lines on, more than half of all there is counts as the whole list.
A_CROWD: Final = 100
# A workbook is held in one piece by whoever opens it.
MOST_IN_XLSX: Final = 20_000
_SHUTS_OUT: Final = (TeamDeed.REMOVED, TeamDeed.ROLE, TeamDeed.RESET)
# Not made yet, and waiting for somebody or for a day to be over.
OPEN: Final = (ListState.ASKED, ListState.RESTING)


class NotAllowed(Exception):
    """Their role does not go so far, or the house is locked down."""


class TooLong(ValueError):
    """More lines than a workbook is for."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants: the columns by name, the filters as the form gives them."""

    subject: Subject
    columns: list[str]
    filters: dict[str, str]
    purpose: Purpose
    format: Format


def ask(wish: Wish, *, by: StaffMember, press: str, now: datetime) -> StaffList:
    """Note what is wanted, once per press, and begin unless somebody has to agree first.

    Raises NotAllowed and TooLong; ValueError where no column is chosen.
    """
    shape = shapes.of(wish.subject)
    chosen = shape.named(wish.columns)
    names = any(column.identity for column in chosen)
    if not chosen:
        raise ValueError("a list has a column")
    if not may(by, May.EXPORT_NAMES if names else May.EXPORT) or lockdown.holds():
        raise NotAllowed
    foreseen = shape.most(wish.filters).count()
    if wish.format == Format.XLSX and foreseen > MOST_IN_XLSX:
        raise TooLong(foreseen)
    values = {
        "by": by,
        "role": by.role,
        "subject": wish.subject,
        "columns": [column.name for column in chosen],
        "filters": {name: value for name, value in wish.filters.items() if value},
        "names": names,
        "purpose": wish.purpose,
        "format": wish.format,
        "rows_foreseen": foreseen,
        "asked_at": now,
        **_first_state(by, by_two=names or _whole(shape, foreseen), now=now),
    }
    return _note(values, press=press)


def _whole(shape: Shape, lines: int) -> bool:
    """Whether so many lines are more than half of all that there is, and not just a few."""
    return lines >= A_CROWD and 2 * lines > shape.most({}).count()


def _note(values: dict[str, object], *, press: str) -> StaffList:
    with transaction.atomic():
        wanted, made = StaffList.objects.get_or_create(press=press, defaults=values)
        if made and wanted.state == ListState.MAKING:
            ring(TASK, str(wanted.pk))
        if made:
            _tell_colleagues(wanted)
    if made:
        log.info("list asked for", list=str(wanted.pk), staff=str(wanted.by_id), names=wanted.names)
    return wanted


def _tell_colleagues(wanted: StaffList) -> None:
    """Write to those who may agree, or else to those who may tomorrow; or who may stop it."""
    if wanted.state == ListState.ASKED:
        readers = second_persons(wanted.by, now=wanted.asked_at)
        if not readers.exists():
            readers = _colleagues(wanted.by)
        telling.tell(wanted, Step.WAITS, to=readers.values_list("pk", flat=True))
    if wanted.state == ListState.RESTING:
        stoppers = StaffMember.objects.filter(is_active=True, role__in=those_who(May.AGREE))
        others = stoppers.exclude(pk=wanted.by_id)
        telling.tell(wanted, Step.RESTS, to=others.values_list("pk", flat=True))


def _first_state(by: StaffMember, *, by_two: bool, now: datetime) -> dict[str, object]:
    if not by_two:
        return {"state": ListState.MAKING}
    if _alone(by, now=now):
        return {"state": ListState.RESTING, "rests_until": now + RESTS}
    return {"state": ListState.ASKED}


def _alone(asker: StaffMember, *, now: datetime) -> bool:
    """Whether there is nobody else to agree, and the asker has not just seen to that."""
    shut_out = TeamAct.objects.filter(actor=asker, deed__in=_SHUTS_OUT, at__gt=now - OWN_HAND)
    return not _colleagues(asker).exists() and not shut_out.exclude(subject=asker).exists()


def second_persons(asker: StaffMember, *, now: datetime) -> QuerySet[StaffMember]:
    """Who may agree to what this member asks, at `now`."""
    them = OuterRef("pk")
    lately = Q(subject=them, at__gt=now - RESTS)
    by_own_hand = Q(subject=them, actor=asker) | Q(subject=asker, actor=them)
    acts = TeamAct.objects.filter(lately | (by_own_hand & Q(at__gt=now - OWN_HAND)))
    return _colleagues(asker).filter(~Exists(acts), date_joined__lte=now - RESTS)


def _colleagues(asker: StaffMember) -> QuerySet[StaffMember]:
    """Those whose role may agree and who can sign in, however new."""
    return (
        StaffMember.objects.filter(
            is_active=True, role__in=those_who(May.AGREE), authenticator__isnull=False
        )
        .exclude(pk=asker.pk)
        .distinct()
    )


def waiting() -> QuerySet[StaffList]:
    """The lists that wait: for somebody's word, or for their day to be over."""
    return StaffList.objects.select_related("by").filter(state__in=OPEN).order_by("asked_at")


def may_answer(wanted: StaffList, member: StaffMember, *, now: datetime) -> bool:
    return second_persons(wanted.by, now=now).filter(pk=member.pk).exists()


def agree(wanted: StaffList, *, by: StaffMember, now: datetime) -> bool:
    """Let it be made. False if it waits for nobody any more. Raises NotAllowed."""
    if not may_answer(wanted, by, now=now) or lockdown.holds():
        raise NotAllowed
    with transaction.atomic():
        done = _answer(wanted.pk, (ListState.ASKED,), ListState.MAKING, by=by, now=now)
        if done:
            ring(TASK, str(wanted.pk))
    if done:
        log.info("list agreed to", list=str(wanted.pk), staff=str(by.pk))
    return done


def refuse(wanted: StaffList, *, by: StaffMember, now: datetime) -> bool:
    """Do not let it be made: by any colleague who could agree, however new. Raises NotAllowed."""
    if by.pk == wanted.by_id or not may(by, May.AGREE):
        raise NotAllowed
    with transaction.atomic():
        done = _answer(wanted.pk, OPEN, ListState.REFUSED, by=by, now=now)
        if done:
            telling.tell(wanted, Step.REFUSED)
    if done:
        log.info("list refused", list=str(wanted.pk), staff=str(by.pk))
    return done


def withdraw(wanted: StaffList) -> bool:
    """Who asked does not want it any more: whatever is there of it goes. False if it was over."""
    with transaction.atomic():
        done = StaffList.objects.filter(
            pk=wanted.pk, state__in=[*OPEN, ListState.MAKING, ListState.READY]
        ).update(state=ListState.STOPPED, claim=None, lease_until=None)
        wanted.parts.all().delete()
    return done == 1


def _answer(
    list_id: UUID,
    old: tuple[ListState, ...],
    new: ListState,
    *,
    by: StaffMember,
    now: datetime,
) -> bool:
    """Two who answer at once: the row decides which of them was the first."""
    waits = StaffList.objects.filter(pk=list_id, state__in=old)
    return waits.update(state=new, answered_by=by, answered_at=now) == 1


def let_rested_begin(*, now: datetime) -> None:
    """Those whose day is over are made now."""
    rested = StaffList.objects.filter(state=ListState.RESTING, rests_until__lte=now)
    rested.update(state=ListState.MAKING)


def forget(*, now: datetime) -> int:
    """Take what is over from the shelf: lists after their day, wishes after a week. How many."""
    gone = 0
    over = Q(state=ListState.READY, expires_at__lte=now)
    over |= Q(state__in=OPEN, asked_at__lte=now - ANSWER_WITHIN)
    for wanted in StaffList.objects.filter(over):
        with transaction.atomic():
            if StaffList.objects.filter(over, pk=wanted.pk).update(state=ListState.OVER) != 1:
                continue
            gone += 1
            wanted.parts.all().delete()
            if wanted.state in OPEN:
                telling.tell(wanted, Step.UNANSWERED)
            elif not wanted.times_taken:
                telling.tell(wanted, Step.GONE)
    return gone


def drop_names() -> None:
    """Take every list with names off the shelf: somebody in it was erased, and it is a day old.

    Part of the caller's transaction. Who still needs it asks again.
    """
    # Locked first, those that wait as well: a worker in the midst of a step is waited for, and none
    # begins one with a name that this transaction has wiped.
    held = [ListState.MAKING, ListState.READY]
    named = StaffList.objects.filter(names=True, state__in=[*OPEN, *held])
    locked = [*named.select_for_update().order_by("pk")]
    gone = [wanted for wanted in locked if wanted.state in held]
    for wanted in gone:
        if not wanted.times_taken:
            telling.tell(wanted, Step.GONE)
    over = StaffList.objects.filter(pk__in=[wanted.pk for wanted in gone])
    over.update(state=ListState.OVER, claim=None, lease_until=None)
    ListPart.objects.filter(of__in=locked).delete()


def old(now: datetime) -> QuerySet[StaffList]:
    """The rows that are kept no longer, at `now`: as long as what the access log says of them."""
    return StaffList.objects.filter(asked_at__lt=now - access.KEPT)
