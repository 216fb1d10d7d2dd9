"""How the overview is written: cards for the present, columns for the months, three charts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from billing.money import format_amount
from members.reports.definitions import DEFINITIONS
from members.reports.report import Line, Report
from members.reports.small import hidden, tells
from members.staff.reports.charts import Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.told import month_labels, thousands

# What is written where a figure would tell of persons (members.reports.small).
HIDDEN: Final = "hidden"
# What is drawn month by month.
_DRAWN: Final[dict[str, Callable[[Line], int]]] = {
    "active": lambda line: line.active,
    "mrr": lambda line: line.mrr_cents,
    "new": lambda line: line.new,
    "net": lambda line: line.net_cents,
}
# Who came and who went make up the change of the active members, which is told.
_MOVES: Final = ("new", "returned", "ended")


@dataclass(frozen=True, slots=True)
class Card:
    """One figure of the present: what it is, how much, what to know beside it, what it means.

    `report` is the one that tells more of it.
    """

    key: str
    label: str
    value: str
    note: str
    report: str

    @property
    def definition(self) -> str:
        return DEFINITIONS[self.key]

    @property
    def hidden(self) -> bool:
        return self.value == HIDDEN


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table, and how a month fills it: `people` is of how many it tells."""

    heading: str
    write: Callable[[Line], str]
    key: str
    people: Callable[[Line], int] = lambda _: 0

    @property
    def definition(self) -> str:
        return DEFINITIONS[self.key]


COLUMNS: Final = [
    Column("Active", lambda line: f"{line.active:,}", "active"),
    Column("MRR", lambda line: format_amount(line.mrr_cents), "mrr"),
    Column("New", lambda line: f"{line.new:,}", "new", lambda line: line.new),
    Column("Returned", lambda line: f"{line.returned:,}", "returned", lambda line: line.returned),
    Column("Ended", lambda line: f"{line.ended:,}", "ended", lambda line: line.ended),
    Column("Failed", lambda line: _counted(line.failed, line.failed_cents), "failed",
           lambda line: line.failed),
    Column("Gross", lambda line: format_amount(line.gross_cents), "gross"),
    Column("Fees", lambda line: format_amount(line.fee_cents), "fee"),
    Column("Refunds", lambda line: format_amount(line.refund_cents), "refunds"),
    Column("Disputes", lambda line: format_amount(line.dispute_cents), "disputes"),
    Column("Net", lambda line: format_amount(line.net_cents), "net"),
    Column("Gifts", lambda line: _counted(line.gifts, line.gift_cents), "gifts",
           lambda line: line.gifts),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sight:
    """The report, and what of it is not told: a month's place and the key of a column."""

    report: Report
    gone: frozenset[tuple[int, str]]

    @classmethod
    def of(cls, report: Report) -> "Sight":
        people: dict[tuple[int, str], int | None] = {}
        sums = []
        for place, line in enumerate(report.lines):
            people |= {(place, column.key): column.people(line) for column in COLUMNS}
            sums.append([(place, key) for key in _MOVES])
        return cls(report, frozenset(hidden(people, sums)))

    def _told(self, place: int, key: str, words: str) -> str:
        return HIDDEN if (place, key) in self.gone else words

    def table(self) -> list[tuple[Line, list[str]]]:
        """The months with their cells, newest first."""
        return [
            (line, [self._told(place, column.key, column.write(line)) for column in COLUMNS])
            for place, line in reversed(list(enumerate(self.report.lines)))
        ]

    def cards(self) -> list[Card]:
        """The figures that stand first, of the month that runs."""
        line, before, present = self.report.running, self.report.lines[-2], self.report.present
        last = len(self.report.lines) - 1

        def now(key: str, words: str) -> str:
            return self._told(last, key, words)

        failed = format_amount(line.failed_cents) if line.failed else ""
        gifts = format_amount(line.gift_cents)
        ended_before = self._told(last - 1, "ended", f"{before.ended:,}")
        return [
            Card("active", "Active members", f"{line.active:,}",
                 _change(line, before) + _paused(present.paused), "growth"),
            Card("mrr", "Monthly (MRR)", format_amount(line.mrr_cents),
                 _overdue(present.at_risk, present.at_risk_cents), "growth"),
            Card("new", "New members", now("new", f"{line.new:,}"),
                 f"Returned: {now('returned', f'{line.returned:,}')}", "growth"),
            Card("ended", "Ended", now("ended", f"{line.ended:,}"),
                 f"Last month: {ended_before}", "leaving"),
            Card("failed", "Failed payments", now("failed", f"{line.failed:,}"),
                 "" if (last, "failed") in self.gone else failed, "failures"),
            Card("gross", "Gross income", format_amount(line.gross_cents), _flow(line), "income"),
            Card("net", "Net income", format_amount(line.net_cents), _unknown_fees(line),
                 "income"),
            Card("gifts", "One-off gifts", now("gifts", f"{line.gifts:,}"),
                 "" if (last, "gifts") in self.gone else gifts, "gifts"),
        ]  # fmt: skip

    def months(self, key: str) -> list[int | None]:
        """This figure month by month, None where it is not told."""
        return [
            None if (place, key) in self.gone else _DRAWN[key](line)
            for place, line in enumerate(self.report.lines)
        ]

    def charts(self) -> list[Chart]:
        """The three drawings: members, MRR, income."""
        lines = self.report.lines
        labels = month_labels(lines)
        return [
            columns("active", "Active members", labels=labels, runs=True,
                    series=[Series("main", "", [line.active for line in lines])],
                    write=thousands),
            columns("mrr", "Monthly recurring revenue", labels=labels, runs=True,
                    series=[Series("main", "", [line.mrr_cents for line in lines])],
                    write=format_amount),
            columns("income", "Income each month", labels=labels, runs=True,
                    series=[Series("pale", "Gross", [line.gross_cents for line in lines]),
                            Series("main", "Net", [line.net_cents for line in lines])],
                    write=format_amount),
        ]  # fmt: skip


def fees_not_yet_known(report: Report) -> str:
    """How many payments Stripe has not told its fee of, and what they come to; "" if none."""
    count = sum(line.fee_unknown for line in report.lines)
    if tells(count):
        return "a few payments"
    worth = format_amount(sum(line.fee_unknown_cents for line in report.lines))
    return f"{count:,} payments of {worth}" if count else ""


def _counted(count: int, cents: int) -> str:
    return f"{count:,} · {format_amount(cents)}" if count else "0"


def _change(line: Line, before: Line) -> str:
    change = line.active - before.active
    return f"{change:+,} since {before.month.first:%B}" if change else "As last month"


def _paused(people: int) -> str:
    if not people:
        return ""
    return f" · {'few' if tells(people) else f'{people:,}'} paused"


def _overdue(people: int, cents: int) -> str:
    if not people:
        return "Nothing overdue"
    return "A little of it overdue" if tells(people) else f"{format_amount(cents)} of it overdue"


def _flow(line: Line) -> str:
    flow = f"Fees {format_amount(line.fee_cents)}, refunds {format_amount(line.refund_cents)}"
    return flow + (f", disputes {format_amount(line.dispute_cents)}" if line.dispute_cents else "")


def _unknown_fees(line: Line) -> str:
    if not line.fee_unknown:
        return f"of {format_amount(line.gross_cents)} gross"
    few = "few" if tells(line.fee_unknown) else f"{line.fee_unknown:,}"
    return f"{few} not in it yet"
