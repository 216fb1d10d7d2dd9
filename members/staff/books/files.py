"""The files of the books: packs, payouts, journals. A closed month's are the same for ever."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final
from uuid import UUID

import structlog
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from billing.accounts import journal as journals
from billing.accounts import years
from billing.accounts.banked import Banked
from billing.accounts.chart import Layout
from billing.money import decimal_amount
from members import access, lockdown
from members.exports.handing import guarded
from members.models import StaffMember
from members.models.access import Field, Purpose
from members.staff.access import books_only, refused, who
from members.staff.books import sheet
from members.staff.books.pages import Book, book
from members.staff.books.workbook import workbook

log = structlog.get_logger(__name__)
_AT_ONCE: Final = 1000
# The moment of every file in a zip: a file of a closed month must not tell when it was fetched.
_ALWAYS: Final = (1980, 1, 1, 0, 0, 0)
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PAYOUT_HEAD: Final = (
    *("payout", "day", "arrives", "status", "charges", "refunds", "disputes", "fees", "other"),
    *("lines_come_to", "paid_out", "came_back", "missing", "booked_before_this_month", "lines"),
)


@require_safe
@books_only
def pack_csv(request: HttpRequest, month: str) -> HttpResponseBase:
    """The pack as CSV: section, figure, how many, amount."""
    found = book(month)
    _told(request, "pack_csv", month)
    return csv_file(f"books-{found.name}.csv", _pack_rows(found))


@require_safe
@books_only
def pack_xlsx(request: HttpRequest, month: str) -> HttpResponseBase:
    """The pack as a workbook with typed cells."""
    found = book(month)
    _told(request, "pack_xlsx", month)
    return file_of(f"books-{found.name}.xlsx", XLSX, workbook(found.pack))


@require_safe
@books_only
def payouts_csv(request: HttpRequest, month: str) -> HttpResponseBase:
    found = book(month)
    _told(request, "payouts_csv", month)
    rows = [list(_PAYOUT_HEAD), *(_payout_row(each) for each in found.pack.payouts)]
    return csv_file(f"payouts-{found.name}.csv", rows)


@require_safe
@books_only
def journal(request: HttpRequest, month: str, layout: str) -> HttpResponseBase:
    """The month's journal as this program wants it: one CSV, or a zip of several."""
    found = book(month)
    wanted = found.chart.layout(layout)
    if wanted is None:
        raise Http404
    _told(request, f"journal_{wanted.name}", month)
    parts = journals.files(journals.entries(found.pack, found.chart), layout=wanted)
    head = [heading for heading, _ in wanted.columns]
    texts = [
        _text([head, *(_journal_cells(each, found, wanted) for each in part)]) for part in parts
    ]
    name = f"journal-{wanted.name}-{found.name}"
    if len(texts) == 1:
        return file_of(f"{name}.csv", "text/csv; charset=utf-8", texts[0].encode())
    return file_of(f"{name}.zip", "application/zip", _zipped(name, texts))


@require_safe
@books_only
def year_csv(request: HttpRequest, year: int) -> HttpResponseBase:
    found = years.of_year(year)
    if found is None:
        raise Http404
    head = ["type", "through_stripe", "direct", "refunds", "disputes", "received"]
    rows = [
        [line.label, *map(decimal_amount, (line.through_stripe, line.outside, line.refunds,
                                           line.disputes, line.received))]
        for line in found.lines
    ]  # fmt: skip
    _told(request, "year_csv", str(year))
    return csv_file(f"income-{year}.csv", [head, *rows])


