"""All that happened, as one list: by year, and by what one looks for."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from members import signin, timeline
from members.models import Supporter
from members.timeline import Topic


@require_safe
@signin.required
def overview(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """A year of it, the newest first; without JavaScript, and every view has an address."""
    topic = _topic(request)
    years = timeline.years(timeline.of(supporter, topic))
    year = _year(request, years)
    context = {
        "topic": topic,
        "topics": list(Topic),
        "years": list(years),
        "year": year,
        "lines": years.get(year, []) if year else [],
    }
    return render(request, "members/account/history.html", context)


def _topic(request: HttpRequest) -> Topic | None:
    """What the address names; whatever it names otherwise is everything."""
    wanted = request.GET.get("show", "")
    return Topic(wanted) if wanted in Topic.values else None


def _year(request: HttpRequest, years: dict[int, list[timeline.Entry]]) -> int | None:
    """The year that the address names, if there is anything in it; else the newest."""
    wanted = request.GET.get("year", "")
    return next((year for year in years if str(year) == wanted), next(iter(years), None))
