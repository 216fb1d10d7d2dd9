"""Who of the staff looked at whom, for admins. Supporters are marks that lead nowhere."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.dates import day_start, dublin_date
from members import reading
from members.models import AccessLog, StaffMember
from members.models.access import Action, Field
from members.reading import Sum, Unusual, Why
from members.roles import May
from members.staff.access import needs

PER_PAGE: Final = 50
DAYS: Final = (7, 30, 90)
_SAID: Final = {
    Why.MANY: "Looked at {count} supporters on one day; about {usual} is usual",
    Why.BURST: "Looked at {count} supporters within one hour",
    Why.NIGHT: "Looked at {count} supporters between ten in the evening and six",
    Why.AGAIN: "Opened the same supporter {count} times on one day",
    Why.GUESS: "Searched, and found nobody {count} times on one day",
    Why.FILE: "Took {count} supporters out in files",
}
_TONES: Final = {Why.FILE: "", Why.AGAIN: "warn", Why.NIGHT: "warn", Why.GUESS: "warn"}


@dataclass(frozen=True, slots=True)
class Sign:
    """Something unusual, in words."""

    what: Unusual
    who: StaffMember

    @property
    def words(self) -> str:
        return _SAID[self.what.why].format(count=self.what.count, usual=self.what.usual)

    @property
    def tone(self) -> str:
        return _TONES.get(self.what.why, "bad")

    @property
    def label(self) -> str:
        return "For your eyes" if self.what.why == Why.FILE else "Ask"


@dataclass(frozen=True, slots=True)
class Line:
    """One look, as the list of somebody's looks shows it."""

    look: AccessLog

    @property
    def whom(self) -> str:
        return reading.pseudonym(self.look.supporter_id)

    @property
    def fields(self) -> str:
        return ", ".join(str(Field(each).label) for each in self.look.fields)


@require_safe
@needs(May.READING)
def overview(request: HttpRequest) -> HttpResponse:
    """What was unusual, and how much everybody looked at."""
    days, since = _period(request)
    people = StaffMember.objects.in_bulk()
    signs = [Sign(each, people[each.staff]) for each in reading.unusual_since(since)]
    sums: list[tuple[StaffMember, Sum]] = [
        (people[each.staff], each) for each in reading.sums(since=since)
    ]
    return render(
        request,
        "staff/reading/overview.html",
        {"here": "reading", "days": days, "choices": DAYS, "signs": signs, "sums": sums},
    )


@require_safe
@needs(May.READING)
def of_one(request: HttpRequest, staff_id: UUID) -> HttpResponse:
    """The looks of one member of staff, newest first; what went into files is summed by day."""
    member = get_object_or_404(StaffMember, pk=staff_id)
    days, since = _period(request)
    looks = AccessLog.objects.filter(staff=member, at__gte=day_start(since))
    shown = looks.exclude(action=Action.EXPORTED).order_by("-at", "-pk")
    page = Paginator(shown, PER_PAGE).get_page(request.GET.get("page"))
    signs = [Sign(each, member) for each in reading.unusual_since(since) if each.staff == staff_id]
    context: dict[str, Any] = {
        "here": "reading",
        "member": member,
        "days": days,
        "choices": DAYS,
        "page": page,
        "lines": [Line(look) for look in page],
        "signs": signs,
    }
    return render(request, "staff/reading/one.html", context)


def _period(request: HttpRequest) -> tuple[int, date]:
    """How many days are asked for, and the first of them; a number that is none is thirty."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, DAYS) else 30
    return days, dublin_date(timezone.now()) - timedelta(days=days - 1)
