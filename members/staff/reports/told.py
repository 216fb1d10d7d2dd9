"""What a report says: sentences, charts and tables, the same on the page and in its files."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Literal, Protocol

from billing.money import decimal_amount, format_amount
from members.reports.months import Month
from members.reports.small import tells
from members.staff.reports.charts import NONE, Chart

Kind = Literal["count", "cents", "share", "tenths", "text"]
HIDDEN: Final = "hidden"
# The place of the line beneath a table, where that of its rows is counted from 0.
TOTAL: Final = -1
# So many columns stand closer together.
_MANY: Final = 8
# So many letters at the head of a row stay on one line.
_SHORT: Final = 16


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure: a count, cents, hundredths of a per cent, tenths, or a word. None: there is none.

    `hidden` is a figure that would tell of persons (members.reports.small): it is said nowhere.
    """

    kind: Kind
    value: int | str | None
    hidden: bool = False
    heat: str = ""

    @property
    def words(self) -> str:
        """As the page says it."""
        if self.hidden or self.value is None:
            return NONE
        if self.heat and isinstance(self.value, int):
            return f"{self.value / 100:.0f}%"
        return written(self.kind, self.value)

    @property
    def plain(self) -> str:
        """As a CSV says it: a decimal point, no sign of a currency, no thousands mark."""
        if self.hidden:
            return HIDDEN
        match self.kind, self.value:
            case _, None:
                return ""
            case "cents" | "share", int(value):
                return decimal_amount(value)
            case "tenths", int(value):
                return f"{value / 10:.1f}"
        return str(self.value)

    @property
    def number(self) -> bool:
        return self.kind != "text"

    @property
    def nothing(self) -> bool:
        return self.value == 0 and not self.hidden


def written(kind: Kind, value: int | str) -> str:
    """A figure in words: "1,204", "€1.99", "12.5%"."""
    match kind, value:
        case "count", int():
            return thousands(value)
        case "cents", int():
            return format_amount(value)
        case "share", int():
            return f"{value / 100:.1f}%"
        case "tenths", int():
            return f"{value / 10:.1f}"
    return str(value)


def count(value: int | None, *, hidden: bool = False) -> Cell:
    return Cell("count", value, hidden)


def cents(value: int | None, *, hidden: bool = False) -> Cell:
    return Cell("cents", value, hidden)


def share(value: int | None, *, hidden: bool = False) -> Cell:
    return Cell("share", value, hidden)


def text(value: str) -> Cell:
    return Cell("text", value)


@dataclass(frozen=True, slots=True)
class Column:
    """A column: what stands in it, and in which unit a file gives it."""

    heading: str
    kind: Kind = "count"

    @property
    def in_file(self) -> str:
        unit = {"cents": " (EUR)", "share": " (%)"}.get(self.kind, "")
        return f"{self.heading}{unit}"


@dataclass(frozen=True, slots=True)
class Row:
    """A line: a month or a word at its head, then its cells."""

    head: date | str
    cells: list[Cell]
    tone: str = ""
    note: str = ""

    @property
    def words(self) -> str:
        return self.head if isinstance(self.head, str) else f"{self.head:%b %Y}"

    @property
    def plain(self) -> str:
        return self.head if isinstance(self.head, str) else f"{self.head:%Y-%m}"

    @property
    def short(self) -> bool:
        """Whether its head is a month or a word or two, which stay on one line on a phone too."""
        return len(self.words) <= _SHORT


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its name; `total` is the line beneath it, `heat` one that is read by colour."""

    slug: str
    title: str
    first: str
    columns: list[Column]
    rows: list[Row]
    total: Row | None = None
    says: str = ""
    heat: bool = False

    @property
    def lines(self) -> list[Row]:
        return [*self.rows, self.total] if self.total else self.rows

    @property
    def drawn(self) -> list[Column]:
        """The columns that the page shows: those in which there is something."""
        return [each for i, each in enumerate(self.columns) if i not in self._empty]

    @property
    def left_out(self) -> list[str]:
        """The names of the columns that the page leaves out. The files have them."""
        return [self.columns[i].heading for i in sorted(self._empty)]

    @property
    def cells(self) -> list[tuple[Row, list[Cell]]]:
        """The rows, with the cells of the columns that are drawn."""
        return [
            (row, [each for i, each in enumerate(row.cells) if i not in self._empty])
            for row in self.lines
        ]

    @property
    def _empty(self) -> set[int]:
        """Where nothing happened in any row; a table with few columns keeps them all."""
        if not self.dense or self.heat:
            return set()
        places = range(len(self.columns))
        return {i for i in places if all(row.cells[i].nothing for row in self.lines)}

    @property
    def dense(self) -> bool:
        return len(self.columns) > _MANY

    @property
    def hides(self) -> bool:
        return any(cell.hidden for row in self.lines for cell in row.cells)


@dataclass(frozen=True, slots=True)
class Key:
    """A figure that stands first: what it is, how much, and what to know beside it."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A report: the answer in a sentence, then what it was read from."""

    answer: str
    tables: list[Table]
    charts: list[Chart] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lists: dict[str, Any] = field(default_factory=dict)

    @property
    def drawn(self) -> list[Chart]:
        """The charts on which there is something to see."""
        return [each for each in self.charts if any(bar.width and bar.height for bar in each.bars)]

    @property
    def hides(self) -> bool:
        return any(each.hides for each in self.tables)


class OfAMonth(Protocol):
    """What is told of one month, whatever it is."""

    @property
    def month(self) -> Month: ...


def month_labels(months: Iterable[OfAMonth]) -> list[str]:
    """The months as they stand under a chart: "Nov 26"."""
    return [f"{each.month.first:%b %y}" for each in months]


def thousands(number: int) -> str:
    """A count as it is written: "1,204"."""
    return f"{number:,}"


def month_row(month: date, cells: list[Cell], *, runs: bool) -> Row:
    """The row of a month, marked where it is not over."""
    return Row(month, cells, "running", "so far") if runs else Row(month, cells)


def people(number: int, one: str = "person", many: str = "people") -> str:
    """How many in words: "12 people", or that they are fewer than five."""
    if tells(number):
        return f"fewer than five {many}"
    return f"{number:,} {one if number == 1 else many}"
