"""What waits for one member of staff: the lists, signs and months that are theirs to see to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.urls import reverse

from billing.accounts import months
from billing.alarms import lasting
from billing.dates import dublin_date
from billing.models import LetterHold
from billing.models.letter import LetterState
from billing.watch import Sign
from members import alarm_letters, lockdown, reading
from members.exports import asking
from members.models import StaffList, StaffMember
from members.models.listing import ListState
from members.models.staff import Role
from members.roles import May, may
from members.staff.board import lines
from members.staff.board.lines import Lasting

# What is unusual stays in sight over a weekend.
_LOOKS_BACK: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to see to: what it is, what to know of it, and the page on which it is done."""

    title: str
    text: str
    url: str
    tone: str = ""
    mark: str = ""


def of(member: StaffMember, signs: Iterable[Sign], *, now: datetime) -> list[Matter]:
    """What waits for this member, what is gravest first within each kind."""
    found: list[Matter] = [*_lock(member)]
    if may(member, May.AGREE):
        found += _words_wanted(member, now=now)
    if may(member, May.EXPORT):
        found += _own_lists(member, now=now)
    found += _signs(member, signs)
    if may(member, May.MEMBERS):
        found += _held()
    if may(member, May.BOOKS):
        found += _months()
    if may(member, May.READING):
        found += _reading(now=now)
    return found


def _lock(member: StaffMember) -> list[Matter]:
    if not lockdown.holds():
        return []
    opens = may(member, May.LOCK)
    text = "No list is made, no public number shown, and every supporter is signed out."
    return [
        Matter(
            "The house is locked down",
            text if opens else f"{text} An admin can open it.",
            reverse("staff-team") if opens else "",
            "bad",
            "Locked",
        )
    ]


def _words_wanted(member: StaffMember, *, now: datetime) -> list[Matter]:
    """Lists of colleagues that this member may agree to, or at least stop."""
    found = []
    for wanted in asking.waiting():
        if wanted.by_id == member.pk:
            continue
        names = "with names" if wanted.names else "of more than half of all"
        lines = f"{wanted.get_subject_display()}, about {wanted.rows_foreseen:,} lines."
        mine = asking.may_answer(wanted, member, now=now)
        found.append(
            Matter(
                f"{wanted.by.name or wanted.by.email} asks for a list {names}",
                f"{lines} {'It waits for your word.' if mine else 'You can stop it.'}",
                reverse("staff-list-answer", args=[wanted.pk]),
                "warn",
                "Answer",
            )
        )
    return found


def _own_lists(member: StaffMember, *, now: datetime) -> list[Matter]:
    ready = StaffList.objects.filter(
        by=member, state=ListState.READY, expires_at__gt=now, times_taken=0
    )
    return [
        Matter(
            f"Your list is ready: {each.get_subject_display().lower()}",
            "It is there for a day, then it is gone.",
            reverse("staff-list", args=[each.pk]),
            "good",
            "Take it",
        )
        for each in ready
    ]


def _signs(member: StaffMember, signs: Iterable[Sign]) -> list[Matter]:
    """What is not well on the board and theirs to mend; who takes care of it is said."""
    role = Role(member.role)
    seen = {each.what: Lasting(each).seen_by for each in lasting()}
    board = reverse("staff-board")
    drawn = lines.groups(signs, links=may(member, May.MEMBERS))
    return [
        Matter(
            f"{line.words.title}: {line.sign.value}",
            _seen_to(seen.get(line.sign.name, "")) or line.advice,
            line.url or f"{board}#{line.sign.name}",
            line.tone,
            line.pill,
        )
        for line in lines.summary(drawn).matters
        if alarm_letters.hears(role, line.sign.name) and not line.sign.early
    ]


def _seen_to(by: str) -> str:
    return f"{by} takes care of it." if by else ""


def _held() -> list[Matter]:
    held = LetterHold.objects.filter(released_at=None, letter__state=LetterState.HELD).count()
    if not held:
        return []
    title = "A letter is held back" if held == 1 else f"{held:,} letters are held back"
    url = reverse("staff-letters") + "?state=held#mail"
    return [Matter(title, "They go once somebody lets them.", url, "warn", "Held")]


def _months() -> list[Matter]:
    first = months.first_open()
    if first >= months.this_month():
        return []
    name = f"{first:%B %Y}"
    text = "The month is over: its books can be closed once everything in them is explained."
    url = reverse("staff-books-close", args=[f"{first:%Y-%m}"])
    return [Matter(f"{name} is open", text, url, "", "Close")]


def _reading(*, now: datetime) -> list[Matter]:
    since = dublin_date(now - _LOOKS_BACK)
    if not reading.unusual_since(since, files=False):
        return []
    title = "Somebody read unusually much"
    text = "It need not be wrong: the access log says who, and where to ask."
    return [Matter(title, text, reverse("staff-reading"), "warn", "Ask")]
