"""The page of tomorrow's mail. The gate (members/staff/gate.py) stands before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

import structlog
from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from billing import letters
from billing.ids import read_id
from billing.letters.draft import KINDS
from billing.models import Letter
from members.roles import May, may
from members.staff.access import needs, who
from members.staff.letters import outbox
from members.staff.letters.outbox import Line
from members.staff.letters.words import about

log = structlog.get_logger(__name__)
PER_PAGE: Final = 50
_RETRIED_AT_ONCE: Final = 1000
# An hour more or less of the first or the last of all years is none.
_YEARS: Final = range(2000, 3000)
_STATES: Final = [(each.value, str(each.label)) for each in outbox.WAITING]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What of the waiting letters is asked for. A word that is none reads as all."""

    kind: str
    state: str
    hour: datetime | None

    @classmethod
    def of(cls, request: HttpRequest) -> "Wanted":
        kind, state = request.GET.get("kind", ""), request.GET.get("state", "")
        return cls(
            kind if kind in KINDS else "",
            state if state in dict(_STATES) else "",
            _moment(request.GET.get("hour", "")),
        )

    def of_these(self, rows: QuerySet[Letter]) -> QuerySet[Letter]:
        if self.kind:
            rows = rows.filter(kind=self.kind)
        if self.state:
            rows = rows.filter(state=self.state)
        if self.hour:
            rows = rows.filter(due_at__gte=self.hour, due_at__lt=self.hour + timedelta(hours=1))
        return rows

    def query(self, **instead: str) -> str:
        """The question as an address asks it, with some of it put otherwise."""
        hour = self.hour.isoformat() if self.hour else ""
        asked = {"kind": self.kind, "state": self.state, "hour": hour} | instead
        return f"?{urlencode({name: value for name, value in asked.items() if value})}"


@require_safe
@needs(May.MEMBERS)
def mailbag(request: HttpRequest) -> HttpResponseBase:
    """What leaves within a day, by hour and kind, letter by letter; and what the last day did."""
    now = timezone.now()
    wanted = Wanted.of(request)
    found, later = _page(wanted.of_these(outbox.waiting(now)), request.GET.get("after", ""))
    sees = may(request.user, May.IDENTITY)
    figures = outbox.ahead(now)
    sent = outbox.sent(now)
    return render(
        request,
        "staff/letters/mailbag.html",
        {
            "here": "letters",
            "now": now,
            "until": now + outbox.AHEAD,
            "wanted": wanted,
            "kind_about": about(wanted.kind) if wanted.kind else None,
            "filters": _filters(wanted, figures),
            "ahead": figures,
            "lines": [Line(each, sees) for each in found],
            "later": wanted.query(after=later) if later else "",
            "first_page": "after" not in request.GET,
            "sent": sent,
            "sent_total": sum(each.count for each in sent),
            "not_sent": outbox.not_sent(now),
            "stuck": outbox.stuck(),
            "suppressed": outbox.suppressed(),
        },
    )


@require_POST
@needs(May.MEMBERS)
def retry(request: HttpRequest) -> HttpResponseBase:
    """Put letters that were given up back: one by its id, or all given up for one reason."""
    letter_id = read_id(request.POST.get("letter", ""))
    if letter_id:
        count = letters.retry([letter_id])
    else:
        reason = request.POST.get("reason", "")
        count = letters.retry(outbox.given_up_for(reason, most=_RETRIED_AT_ONCE))
    log.info("letters retried", staff=str(who(request).pk), count=count)
    messages.info(request, _told(count))
    return redirect("staff-letter", letter_id) if letter_id and count else redirect("staff-letters")


def _told(count: int) -> str:
    if not count:
        return "Nothing was put back: it waits already, or it is sent."
    if count == 1:
        return "It waits again, and is tried within a minute."
    return f"{count:,} wait again, and are tried from now on."


def _filters(wanted: Wanted, figures: outbox.Ahead) -> dict[str, list[dict[str, Any]]]:
    """The choices above the list: what each is called, how many, where it leads."""
    kinds = [_choice(wanted, "kind", "", "All kinds", figures.count)]
    kinds += [
        _choice(wanted, "kind", each.kind, each.about.name, each.count) for each in figures.kinds
    ]
    states = [_choice(wanted, "state", "", "All", figures.count)]
    states += [
        _choice(wanted, "state", value, label, figures.states.get(value, 0))
        for value, label in _STATES
    ]
    return {"kinds": kinds, "states": states}


def _choice(wanted: Wanted, name: str, value: str, label: str, count: int) -> dict[str, Any]:
    return {
        "label": label,
        "count": count,
        "query": wanted.query(**{name: value}),
        "chosen": getattr(wanted, name) == value,
    }


def _page(rows: QuerySet[Letter], after: str) -> tuple[list[Letter], str]:
    """A page of letters, and from where the next one begins, or "".

    No page number: with a hundred thousand waiting, page 1,900 would read all before it.
    """
    moment_text, _, id_text = after.partition(",")
    moment, last = _moment(moment_text), read_id(id_text)
    if moment and last:
        rows = rows.filter(_behind(moment, last), due_at__gte=moment)
    found = list(rows.select_related("supporter")[: PER_PAGE + 1])
    shown = found[:PER_PAGE]
    more = len(found) > PER_PAGE
    later = f"{shown[-1].due_at.isoformat()},{shown[-1].pk}" if more else ""
    return shown, later


def _behind(moment: datetime, last: UUID) -> Q:
    # A planner makes many letters due at the same moment.
    return Q(due_at__gt=moment) | Q(due_at=moment, pk__gt=last)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo and moment.year in _YEARS else None
