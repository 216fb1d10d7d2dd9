"""The letters of an alarm: that something has been red for a while, and that it is over.

They go to those of the staff who can do something about it, name a thing and never a person, and
lead to the board. What is over before its letter went out is told as over alone.
"""

from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from billing import letters
from billing.cause import Cause
from billing.models import Alarm, Letter
from billing.wording import moment_words
from members import colleagues
from members.models import StaffMember
from members.models.staff import Role
from members.signs import Audience, about

KIND: Final = "alarm"
_BEGUN: Final = "begun"
_OVER: Final = "over"
# Whoever looks after the service hears of everything.
_ROLES: Final = {
    Audience.MACHINE: (Role.ADMIN,),
    Audience.BOOKS: (Role.ADMIN, Role.FINANCE),
    Audience.PEOPLE: (Role.ADMIN, Role.SUPPORT),
    Audience.ALL: (Role.ADMIN, Role.FINANCE, Role.SUPPORT),
}


def begun(alarm: Alarm) -> None:
    """Queue a letter to each who is to hear that it has begun."""
    _queue(alarm, _BEGUN)


def over(alarm: Alarm) -> None:
    """Queue a letter to each who is to hear that it is over."""
    _queue(alarm, _OVER)


def _queue(alarm: Alarm, step: str) -> None:
    for staff_id in _listeners(alarm.what).values_list("pk", flat=True):
        key = f"{alarm.pk}:{step}:{staff_id}"
        letters.queue(kind=KIND, key=key, supporter_id=None, cause=Cause.clock())


def hears(role: Role, what: str) -> bool:
    """Whether this sign is for people of this role to see to."""
    return role in _ROLES[about(what).audience]


def _listeners(what: str) -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(is_active=True, role__in=_ROLES[about(what).audience])


@letters.composes(KIND, to_staff=True)
def alarm_letter(letter: Letter) -> letters.Outcome:
    """What is red since when, and what to do; or from when to when it was."""
    alarm_id, step, staff_id = letter.key.split(":")
    alarm = Alarm.objects.filter(pk=int(alarm_id)).first()
    if alarm is None:
        return letters.Skip("it is not known any more")
    if step == _BEGUN and alarm.over_at is not None:
        return letters.Skip("it was over before this letter went out")
    reader = _listeners(alarm.what).filter(pk=staff_id).first()
    if reader is None:
        return letters.Skip("they are not to hear of it any more")
    told = context(alarm, over=step == _OVER)
    return letters.Draft(told, to=colleagues.recipient(reader))


def context(alarm: Alarm, *, over: bool) -> dict[str, Any]:
    """What the letter's words need, in the language that is active. Writes nothing."""
    words = about(alarm.what)
    facts = [(_("Since"), moment_words(alarm.since))]
    if over and alarm.over_at is not None:
        facts.append((_("Until"), moment_words(alarm.over_at)))
    return {
        "title": _(words.title),
        "means": _(words.means),
        "advice": "" if over or not words.do else _(words.do),
        "facts": facts,
        "over": over,
        "board_url": settings.SITE_URL + reverse("staff-board"),
    }
