"""Which payments failed at first, and which of them came in after all?"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from billing.figures import names
from billing.states import Recovery
from members.reports import rollups
from members.reports.months import Month, last_months
from members.reports.rollups import Number


@dataclass(frozen=True, slots=True)
class FailureMonth:
    """A month: payments of memberships first tried in it, and what failed first in it.

    `by` are the parts of `recovered` by Recovery, "" where nobody told. `open` is true while some
    may still come in within the days that count.
    """

    month: Month
    attempted: Number
    failed: Number
    recovered: Number
    by: dict[str, Number]
    open: bool


def failures(*, now: datetime, count: int) -> list[FailureMonth]:
    """The last `count` months, oldest first; the last of them runs. One query."""
    months = last_months(now=now, count=count)
    book = rollups.read(
        names.ATTEMPTED,
        names.FAILED,
        names.RECOVERED,
        first=months[0].first,
        last=months[-1].first,
    )
    return [
        FailureMonth(
            month=month,
            attempted=book.at(names.ATTEMPTED, month.first),
            failed=book.at(names.FAILED, month.first),
            recovered=book.at(names.RECOVERED, month.first),
            by={key: book.at(names.RECOVERED, month.first, key) for key in ("", *Recovery)},
            open=month.ends + timedelta(days=names.RECOVERY_DAYS) > now,
        )
        for month in months
    ]
