"""The badge: a supporter's own wish for it, and what the news site asks about a token."""

from typing import Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from members import limits, signin
from members.embed import badges, origins
from members.models import Supporter

_SCHEME: Final = "Bearer "
# A browser need not ask again whether it may ask.
_ASK_AGAIN_AFTER: Final = 60 * 60 * 24


@require_http_methods(["GET", "HEAD", "POST"])
@signin.required
def wish(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Say what a badge is; the buttons turn it on, which gives a link, and off."""
    if not settings.NEWS_ORIGINS:
        raise Http404
    if request.method == "POST":
        change = badges.show if request.POST.get("want") == "show" else badges.take_back
        change(supporter)
        return redirect("account-badge")
    badge = badges.of(supporter)
    context = {
        "link": badges.link(badge, now=timezone.now()) if badge else None,
        "news_site": settings.NEWS_ORIGINS[0].partition("://")[2],
        "days": settings.BADGE_DAYS,
    }
    return render(request, "members/account/badge.html", context)


@require_http_methods(["GET", "OPTIONS"])
def check(request: HttpRequest) -> HttpResponse:
    """Tell a script of the news site whether the token it sends is of somebody who supports us.

    In a header of its own, which no log keeps and no other site may send (the browser asks us
    first). Whatever is wrong with a token, the answer is the same.
    """
    if not origins.allowed(request):
        return _answer(request, member=False, status=403)
    if request.method == "OPTIONS":
        return _may_ask(request)
    if not limits.allow_network(limits.BADGES_PER_NETWORK, what="badge", request=request):
        return _answer(request, member=False, status=429)
    token = request.headers.get("Authorization", "").removeprefix(_SCHEME)
    return _answer(request, member=badges.is_member(token, now=timezone.now()))


def _answer(request: HttpRequest, *, member: bool, status: int = 200) -> HttpResponse:
    response = JsonResponse({"member": member}, status=status)
    response["Cache-Control"] = "no-store"
    return origins.let_read(request, response)


def _may_ask(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(status=204)
    response["Access-Control-Allow-Methods"] = "GET"
    response["Access-Control-Allow-Headers"] = "Authorization"
    response["Access-Control-Max-Age"] = str(_ASK_AGAIN_AFTER)
    return origins.let_read(request, response)
