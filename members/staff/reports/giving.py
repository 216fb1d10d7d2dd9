"""What came in, what was kept of it, what failed: money by month, by kind, by plan, by campaign."""

from typing import Final

from billing.figures import names
from billing.money import format_amount
from members.reports.amounts import share as share_of
from members.reports.failures import failures
from members.reports.givers import averages
from members.reports.income import KINDS, Income, IncomeMonth, income
from members.reports.plans import fee_shares
from members.reports.small import hidden, tells
from members.reports.worth import lifetime_value
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE, Series, columns, lying
from members.staff.reports.told import (
    Cell,
    Column,
    Key,
    Row,
    Table,
    Told,
    cents,
    count,
    month_row,
    share,
)

KIND_NAMES: Final = {
    names.MONTHLY: "Monthly memberships",
    names.YEARLY: "Yearly memberships",
    names.GIFT: "Gifts",
}
TOTAL: Final = -1
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
    name = KIND_NAMES.get(kind, "All income")
    rows = [
        month_row(each.month.first, _cells(_of(each, kind), i, kind, gone), runs=asked.runs(i))
        for i, each in enumerate(months)
    ]
    whole = added([_of(each, kind) for each in months])
    total = Row("All of it", _cells(whole, TOTAL, kind, gone), tone="total")
    unknown = sum(each.total.fee_unknown for each in months)
    everything = added([each.total for each in months])
    return Told(
        answer=_income_in_words(asked, everything),
        charts=[
            columns(
                "income", f"{name}, gross and net",
                labels=[f"{each.month.first:%b %y}" for each in months],
                series=[
                    Series("pale", "Gross", [
                        None if (i, kind, "gross") in gone else _of(each, kind).gross_cents
                        for i, each in enumerate(months)]),
                    Series("main", "Net", [
                        None if (i, kind, "net") in gone else _of(each, kind).net_cents
                        for i, each in enumerate(months)]),
                ],
                write=format_amount, runs=asked.period.runs,
            )
        ],
        tables=[
            Table("income-months", f"{name}, month by month", "Month", INCOME_HEADS, rows, total,
                  "Net is gross less fees, refunds and disputes, each where Stripe booked it."),
            _by_kind(months, gone),
        ],
        notes=[
            f"Stripe has not told its fee yet for {_few(unknown)} of these payments: they are in "
            "the gross, and not yet in fees and net."
        ] if unknown else [],
    )  # fmt: skip


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


def _few(number: int) -> str:
    return "a few" if tells(number) else f"{number:,}"


def _income_in_words(asked: Asked, all_of_it: Income) -> str:
    part = share_of(all_of_it.fee_cents, all_of_it.gross_cents)
    kept = f" Stripe kept {part / 100:.1f}% of it." if part is not None else ""
    return (
        f"{format_amount(all_of_it.gross_cents)} came in {asked.period.words}, and "
        f"{format_amount(all_of_it.net_cents)} was left after fees and what went back.{kept}"
    )


def gifts_report(asked: Asked) -> Told:
    """What members give a month and gifts come to; what a member brings over the years."""
    told = averages(now=asked.until, count=asked.count)
    value = lifetime_value(now=asked.now)
    few, few_members = tells(told.gifts), tells(told.members)
    lines = [
        ("A member a month, on average", told.member_cents, few_members),
        ("A member a month, the median", told.member_median_cents, few_members),
        ("A single gift, on average", told.gift_cents, few),
        ("A single gift, the median", told.gift_median_cents, few),
    ]
    rows = [Row(name, [cents(each, hidden=hide)]) for name, each, hide in lines]
    hide_worth = tells(value.members_ever)
    hide_expected = tells(value.churned) and value.expected_cents is not None
    rows += [
        Row(
            "A member from first to last, expected",
            [cents(value.expected_cents, hidden=hide_expected)],
        ),
        Row("A member so far, realised", [cents(value.realised_cents, hidden=hide_worth)]),
    ]
    member = "Too few are members to tell what one gives" if few_members else "Nobody is a member"
    if told.member_cents is not None and not few_members:
        member = f"A member gives {format_amount(told.member_cents)} a month on average"
    gift = ""
    if told.gift_cents is not None and not few:
        gift = f", a single gift {asked.period.words} came to {format_amount(told.gift_cents)}"
    return Told(
        answer=f"{member}{gift}.",
        keys=[Key("Single gifts", NONE if few else f"{told.gifts:,}", asked.period.words)],
        charts=[
            lying("averages", "Average and median",
                  lines=[(name, None if hide else each, "main") for name, each, hide in lines],
                  write=format_amount)
        ],
        tables=[Table("averages-table", "What is given", "What",
                      [Column("Amount", "cents")], rows)],
        notes=["Half of what is given is below the median, half above: one large gift moves the "
               "average, and not the median."],
    )  # fmt: skip


