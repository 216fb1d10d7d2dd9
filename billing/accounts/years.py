"""A calendar year in cash, for the VAT compensation scheme and for the treasurer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import Sum

from billing.accounts import months, pack
from billing.accounts.movements import DISPUTES, INCOME, LABELS, REFUNDS
from billing.accounts.pack import Pack
from billing.dates import day_start, months_between
from billing.models import LedgerLine, Payment
from billing.models.ledger import LineKind
from billing.models.plan import BenefitClass
from billing.states import PaymentState

# What one person must give in a calendar year for the Charitable Donation Scheme (DOMAIN 1.5).
SCHEME_CENTS: Final = 25000


@dataclass(frozen=True, slots=True)
class YearLine:
    """One type of non-public income in a year: what came, what went back. Cents."""

    of: str
    through_stripe: int
    outside: int
    refunds: int
    disputes: int

    @property
    def label(self) -> str:
        return LABELS[self.of]

    @property
    def received(self) -> int:
        return self.through_stripe + self.outside - self.refunds - self.disputes


@dataclass(frozen=True, slots=True)
class Year:
    """The year's income by type, and how many of its months are closed."""

    year: int
    lines: list[YearLine]
    closed: int
    strays: int

    @property
    def received(self) -> int:
        return sum(line.received for line in self.lines)


def of_year(year: int) -> Year | None:
    """The cash that was received in a calendar year, by type; None for one that the books lack.

    The sum of its months' packs, so that it agrees with them, closed or open.
    """
    if not months.oldest().year <= year <= months.this_month().year:
        return None
    last = min(date(year, 12, 1), months.this_month())
    firsts = list(months_between(max(date(year, 1, 1), months.oldest()), last))
    packs = [found for found in map(pack.of_month, firsts) if found is not None]
    closed = months.last_closed()
    return Year(
        year=year,
        lines=[_line(of, packs) for of in INCOME],
        closed=sum(1 for first in firsts if closed and first <= closed.month),
        strays=sum(each.strays for each in packs),
    )


def candidates(year: int) -> Iterator[tuple[UUID, int]]:
    """Supporters whose gifts without a benefit reach the scheme's sum: reference and cents alone.

    By the day of payment in Dublin, less all that went back since. Largest first, streamed. Whether
    there is a certificate, and whether they are a person, the treasurer knows.
    """
    paid = Payment.objects.filter(
        state=PaymentState.SUCCEEDED,
        currency=months.CURRENCY,
        paid_at__gte=day_start(date(year, 1, 1)),
        paid_at__lt=day_start(date(year + 1, 1, 1)),
        plan__benefit_class=BenefitClass.NONE,
    )
    gone = (
        LedgerLine.objects.filter(payment__in=paid, kind__in=[*REFUNDS, *DISPUTES])
        .order_by()
        .values_list("payment__supporter")
        .annotate(cents=Sum("amount_cents"))
    )
    went_back = dict(gone)
    given = paid.order_by().values_list("supporter").annotate(cents=Sum("amount_cents"))
    reach = given.filter(cents__gte=SCHEME_CENTS).order_by("-cents", "supporter")
    for supporter, cents in reach.iterator():
        left = cents + went_back.get(supporter, 0)
        if left >= SCHEME_CENTS:
            yield supporter, left


def _line(of: str, packs: list[Pack]) -> YearLine:
    return YearLine(
        of=of,
        through_stripe=sum(each.cents(LineKind.PAYMENT, of=of) for each in packs),
        outside=sum(given.cents for each in packs for given in each.outside if given.of == of),
        refunds=-sum(each.cents(*REFUNDS, of=of) for each in packs),
        disputes=-sum(each.cents(*DISPUTES, of=of) for each in packs),
    )
