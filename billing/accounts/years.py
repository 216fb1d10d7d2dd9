"""A calendar year in cash, for the VAT compensation scheme and for the treasurer."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

from django.db.models import F, Q, Sum

from billing.accounts import months, pack
from billing.accounts.movements import (
    CHARGES,
    DISPUTES,
    INCOME,
    LABELS,
    REFUNDS,
    Given,
    Movement,
    given_outside,
    unmatched,
)
from billing.accounts.pack import Pack
from billing.dates import day_start
from billing.models import LedgerLine, Payment, Period
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

    What its months' packs say of it in sum, closed or open: of those that are open, at once.
    """
    if not months.oldest().year <= year <= months.this_month().year:
        return None
    closed = Period.objects.filter(month__year=year).order_by("month")
    packs = [Pack.thawed(each.figures["pack"]) for each in closed]
    moved = [each for found in packs for each in found.moved]
    outside = [each for found in packs for each in found.outside]
    strays = sum(found.strays for found in packs)
    open_months = [each for each in months.open_months() if each.first.year == year]
    if open_months:
        stretch = replace(open_months[0], through=open_months[-1].first)
        moved += pack.moved(stretch)
        outside += given_outside(months.outside().filter(stretch.counts("paid_at")))
        strays += unmatched(months.lines().filter(stretch.counts("booked_at")))[0]
    lines = [_line(of, moved, outside) for of in INCOME]
    return Year(year=year, lines=lines, closed=len(packs), strays=strays)


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
    # A debit that came back may have been paid again, by another charge than the payment's own.
    again = Q(kind=LineKind.PAYMENT) & ~Q(source_id__in=["", F("payment__stripe_charge_id")])
    gone = (
        LedgerLine.objects.filter(Q(kind__in=[*REFUNDS, *DISPUTES]) | again, payment__in=paid)
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


def _line(of: str, moved: list[Movement], outside: list[Given]) -> YearLine:
    def cents(kinds: tuple[LineKind, ...]) -> int:
        return sum(each.cents for each in moved if each.of == of and each.kind in kinds)

    return YearLine(
        of=of,
        through_stripe=cents(CHARGES),
        outside=sum(each.cents for each in outside if each.of == of),
        refunds=-cents(REFUNDS),
        disputes=-cents(DISPUTES),
    )