def fees_report(asked: Asked) -> Told:
    """What Stripe kept of the payments of each plan."""
    plans = fee_shares(now=asked.until, count=asked.count)
    gone = hidden({i: each.payments for i, each in enumerate(plans)}, [range(len(plans))])
    gross, fee = sum(each.gross_cents for each in plans), sum(each.fee_cents for each in plans)

    def line(name: str, numbers: tuple[int, int, int], *, hide: bool, tone: str = "") -> Row:
        payments, of, kept = numbers
        return Row(name, [
            count(payments, hidden=hide), cents(of, hidden=hide), cents(kept, hidden=hide),
            share(share_of(kept, of), hidden=hide),
        ], tone=tone)  # fmt: skip

    rows = [
        line(each.plan.name, (each.payments, each.gross_cents, each.fee_cents), hide=i in gone)
        for i, each in enumerate(plans)
    ]
    all_of_it = (sum(each.payments for each in plans), gross, fee)
    part = share_of(fee, gross)
    return Told(
        answer=f"Stripe kept {part / 100:.1f}% of what was paid {asked.period.words}: "
        f"{format_amount(fee)} of {format_amount(gross)}."
        if part is not None else f"No fee is known of a payment {asked.period.words}.",
        charts=[
            lying("fees", "Fees, of each 100 that are paid",
                  lines=[(x.plan.name, None if i in gone else x.fee_share, "main")
                         for i, x in enumerate(plans)],
                  write=lambda value: f"{value / 100:.1f}%")
        ],
        tables=[Table("fees-table", "By plan", "Plan", [
            Column("Payments"), Column("Gross", "cents"), Column("Fees", "cents"),
            Column("Share", "share")], rows,
            line("All plans", all_of_it, hide=False, tone="total"))],
    )  # fmt: skip


def failures_report(asked: Asked) -> Told:
    """Membership payments whose first try failed, and those that came in after all."""
    months = failures(now=asked.until, count=asked.count)
    gone = _small_failures([(each.failed.number, each.recovered.number) for each in months])
    rows, late = [], asked.now
    for i, each in enumerate(months):
        failed, back = (i, "failed") in gone, (i, "recovered") in gone
        row = month_row(each.month.first, [
            count(each.attempted.number), count(each.failed.number, hidden=failed),
            cents(each.failed.value, hidden=failed), share(each.failed_share, hidden=failed),
            count(each.recovered.number, hidden=back), cents(each.recovered.value, hidden=back),
            share(each.recovered_share, hidden=failed or back),
        ], runs=asked.runs(i))  # fmt: skip
        rows.append(row)
    tried, failed_sum, back_sum = (
        [sum(part) for part in zip(*numbers, strict=True)]
        for numbers in zip(*((each.attempted, each.failed, each.recovered) for each in months),
                           strict=True)
    )  # fmt: skip
    hide = [(TOTAL, kind) in gone for kind in ("failed", "recovered")]
    total = Row("All of it", [
        count(tried[0]), count(failed_sum[0], hidden=hide[0]), cents(failed_sum[1], hidden=hide[0]),
        share(share_of(failed_sum[0], tried[0]), hidden=hide[0]),
        count(back_sum[0], hidden=hide[1]), cents(back_sum[1], hidden=hide[1]),
        share(share_of(back_sum[0], failed_sum[0]), hidden=any(hide)),
    ], tone="total")  # fmt: skip
    still = [each for each in months if each.open and each.month.ends <= late]
    return Told(
        answer=_failures_in_words(asked, tried[0], failed_sum[0], back_sum[0], hide),
        charts=[
            columns("failures", "Failed first, and came in after all",
                    labels=[f"{each.month.first:%b %y}" for each in months],
                    series=[
                        Series("pale", "Failed first", [
                            None if (i, "failed") in gone else x.failed.number
                            for i, x in enumerate(months)]),
                        Series("main", "Came in after all", [
                            None if (i, "recovered") in gone else x.recovered.number
                            for i, x in enumerate(months)]),
                    ],
                    write=lambda value: f"{value:,}", runs=asked.period.runs)
        ],
        tables=[Table("failures-table", "By the month of the first failure", "Month", [
            Column("Tried"), Column("Failed first"), Column("Failed, worth", "cents"),
            Column("Failed of tried", "share"), Column("Came in"),
            Column("Came in, worth", "cents"), Column("Came in of failed", "share"),
        ], rows, total)],
        notes=["A payment counts as come in if it did within 30 days: the last two months may "
               "still gain."] if still or asked.period.runs else [],
    )  # fmt: skip


def _small_failures(months: list[tuple[int, int]]) -> set[tuple[int, str]]:
    at: dict[tuple[int, str], int | None] = {}
    kinds = ("failed", "recovered", "lost")
    whole = [*months, tuple(map(sum, zip(*months, strict=True)))]
    places = [*range(len(months)), TOTAL]
    for place, (failed, recovered) in zip(places, whole, strict=True):
        at |= {(place, "failed"): failed, (place, "recovered"): recovered,
               (place, "lost"): failed - recovered}  # fmt: skip
    rows = [[(place, kind) for kind in kinds] for place in places]
    return hidden(at, [*rows, *([(place, kind) for place in places] for kind in kinds)])


def _failures_in_words(
    asked: Asked, tried: int, failed: int, recovered: int, hide: list[bool]
) -> str:
    if not failed:
        return f"No membership payment failed {asked.period.words}."
    if hide[0]:
        few = f"Fewer than five of {tried:,} membership payments"
        return f"{few} failed at first {asked.period.words}."
    start = f"{failed:,} of {tried:,} membership payments failed at first {asked.period.words}"
    if hide[1]:
        return f"{start}."
    part = share_of(recovered, failed) or 0
    return f"{start}; {recovered:,} of them ({part / 100:.0f}%) came in within 30 days."
