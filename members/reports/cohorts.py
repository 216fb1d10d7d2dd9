"""Of those who joined in a month, how many are members later on?"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from billing.dates import dublin_date
from billing.figures import names
from billing.figures.names import Move
from members.reports import rollups
from members.reports.amounts import months_worth, share
from members.reports.months import Month, last_months
from members.reports.small import shown

MONTHS: Final = 24


@dataclass(frozen=True, slots=True)
class CohortCell:
    """So many of a cohort are active at the end of a month; None where that is not to be shown."""

    active: int | None
    share: int | None
    mrr_cents: int | None


@dataclass(frozen=True, slots=True)
class Cohort:
    """Those who joined in a month, and how it stands with them k months on, as far as we are.

    The last cell is that of the month that runs: it is not complete.
    """

    month: Month
    starters: int | None
    cells: list[CohortCell]


def cohorts(*, now: datetime, count: int = MONTHS) -> list[Cohort]:
    """The cohorts of the last `count` months, oldest first. One query."""
    months = last_months(now=now, count=count)
    book = rollups.read(names.COHORT, names.MOVEMENT, first=months[0].first, last=dublin_date(now))
    found = []
    for number, month in enumerate(months):
        changes = book.keys(names.COHORT, month.first)
        starters = book.at(names.MOVEMENT, month.first, Move.NEW).number
        active = twelfths = 0
        cells = []
        for later in months[number:]:
            change = changes.get(_key(later.first), rollups.Number())
            active, twelfths = active + change.number, twelfths + change.value
            cells.append(_cell(active, twelfths, starters))
        found.append(Cohort(month, starters if shown(starters) else None, cells))
    return found


def retention(*, now: datetime, count: int = MONTHS) -> list[tuple[int, int]]:
    """For k months after joining: how many are members then, of how many. One query.

    All cohorts of the last `count` months together, each by the months that are over.
    """
    months = last_months(now=now, count=count)
    book = rollups.read(names.COHORT, names.MOVEMENT, first=months[0].first, last=dublin_date(now))
    found = [(0, 0)] * (count - 1)
    for number, month in enumerate(months[:-1]):
        changes = book.keys(names.COHORT, month.first)
        starters = book.at(names.MOVEMENT, month.first, Move.NEW).number
        active = 0
        for k, later in enumerate(months[number:-1]):
            active += changes.get(_key(later.first), rollups.Number()).number
            found[k] = found[k][0] + active, found[k][1] + starters
    return found


def _key(month: date) -> str:
    return f"{month:%Y-%m}"


def _cell(active: int, twelfths: int, starters: int) -> CohortCell:
    if not shown(active):
        return CohortCell(None, None, None)
    return CohortCell(active, share(active, starters), months_worth(twelfths))