@require_safe
@books_only
def candidates_csv(request: HttpRequest, year: int) -> HttpResponseBase:
    """Who may count for the Charitable Donation Scheme: a reference and a sum, no name.

    The one file of the books with a line for each supporter: so it is a list like those that are
    taken out, told to everybody in it, and not handed out while the house is locked down.
    """
    if years.of_year(year) is None:
        raise Http404
    if lockdown.holds():
        return refused(request)
    _told(request, "scheme_csv", str(year))
    rows = (
        [str(supporter), str(year), decimal_amount(cents), "EUR"]
        for supporter, cents in _noted(years.candidates(year), by=who(request))
    )
    head = ["supporter", "year", "given_without_benefit", "currency"]
    response = StreamingHttpResponse(_lines([head], rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="scheme-{year}.csv"'
    return response


def _noted(
    candidates: Iterator[tuple[UUID, int]], *, by: StaffMember
) -> Iterator[tuple[UUID, int]]:
    """The same, each written down as taken out before it is handed on."""
    while some := list(islice(candidates, _AT_ONCE)):
        access.note_list(
            staff=by,
            supporter_ids=[supporter for supporter, _cents in some],
            fields=[Field.PAYMENTS],
            purpose=Purpose.BOOKS,
        )
        yield from some


def _journal_cells(entry: journals.Entry, found: Book, layout: Layout) -> list[str]:
    """Text is guarded against formulas; a credit is a number, and keeps its sign."""
    told = journals.cells(entry, layout=layout, chart=found.chart)
    return [
        cell if field in journals.NUMBERS else guarded([cell])[0]
        for cell, (_, field) in zip(told, layout.columns, strict=True)
    ]


def _pack_rows(found: Book) -> Iterator[list[str]]:
    yield ["month", "section", "figure", "count", "amount", "currency"]
    currency = found.pack.currency.upper()
    for kind in [*sheet.kinds(found.pack), sheet.total(found.pack)]:
        figures = {
            "gross": kind.gross, "refunds": kind.refunds,
            "disputes": kind.disputes, "kept": kind.kept,
        }  # fmt: skip
        for name, cents in figures.items():
            count = str(kind.count) if name == "gross" else ""
            what = f"{kind.label}: {name}"
            yield [found.name, "Income by kind", what, count, decimal_amount(cents), currency]
    for section in sheet.sections(found.pack):
        for line in section.lines:
            count = "" if line.count is None else str(line.count)
            label = line.label.removeprefix("- ").removeprefix("+ ").removeprefix("± ")
            yield [found.name, section.title, label, count, decimal_amount(line.cents), currency]
    for late in found.pack.late:
        label = f"Belongs to {late.of}"
        amount = decimal_amount(late.cents)
        yield [found.name, "Booked late", label, str(late.count), amount, currency]
    strays = str(found.pack.strays)
    yield [found.name, "Checks", "Lines matched to no payment", strays, "", currency]
    for each in found.pack.named:
        yield [found.name, "Unmatched", each.id, "1", decimal_amount(each.cents), currency]


def _payout_row(each: Banked) -> list[str]:
    cents = (
        *(each.charges, each.refunds, each.disputes, -each.fees, each.other, each.inside_cents),
        *(each.paid_cents, each.returned_cents, each.missing_cents, each.earlier_cents),
    )
    words = guarded([each.id, each.day, each.arrives, each.status])
    return [*words, *map(decimal_amount, cents), str(each.lines)]


def csv_file(name: str, rows: Iterable[Sequence[str]]) -> HttpResponse:
    """An answer that is a CSV of these rows, guarded before."""
    return file_of(name, "text/csv; charset=utf-8", _text(rows).encode())


def _text(rows: Iterable[Sequence[str]]) -> str:
    return "".join(_lines(rows))


def _lines(*groups: Iterable[Sequence[str]]) -> Iterator[str]:
    for rows in groups:
        for row in rows:
            held = io.StringIO()
            csv.writer(held).writerow(row)
            yield held.getvalue()


def _zipped(name: str, texts: list[str]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, text in enumerate(texts, start=1):
            part = zipfile.ZipInfo(f"{name}-{number:02d}.csv", _ALWAYS)
            part.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(part, text)
    return held.getvalue()


def file_of(name: str, kind: str, content: bytes) -> HttpResponse:
    """An answer that is a file to keep."""
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _told(request: HttpRequest, what: str, of: str) -> None:
    log.info("books exported", staff=str(request.user.pk), what=what, of=of)
