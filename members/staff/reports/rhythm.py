"""Monthly and yearly memberships apart: a rate of both together would say little of either."""

from typing import Final

from members.reports.rhythms import Leavers, rhythms
from members.reports.small import tells
from members.staff.reports.asked import Asked
from members.staff.reports.told import Cell, Column, Table, count, month_row, share

_HEADS: Final = [
    Column("Monthly, at the start"),
    Column("Monthly, left"),
    Column("Monthly churn", "share"),
    Column("Yearly, at the start"),
    Column("Yearly, left"),
    Column("Yearly churn", "share"),
]


def by_rhythm(asked: Asked) -> Table:
    """How many of each rhythm left, month by month."""
    rows = []
    for i, each in enumerate(rhythms(now=asked.until, count=asked.count)):
        both = (each.monthly, each.yearly)
        # Together they are nearly all who left, which is told: where one is small, none is.
        few = any(tells(of.start) or tells(of.left) for of in both)
        cells = [cell for of in both for cell in _cells(of, hidden=few)]
        rows.append(month_row(each.month.first, cells, runs=asked.runs(i)))
    return Table(
        "rhythm",
        "Monthly and yearly memberships",
        "Month",
        _HEADS,
        rows,
        None,
        "Counted by membership. Who pays yearly can leave once a year: how many go on, the yearly "
        "renewals say.",
    )


def _cells(of: Leavers, *, hidden: bool) -> list[Cell]:
    return [
        count(of.start, hidden=hidden),
        count(of.left, hidden=hidden),
        share(of.share, hidden=hidden),
    ]
