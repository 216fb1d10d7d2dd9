"""Who may see what: the one place that says which roles open which page."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

from members.models.staff import Role, StaffMember

_P = ParamSpec("_P")

# Reports hold sums alone; whoever only reads those has no need of the rows behind them.
SEES_MEMBERS = frozenset({Role.SUPPORT, Role.FINANCE, Role.ADMIN})


def may_see_members(user: object) -> bool:
    """Whether this user's role opens the member list, its export and the read-only admin."""
    return isinstance(user, StaffMember) and user.is_active and user.role in SEES_MEMBERS


# The books name nobody, but whoever closes a month answers for it.
KEEPS_BOOKS = frozenset({Role.FINANCE, Role.ADMIN})


def keeps_books(user: object) -> bool:
    """Whether this user's role opens the books: packs, payouts, journals, closing."""
    return isinstance(user, StaffMember) and user.is_active and user.role in KEEPS_BOOKS


def who(request: HttpRequest) -> StaffMember:
    """The member of staff who asks, behind the gate."""
    assert isinstance(request.user, StaffMember)  # noqa: S101 - the gate let nobody else through
    return request.user


def members_only_for_helpers(
    view: Callable[Concatenate[HttpRequest, _P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponseBase]:
    """Answer with the 403 page unless the role may see members. The gate came before this."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        if not may_see_members(request.user):
            return refused(request)
        return view(request, *args, **kwargs)

    return guarded


def books_only(
    view: Callable[Concatenate[HttpRequest, _P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, _P], HttpResponseBase]:
    """Answer with the 403 page unless the role keeps the books. The gate came before this."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs) -> HttpResponseBase:
        if not keeps_books(request.user):
            return refused(request)
        return view(request, *args, **kwargs)

    return guarded


def roles(
    *allowed: Role,
) -> Callable[
    [Callable[Concatenate[HttpRequest, _P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, _P], HttpResponseBase],
]:
    """Open the view to these roles; answer everybody else with the 403 page."""

    def declared(
        view: Callable[Concatenate[HttpRequest, _P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, _P], HttpResponseBase]:
        @wraps(view)
        def guarded(
            request: HttpRequest, /, *args: _P.args, **kwargs: _P.kwargs
        ) -> HttpResponseBase:
            member = request.user
            if not (isinstance(member, StaffMember) and member.is_active):
                return refused(request)
            return view(request, *args, **kwargs) if member.role in allowed else refused(request)

        return guarded

    return declared


def refused(request: HttpRequest, **_context: Any) -> HttpResponseBase:
    return render(request, "staff/refused.html", status=403)
