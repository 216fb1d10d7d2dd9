"""How the report is written on the page: cards for the present, columns for the months."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from billing.money import format_amount
from members.reports.definitions import DEFINITIONS
from members.reports.report import Line, Report


@dataclass(frozen=True, slots=True)
class Card:
    """One figure of the present: what it is, how much, what to know beside it, what it means."""

    label: str
    value: str
    note: str
    definition: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table, and how a month fills it."""

    heading: str
    write: Callable[[Line], str]
    key: str

    @property
    def definition(self) -> str:
        return DEFINITIONS[self.key]


COLUMNS: Final = [
    Column("Active", lambda line: f"{line.active:,}", "active"),
    Column("MRR", lambda line: format_amount(line.mrr_cents), "mrr"),
    Column("New", lambda line: f"{line.new:,}", "new"),
    Column("Returned", lambda line: f"{line.returned:,}", "returned"),
    Column("Ended", lambda line: f"{line.ended:,}", "ended"),
    Column("Failed", lambda line: _counted(line.failed, line.failed_cents), "failed"),
    Column("Gross", lambda line: format_amount(line.gross_cents), "gross"),
    Column("Fees", lambda line: format_amount(line.fee_cents), "fee"),
    Column("Refunds", lambda line: format_amount(line.refund_cents), "refunds"),
    Column("Disputes", lambda line: format_amount(line.dispute_cents), "disputes"),
    Column("Net", lambda line: format_amount(line.net_cents), "net"),
    Column("Gifts", lambda line: _counted(line.gifts, line.gift_cents), "gifts"),
]


def cards(report: Report) -> list[Card]:
    """The figures that stand first, of the month that runs."""
    line, before, present = report.running, report.lines[-2], report.present
    overdue = f"{format_amount(present.at_risk_cents)} of it overdue" if present.at_risk else ""
    paused = f" · {present.paused:,} paused" if present.paused else ""
    flow = f"Fees {format_amount(line.fee_cents)}, refunds {format_amount(line.refund_cents)}"
    if line.dispute_cents:
        flow += f", disputes {format_amount(line.dispute_cents)}"
    return [
        _card("Active members", f"{line.active:,}", _change(line, before) + paused, "active"),
        _card("MRR", format_amount(line.mrr_cents), overdue or "Nothing overdue", "mrr"),
        _card("New members", f"{line.new:,}", f"and {line.returned:,} returned", "new"),
        _card("Ended", f"{line.ended:,}", f"{before.ended:,} last month", "ended"),
        _card("Failed payments", f"{line.failed:,}", format_amount(line.failed_cents), "failed"),
        _card("Gross income", format_amount(line.gross_cents), flow, "gross"),
        _card("Net income", format_amount(line.net_cents), _unknown_fees(line), "net"),
        _card("One-off gifts", f"{line.gifts:,}", format_amount(line.gift_cents), "gifts"),
    ]


def table(report: Report) -> list[tuple[Line, list[str]]]:
    """The months with their cells, newest first."""
    return [(line, [column.write(line) for column in COLUMNS]) for line in reversed(report.lines)]


def fees_not_yet_known(report: Report) -> tuple[int, str]:
    """How many payments of these months lack their fee, and what they come to."""
    count = sum(line.fee_unknown for line in report.lines)
    return count, format_amount(sum(line.fee_unknown_cents for line in report.lines))


def _card(label: str, value: str, note: str, key: str) -> Card:
    return Card(label, value, note, DEFINITIONS[key])


def _counted(count: int, cents: int) -> str:
    return f"{count:,} · {format_amount(cents)}" if count else "0"


def _change(line: Line, before: Line) -> str:
    change = line.active - before.active
    return f"{change:+,} since {before.month.first:%B}" if change else "As last month"


def _unknown_fees(line: Line) -> str:
    if not line.fee_unknown:
        return "After all that was kept or went back"
    return f"{line.fee_unknown:,} not in it yet"
