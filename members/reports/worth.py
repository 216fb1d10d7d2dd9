"""What does a member bring, from the first payment to the last?"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Final

from billing.dates import dublin_date
from billing.figures import names
from billing.figures.names import Move
from members.reports import rollups
from members.reports.amounts import divided
from members.reports.income import income
from members.reports.movement import movement

# A rate of so few is chance (DOMAIN 7).
FEWEST: Final = 100
_RECURRING: Final = (names.MONTHLY, names.YEARLY)
_NET: Final = (names.NET, names.OUTSIDE, names.REFUNDED, names.DISPUTED)


@dataclass(frozen=True, slots=True)
class LifetimeValue:
    """Cents. `expected` is net income a member and month / churn a month, None where that says
    nothing; `realised` what all members so far have brought on average, after fees and what went
    back, None where there are none.
    """

    expected_cents: int | None
    realised_cents: int | None
    members_ever: int
    # By how many the expected value is divided: who knows the income could tell them from it.
    churned: int


def lifetime_value(*, now: datetime) -> LifetimeValue:
    """Expected from the last twelve full months, realised from all. Three queries."""
    today = dublin_date(now)
    book = rollups.read(names.MOVEMENT, *_NET, last=today)
    ever = book.whole(names.MOVEMENT, Move.NEW).number
    net = sum(book.whole(figure, kind).value for figure in _NET for kind in _RECURRING)
    expected, churned = _expected(now)
    return LifetimeValue(
        expected_cents=expected,
        realised_cents=divided(net, ever) if ever else None,
        members_ever=ever,
        churned=churned,
    )


def _expected(now: datetime) -> tuple[int | None, int]:
    """(net / member-months) / (churned / member-months), which cancel out; and how many churned."""
    months = movement(now=now, count=13)[:-1]
    churned = sum(each.churned for each in months)
    if not churned or months[-1].active_end < FEWEST:
        return None, churned
    net = sum(
        each.kinds[kind].net_cents for each in income(now=now, count=13)[:-1] for kind in _RECURRING
    )
    exact = Fraction(net, churned)
    return divided(exact.numerator, exact.denominator), churned
