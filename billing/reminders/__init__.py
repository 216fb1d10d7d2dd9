"""Reminders: the letters that no event calls for, written as rows a day before they are due.

Each is one statement over a partial index, however many memberships there are, and may run as
often as one likes, in any number of planners: a letter exists once for its membership and period.
What was missed is caught up with; what came too late to be of use leaves a row that says so.
Whether a letter is still true is asked again when it is sent (letters.kinds).
"""

from datetime import datetime
from typing import Final

import structlog

from billing import jobs
from billing.reminders import cards, debits, failures, pauses, renewals

log = structlog.get_logger(__name__)

NAME: Final = "reminders"


def plan(*, now: datetime) -> int:
    """Write every letter that is due within a day of `now` (UTC); how many were new."""
    with jobs.noted(NAME) as run:
        run.count(
            reminders=renewals.plan(now=now),
            debits=debits.plan(now=now),
            failures=failures.plan(now=now),
            cards=cards.plan(now=now),
            pauses=pauses.plan(now=now),
        )
        log.info("letters planned", **run.counts)
        return sum(run.counts.values())
