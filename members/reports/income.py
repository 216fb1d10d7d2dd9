"""What came in, what Stripe kept, what went back, and what was left? By month and kind, in cents.

What Stripe's balance transactions say, never computed, each in the month in which it was booked: so
what happens later leaves a month that is over as it was. DOMAIN 6.2, 6.6 and 7.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from billing.figures import names
from members.reports import rollups
from members.reports.months import Month, last_months
from members.reports.rollups import Book, Number

KINDS: Final = (names.MONTHLY, names.YEARLY, names.GIFT)
_FIGURES: Final = (
    names.GROSS,
    names.FEE,
    names.NET,
    names.FEE_UNKNOWN,
    names.OUTSIDE,
    names.EXTRA,
    names.REFUNDED,
    names.DISPUTED,
)


@dataclass(frozen=True, slots=True)
class Income:
    """Of one kind, or of all together. `refund_cents` and `dispute_cents` are what went back,
    `refunds` and `disputes` in how many movements of money, with those that came back after all.

    `extra_cents` is the part of the gross that was given on top so that more arrives.
    """

    payments: int
    gross_cents: int
    fee_cents: int
    fee_unknown: int
    fee_unknown_cents: int
    outside_cents: int
    extra_cents: int
    refund_cents: int
    dispute_cents: int
    net_cents: int
    refunds: int
    disputes: int


@dataclass(frozen=True, slots=True)
class IncomeMonth:
    """A month of income, in all and by kind ("month", "year", "gift")."""

    month: Month
    total: Income
    kinds: dict[str, Income]


def income(*, now: datetime, count: int) -> list[IncomeMonth]:
    """The last `count` months, oldest first; the last of them runs. One query."""
    months = last_months(now=now, count=count)
    book = rollups.read(*_FIGURES, first=months[0].first, last=months[-1].first)
    return [
        IncomeMonth(
            month=month,
            total=_income(book, month, None),
            kinds={kind: _income(book, month, kind) for kind in KINDS},
        )
        for month in months
    ]


def _income(book: Book, month: Month, kind: str | None) -> Income:
    def of(figure: str) -> Number:
        return book.at(figure, month.first, kind)

    back = of(names.REFUNDED).value, of(names.DISPUTED).value
    return Income(
        payments=of(names.GROSS).number,
        gross_cents=of(names.GROSS).value,
        fee_cents=of(names.FEE).value,
        fee_unknown=of(names.FEE_UNKNOWN).number,
        fee_unknown_cents=of(names.FEE_UNKNOWN).value,
        outside_cents=of(names.OUTSIDE).value,
        extra_cents=of(names.EXTRA).value,
        refund_cents=-back[0],
        dispute_cents=-back[1],
        net_cents=of(names.NET).value + of(names.OUTSIDE).value + sum(back),
        refunds=of(names.REFUNDED).number,
        disputes=of(names.DISPUTED).number,
    )
