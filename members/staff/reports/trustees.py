"""One page a month for the trustees, to print: how many, how much, what went wrong, who looked."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing import lapse
from billing.dates import day_start, dublin_date, month_start, months_back, next_month
from billing.figures import names
from billing.models import Dispute
from billing.money import format_amount
from members.models import AccessLog, ChargeReport, Erasure
from members.models.access import Action
from members.models.privacy import ErasureCause
from members.reports.amounts import divided
from members.reports.amounts import share as share_of
from members.reports.income import Income, IncomeMonth, income
from members.reports.movement import MovementMonth, movement
from members.reports.small import few
from members.roles import May
from members.staff.access import needs
from members.staff.reports.charts import NONE, Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.income import INCOME_HEADS, kind_rows
from members.staff.reports.moves import CHURNED, small
from members.staff.reports.told import TOTAL, Key, Table, month_labels, thousands

# A year of months, and the year before it, from which yearly payments still reach into it.
_MONTHS: Final = 24
_YEAR: Final = 12
_FIRST_YEAR: Final = 2000


@dataclass(frozen=True, slots=True)
class Concerns:
    """What needed care in a month: complaints, looks at supporters' data, and who was forgotten.

    All but the last are acts, not persons.
    """

    reports: int
    disputes: int
    looks: int
    exports: int
    gone: dict[str, int]

    @property
    def lapsed(self) -> str:
        return few(self.gone.get(ErasureCause.LAPSED, 0))

    @property
    def erased(self) -> str:
        return few(self.gone.get(ErasureCause.ASKED, 0))


@dataclass(frozen=True, slots=True)
class TrusteePage:
    """A month as its trustees read it; `year` is the calendar year up to its end."""

    month: date
    until: datetime
    runs: bool
    moved: list[MovementMonth]
    money: list[IncomeMonth]
    concerns: Concerns

    @property
    def keys(self) -> list[Key]:
        """The six figures that stand first."""
        now, money = self.moved[-1], self.money[-1].total
        fees = share_of(money.fee_cents, money.gross_cents - money.fee_unknown_cents)
        return [
            Key("Supporters", f"{now.active_end:,}", _since(now)),
            Key("Net income", format_amount(money.net_cents),
                f"of {format_amount(money.gross_cents)} gross"),
            Key("Stayed", _part(self._stayed(now)), "of the members at the start of the month"),
            Key("Fees", _part(fees), f"of income: {format_amount(money.fee_cents)}"),
            Key("Refunds", format_amount(money.refund_cents), _disputed(money)),
            Key("Complaints", str(self.concerns.reports + self.concerns.disputes),
                f"{self.concerns.reports} charges not known, {self.concerns.disputes} disputes"),
        ]  # fmt: skip

    def _stayed(self, month: MovementMonth) -> int | None:
        """Not churned of those at the start, unless that would tell of fewer than five."""
        churn = month.churn_share
        if churn is None or (0, CHURNED) in small([month], total=False):
            return None
        return 10_000 - churn

    @property
    def mrr(self) -> int:
        return self.moved[-1].end_cents

    @property
    def gross(self) -> int:
        return self.money[-1].total.gross_cents

    @property
    def spread_now(self) -> int:
        return self.spread[-1]

    @property
    def stayed_year(self) -> str:
        """Of the members of the last twelve months, how many stayed in an average month."""
        months = self.moved[-_YEAR:]
        churned, base = sum(x.churned for x in months), sum(x.active_start for x in months)
        churn = share_of(churned, base)
        if churn is None or (TOTAL, CHURNED) in small(months):
            return NONE
        return _part(10_000 - churn)

    @property
    def year(self) -> Table:
        """The regulator's year: its months up to this one, by kind of income, and in all."""
        *rows, total = kind_rows(self.money[-self.month.month :])
        title = f"{self.month.year}, from January to {self.month:%B}"
        return Table("year", title, "Income", INCOME_HEADS, rows, total)

    @property
    def spread(self) -> list[int]:
        """Gross income of twelve months, of each yearly payment a twelfth in twelve months."""
        found = []
        for place in range(len(self.money) - _YEAR, len(self.money)):
            year = self.money[max(0, place - _YEAR + 1) : place + 1]
            yearly = sum(each.kinds[names.YEARLY].gross_cents for each in year)
            here = self.money[place]
            booked = here.total.gross_cents - here.kinds[names.YEARLY].gross_cents
            found.append(booked + divided(yearly, _YEAR))
        return found

    @property
    def charts(self) -> list[Chart]:
        moved, money = self.moved[-_YEAR:], self.money[-_YEAR:]
        labels = month_labels(moved)
        return [
            columns("trustee-members", "Supporters at the end of each month", labels=labels,
                    series=[Series("main", "", [each.active_end for each in moved])],
                    write=thousands, runs=self.runs),
            columns("trustee-income", "Gross income", labels=labels,
                    series=[Series("pale", "as it came", [x.total.gross_cents for x in money]),
                            Series("main", "yearly support spread out", self.spread)],
                    write=format_amount, runs=self.runs, beside=True),
        ]  # fmt: skip


