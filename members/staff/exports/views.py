"""Lists that staff take out: the shelf, the form, each list on its way, and the second person."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import lockdown, press
from members.exports import asking, handing, shapes
from members.exports.asking import NotAllowed, TooLong
from members.models import StaffList
from members.models.listing import Format, ListState, Subject
from members.roles import May, may
from members.staff.access import freshly_proven, needs, refused, who
from members.staff.books.files import XLSX
from members.staff.exports.forms import ListForm

BUTTON: Final = "staff-list"
_SHOWN: Final = 20
_REFRESH_SECONDS: Final = 4
ABOUT: Final = {
    Subject.MEMBERSHIPS: "One line for each membership: plan, amount, state, dates.",
    Subject.PAYMENTS: "One line for each payment: amount, fee, what arrived, when.",
    Subject.SUPPORTERS: "One line for each person who supports us, or has.",
}
TONES: Final = {
    ListState.ASKED: "warn",
    ListState.RESTING: "warn",
    ListState.MAKING: "",
    ListState.READY: "good",
    ListState.REFUSED: "bad",
    ListState.STOPPED: "bad",
    ListState.OVER: "",
}
_CLOSED: Final = "The house is locked down: no list is made or handed out. An admin can open it."


@dataclass(frozen=True, slots=True)
class Shown:
    """A list, as pages tell it."""

    row: StaffList

    @property
    def tone(self) -> str:
        return TONES[ListState(self.row.state)]

    @property
    def columns(self) -> str:
        named = shapes.of(self.row.subject).named(self.row.columns)
        return ", ".join(column.label for column in named)

    @property
    def narrowed(self) -> list[tuple[str, str]]:
        """The filters in words: what, and to which."""
        shape, filters = shapes.of(self.row.subject), self.row.filters
        found = [
            (label, dict(choices)[filters[name]])
            for name, label, choices in shape.choices
            if name in filters
        ]
        found += [
            (f"{shape.dates} {word}", filters[name])
            for name, word in (("first", "from"), ("last", "until"))
            if name in filters
        ]
        return found

    @property
    def percent(self) -> int:
        return min(100, 100 * self.row.rows_done // max(1, self.row.rows_foreseen))

    @property
    def whose(self) -> str:
        return self.row.by.name or self.row.by.email


@require_safe
@needs(May.EXPORT)
def shelf(request: HttpRequest) -> HttpResponseBase:
    """What can be taken out, what waits for a word, one's own lists, and for admins all others."""
    me = who(request)
    lists = StaffList.objects.select_related("by", "answered_by")
    others = lists.exclude(by=me).exclude(state__in=asking.OPEN)
    everybodys = others[:_SHOWN] if may(me, May.READING) else []
    context = {
        "here": "lists",
        "subjects": [(each.value, each.label, ABOUT[each]) for each in Subject],
        "waiting": [Shown(row) for row in asking.waiting() if row.by_id != me.pk],
        "own": [Shown(row) for row in lists.filter(by=me)[:_SHOWN]],
        "others": [Shown(row) for row in everybodys],
        "locked": lockdown.holds(),
    }
    return render(request, "staff/exports/shelf.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.EXPORT)
def ask(request: HttpRequest, subject: str) -> HttpResponseBase:
    """The form; a POST asks for the list, once per page that was shown."""
    if subject not in Subject.values:
        raise Http404
    me = who(request)
    if request.method != "POST":
        given = {name: request.GET[name] for name in request.GET}
        form = ListForm(Subject(subject), me, initial=_known(subject, given))
        return _form(request, subject, form)
    form = ListForm(Subject(subject), me, request.POST)
    if not form.is_valid():
        return _form(request, subject, form, status=400)
    try:
        pressed = press.read(request.POST.get("press", ""), button=BUTTON)
        wanted = asking.ask(form.wish, by=me, press=pressed.id, now=timezone.now())
    except press.BadPress:
        messages.warning(request, "The page was too old. Please press once more.")
        return _form(request, subject, form, status=400)
    except TooLong:
        form.add_error("format", "That is too long for a workbook. Choose CSV, or narrow it.")
        return _form(request, subject, form, status=400)
    except NotAllowed:
        messages.warning(request, _CLOSED)
        return redirect("staff-lists")
    return redirect("staff-list", wanted.pk)


def _known(subject: str, given: dict[str, str]) -> dict[str, str]:
    """What a link may fill in: a filter that there is, with a value that it has."""
    choices = {name: dict(each) for name, _label, each in shapes.of(subject).choices}
    return {name: value for name, value in given.items() if value in choices.get(name, {})}


def _form(
    request: HttpRequest, subject: str, form: ListForm, *, status: int = 200
) -> HttpResponseBase:
    chosen = form["columns"].value() or []
    context: dict[str, Any] = {
        "here": "lists",
        "subject": Subject(subject),
        "form": form,
        "harmless": [each for each in form.offered if not each.identity],
        "identity": [each for each in form.offered if each.identity],
        "chosen": chosen,
        "chosen_format": form["format"].value(),
        "dates": form.shape.dates,
        "press": press.make(button=BUTTON, about={}),
        "locked": lockdown.holds(),
    }
    return render(request, "staff/exports/ask.html", context, status=status)


@require_safe
@needs(May.EXPORT)
def one(request: HttpRequest, list_id: UUID) -> HttpResponseBase:
    """One's own list on its way; while it is made the page looks again by itself."""
    wanted = _own(request, list_id)
    still = "still" in request.GET
    making = wanted.state == ListState.MAKING
    locked = lockdown.holds()
    lasts = wanted.state == ListState.READY and bool(
        wanted.expires_at and wanted.expires_at > timezone.now()
    )
    context = {
        "here": "lists",
        "list": Shown(wanted),
        "making": making,
        "ready": lasts,
        "still": still,
        "locked": locked,
        "seconds": _REFRESH_SECONDS,
        "file_name": handing.file_name(wanted),
    }
    response = render(request, "staff/exports/one.html", context)
    if making and not still and not locked:
        response["Refresh"] = str(_REFRESH_SECONDS)
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.EXPORT)
@freshly_proven
def file(request: HttpRequest, list_id: UUID) -> HttpResponseBase:
    """The file, to the one who asked for it, who has just shown the second factor."""
    wanted = _own(request, list_id)
    if request.method != "POST":
        return redirect("staff-list", list_id)
    try:
        pieces = handing.take(wanted, by=who(request), now=timezone.now())
    except NotAllowed:
        messages.warning(request, "It is not there to be had, now.")
        return redirect("staff-list", list_id)
    xlsx = wanted.format == Format.XLSX
    response = StreamingHttpResponse(
        pieces, content_type=XLSX if xlsx else "text/csv; charset=utf-8"
    )
    name = handing.file_name(wanted)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_POST
