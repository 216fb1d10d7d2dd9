"""One letter: how it reads, why it is due, and keeping it back."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_safe

from billing.letters import holds
from billing.models import Letter, Suppression
from billing.models.letter import HoldReason, LetterState, ReleaseReason
from members.roles import May, may
from members.staff.access import needs, who
from members.staff.letters import outbox, preview
from members.staff.letters.frames import in_a_frame, with_frames
from members.staff.letters.outbox import Line
from members.staff.letters.words import trouble

_SETTLED: Final = {
    LetterState.SKIPPED: "Not sent, since it is not needed any more",
    LetterState.FAILED: "Given up",
    LetterState.GATHERED: "Put by for the next collected letter",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened to a letter, or will."""

    at: datetime | None
    what: str
    past: bool = True


@require_safe
@with_frames
@needs(May.MEMBERS)
def letter_page(request: HttpRequest, letter_id: UUID) -> HttpResponseBase:
    """One letter as it would be written now, its headers, its history, its holds."""
    letter = _letter(letter_id)
    line, shown = _line(request, letter), preview.of_letter(letter)
    return render(
        request,
        "staff/letters/letter.html",
        {
            "here": "letters",
            "line": line,
            "preview": shown if line.shows_who else replace(shown, to=""),
            "moments": _moments(letter),
            "holds": list(letter.holds.select_related("held_by", "released_by")),
            "may_hold": letter.state == LetterState.QUEUED and letter.kind not in holds.NEVER_HELD,
            "never_held": letter.kind in holds.NEVER_HELD,
            "suppressed": _suppressed(letter),
        },
    )


@require_safe
@xframe_options_sameorigin
@in_a_frame
@needs(May.MEMBERS)
def letter_html(_request: HttpRequest, letter_id: UUID) -> HttpResponseBase:
    """The HTML of a letter, masked, for the frame on its page."""
    shown = preview.of_letter(_letter(letter_id))
    return HttpResponse(preview.recoloured(shown.html, dark=False))


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.MEMBERS)
def hold(request: HttpRequest, letter_id: UUID) -> HttpResponseBase:
    """Ask for a reason; with one, and the button pressed, keep the letter back."""
    letter = _letter(letter_id)
    reason = request.POST.get("reason", "")
    if reason not in HoldReason.values:
        return _ask_why(request, letter, "staff/letters/hold.html", HoldReason.choices)
    try:
        holds.hold(letter_id, reason=HoldReason(reason), by=who(request).pk)
    except holds.CannotHold as why:
        messages.warning(request, str(why))
    else:
        messages.info(request, "It is held. It is not sent until somebody releases it.")
    return redirect("staff-letter", letter_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.MEMBERS)
def release(request: HttpRequest, letter_id: UUID) -> HttpResponseBase:
    """Ask for a reason; with one, and the button pressed, let the letter go."""
    letter = _letter(letter_id)
    reason = request.POST.get("reason", "")
    if reason not in ReleaseReason.values:
        return _ask_why(request, letter, "staff/letters/release.html", ReleaseReason.choices)
    if holds.release(letter_id, reason=ReleaseReason(reason), by=who(request).pk):
        messages.info(request, "It is released. It is sent when it is due, or within a minute.")
    else:
        messages.warning(request, "It was not held any more.")
    return redirect("staff-letter", letter_id)


def _ask_why(
    request: HttpRequest, letter: Letter, page: str, reasons: list[tuple[str, str]]
) -> HttpResponse:
    """The question; with an error where the button was pressed without an answer."""
    missing = request.method == "POST"
    context = {
        "here": "letters",
        "line": _line(request, letter),
        "overdue": letter.due_at <= timezone.now(),
        "reasons": reasons,
        "missing": missing,
    }
    return render(request, page, context, status=400 if missing else 200)


def _line(request: HttpRequest, letter: Letter) -> Line:
    return Line(letter, may(request.user, May.IDENTITY))


def _letter(letter_id: UUID) -> Letter:
    return get_object_or_404(Letter.objects.select_related("supporter"), pk=letter_id)


def _suppressed(letter: Letter) -> Suppression | None:
    """Why its supporter's address gets no letters at present, if so."""
    if letter.supporter is None or letter.state not in outbox.WAITING:
        return None
    known = Suppression.objects.filter(address_hash=letter.supporter.email_hash, lifted_at=None)
    return known.first()


def _moments(letter: Letter) -> list[Moment]:
    """What happened to it, oldest first, and what comes next."""
    told = [Moment(letter.created_at, "Asked for")]
    for held in letter.holds.all():
        told.append(Moment(held.held_at, f"Held: {held.get_reason_display().lower()}"))
        if held.released_at:
            told.append(Moment(held.released_at, "Released"))
    told.sort(key=lambda each: each.at or letter.created_at)
    if letter.attempts and letter.state != LetterState.SENT and letter.reason:
        tries = f"Tried {letter.attempts} time{'' if letter.attempts == 1 else 's'}"
        told.append(Moment(None, f"{tries}. {trouble(letter.reason)}"))
    if letter.state in _SETTLED:
        told.append(Moment(None, _settled(letter)))
    elif letter.sent_at:
        told.append(Moment(letter.sent_at, "Sent"))
    elif letter.state == LetterState.HELD:
        told.append(Moment(None, "Waits for somebody to release it", past=False))
    else:
        told.append(Moment(letter.due_at, "To be sent", past=False))
    return told


def _settled(letter: Letter) -> str:
    why = trouble(letter.reason) if letter.state == LetterState.SKIPPED else ""
    return f"{_SETTLED[LetterState(letter.state)]}. {why}".strip()
