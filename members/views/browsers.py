"""The browsers that a supporter is signed in with, and signing them out."""

from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from members import languages, sessions, signin
from members.models import Supporter


@require_safe
@signin.required
def overview(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Every browser that is signed in, the present one marked."""
    context = {
        "browsers": sessions.of(supporter),
        "here": signin.browser_of(request),
        "days": sessions.LASTS.days,
    }
    return render(request, "members/account/browsers.html", context)


@require_POST
@signin.required
def end(request: HttpRequest, supporter: Supporter, browser_id: UUID) -> HttpResponse:
    """Sign one of them out: at its next page it is asked to sign in."""
    browser = get_object_or_404(supporter.browsers, pk=browser_id)
    if browser.pk == signin.browser_of(request):
        signin.leave(request)
        return languages.forget(redirect("sign-in"))
    sessions.end(browser.pk)
    return redirect("account-browsers")


@require_POST
@signin.required
def end_all(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Sign all of them out, this one too, and close every link that was sent."""
    with transaction.atomic():
        signin.end_all(supporter, now=timezone.now())
        supporter.save(update_fields=["signed_out_at"])
    signin.leave(request)
    return languages.forget(render(request, "members/account/signed_out.html"))