@needs(May.EXPORT)
def stop(request: HttpRequest, list_id: UUID) -> HttpResponseBase:
    """Who asked does not want it any more."""
    if asking.withdraw(_own(request, list_id)):
        messages.info(request, "It is gone. Who stood in what was made of it stays written down.")
    return redirect("staff-list", list_id)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.AGREE)
@freshly_proven
def answer(request: HttpRequest, list_id: UUID) -> HttpResponseBase:
    """What a colleague asks for, and the word of a second person."""
    wanted = get_object_or_404(StaffList.objects.select_related("by", "answered_by"), pk=list_id)
    me, now = who(request), timezone.now()
    if wanted.by_id == me.pk:
        return redirect("staff-list", list_id)
    if request.method == "POST":
        return _answered(request, wanted)
    context = {
        "here": "lists",
        "list": Shown(wanted),
        "waits": wanted.state in asking.OPEN,
        "may_agree": wanted.state == ListState.ASKED
        and asking.may_answer(wanted, me, now=now)
        and not lockdown.holds(),
    }
    return render(request, "staff/exports/answer.html", context)


def _answered(request: HttpRequest, wanted: StaffList) -> HttpResponseBase:
    me, word = who(request), request.POST.get("word", "")
    try:
        if word == "agree":
            done = asking.agree(wanted, by=me, now=timezone.now())
            told = "It is being made. Your name stands beside theirs."
        elif word == "refuse":
            done = asking.refuse(wanted, by=me, now=timezone.now())
            told = "It is not made. They see that you refused."
        else:
            return redirect("staff-list-answer", wanted.pk)
    except NotAllowed:
        return refused(request)
    messages.info(request, told if done else "Somebody has answered already.")
    return redirect("staff-lists")


def _own(request: HttpRequest, list_id: UUID) -> StaffList:
    """The list, if it is theirs; another's is not there."""
    lists = StaffList.objects.select_related("by", "answered_by")
    return get_object_or_404(lists, pk=list_id, by=who(request))
