"""A report as a workbook: the totals first, then a sheet for each table, with typed cells."""

import io
from datetime import date
from typing import Any, Final

from members.staff.books.workbook import blank, euros, styles_of
from members.staff.reports.told import HIDDEN, Cell, Row, Table, Told

_NAME_LENGTH: Final = 31


def workbook(question: str, told: Told, *, day: date) -> bytes:
    """The workbook's bytes: the figures of the page, and what is hidden there is hidden here."""
    held = io.BytesIO()
    with blank(held, title=question, day=day) as book:
        styles = styles_of(book) | {
            "total_count": book.add_format({"bold": True, "top": 1, "num_format": "#,##0"}),
            "count": book.add_format({"num_format": "#,##0"}),
            "share": book.add_format({"num_format": "0.0%"}),
            "total_share": book.add_format({"bold": True, "top": 1, "num_format": "0.0%"}),
            "month": book.add_format({"num_format": "mmm yyyy", "align": "left"}),
        }
        _totals(book, styles, question, told)
        for table in told.tables:
            _sheet(book, styles, table)
    return held.getvalue()


def _totals(book: Any, styles: dict[str, Any], question: str, told: Told) -> None:
    page = book.add_worksheet("Totals")
    page.set_column(0, 0, 46)
    page.set_column(1, 1, 18)
    page.write_string(0, 0, question, styles["head"])
    page.write_string(1, 0, told.answer)
    at = 3
    for table in told.tables:
        if table.total is None:
            continue
        page.write_string(at, 0, table.title, styles["head"])
        for column, cell in zip(table.columns, table.total.cells, strict=True):
            at += 1
            page.write_string(at, 0, column.in_file)
            _write(page, at, 1, cell, styles, total=False)
        at += 2


def _sheet(book: Any, styles: dict[str, Any], table: Table) -> None:
    page = book.add_worksheet(table.slug[:_NAME_LENGTH])
    page.set_column(0, 0, 30)
    page.set_column(1, len(table.columns), 14)
    page.freeze_panes(1, 1)
    page.write_string(0, 0, table.first, styles["head"])
    for place, column in enumerate(table.columns, start=1):
        page.write_string(0, place, column.heading, styles["head"])
    for at, row in enumerate(table.lines, start=1):
        total = row is table.total
        _head(page, at, row, styles, total=total)
        for place, cell in enumerate(row.cells, start=1):
            _write(page, at, place, cell, styles, total=total)


def _head(page: Any, at: int, row: Row, styles: dict[str, Any], *, total: bool) -> None:
    if isinstance(row.head, date):
        page.write_datetime(at, 0, row.head, styles["month"])
    else:
        page.write_string(at, 0, row.head, styles["label"] if total else None)


def _write(
    page: Any, at: int, place: int, cell: Cell, styles: dict[str, Any], *, total: bool
) -> None:
    """A number as a number, what is hidden as that word, what there is none of as nothing."""
    before = "total_" if total else ""
    match cell.kind, cell.value:
        case _ if cell.hidden:
            page.write_string(at, place, HIDDEN)
        case "cents", int(value):
            page.write_number(at, place, euros(value), styles["total" if total else "money"])
        case "share", int(value):
            # As a spreadsheet has a per cent: a part of one, exact to its last digit.
            page.write_number(at, place, euros(value) / 100, styles[f"{before}share"])
        case "count", int(value):
            page.write_number(at, place, value, styles[f"{before}count"])
        case _, str(value):
            page.write_string(at, place, value)
