"""The report: thirteen months and the present, in six queries however many members there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from members.reports import money, people
from members.reports.months import Month, last_months
from members.reports.people import Present

MONTHS: Final = 13


@dataclass(frozen=True, slots=True)
class Line:
    """One month of the report. Counts, and cents where the name says so."""

    month: Month
    active: int
    mrr_cents: int
    new: int
    returned: int
    ended: int
    failed: int
    failed_cents: int
    gross_cents: int
    fee_cents: int
    fee_unknown: int
    fee_unknown_cents: int
    refund_cents: int
    dispute_cents: int
    net_cents: int
    gifts: int
    gift_cents: int


@dataclass(frozen=True, slots=True)
class Report:
    """The months, oldest first; the last of them runs, and its figures are those of `as_of`."""

    as_of: datetime
    lines: list[Line]
    present: Present

    @property
    def running(self) -> Line:
        return self.lines[-1]


def build(*, now: datetime, count: int = MONTHS) -> Report:
    """Compute the report as of `now`, by the definitions of docs/metrics.md."""
    months = last_months(now=now, count=count)
    standings, present = people.standings(months)
    arrivals, departures = people.arrivals(months), people.departures(months)
    income, back, failures = (
        money.income(months),
        money.gone_back(months),
        money.failures(months),
    )
    lines = [
        Line(
            month=month,
            active=standings[i].active,
            mrr_cents=standings[i].mrr_cents,
            new=arrivals[i]["new"],
            returned=arrivals[i]["returned"],
            ended=departures[i]["ended"],
            failed=failures[i]["failed"],
            failed_cents=failures[i]["failed_sum"],
            gross_cents=income[i]["gross"],
            fee_cents=income[i]["fee"],
            fee_unknown=income[i]["fee_unknown"],
            fee_unknown_cents=income[i]["fee_unknown_of"],
            refund_cents=-back[i]["refunded"],
            dispute_cents=-back[i]["disputed"],
            net_cents=income[i]["net"]
            + income[i]["outside"]
            + back[i]["refunded"]
            + back[i]["disputed"],
            gifts=income[i]["gifts"],
            gift_cents=income[i]["gift_sum"],
        )
        for i, month in enumerate(months)
    ]
    return Report(as_of=now, lines=lines, present=present)
