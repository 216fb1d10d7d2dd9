"""The inbox's pages. The gate (members/staff/gate.py) stands before all of these."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_POST, require_safe

from billing import inbox, outlook, reconcile
from billing.models import StripeEvent
from billing.models.stripe import EventState
from billing.outlook import Outlook
from billing.stripe_api import Unavailable
from members import charges, withdrawals
from members.roles import May
from members.staff.access import needs
from members.staff.events import effects, shelf
from members.staff.events.effects import Step
from members.staff.events.words import TONES, Advice, advice, reason, says

log = structlog.get_logger(__name__)
PER_PAGE: Final = 25
_RETRIED_AT_ONCE: Final = 1000
_SHELVED: Final = {EventState.PARKED, EventState.IGNORED, EventState.FOREIGN}


@dataclass(frozen=True, slots=True)
class Line:
    """An event as the pages show it."""

    event: StripeEvent
    steps: list[Step]

    @property
    def says(self) -> str:
        return says(self.event.type)

    @property
    def tone(self) -> str:
        return TONES.get(self.event.state, "")

    @property
    def advice(self) -> Advice | None:
        return advice(self.event.error)

    @property
    def may_retry(self) -> bool:
        return self.event.state in _SHELVED


@dataclass(frozen=True, slots=True)
class Ahead:
    """An outlook, or why there is none."""

    outlook: Outlook | None
    problem: str = ""

    @property
    def advice(self) -> Advice | None:
        return advice(self.outlook.refusal) if self.outlook else None


@require_safe
@needs(May.MEMBERS)
def inbox_page(request: HttpRequest) -> HttpResponseBase:
    """What came, newest first, a page at a time, with the figures of what waits and what ran."""
    state, before = _state(request), _moment(request.GET.get("before", ""))
    rows = StripeEvent.objects.order_by("-received_at", "-pk")
    if state:
        rows = rows.filter(state=state)
    if before:
        # No count and no page number: of years of events only the first page is ever read whole.
        rows = rows.filter(received_at__lt=before)
    found = list(rows[: PER_PAGE + 1])
    events = found[:PER_PAGE]
    steps = effects.steps_of(events)
    foreign, refused = shelf.foreign(), shelf.refused()
    return render(
        request,
        "staff/inbox.html",
        {
            "here": "inbox",
            "state": state,
            "states": EventState.choices,
            "lines": [Line(each, steps.get(each.pk, [])) for each in events],
            "older": events[-1].received_at.isoformat() if len(found) > PER_PAGE else "",
            "first_page": before is None,
            "figures": shelf.figures(),
            "parked": shelf.parked(),
            "unkept": reconcile.unkept(),
            "foreign": foreign,
            "foreign_total": sum(each.count for each in foreign),
            "refused": refused,
            "refused_total": sum(each.count for each in refused),
            "runs": shelf.runs(),
            "charges": charges.for_staff(now=timezone.now()),
            "stuck": withdrawals.stuck(),
        },
    )


@require_safe
@needs(May.MEMBERS)
def event_page(request: HttpRequest, event_id: str) -> HttpResponseBase:
    """One event: what it did, why it failed; with ?ahead, what it would change now."""
    event = get_object_or_404(StripeEvent, pk=event_id)
    ahead = _ahead_of_event(event) if "ahead" in request.GET else None
    line = Line(event, effects.steps_of([event]).get(event.pk, []))
    context = {"here": "inbox", "line": line, "rows": effects.rows_of(event), "ahead": ahead}
    return render(request, "staff/event.html", context)


@require_safe
@needs(May.MEMBERS)
def object_page(request: HttpRequest) -> HttpResponseBase:
    """What an event about any object at Stripe would change, asked by the object's id."""
    stripe_id = request.GET.get("id", "").strip()[:255]
    ahead = _ahead_of_object(stripe_id) if stripe_id else None
    context = {"here": "inbox", "stripe_id": stripe_id, "ahead": ahead}
    return render(request, "staff/object.html", context)


@require_POST
@needs(May.MEMBERS)
def retry(request: HttpRequest) -> HttpResponseBase:
    """Put events back into the queue: one by its id, or all that are parked for one reason."""
    event_id = request.POST.get("event", "")
    chosen = [event_id] if event_id else _parked_for(request.POST.get("reason", ""))
    count = inbox.retry(chosen)
    log.info("events retried", staff=str(request.user.pk), count=count)
    messages.info(request, _told(count))
    return redirect("staff-event", event_id) if event_id and count else redirect("staff-inbox")


def _parked_for(why: str) -> list[str]:
    rows = StripeEvent.objects.filter(state=EventState.PARKED, error__startswith=why)
    told = rows.order_by("received_at").values_list("pk", "error")
    return [pk for pk, error in told if reason(error) == why][:_RETRIED_AT_ONCE]


def _told(count: int) -> str:
    if not count:
        return "Nothing was put back: it is in work already, or it is done."
    if count == 1:
        return "It is in the queue again, and done within a minute. Load the page again to see."
    return f"{count:,} are in the queue again. Load the page again in a minute to see."


def _ahead_of_event(event: StripeEvent) -> Ahead:
    try:
        return Ahead(outlook.of_event(event.type, event.object_id, event_id=event.pk))
    except Unavailable:
        return Ahead(None, "Stripe does not answer just now. Try again in a minute.")
    except KeyError:
        return Ahead(None, "This version of the service does not handle events of this type.")


def _ahead_of_object(stripe_id: str) -> Ahead:
    try:
        return Ahead(outlook.of_object(stripe_id))
    except Unavailable:
        return Ahead(None, "Stripe does not answer just now. Try again in a minute.")
    except outlook.NotAnObject:
        return Ahead(None, "This is not the id of an object that we react to.")


def _state(request: HttpRequest) -> str:
    """The state to filter by; a word that is none reads as all."""
    state = request.GET.get("state", "")
    return state if state in EventState.values else ""


def _moment(text: str) -> datetime | None:
    """The moment before which events came; what is none reads as now."""
    try:
        moment = parse_datetime(text)
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
