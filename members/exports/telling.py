"""The letters about a list: to those who may answer that it waits, to the asker what became of it.

They say what kind of list it is and lead to its page. Who asked, who stands in it and how many is
told there alone: a mail lies about longer than a page, and may be passed on.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import letters
from billing.cause import Cause
from billing.models import Letter
from billing.wording import moment_words
from members import colleagues
from members.models import StaffList, StaffMember
from members.models.listing import ListState, Subject
from members.roles import May, may

KIND: Final = "staff-list"


class Step(StrEnum):
    """What a letter says of a list."""

    WAITS = "waits"  # to a colleague: it waits for a word
    RESTS = "rests"  # to a colleague: it begins after a day, unless somebody stops it
    READY = "ready"
    REFUSED = "refused"
    UNANSWERED = "unanswered"
    GONE = "gone"


# What still has to be so when a letter leaves.
_TRUE_WHILE: Final = {
    Step.WAITS: ListState.ASKED,
    Step.RESTS: ListState.RESTING,
    Step.READY: ListState.READY,
    Step.REFUSED: ListState.REFUSED,
    Step.UNANSWERED: ListState.OVER,
    Step.GONE: ListState.OVER,
}
_TO_COLLEAGUES: Final = frozenset({Step.WAITS, Step.RESTS})


def tell(wanted: StaffList, step: Step, *, to: Iterable[UUID] = ()) -> None:
    """Queue the letters of this step: to these colleagues, or to the one who asked.

    With the caller's transaction, and once however often it is called.
    """
    for staff_id in to if step in _TO_COLLEAGUES else [wanted.by_id]:
        key = f"{wanted.pk}:{step}:{staff_id}"
        letters.queue(kind=KIND, key=key, supporter_id=None, cause=Cause.clock())


@letters.composes(KIND, to_staff=True)
def list_letter(letter: Letter) -> letters.Outcome:
    """That it waits, or what became of it, unless that is not so any more."""
    list_id, said, staff_id = letter.key.split(":")
    wanted, step = StaffList.objects.filter(pk=list_id).first(), Step(said)
    reader = StaffMember.objects.filter(pk=staff_id).first()
    if wanted is None or wanted.state != _TRUE_WHILE[step]:
        return letters.Skip("it went on before this letter went out")
    if step == Step.READY and wanted.expires_at and wanted.expires_at <= timezone.now():
        return letters.Skip("the list was gone before this letter went out")
    if reader is None or not may(reader, _needed(step, wanted)):
        return letters.Skip("they are not to hear of it any more")
    return letters.Draft(context(wanted, step), to=colleagues.recipient(reader))


def _needed(step: Step, wanted: StaffList) -> May:
    if step in _TO_COLLEAGUES:
        return May.AGREE
    return May.EXPORT_NAMES if wanted.names else May.EXPORT


def context(wanted: StaffList, step: Step) -> dict[str, Any]:
    """What the letter's words need, in the language that is active. Writes nothing."""
    page = "staff-list-answer" if step in _TO_COLLEAGUES else "staff-list"
    return {
        "step": step.value,
        "facts": _facts(wanted, step),
        "list_url": settings.SITE_URL + reverse(page, args=[wanted.pk]),
    }


def _facts(wanted: StaffList, step: Step) -> list[tuple[str, str]]:
    facts = [(_("List"), _subject(wanted)), (_("Asked"), moment_words(wanted.asked_at))]
    if step == Step.RESTS and wanted.rests_until:
        facts.append((_("Begins"), moment_words(wanted.rests_until)))
    if step == Step.READY and wanted.expires_at:
        facts.append((_("There until"), moment_words(wanted.expires_at)))
    return facts


def _subject(wanted: StaffList) -> str:
    named = {
        Subject.MEMBERSHIPS: _("Memberships, with names"),
        Subject.PAYMENTS: _("Payments, with names"),
        Subject.SUPPORTERS: _("Supporters, with names"),
    }
    plain = {
        Subject.MEMBERSHIPS: _("Memberships"),
        Subject.PAYMENTS: _("Payments"),
        Subject.SUPPORTERS: _("Supporters"),
    }
    return (named if wanted.names else plain)[Subject(wanted.subject)]
