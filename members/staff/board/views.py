"""The board's page, and its one button. The gate (members/staff/gate.py) stands before both."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing import alarms
from members import watch
from members.roles import May, may
from members.staff.access import needs, who
from members.staff.board import lines
from members.staff.board.lines import Lasting


@require_safe
@needs(May.REPORTS)
def board(request: HttpRequest) -> HttpResponseBase:
    """Every sign as it is at this moment; whoever only reads gets no links to what names ids."""
    now, helps = timezone.now(), may(request.user, May.MEMBERS)
    signs = watch.signs(now=now)
    drawn = lines.groups(signs, links=helps)
    green = next((each for each in signs if each.name == "books"), None)
    return render(
        request,
        "staff/board.html",
        {
            "here": "board",
            "now": now,
            "groups": drawn,
            "summary": lines.summary(drawn),
            "green": green,
            "lasting": [Lasting(each) for each in alarms.lasting()],
            "helps": helps,
            "patience": settings.ALARM_MINUTES,
        },
    )


@require_POST
@needs(May.MEMBERS)
def acknowledge(request: HttpRequest, alarm_id: int) -> HttpResponseBase:
    """Say that one has seen an alarm and takes care of it."""
    first = alarms.acknowledge(alarm_id, by=who(request))
    told = "Noted: you take care of it." if first else "It is over, or a colleague has it already."
    messages.info(request, told)
    return redirect("staff-board")
