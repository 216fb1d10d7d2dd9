"""What staff see. The gate (members/staff/gate.py) stands before all of these."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.dates import dublin_date
from billing.models import Membership
from billing.states import MembershipState
from members.roles import May, may
from members.staff import demo, leafing
from members.staff.access import needs


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A membership as the list shows it."""

    membership: Membership

    @property
    def short_id(self) -> str:
        """The end of the id: its beginning is the time, which many have in common."""
        return str(self.membership.id)[-12:]

    @property
    def tone(self) -> str:
        return {
            MembershipState.ACTIVE: "good",
            MembershipState.PAST_DUE: "warn",
            MembershipState.PAUSED: "warn",
        }.get(MembershipState(self.membership.state), "")

    @property
    def outlook(self) -> str:
        """What comes next, or what came last."""
        membership = self.membership
        if membership.ended_at:
            return f"ended {_day(membership.ended_at)}"
        if membership.ends_on:
            return f"ends {_day(membership.ends_on)}"
        if membership.state == MembershipState.ACTIVE and membership.period_end:
            return f"renews {_day(membership.period_end)}"
        if membership.past_due_since:
            return f"overdue since {_day(membership.past_due_since)}"
        return ""


@require_safe
@needs(May.MEMBERS)
def member_list(request: HttpRequest) -> HttpResponse:
    """Memberships, newest first, fifty a page, without names."""
    state = _state(request)
    rows = Membership.objects.select_related("plan").order_by("-created_at", "-pk")
    leaf = leafing.leaf(rows.filter(state=state) if state else rows, asked=request.GET)
    return render(
        request,
        "staff/members.html",
        {
            "here": "members",
            "state": state,
            "states": MembershipState.choices,
            "leaf": leaf,
            "day": leafing.read_day(request.GET),
            "may_export": may(request.user, May.EXPORT),
            "lines": [MemberLine(membership) for membership in leaf.memberships],
        },
    )


@require_safe
def demo_code(request: HttpRequest) -> HttpResponse:
    """The demo member's code, so that a newcomer needs no authenticator app. 404 without DEBUG."""
    if not settings.DEBUG:
        raise Http404
    code, seconds = demo.current_code()
    response = render(request, "staff/demo_code.html", {"code": code, "seconds": seconds})
    response["Refresh"] = str(seconds)
    return response


def _state(request: HttpRequest) -> str:
    """The state to filter by; a word that is none reads as all."""
    state = request.GET.get("state", "")
    return state if state in MembershipState.values else ""


def _day(moment: datetime) -> str:
    return f"{dublin_date(moment):%-d %b %Y}"