@require_safe
@needs(May.REPORTS)
def trustee_page(request: HttpRequest) -> HttpResponse:
    """The page of one month: the last that is over, unless another is asked for."""
    now = timezone.now()
    this = month_start(dublin_date(now))
    month = _month(request.GET.get("month", ""), usual=months_back(this, 1))
    if month is None or month > this:
        raise Http404
    return render(
        request,
        "staff/reports/trustees.html",
        {
            "here": "trustees",
            "page": _page(month, now=now),
            "now": now,
            "lapse_months": lapse.MONTHS,
            "months": [months_back(this, back) for back in range(_MONTHS)],
            "before": months_back(month, 1),
            "after": next_month(month) if month < this else None,
        },
    )


def _page(month: date, *, now: datetime) -> TrusteePage:
    ends = day_start(next_month(month))
    until = min(now, ends - timedelta(microseconds=1))
    return TrusteePage(
        month=month,
        until=until,
        runs=ends > now,
        moved=movement(now=until, count=_YEAR),
        money=income(now=until, count=_MONTHS),
        concerns=_concerns(day_start(month), ends),
    )


def _concerns(begins: datetime, ends: datetime) -> Concerns:
    looks = AccessLog.objects.filter(at__gte=begins, at__lt=ends)
    by_action = dict(looks.order_by().values_list("action").annotate(number=Count("pk")))
    return Concerns(
        reports=ChargeReport.objects.filter(received_at__gte=begins, received_at__lt=ends).count(),
        disputes=Dispute.objects.filter(opened_at__gte=begins, opened_at__lt=ends).count(),
        looks=sum(by_action.values()),
        exports=by_action.get(Action.EXPORTED, 0),
        gone=_gone(begins, ends),
    )


def _gone(begins: datetime, ends: datetime) -> dict[str, int]:
    """How many supporters nothing names any more since this month, by why."""
    done = Erasure.objects.filter(done_at__gte=begins, done_at__lt=ends)
    return dict(done.order_by().values_list("cause").annotate(number=Count("pk")))


def _month(text: str, *, usual: date) -> date | None:
    """The month of this name, "2026-11"; the usual one where there is none, None for nonsense."""
    if not text:
        return usual
    try:
        month = date.fromisoformat(f"{text}-01")
    except ValueError:
        return None
    return month if month.year >= _FIRST_YEAR else None


def _since(month: MovementMonth) -> str:
    change = month.active_end - month.active_start
    return f"{change:+,} in the month" if change else "as many as a month before"


def _disputed(money: Income) -> str:
    return (
        f"and {format_amount(money.dispute_cents)} by disputes"
        if money.dispute_cents
        else "sent back in the month"
    )


def _part(value: int | None) -> str:
    return NONE if value is None else f"{value / 100:.1f}%"
