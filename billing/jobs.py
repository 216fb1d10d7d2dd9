"""How the jobs of the clock ended: a row each, which the board and the alarms read.

    with jobs.noted("balance") as run:
        ...
        run.count(lines=12, problems=0)
        run.left = 0        # how much is left for a person: none is clean

A job that raises is noted as failed, and the error goes on its way. Counts are of things, never of
a person's; nothing in a row names anybody.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError
from django.utils import timezone

from billing.models import JobRun
from billing.models.watch import JobResult

KEPT: Final = timedelta(days=90)


@dataclass(slots=True)
class Run:
    """What a job says of its run while it is at work."""

    counts: dict[str, int] = field(default_factory=dict)
    left: int = 0
    idle: bool = False

    def count(self, **counts: int) -> None:
        self.counts |= counts

    def skip(self) -> None:
        """Another worker is at it: this was no run."""
        self.idle = True


@contextmanager
def noted(job: str) -> Iterator[Run]:
    """Write down how the block ended, in a row of its own. Call it outside any transaction."""
    run, began = Run(), timezone.now()
    try:
        yield run
    except Exception as trouble:
        # A database that is away cannot be written to either; the error itself is what matters.
        with suppress(DatabaseError):
            _write(job, began, run, JobResult.FAILED, type(trouble).__name__[:100])
        raise
    if not run.idle:
        _write(job, began, run, JobResult.LEFT if run.left else JobResult.CLEAN, "")


def forget(*, now: datetime) -> int:
    """Delete the rows of runs that are older than 90 days at `now` (UTC); how many there were."""
    return JobRun.objects.filter(ended_at__lt=now - KEPT).delete()[0]


def _write(job: str, began: datetime, run: Run, result: JobResult, error: str) -> None:
    JobRun.objects.create(
        job=job,
        began_at=began,
        ended_at=timezone.now(),
        result=result,
        counts=run.counts,
        error=error,
    )
