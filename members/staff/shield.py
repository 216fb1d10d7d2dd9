"""The shield as staff see it: the level, what presses, every change; and their word over it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from members import limits, pressure
from members.models import ShieldChange
from members.models.shield import Cause, ForceReason, Level
from members.roles import May
from members.shield import watch
from members.staff.access import needs, who

_SHOWN: Final = 50
_HOURS: Final = (1, 4, 12, 24, 48)
TONES: Final = {Level.CALM: "good", Level.PRESSED: "warn", Level.STORM: "bad"}
MEANS: Final = {
    Level.CALM: "The payment page opens at once.",
    Level.PRESSED: "A browser does a small sum before the payment page opens, or asks for a link.",
    Level.STORM: "The payment page opens only by a link that we send to the typed address.",
}
PRESSING: Final = {
    "unpaid": "Payment pages, beyond {} for each that was paid, in an hour",
    "refused": "Payments that banks refused, in ten minutes",
    "hasty": "Forms that no hand sent, in ten minutes",
    "sign_ins": "Links to sign in that were asked for, in ten minutes",
    "limited": "Askings beyond a limit, in ten minutes",
}


@dataclass(frozen=True, slots=True)
class Gauge:
    """What presses: how much, and from where on it matters."""

    name: str
    count: int
    pressed: int
    storm: int

    @property
    def percent(self) -> int:
        """Of the way to a storm."""
        return min(100, round(100 * self.count / max(1, self.storm)))

    @property
    def mark(self) -> int:
        """Where on that way it begins to matter, in percent."""
        return min(100, round(100 * self.pressed / max(1, self.storm)))

    @property
    def tone(self) -> str:
        if self.count >= self.storm:
            return "bad"
        return "warn" if self.count >= self.pressed else "good"


@dataclass(frozen=True, slots=True)
class Line:
    """A change of level, as the list tells it."""

    change: ShieldChange

    @property
    def tone(self) -> str:
        return TONES[Level(self.change.level)]

    @property
    def because(self) -> str:
        return _named(self.change.because) if self.change.because else ""


@require_http_methods(["GET", "HEAD", "POST"])
@needs(May.MEMBERS)
def shield_page(request: HttpRequest) -> HttpResponseBase:
    """The level and what presses; a POST with a level, hours and a reason holds that level."""
    now = timezone.now()
    if request.method != "POST":
        return _page(request, now)
    level, reason = request.POST.get("level", ""), request.POST.get("reason", "")
    hours = request.POST.get("hours", "")
    missing = [
        name
        for name, good in (
            ("level", level in Level.values),
            ("hours", hours in map(str, _HOURS)),
            ("reason", reason in ForceReason.values),
        )
        if not good
    ]
    if missing:
        return _page(request, now, missing=missing, status=400)
    watch.force(
        level=Level(level),
        hours=int(hours),
        reason=ForceReason(reason),
        by=who(request).pk,
        now=now,
    )
    messages.info(request, "It is set. It goes back to itself when the time is over.")
    return redirect("staff-shield")


@require_POST
@needs(May.MEMBERS)
def let_go(request: HttpRequest) -> HttpResponseBase:
    """Leave the level to itself again, before its time is over."""
    if watch.release(by=who(request).pk, now=timezone.now()):
        messages.info(request, "It is left to itself again.")
    else:
        messages.warning(request, "It was left to itself already.")
    return redirect("staff-shield")


def _page(
    request: HttpRequest, now: datetime, *, missing: list[str] | None = None, status: int = 200
) -> HttpResponseBase:
    forced, stand = watch.forced(now=now), watch.stand(now=now)
    level = Level(forced.level) if forced else stand.level
    changes = ShieldChange.objects.select_related("by")[:_SHOWN]
    context: dict[str, Any] = {
        "here": "shield",
        "level": level,
        "tone": TONES[level],
        "means": MEANS[level],
        "since": _since(forced, stand.since, level),
        "forced": forced,
        "alone": stand.level if forced else None,
        "counting": pressure.counting(),
        "quiet_minutes": settings.SHIELD_QUIET_MINUTES,
        "gauges": _gauges(now),
        "forms": _forms(now),
        "lines": [Line(change) for change in changes],
        "levels": [(each, each.label, MEANS[each]) for each in Level],
        "hours": _HOURS,
        "reasons": ForceReason.choices,
        "missing": missing or [],
        "chosen": {name: request.POST.get(name, "") for name in ("level", "hours", "reason")},
    }
    return render(request, "staff/shield.html", context, status=status)


def _since(forced: ShieldChange | None, since: datetime, level: Level) -> datetime | None:
    """Since when it holds; None for a calm that nothing has disturbed yet."""
    if forced:
        return forced.at
    disturbed = ShieldChange.objects.filter(cause=Cause.PRESSURE).exists()
    return since if level != Level.CALM or disturbed else None


def _gauges(now: datetime) -> list[Gauge]:
    thresholds = settings.SHIELD_THRESHOLDS
    return [
        Gauge(_named(name), count, *thresholds[name])
        for name, count in watch.pressing(now=now).items()
    ]


def _named(name: str) -> str:
    return PRESSING[name].format(settings.SHIELD_CHECKOUTS_PER_PAYMENT)


def _forms(now: datetime) -> list[tuple[str, int, int]]:
    counts = pressure.of_forms(list(limits.FORMS), now=now)
    return [
        (label, asked, refused)
        for label, (asked, refused) in zip(limits.FORMS.values(), counts, strict=True)
    ]
