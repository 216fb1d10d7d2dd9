"""Who may open which page: each view says what it needs, and the gate lets no other through."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.models import Authenticator
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode

from members.models import StaffMember
from members.roles import May, may

_P = ParamSpec("_P")
_View = Callable[Concatenate[HttpRequest, _P], HttpResponseBase]

# Of the members of staff themselves, so for every role: their password, factor and way out.
OWN: Final = frozenset(
    {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_change_password",
        "account_reauthenticate",
        "mfa_index",
        "mfa_authenticate",
        "mfa_reauthenticate",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "staff-factor-remove",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
        "staff-demo-code",
    }
)


def who(request: HttpRequest) -> StaffMember:
    """The member of staff who asks, behind the gate."""
    assert isinstance(request.user, StaffMember)  # noqa: S101 - the gate let nobody else through
    return request.user


def needs(what: May) -> Callable[[_View[_P]], _View[_P]]:
    """Open the view to those who may do this; answer everybody else with the 403 page.

    A view under /staff/ that does not carry this is open to nobody (members/staff/gate.py).
    """

    def declared(view: _View[_P]) -> _View[_P]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs
        ) -> HttpResponseBase:
            if not may(request.user, what):
                return refused(request)
            return view(request, *args, **kwargs)

        guarded.needs = what  # type: ignore[attr-defined]  # read by the gate, and kept by wraps
        return guarded

    return declared


books_only = needs(May.BOOKS)


def says_what_it_needs(view: object) -> bool:
    """Whether this view declares who may open it."""
    return hasattr(view, "needs")


def proven_at(request: HttpRequest) -> float:
    """When this session showed a second factor last, as the clock of time.time has it; or 0.

    One that was removed since proves nothing: who takes out a key that was stolen ends with it
    what the thief has opened.
    """
    member = who(request)
    records = get_authentication_records(request, member)
    return max((each["at"] for each in records if _proves(each, member)), default=0)


def _proves(record: dict[str, Any], member: StaffMember) -> bool:
    if record["method"] != "mfa":
        return False
    return record["type"] == Authenticator.Type.RECOVERY_CODES or record["id"] in member.factors


def freshly_proven(view: _View[_P]) -> _View[_P]:
    """Ask for the second factor again where it was shown too long ago: a password is no proof here.

    What was pressed is not kept over that: the page is shown again, to be pressed again.
    """

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        if time.time() - proven_at(request) > app_settings.REAUTHENTICATION_TIMEOUT:
            again = urlencode({"next": request.get_full_path()})
            return HttpResponseRedirect(f"{reverse('mfa_reauthenticate')}?{again}")
        return view(request, *args, **kwargs)

    return guarded


def proven_or_first(view: _View[_P]) -> _View[_P]:
    """As `freshly_proven`; but whoever has no second factor yet may make their first."""
    proven = freshly_proven(view)

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        return (proven if who(request).factors else view)(request, *args, **kwargs)

    return guarded


def refused(request: HttpRequest) -> HttpResponseBase:
    """The 403 page."""
    return render(request, "staff/refused.html", status=403)
