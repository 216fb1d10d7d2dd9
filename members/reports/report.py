"""The overview: thirteen months and the present, in five queries however many members there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from billing.figures import names
from billing.figures.names import Move
from members.reports.failures import FailureMonth, failures
from members.reports.income import IncomeMonth, income
from members.reports.months import Month
from members.reports.movement import MovementMonth, movement
from members.reports.present import Present, present

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
    moved = movement(now=now, count=count)
    money = income(now=now, count=count)
    failed = failures(now=now, count=count)
    lines = [_line(*each) for each in zip(moved, money, failed, strict=True)]
    return Report(as_of=now, lines=lines, present=present())


def _line(moved: MovementMonth, money: IncomeMonth, failed: FailureMonth) -> Line:
    total, gifts = money.total, money.kinds[names.GIFT]
    return Line(
        month=moved.month,
        active=moved.active_end,
        mrr_cents=moved.end_cents,
        new=moved.moves[Move.NEW].people,
        returned=moved.moves[Move.REACTIVATION].people,
        ended=moved.left,
        failed=failed.failed.number,
        failed_cents=failed.failed.value,
        gross_cents=total.gross_cents,
        fee_cents=total.fee_cents,
        fee_unknown=total.fee_unknown,
        fee_unknown_cents=total.fee_unknown_cents,
        refund_cents=total.refund_cents,
        dispute_cents=total.dispute_cents,
        net_cents=total.net_cents,
        gifts=gifts.payments,
        gift_cents=gifts.gross_cents,
    )
