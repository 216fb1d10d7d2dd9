"""What came in, and what was left? Money by month and by kind, as Stripe booked it."""

from typing import Final

from billing.figures import names
from billing.money import format_amount
from members.reports.amounts import share as share_of
from members.reports.income import KINDS, Income, IncomeMonth, income
from members.reports.small import hidden, tells
from members.staff.reports.asked import Asked
from members.staff.reports.charts import Chart, Series
from members.staff.reports.columns import columns
from members.staff.reports.told import (
    TOTAL,
    Cell,
    Column,
    Row,
    Table,
    Told,
    cents,
    count,
    month_labels,
    month_row,
)

KIND_NAMES: Final = {
    names.MONTHLY: "Monthly memberships",
    names.YEARLY: "Yearly memberships",
    names.GIFT: "Gifts",
}
INCOME_HEADS: Final = [
    Column("Payments"),
    Column("Gross", "cents"),
    Column("Given on top", "cents"),
    Column("Fees", "cents"),
    Column("Refunds", "cents"),
    Column("Disputes", "cents"),
    Column("Net", "cents"),
]

Place = tuple[int, str, str]


def income_report(asked: Asked) -> Told:
    """Gross, fees, what went back and net, by month: of all, or of one kind."""
    months = income(now=asked.until, count=asked.count)
    gone = _small_income(months)
    kind = asked.kind if asked.kind in KIND_NAMES else ""
    everything = added([each.total for each in months])
    return Told(
        answer=_in_words(asked, everything),
        charts=[_chart(asked, months, kind, gone)],
        tables=[_by_month(asked, months, kind, gone), _by_kind(months, gone)],
        notes=[_not_yet(everything.fee_unknown)] if everything.fee_unknown else [],
    )


def _chart(asked: Asked, months: list[IncomeMonth], kind: str, gone: set[Place]) -> Chart:
    parts = [_of(each, kind) for each in months]
    gross = [None if (i, kind, "gross") in gone else x.gross_cents for i, x in enumerate(parts)]
    net = [None if (i, kind, "net") in gone else x.net_cents for i, x in enumerate(parts)]
    return columns(
        "income",
        f"{_named(kind)}, gross and net",
        labels=month_labels(months),
        series=[Series("pale", "Gross", gross), Series("main", "Net", net)],
        write=format_amount,
        runs=asked.period.runs,
    )


def _by_month(asked: Asked, months: list[IncomeMonth], kind: str, gone: set[Place]) -> Table:
    rows = [
        month_row(each.month.first, _cells(_of(each, kind), i, kind, gone), runs=asked.runs(i))
        for i, each in enumerate(months)
    ]
    whole = added([_of(each, kind) for each in months])
    return Table(
        "income-months",
        f"{_named(kind)}, month by month",
        "Month",
        INCOME_HEADS,
        rows,
        Row("All of it", _cells(whole, TOTAL, kind, gone), tone="total"),
        "Net is gross less fees, refunds and disputes, each where Stripe booked it.",
    )


def _named(kind: str) -> str:
    return KIND_NAMES.get(kind, "All income")


def _of(month: IncomeMonth, kind: str) -> Income:
    return month.kinds[kind] if kind else month.total


def added(parts: list[Income]) -> Income:
    """All of them together, figure by figure."""
    return Income(*(sum(getattr(each, name) for each in parts) for name in Income.__slots__))


def kind_rows(months: list[IncomeMonth]) -> list[Row]:
    """These months together: a row for each kind of income, and one for all of it."""
    return _kind_rows(months, _small_income(months))


def _kind_rows(months: list[IncomeMonth], gone: set[Place]) -> list[Row]:
    rows = [
        Row(name, _cells(added([each.kinds[kind] for each in months]), TOTAL, kind, gone))
        for kind, name in KIND_NAMES.items()
    ]
    whole = added([each.total for each in months])
    return [*rows, Row("All income", _cells(whole, TOTAL, "", gone), tone="total")]


def _small_income(months: list[IncomeMonth]) -> set[Place]:
    """The parts by kind add up to the month's total, and the months to the period's.

    A total of all kinds is told: it is what the charity took in. A net tells what made it, so it
    goes where one of its parts does.
    """
    at: dict[Place, int | None] = {}
    sums: list[list[Place]] = []
    places = [*range(len(months)), TOTAL]
    for place in places:
        whole = {
            kind: added([each.kinds[kind] for each in months])
            if place == TOTAL
            else months[place].kinds[kind]
            for kind in KINDS
        }
        for kind, each in whole.items():
            at |= {
                (place, kind, "gross"): each.payments,
                (place, kind, "refunds"): each.refunds,
                (place, kind, "disputes"): each.disputes,
            }
        sums += [[(place, kind, what) for kind in KINDS] for what in _PARTS]
    sums += [[(place, kind, what) for place in places] for kind in KINDS for what in _PARTS]
    gone = hidden(at, sums)
    nets = {(place, kind, "net") for place, kind, _ in gone}
    net_at: dict[Place, int | None] = {
        (place, kind, "net"): None if (place, kind, "net") in nets else at[place, kind, "gross"]
        for place in places
        for kind in KINDS
    }
    by_place = [[(place, kind, "net") for kind in KINDS] for place in places]
    return gone | hidden(net_at, by_place)


_PARTS: Final = ("gross", "refunds", "disputes")


def _cells(each: Income, place: int, kind: str, gone: set[Place]) -> list[Cell]:
    def hide(what: str) -> bool:
        return (place, kind, what) in gone

    return [
        count(each.payments, hidden=hide("gross")),
        cents(each.gross_cents, hidden=hide("gross")),
        cents(each.extra_cents, hidden=hide("gross")),
        cents(each.fee_cents, hidden=hide("gross")),
        cents(each.refund_cents, hidden=hide("refunds")),
        cents(each.dispute_cents, hidden=hide("disputes")),
        cents(each.net_cents, hidden=hide("net")),
    ]


def _by_kind(months: list[IncomeMonth], gone: set[Place]) -> Table:
    *rows, total = _kind_rows(months, gone)
    return Table(
        "income-kinds", "By kind, over all these months", "Kind", INCOME_HEADS, rows, total
    )


def _not_yet(unknown: int) -> str:
    few = "a few" if tells(unknown) else f"{unknown:,}"
    return (
        f"Stripe has not told its fee yet for {few} of these payments: they are in the gross, and "
        "not yet in fees and net."
    )


def _in_words(asked: Asked, all_of_it: Income) -> str:
    part = share_of(all_of_it.fee_cents, all_of_it.gross_cents)
    kept = f" Stripe kept {part / 100:.1f}% of it." if part is not None else ""
    return (
        f"{format_amount(all_of_it.gross_cents)} came in {asked.period.words}, and "
        f"{format_amount(all_of_it.net_cents)} was left after fees and what went back.{kept}"
    )
