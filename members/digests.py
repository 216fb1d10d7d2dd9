"""The weekly digest: on Monday morning staff are mailed the week's sums, never a person.

A mail lies about longer than a page and may be passed on. So it counts persons only where they are
many: fewer than five are "under 5", and a sum of fewer than five payments is left out.
"""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing import letters
from billing.dates import day_start, dublin_date
from billing.letters import ahead, links
from billing.letters.ahead import TOO_LATE
from billing.letters.links import Purpose
from billing.models import Letter, Payment, StripeEvent
from billing.models.letter import LetterState
from billing.models.stripe import EventState
from billing.money import format_amount
from billing.states import PaymentState
from billing.wording import long_date
from members import colleagues, reading
from members.models import StaffList, StaffMember
from members.reading import Why
from members.reports import money, people
from members.reports.months import Month, per_month
from members.reports.movement import movement
from members.reports.present import present
from members.roles import May, may

KIND: Final = "staff-digest"
FEW: Final = 5
_HOUR: Final = 8
_A_WEEK: Final = timedelta(days=7)
# On Thursday the next one is nearer than what this one tells of.
_USEFUL: Final = timedelta(days=3)


def plan(*, now: datetime) -> int:
    """Write the digests that are due within a day of `now` (UTC); how many were new.

    One for each member of staff who wants it, and week. May run as often as one likes.
    """
    monday = _monday(dublin_date(now + ahead.AHEAD))
    due_at = ahead.morning(monday, hour=_HOUR)
    if not ahead.near(due_at, now=now):
        monday -= _A_WEEK
        due_at = ahead.morning(monday, hour=_HOUR)
    late = now >= due_at + _USEFUL
    wanted = [
        Letter(
            kind=KIND,
            key=key_of(staff_id, monday),
            state=LetterState.SKIPPED if late else LetterState.QUEUED,
            reason=TOO_LATE if late else "",
            due_at=max(due_at, now),
            created_at=now,
        )
        for staff_id in _readers().values_list("pk", flat=True)
    ]
    # Another planner may come in between: what it wrote is left as it is, and not counted.
    Letter.objects.bulk_create(wanted, ignore_conflicts=True)
    return Letter.objects.filter(pk__in=[each.pk for each in wanted]).count()


def key_of(staff_id: UUID, monday: date) -> str:
    """One digest for each week that is over (ISO 8601's number) and reader."""
    year, week, _day = (monday - _A_WEEK).isocalendar()
    return f"{year}-W{week:02}:{staff_id}"


@letters.composes(KIND, to_staff=True)
def staff_digest(letter: Letter) -> letters.Outcome:
    """The figures of the week that the key names, by the definitions of the report."""
    name, _colon, staff_id = letter.key.partition(":")
    reader = _readers().filter(pk=staff_id).first()
    if reader is None:
        return letters.Skip("nobody reads it any more")
    week = _week(name)
    to = colleagues.recipient(reader)
    leave_url = links.url(Purpose.STOP, reader.pk, holder=to.email_hash)
    context = {
        "first": long_date(week.first),
        "last": long_date(week.first + timedelta(days=6)),
        "facts": _figures(week),
        "works": _works() + (_looks(week) if may(reader, May.READING) else []),
        "reports_url": settings.SITE_URL + reverse("staff-reports"),
        "leave_url": leave_url,
    }
    return letters.Draft(context, to=to, leave_url=leave_url)


def _readers() -> QuerySet[StaffMember]:
    return StaffMember.objects.filter(is_active=True, wants_digest=True)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _week(name: str) -> Month:
    """The week as the reports count a month: from midnight to midnight in Dublin."""
    year, week = name.split("-W")
    first = date.fromisocalendar(int(year), int(week), 1)
    return Month(first, day_start(first), day_start(first + _A_WEEK))


def _figures(week: Month) -> list[tuple[str, str]]:
    """Sums over the week, and who stands now. Cents in, words out."""
    weeks = [week]
    [came], [left] = people.arrivals(weeks), people.departures(weeks)
    [income], [back], [failed] = money.income(weeks), money.gone_back(weeks), money.failures(weeks)
    [counts] = per_month(
        Payment.objects.filter(state=PaymentState.SUCCEEDED),
        moment="paid_at",
        months=weeks,
        payments=Count("pk"),
    )
    [standing] = movement(now=timezone.now(), count=1)
    return [
        (_("Members now"), _people(standing.active_end)),
        (_("Monthly recurring revenue"), _sum(standing.end_cents, of=standing.active_end)),
        (_("New"), _people(came["new"])),
        (_("Returned"), _people(came["returned"])),
        (_("Ended"), _people(left["ended"])),
        (_("Overdue now"), _people(present().at_risk)),
        (_("Payments"), _people(counts["payments"])),
        (_("Came in"), _sum(income["gross"], of=counts["payments"])),
        (_("Gifts"), _people(income["gifts"])),
        (_("Payments that failed"), _people(failed["failed"])),
        (_("Refunds"), _("some") if back["refunded"] else _("none")),
    ]


def _people(count: int) -> str:
    if 0 < count < FEW:
        return _("under %(few)s") % {"few": FEW}
    return str(count)


def _sum(cents: int, *, of: int) -> str:
    """An amount, where it is that of so many that it tells nothing of one."""
    if 0 < of < FEW:
        return _("not shown: too few")
    return format_amount(cents, "eur")


def _works() -> list[tuple[str, str]]:
    """Whether the machine needs somebody: what waits, what was given up."""
    # Tomorrow's letters are in the outbox as well: only what is due waits.
    waiting = Letter.objects.filter(state=LetterState.QUEUED, due_at__lte=timezone.now())
    failed = Letter.objects.filter(state=LetterState.FAILED)
    parked = StripeEvent.objects.filter(state=EventState.PARKED)
    return [
        (_("Letters that wait"), str(waiting.count())),
        (_("Letters given up"), str(failed.count())),
        (_("Events from Stripe that need a look"), str(parked.count())),
    ]


def _looks(week: Month) -> list[tuple[str, str]]:
    """What the staff read and took out in the week, for those who look after them."""
    last = week.first + _A_WEEK
    days = {
        (each.staff, each.day)
        for each in reading.unusual_since(week.first)
        if each.day < last and each.why != Why.FILE
    }
    lists = StaffList.objects.filter(names=True, ready_at__gte=week.begins, ready_at__lt=week.ends)
    return [
        (_("Days of unusual reading by staff"), str(len(days))),
        (_("Lists with names that staff took out"), str(lists.count())),
    ]
