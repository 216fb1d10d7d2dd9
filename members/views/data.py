"""What we hold of a supporter: a copy of it, and the way to have it deleted."""

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from members import languages, limits, press, signin, standing
from members.models import Supporter
from members.models.privacy import ErasureState
from members.privacy import copies, erasure

_COPY, _ERASE = "copy", "erase"
_GOING_ON: Final = frozenset({ErasureState.ENDING, ErasureState.CLEARING})


@require_safe
@signin.required
def overview(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """What can be asked of our data about them."""
    context = {
        "export": copies.open_of(supporter),
        "erasure": erasure.of(supporter),
        "press": press.make_for(button=_COPY, subject=supporter.pk),
    }
    return render(request, "members/account/data.html", context)


@require_POST
@signin.required
def ask_for_copy(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Make the copy ready to download, and say so in a letter."""
    try:
        pressed = press.read_for(request.POST.get("press", ""), button=_COPY, subject=supporter.pk)
    except press.BadPress:
        return redirect("account-data")
    who = str(supporter.pk)
    if not limits.allow(limits.COPIES_PER_ACCOUNT, what="copies", who=who):
        return render(request, "members/account/data_too_many.html", status=429)
    copies.ask(supporter, press=pressed)
    return redirect("account-data")


@require_safe
@signin.required
def download(_request: HttpRequest, supporter: Supporter, export_id: UUID) -> HttpResponse:
    """The copy that was asked for, made now."""
    export = get_object_or_404(supporter.exports, pk=export_id)
    if not copies.lasts(export):
        return redirect("account-data")
    return as_file(supporter)


def as_file(supporter: Supporter) -> HttpResponse:
    return HttpResponse(
        copies.of(supporter),
        content_type="application/json",
        headers={"Content-Disposition": f'attachment; filename="{copies.FILE_NAME}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signin.required
def erase(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Show what deleting means; the button ends what is paid, and once that is sure, deletes."""
    if request.method != "POST":
        return _erase_page(request, supporter)
    try:
        press.read_for(request.POST.get("press", ""), button=_ERASE, subject=supporter.pk)
    except press.BadPress:
        return _erase_page(request, supporter, status=400)
    asked = erasure.ask(supporter)
    if asked.state in _GOING_ON:
        return redirect("account-erase")
    signin.leave(request)
    return languages.forget(render(request, "members/account/erased.html"))


def _erase_page(request: HttpRequest, supporter: Supporter, *, status: int = 200) -> HttpResponse:
    context = {
        "erasure": erasure.of(supporter),
        "live": [each for each in standing.all_of(supporter) if each.membership.live],
        "press": press.make_for(button=_ERASE, subject=supporter.pk),
        "stale": status == 400,
    }
    return render(request, "members/account/erase.html", context, status=status)
