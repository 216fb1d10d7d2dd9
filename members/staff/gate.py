"""The gate before every page under /staff/: a member of staff, by password and second factor.

It asks by route, so a page that is added later stands behind it without having to remember to; one
that does not say who may open it is open to nobody. A session ends some hours after the second
factor was shown, and sooner where nobody uses it.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from members.staff.access import OWN, proven_at, refused, says_what_it_needs, who

ROUTE: Final = "staff/"
# The way in. The demo's code page answers 404 where there is no demo.
OPEN: Final = frozenset(
    {"account_login", "mfa_authenticate", "account_logout", "account_inactive", "staff-demo-code"}
)
ENROLMENT: Final = frozenset({"mfa_activate_totp", "mfa_add_webauthn", "account_reauthenticate"})
PROOF: Final = frozenset({"mfa_reauthenticate"})
# The admin's pages ask its site (members/staff/admin_site.py).
_ADMIN: Final = "admin"
_SEEN_KEY: Final = "staff_seen"
# How coarsely it is noted that a session is used: each note is a row written.
_NOTED_EVERY: Final = 60


class StaffGate:
    """Middleware. DEBUG does not open it: the demo signs in like everyone else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _behind_gate(request):
            add_never_cache_headers(response)
        return response

    def process_view(
        self, request: HttpRequest, view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        match = request.resolver_match
        if match is None or not _behind_gate(request):
            return None
        if _holds_nul(request):
            raise SuspiciousOperation("no text has a NUL in it, and PostgreSQL takes none")
        if match.view_name in OPEN:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        if not who(request).factors:
            return None if match.view_name in ENROLMENT else redirect("mfa_activate_totp")
        over = _check_proof(request, match.view_name)
        if over is not None:
            return over
        own = match.view_name in OWN or match.namespace == _ADMIN
        return None if own or says_what_it_needs(view) else refused(request)


def _behind_gate(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.route.startswith(ROUTE)


def _holds_nul(request: HttpRequest) -> bool:
    given = [*request.GET.lists(), *request.POST.lists()]
    return "\0" in request.path or any("\0" in text for _name, texts in given for text in texts)


def _check_proof(request: HttpRequest, view_name: str) -> HttpResponse | None:
    """None if this session has shown the second factor lately, else the way to do so."""
    proven = proven_at(request)
    if not proven:
        # Signed in by password before the second factor was there.
        if view_name in PROOF:
            return None
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    if time.time() - proven > settings.STAFF_SESSION_SECONDS or _idle(request, proven):
        get_adapter(request).logout(request)
        return redirect_to_login(request.get_full_path(), reverse("account_login"))
    return None


def _idle(request: HttpRequest, proven: float) -> bool:
    """Whether nobody has used this session for too long; noted where it is used."""
    now = time.time()
    seen = max(proven, request.session.get(_SEEN_KEY, 0))
    if now - seen > settings.STAFF_IDLE_SECONDS:
        return True
    if now - seen >= _NOTED_EVERY:
        request.session[_SEEN_KEY] = int(now)
    return False
