"""A month's pack as a workbook: amounts are numbers that a spreadsheet can sum."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from billing.accounts.pack import Pack
from billing.money import decimal_amount
from members.staff.books import sheet


def workbook(pack: Pack) -> bytes:
    """The workbook's bytes: the same for the same figures, whenever it is made."""
    held = io.BytesIO()
    with blank(held, title=f"{pack.month:%B %Y}", day=pack.month) as book:
        styles = styles_of(book)
        _totals(book, styles, pack)
        _kinds(book, styles, pack)
        _payouts(book, styles, pack)
    return held.getvalue()


def blank(held: io.BytesIO, *, title: str, day: date) -> Any:
    """An empty workbook that says it was made on this day, whenever it is.

    Text is written as text: nothing in a cell is run as a formula or made a link.
    """
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(held, options)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC).replace(tzinfo=None)
    book.set_properties({"title": title, "created": midnight})
    return book


def styles_of(book: Any) -> dict[str, Any]:
    """How heads, sums and amounts look."""
    return {
        "head": book.add_format({"bold": True, "bottom": 1}),
        "total": book.add_format({"bold": True, "top": 1, "num_format": "#,##0.00"}),
        "label": book.add_format({"bold": True, "top": 1}),
        "money": book.add_format({"num_format": "#,##0.00"}),
    }


def _totals(book: Any, styles: dict[str, Any], pack: Pack) -> None:
    page = book.add_worksheet("Totals")
    page.set_column(0, 0, 46)
    page.set_column(1, 2, 16)
    row = 0
    for section in sheet.sections(pack):
        page.write_row(row, 0, [section.title, "Count", pack.currency.upper()], styles["head"])
        for line in section.lines:
            row += 1
            style = styles["total"] if line.tone else styles["money"]
            page.write_string(row, 0, line.label, styles["label"] if line.tone else None)
            if line.count is not None:
                page.write_number(row, 1, line.count)
            page.write_number(row, 2, euros(line.cents), style)
        row += 2


def _kinds(book: Any, styles: dict[str, Any], pack: Pack) -> None:
    page = book.add_worksheet("Income by kind")
    page.set_column(0, 0, 40)
    page.set_column(1, 5, 14)
    page.write_row(0, 0, ["Kind", "Payments", "Gross", "Refunds", "Disputes", "Kept"],
                   styles["head"])  # fmt: skip
    lines = [*sheet.kinds(pack), sheet.total(pack)]
    for row, kind in enumerate(lines, start=1):
        last = row == len(lines)
        page.write_string(row, 0, kind.label, styles["label"] if last else None)
        page.write_number(row, 1, kind.count)
        for column, cents in enumerate((kind.gross, kind.refunds, kind.disputes, kind.kept), 2):
            page.write_number(row, column, euros(cents), styles["total" if last else "money"])


def _payouts(book: Any, styles: dict[str, Any], pack: Pack) -> None:
    page = book.add_worksheet("Payouts")
    page.set_column(0, 0, 34)
    page.set_column(1, 9, 13)
    head = ["Payout", "Day", "Charges", "Refunds", "Disputes", "Fees", "Other", "Paid out",
            "Came back", "Missing"]  # fmt: skip
    page.write_row(0, 0, head, styles["head"])
    for row, each in enumerate(pack.payouts, start=1):
        page.write_string(row, 0, each.id)
        page.write_string(row, 1, each.day)
        cents = (each.charges, each.refunds, each.disputes, -each.fees, each.other,
                 each.paid_cents, each.returned_cents, each.missing_cents)  # fmt: skip
        for column, amount in enumerate(cents, 2):
            page.write_number(row, column, euros(amount), styles["money"])


def euros(cents: int) -> Decimal:
    """What a cell holds: here alone an amount leaves whole cents, and it does so exactly."""
    return Decimal(decimal_amount(cents))
