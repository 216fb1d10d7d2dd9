"""Handing a list out, as CSV line by line or as a workbook: to the one who asked, for a day.

Each line bears whose file it is, when and why it was made: it does so still when the file is cut,
sorted or pasted into another. So does the name of the file.
"""

import csv
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import IO, Any, Final

import structlog
import xlsxwriter
from django.db.models import F

from billing.dates import dublin_date
from members import lockdown
from members.exports import making, shapes
from members.exports.asking import NotAllowed
from members.exports.shapes import Column, Kind
from members.models import StaffList, StaffMember
from members.models.listing import Format, ListState
from members.roles import May, may

log = structlog.get_logger(__name__)
MARK: Final = "taken_by"
# A cell that begins with one of these is run as a formula by spreadsheets (OWASP, CSV injection).
_FORMULA_STARTS: Final = ("=", "+", "-", "@")
_BREAKS: Final = ("\t", "\r", "\n")
_BOM: Final = "\ufeff"
_WIDTHS: Final = {Kind.TEXT: 22, Kind.AMOUNT: 12, Kind.DAY: 12}


def take(wanted: StaffList, *, by: StaffMember, now: datetime) -> Iterator[bytes]:
    """The file's bytes, piece by piece; that it was taken is noted.

    Raises NotAllowed where it is another's, not ready, over, or the house is locked down; so do the
    pieces where it comes to that on the way, which breaks the download off.
    """
    if wanted.by_id != by.pk or not _permitted(wanted, by):
        raise NotAllowed
    lasting = StaffList.objects.filter(pk=wanted.pk, state=ListState.READY, expires_at__gt=now)
    if lasting.update(taken_at=now, times_taken=F("times_taken") + 1) != 1:
        raise NotAllowed
    log.info("list taken", list=str(wanted.pk), staff=str(by.pk))
    return _workbook(wanted) if wanted.format == Format.XLSX else _csv(wanted)


def file_name(wanted: StaffList) -> str:
    """What it is, the day, the purpose and the reference: no name of anybody."""
    ending = "xlsx" if wanted.format == Format.XLSX else "csv"
    day = dublin_date(wanted.asked_at)
    return f"{wanted.subject}-{day}-{wanted.purpose}-{wanted.reference}.{ending}"


def mark_of(wanted: StaffList) -> str:
    """Who, when, why and which: what each line bears."""
    day = dublin_date(wanted.asked_at)
    return f"{wanted.by.email} {day} {wanted.purpose} {wanted.reference}"


def guarded(cells: Iterable[str]) -> list[str]:
    """The cells with an apostrophe before whatever a spreadsheet would calculate."""
    return [_guarded(cell) for cell in cells]


def _guarded(cell: str) -> str:
    return f"'{cell}" if _runs(cell) else cell


def _runs(cell: str) -> bool:
    """Whether a spreadsheet may take this for a formula: also behind a space, or in full width."""
    first = unicodedata.normalize("NFKC", cell.lstrip()[:1])
    return first.startswith(_FORMULA_STARTS) or cell.startswith(_BREAKS)


def _permitted(wanted: StaffList, by: StaffMember) -> bool:
    """Whether they may have it at this moment."""
    allowed = may(by, May.EXPORT_NAMES if wanted.names else May.EXPORT)
    return allowed and not lockdown.holds()


def _lines(wanted: StaffList) -> Iterator[list[list[str]]]:
    """The parts one after the other, each opened when it is asked for, and only to who still may.

    Raises NotAllowed: a file that ended instead would look whole.
    """
    ready = StaffList.objects.select_related("by").filter(pk=wanted.pk, state=ListState.READY)
    number = handed = 0
    while handed < wanted.rows_done:
        still = ready.first()
        part = wanted.parts.filter(number=number).first()
        if still is None or part is None or not _permitted(still, still.by):
            raise NotAllowed
        yield making.unpack(part.body)
        number, handed = number + 1, handed + part.lines


class _Echo:
    """A file for the csv module that hands back what it is given."""

    def write(self, line: str) -> str:
        return line


def _csv(wanted: StaffList) -> Iterator[bytes]:
    writer, mark = csv.writer(_Echo()), _guarded(mark_of(wanted))
    columns = shapes.of(wanted.subject).named(wanted.columns)
    # A negative amount begins with a minus as well, and is a number all the same.
    texts = [column.kind is not Kind.AMOUNT for column in columns]
    begin = _BOM if wanted.format == Format.EXCEL_CSV else ""
    head = writer.writerow([*(column.name for column in columns), MARK])
    yield (begin + head).encode()
    for part in _lines(wanted):
        yield "".join(writer.writerow([*_safe(cells, texts), mark]) for cells in part).encode()


def _safe(cells: list[str], texts: list[bool]) -> list[str]:
    return [_guarded(cell) if text else cell for cell, text in zip(cells, texts, strict=True)]


def _workbook(wanted: StaffList) -> Iterator[bytes]:
    """Typed cells; texts are written as texts, which no spreadsheet runs. Made row by row."""
    with TemporaryFile() as file:
        columns, mark = shapes.of(wanted.subject).named(wanted.columns), mark_of(wanted)
        book = xlsxwriter.Workbook(file, {"constant_memory": True})
        styles = {
            Kind.AMOUNT: book.add_format({"num_format": "#,##0.00"}),
            Kind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
        }
        sheet = book.add_worksheet(wanted.get_subject_display())
        sheet.freeze_panes(1, 0)
        sheet.set_header(f"&L{mark}")
        bold = book.add_format({"bold": True})
        for at, column in enumerate(columns):
            sheet.set_column(at, at, _WIDTHS[column.kind])
            sheet.write_string(0, at, column.name, bold)
        sheet.write_string(0, len(columns), MARK, bold)
        number = 0
        for part in _lines(wanted):
            for cells in part:
                number += 1
                for at, (column, cell) in enumerate(zip(columns, cells, strict=True)):
                    _write(sheet, number, at, column, cell, styles)
                sheet.write_string(number, len(columns), mark)
        book.close()
        yield from _pieces(file)


def _write(
    sheet: Any, row: int, at: int, column: Column, cell: str, styles: dict[Kind, Any]
) -> None:
    if not cell:
        return
    if column.kind is Kind.AMOUNT:
        sheet.write_number(row, at, Decimal(cell), styles[Kind.AMOUNT])
    elif column.kind is Kind.DAY:
        sheet.write_datetime(row, at, date.fromisoformat(cell), styles[Kind.DAY])
    else:
        sheet.write_string(row, at, cell)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(64 * 1024):
        yield piece
