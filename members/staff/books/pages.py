"""The pages of the books, to read and to print. The gate (members/staff/gate.py) stands before."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.accounts import chart, months, pack, years
from billing.accounts.banked import still_at_stripe
from billing.accounts.chart import Chart
from billing.accounts.months import read_month
from billing.accounts.pack import Pack
from billing.dates import months_back, next_month
from billing.ids import read_id
from billing.models import Period
from members.models import StaffMember
from members.staff.access import books_only
from members.staff.books import sheet


@dataclass(frozen=True, slots=True)
class Book:
    """A month's pack with what the pages say of it: closed by whom, and its account codes."""

    pack: Pack
    chart: Chart
    closed: Period | None

    @property
    def month(self) -> date:
        return self.pack.month

    @property
    def name(self) -> str:
        return f"{self.month:%Y-%m}"

    @property
    def over(self) -> bool:
        return self.month < months.this_month()

    @property
    def closed_by(self) -> str:
        """The colleague's address, or their id once they are gone."""
        by = self.closed.closed_by if self.closed else ""
        staff_id = read_id(by)
        found = StaffMember.objects.filter(pk=staff_id).first() if staff_id else None
        return found.email if found else by


def book(month: str) -> Book:
    """The month of this name. Raises Http404 for one that is none, or not yet."""
    first = read_month(month)
    closed = Period.objects.filter(month=first).first() if first else None
    if closed is not None:
        codes = Chart.thawed(closed.figures["accounts"])
        return Book(Pack.thawed(closed.figures["pack"]), codes, closed)
    told = pack.of_month(first) if first else None
    if told is None:
        raise Http404
    return Book(told, chart.current(), None)


@require_safe
@books_only
def book_list(request: HttpRequest) -> HttpResponseBase:
    """Every month of the books, newest first: closed with its figures, or open."""
    waiting = [each.first for each in reversed(months.open_months())]
    closed = list(Period.objects.all())
    known = [*waiting, *(each.month for each in closed)]
    return render(
        request,
        "staff/books/list.html",
        {
            "here": "books",
            "waiting": waiting,
            "this_month": months.this_month(),
            "closed": closed,
            "next_up": next((each for each in reversed(waiting) if _over(each)), None),
            "years": sorted({each.year for each in known}, reverse=True),
        },
    )


def _over(first: date) -> bool:
    return first < months.this_month()


@require_safe
@books_only
def month_page(request: HttpRequest, month: str) -> HttpResponseBase:
    """The pack of one month."""
    found = book(month)
    more = {
        "kinds": sheet.kinds(found.pack),
        "total": sheet.total(found.pack),
        "balance": sheet.balance(found.pack),
        "sections": sheet.sections(found.pack)[1:],
    }
    return render(request, "staff/books/month.html", _around(found) | more)


@require_safe
@books_only
def payouts_page(request: HttpRequest, month: str) -> HttpResponseBase:
    """The payouts of one month with what is in each, and what no payout has taken yet."""
    found = book(month)
    waiting = still_at_stripe() if month == f"{months.this_month():%Y-%m}" else []
    more = {"waiting": waiting, "waiting_cents": sum(each["cents"] for each in waiting)}
    return render(request, "staff/books/payouts.html", _around(found) | more)


@require_safe
@books_only
def year_page(request: HttpRequest, year: int) -> HttpResponseBase:
    """The year's income in cash, by type."""
    found = years.of_year(year)
    if found is None:
        raise Http404
    return render(request, "staff/books/year.html", {"here": "books", "found": found})


@require_safe
@books_only
def chart_page(request: HttpRequest) -> HttpResponseBase:
    """The account codes and the columns of journals as they are configured."""
    return render(request, "staff/books/accounts.html", {"here": "books", "chart": chart.current()})


def _around(found: Book) -> dict[str, Any]:
    before = months_back(found.month, 1)
    return {
        "here": "books",
        "book": found,
        "pack": found.pack,
        "before": f"{before:%Y-%m}" if before >= months.oldest() else "",
        "after": f"{next_month(found.month):%Y-%m}" if found.over else "",
    }
