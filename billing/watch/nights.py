"""What the jobs of the clock say: when each last ran, how it ended, and for how long it is so."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Q

from billing import backfill, balance, reconcile, reminders
from billing.dates import dublin_date
from billing.jobs import KEPT
from billing.models import JobRun
from billing.models.watch import JobResult
from billing.watch.sign import Level, Sign, age

ROLLUPS: Final = "rollups"
TIDY: Final = "tidy"
_A_DAY: Final = timedelta(days=1)
# A night's job that has not ended by the next day's afternoon is missing.
_NIGHTLY: Final = timedelta(hours=36)
_BACKFILL_MISSED: Final = timedelta(minutes=35)
_REMINDERS_MISSED: Final = timedelta(hours=3)


@dataclass(frozen=True, slots=True)
class Ran:
    """One run as the board reads it."""

    ended_at: datetime
    result: str
    counts: dict[str, int]
    error: str

    @property
    def clean(self) -> bool:
        return self.result == JobResult.CLEAN

    @property
    def failed(self) -> bool:
        return self.result == JobResult.FAILED


# Name of the job, and how long after the last run one is missing.
_EVERY: Final[dict[str, timedelta]] = {
    reconcile.NAME: _NIGHTLY,
    balance.NAME: _NIGHTLY,
    ROLLUPS: _NIGHTLY,
    TIDY: _NIGHTLY,
    backfill.NAME: _BACKFILL_MISSED,
    reminders.NAME: _REMINDERS_MISSED,
}
_OFTEN: Final = (backfill.NAME, reminders.NAME)
# Where nothing may be left; elsewhere what is left is worth a look.
_EXACT: Final = (reconcile.NAME, balance.NAME, ROLLUPS)


def runs(*, now: datetime) -> dict[str, list[Ran]]:
    """The runs of each job, the newest first: a day of those that run often, else all we keep."""
    often = Q(job__in=_OFTEN, ended_at__gt=now - _A_DAY)
    nightly = Q(job__in=_EVERY.keys() - set(_OFTEN), ended_at__gt=now - KEPT)
    found: dict[str, list[Ran]] = {}
    rows = JobRun.objects.filter(often | nightly).order_by("-ended_at", "-pk")
    for job, *told in rows.values_list("job", "ended_at", "result", "counts", "error"):
        found.setdefault(job, []).append(Ran(*told))
    return found


def signs(found: dict[str, list[Ran]], *, now: datetime) -> list[Sign]:
    """A sign for each job. The check of the rollups is there once it has ever run."""
    began = min((ran[-1].ended_at for ran in found.values()), default=now)
    return [
        _sign(job, found.get(job, []), began=began, now=now)
        for job in _EVERY
        if job != ROLLUPS or job in found
    ]


def _sign(job: str, ran: list[Ran], *, began: datetime, now: datetime) -> Sign:
    """`began` is when the first job of all ran: what is new has had no night yet."""
    name = f"job-{job}"
    if not ran:
        missing = now - began > _EVERY[job]
        if missing:
            return Sign(name, Level.RED, "never", began, "Other jobs run, and this one does not.")
        return Sign(name, Level.LOOK, "not yet", note="Its turn comes by itself.", early=True)
    last, behind = ran[0], now - ran[0].ended_at
    value, note = f"{age(behind)} ago", _told(last)
    if behind > _EVERY[job]:
        return Sign(name, Level.RED, value, last.ended_at + _EVERY[job], "It has not run since.")
    if last.clean:
        return Sign(name, Level.GOOD, value, _so_since(ran), note)
    single = last.failed and (len(ran) == 1 or not ran[1].failed)
    forgiven = single and job in _OFTEN
    red = not forgiven and (last.failed or job in _EXACT)
    return Sign(name, Level.RED if red else Level.LOOK, value, _so_since(ran), note)


def _told(last: Ran) -> str:
    if last.failed:
        return f"It could not be done ({last.error})."
    told = ", ".join(f"{count:,} {name}" for name, count in last.counts.items())
    return f"Last time: {told}." if told else ""


def _so_since(ran: list[Ran]) -> datetime:
    """The end of the first run of those in a row that ended as the last one did."""
    since = ran[0].ended_at
    for each in ran:
        if each.result != ran[0].result:
            break
        since = each.ended_at
    return since


def stripe(found: dict[str, list[Ran]]) -> Sign:
    """Whether Stripe can be reached: asked for its events every ten minutes, in whatever night."""
    ran = found.get(backfill.NAME, [])
    if not ran:
        return Sign("stripe", Level.LOOK, "not asked yet", early=True)
    streak = next((place for place, each in enumerate(ran) if not each.failed), len(ran))
    if not streak:
        return Sign("stripe", Level.GOOD, "yes", note="Asked every ten minutes.")
    level = Level.RED if streak > 1 else Level.LOOK
    note = f"The last answer came {ran[streak].ended_at:%H:%M} UTC." if streak < len(ran) else ""
    value = "no answer" if streak == 1 else f"{streak} times no answer"
    return Sign("stripe", level, value, ran[streak - 1].ended_at, note)


def days_green(found: dict[str, list[Ran]], *, now: datetime) -> int:
    """For how many days in a row, up to the last check, the books balanced at the day's end.

    A day without a check breaks the row, and so does a last check that is not of today or
    yesterday. Days are Dublin's; at most the 90 that runs are kept.
    """
    ends: dict[date, bool] = {}
    for each in found.get(balance.NAME, []):
        ends.setdefault(dublin_date(each.ended_at), each.clean)
    day = dublin_date(now)
    if day not in ends:
        day -= _A_DAY
    count = 0
    while ends.get(day):
        count, day = count + 1, day - _A_DAY
    return count
