"""The reports as pages and as files, for every role behind the gate (members/staff/gate.py)."""

from contextlib import nullcontext
from typing import Final

import structlog
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.dates import dublin_date
from members import lockdown
from members.exports.handing import guarded
from members.reports import build, small
from members.roles import May, may
from members.staff.access import needs
from members.staff.books.files import XLSX, csv_file, file_of
from members.staff.reports import overview, period
from members.staff.reports.asked import Asked
from members.staff.reports.income import KIND_NAMES
from members.staff.reports.shelf import MONTHS, REPORTS, SHELF, Report, beside
from members.staff.reports.told import Cell, Told
from members.staff.reports.workbook import workbook

log = structlog.get_logger(__name__)
# The report that can be asked for one kind of income.
_BY_KIND: Final = "income"
# How an address asks for figures of fewer than five people as well.
_SHOWN: Final = "shown"


@require_safe
@needs(May.REPORTS)
def overview_page(request: HttpRequest) -> HttpResponse:
    """The figures of the present, three charts, the table of thirteen months, and every report."""
    report = build(now=timezone.now())
    sight = overview.Sight.of(report)
    return render(
        request,
        "staff/reports/overview.html",
        {
            "here": "reports",
            "report": report,
            "cards": sight.cards(),
            "charts": sight.charts(),
            "columns": overview.COLUMNS,
            "table": sight.table(),
            "unknown": overview.fees_not_yet_known(report),
            "shelf": SHELF,
        },
    )


@require_safe
@needs(May.REPORTS)
def report_page(request: HttpRequest, which: str) -> HttpResponse:
    """One question, its answer in words, the chart, the table, and what the words mean."""
    report, asked = _asked(request, which)
    before, after = beside(report)
    return render(
        request,
        "staff/reports/report.html",
        {
            "here": "reports",
            "report": report,
            "told": _told(report, asked),
            "asked": asked,
            "may_see_small": _may_see_small(request),
            "shelf": SHELF,
            "before": before,
            "after": after,
            "query": _query(report, asked),
            "choices": _choices(report, asked),
            "kinds": KIND_NAMES.items() if which == _BY_KIND else (),
        },
    )


@require_safe
@needs(May.REPORTS)
def report_csv(request: HttpRequest, which: str) -> HttpResponse:
    """The tables of the report, one under the other: the figures of the page."""
    report, asked = _asked(request, which)
    _taken(request, report, asked, "csv")
    return csv_file(f"{_file_name(report, asked)}.csv", _rows(_told(report, asked)))


@require_safe
@needs(May.REPORTS)
def report_xlsx(request: HttpRequest, which: str) -> HttpResponse:
    """The same as a workbook."""
    report, asked = _asked(request, which)
    _taken(request, report, asked, "xlsx")
    content = workbook(report.question, _told(report, asked), day=dublin_date(asked.now))
    return file_of(f"{_file_name(report, asked)}.xlsx", XLSX, content)


def _asked(request: HttpRequest, which: str) -> tuple[Report, Asked]:
    report = REPORTS.get(which)
    if report is None:
        raise Http404
    query = request.GET.copy()
    if not report.periods or (report.periods == MONTHS and query.get("period", "")[:1] == "y"):
        query.pop("period", None)
    months = period.of(query, now=timezone.now(), usual=report.usual)
    kind = query.get("kind", "") if which == _BY_KIND else ""
    asked = Asked(
        months,
        kind if kind in KIND_NAMES else "",
        sees_members=may(request.user, May.MEMBERS),
        in_full=query.get("small") == _SHOWN and _may_see_small(request),
    )
    return report, asked


def _may_see_small(request: HttpRequest) -> bool:
    return may(request.user, May.SMALL) and not lockdown.holds()


def _told(report: Report, asked: Asked) -> Told:
    with small.in_full() if asked.in_full else nullcontext():
        return report.tell(asked)


def _choices(report: Report, asked: Asked) -> list[period.Choice]:
    if not report.periods:
        return []
    return period.choices(now=asked.now, years=report.periods != MONTHS)


def _query(report: Report, asked: Asked) -> str:
    """What the files must be asked for to be those of this page."""
    parts = [f"period={asked.period.value}"] if report.periods else []
    if asked.kind:
        parts.append(f"kind={asked.kind}")
    if asked.in_full:
        parts.append(f"small={_SHOWN}")
    return f"?{'&'.join(parts)}" if parts else ""


def _file_name(report: Report, asked: Asked) -> str:
    months = f"-{asked.period.value.removeprefix('y')}" if report.periods else ""
    kind = f"-{asked.kind}" if asked.kind else ""
    whole = "-in-full" if asked.in_full else ""
    return f"{report.slug}{kind}{months}-{dublin_date(asked.now)}{whole}"


def _rows(told: Told) -> list[list[str]]:
    """Every table with its name and heads, an empty line between them. Words are guarded."""
    lines: list[list[str]] = []
    for table in told.tables:
        if lines:
            lines.append([])
        lines.append(guarded([table.title]))
        lines.append(guarded([table.first, *(column.in_file for column in table.columns)]))
        lines += [
            [*guarded([row.plain]), *(_plain(each) for each in row.cells)] for row in table.lines
        ]
    return lines


def _plain(cell: Cell) -> str:
    """A figure keeps its sign, a word is guarded."""
    return cell.plain if cell.number else guarded([cell.plain])[0]


def _taken(request: HttpRequest, report: Report, asked: Asked, what: str) -> None:
    log.info(
        "report exported",
        staff=str(request.user.pk),
        report=report.slug,
        what=what,
        in_full=asked.in_full,
    )
