"""The first page of the staff: what waits for them, the desk's box, and the figures that matter."""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from members import watch
from members.reports import build
from members.roles import May, may
from members.staff import matters
from members.staff.access import needs, who
from members.staff.board import lines
from members.staff.desk.find import FindForm
from members.staff.reports.charts import Bar
from members.staff.reports.columns import small
from members.staff.reports.overview import Card, Sight
from members.staff.reports.shelf import REPORTS, Report

# Asked more often than others: one of each kind.
_OFTEN: Final = ("growth", "leaving", "retention", "income", "failures", "forecast")
_FIGURES: Final = ("active", "mrr", "new", "net")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of the month that runs, thirteen months of it in small, and the report behind it."""

    card: Card
    bars: list[Bar]


@require_safe
@needs(May.REPORTS)
def today_page(request: HttpRequest) -> HttpResponseBase:
    """One look in the morning: enough to know whether anything is to be done."""
    me, now = who(request), timezone.now()
    signs = watch.signs(now=now)
    waits = matters.of(me, signs, now=now)
    context: dict[str, Any] = {
        "here": "today",
        "now": now,
        "verdict": lines.summary(lines.groups(signs, links=False)),
        "matters": waits,
        "figures": _figures(Sight.of(build(now=now))),
        "often": _often(),
        "form": FindForm() if may(me, May.DESK) else None,
    }
    return render(request, "staff/today.html", context)


def _figures(sight: Sight) -> list[Figure]:
    cards = {each.key: each for each in sight.cards()}
    return [Figure(cards[key], small(sight.months(key))) for key in _FIGURES]


def _often() -> list[Report]:
    return [REPORTS[each] for each in _OFTEN]
