"""The gate before every page under /staff/: a member of staff, by password and second factor.

It asks by route, so a page that is added later stands behind it without having to remember to.
"""

import time
from collections.abc import Callable
from typing import Any, Final

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

ROUTE: Final = "staff/"
# The way in. The demo's code page answers 404 where there is no demo.
OPEN: Final = frozenset(
    {"account_login", "mfa_authenticate", "account_logout", "account_inactive", "staff-demo-code"}
)
ENROLMENT: Final = frozenset({"mfa_activate_totp", "account_reauthenticate"})
PROOF: Final = frozenset({"mfa_reauthenticate"})


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
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match is None or not _behind_gate(request) or match.view_name in OPEN:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        if not is_mfa_enabled(request.user, [Authenticator.Type.TOTP]):
            return None if match.view_name in ENROLMENT else redirect("mfa_activate_totp")
        return _check_proof(request, match.view_name)


def _behind_gate(request: HttpRequest) -> bool:
    return request.resolver_match is not None and request.resolver_match.route.startswith(ROUTE)


def _check_proof(request: HttpRequest, view_name: str) -> HttpResponse | None:
    """None if this session has shown the second factor lately, else the way to do so."""
    records = get_authentication_records(request, request.user)
    proofs = [record["at"] for record in records if record["method"] == "mfa"]
    if not proofs:
        # Signed in by password before the second factor was there.
        if view_name in PROOF:
            return None
        return redirect_to_login(request.get_full_path(), reverse("mfa_reauthenticate"))
    if time.time() - max(proofs) > settings.STAFF_SESSION_SECONDS:
        get_adapter(request).logout(request)
        return redirect_to_login(request.get_full_path(), reverse("account_login"))
    return None
