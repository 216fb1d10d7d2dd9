"""What do people give, and what does Stripe keep of it? Averages, what a member brings, fees."""

from typing import Final

from billing.money import format_amount
from members.reports.amounts import share as share_of
from members.reports.givers import Averages, averages
from members.reports.plans import fee_shares
from members.reports.small import hidden, tells
from members.reports.worth import lifetime_value
from members.staff.reports.asked import Asked
from members.staff.reports.charts import NONE
from members.staff.reports.lying import lying
from members.staff.reports.told import Cell, Column, Key, Row, Table, Told, cents, count, share


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
    return Told(
        answer=_gifts_in_words(asked, told, few=few, few_members=few_members),
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


def _gifts_in_words(asked: Asked, told: Averages, *, few: bool, few_members: bool) -> str:
    member = "Too few are members to tell what one gives" if few_members else "Nobody is a member"
    if told.member_cents is not None and not few_members:
        member = f"A member gives {format_amount(told.member_cents)} a month on average"
    if told.gift_cents is None or few:
        return f"{member}."
    gift = format_amount(told.gift_cents)
    return f"{member}, a single gift {asked.period.words} came to {gift}."


def fees_report(asked: Asked) -> Told:
    """What Stripe kept of the payments of each plan."""
    plans = fee_shares(now=asked.until, count=asked.count)
    gone = hidden({i: each.payments for i, each in enumerate(plans)}, [range(len(plans))])
    payments = sum(each.payments for each in plans)
    gross, fee = sum(each.gross_cents for each in plans), sum(each.fee_cents for each in plans)
    rows = [
        Row(each.plan.name,
            _fee_cells(each.payments, each.gross_cents, each.fee_cents, hide=i in gone))
        for i, each in enumerate(plans)
    ]  # fmt: skip
    total = Row("All plans", _fee_cells(payments, gross, fee, hide=False), tone="total")
    lines = [(x.plan.name, None if i in gone else x.fee_share, "main") for i, x in enumerate(plans)]
    return Told(
        answer=_fees_in_words(asked, gross, fee),
        charts=[
            lying("fees", "Fees, of each 100 that are paid", lines=lines,
                  write=lambda value: f"{value / 100:.1f}%")
        ],
        tables=[Table("fees-table", "By plan", "Plan", _FEE_HEADS, rows, total)],
    )  # fmt: skip


_FEE_HEADS: Final = [
    Column("Payments"),
    Column("Gross", "cents"),
    Column("Fees", "cents"),
    Column("Share", "share"),
]


def _fee_cells(payments: int, gross: int, fee: int, *, hide: bool) -> list[Cell]:
    return [
        count(payments, hidden=hide),
        cents(gross, hidden=hide),
        cents(fee, hidden=hide),
        share(share_of(fee, gross), hidden=hide),
    ]


def _fees_in_words(asked: Asked, gross: int, fee: int) -> str:
    part = share_of(fee, gross)
    if part is None:
        return f"No fee is known of a payment {asked.period.words}."
    return (
        f"Stripe kept {part / 100:.1f}% of what was paid {asked.period.words}: "
        f"{format_amount(fee)} of {format_amount(gross)}."
    )
