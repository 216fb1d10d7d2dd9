"""What moved in an open month, from sums that are kept up with the lines: a few hundred rows.

Lines about payments are summed by the month of their booking (billing/figures/booked.py) until a
closing counts them. The others, the account's own and what is about no payment of ours, are few and
read as they are.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import Count, QuerySet, Sum

from billing.accounts.months import CURRENCY, BookMonth, lines
from billing.accounts.movements import (
    ACCOUNT,
    BY_CLASS,
    DONATION,
    GIFT,
    OF_PAYERS,
    UNMATCHED,
    Early,
    Movement,
    of_sums,
)
from billing.dates import dublin_date
from billing.figures import names
from billing.figures.booked import Sort
from billing.figures.live_booked import inward
from billing.figures.sums import NOTHING, Amount
from billing.models import LedgerLine, Plan, Rollup

# What each is of the net: BOOKED and BOOKED_EXTRA together are the amount.
_OF_NET: Final = {names.BOOKED: 1, names.BOOKED_FEE: -1, names.BOOKED_EXTRA: 1}


def kept() -> bool:
    """Whether the sums are kept up; not so between an upgrade that brings them and the night."""
    return Rollup.objects.filter(figure=names.BOOKS_KEPT).exists()


def movements(month: BookMonth) -> tuple[Movement, ...]:
    """What moved in this open month, as movements.movements has it of the lines themselves."""
    purposes = {
        plan.hex: BY_CLASS.get(given, DONATION)
        for plan, given in Plan.objects.values_list("pk", "benefit_class")
    } | {names.GIFT: GIFT}
    about_payments = (
        row | {"of": purposes[sort.of], "kind": sort.kind, "inward": sort.inward}
        for sort, row in _about_payments(month).items()
    )
    return of_sums([*about_payments, *_alone(month)])


def net_before(month: BookMonth) -> int:
    """What the open months before this one left at Stripe, or took from it. Cents."""
    before = Rollup.objects.filter(figure__in=_OF_NET, month__lt=month.first)
    sums = before.values_list("figure").annotate(Sum("value"))
    alone = lines().filter(payment=None, closed_month=None, booked_at__lt=month.begins)
    net: int = alone.aggregate(cents=Sum("net_cents"))["cents"] or 0
    for figure, value in sums:
        net += _OF_NET[figure] * value
    return net


def early(month: BookMonth) -> Iterator[Early]:
    """What counts in this open month and was booked before it."""
    sums = _sums(month).filter(month__lt=month.first, figure__in=_OF_NET)
    for of, figure, count, value in sums.values_list("month", "figure", "count", "value"):
        yield Early(of, count if figure == names.BOOKED else 0, _OF_NET[figure] * value)
    alone = _lines_alone(month).filter(currency=CURRENCY, booked_at__lt=month.begins)
    for at, cents in alone.values_list("booked_at", "net_cents"):
        yield Early(dublin_date(at), 1, cents)


def other_currencies(month: BookMonth) -> dict[str, int]:
    """Net cents by currency of what moved in another balance at Stripe."""
    about_payments = _sums(month).filter(figure=names.BOOKED_ELSEWHERE).values_list("key")
    alone = _lines_alone(month).exclude(currency=CURRENCY).values_list("currency")
    found = Counter[str](dict(about_payments.annotate(Sum("value"))))
    found.update(dict(alone.annotate(Sum("net_cents"))))
    return dict(found)


def _sums(month: BookMonth) -> QuerySet[Rollup]:
    """The sums that count in this month. What came to nothing says nothing."""
    sums = Rollup.objects.filter(month__lt=month.after).exclude(count=0, value=0)
    return sums if month.gathers_late else sums.filter(month__gte=month.first)


def _about_payments(month: BookMonth) -> dict[Sort, dict[str, Any]]:
    by_sort = defaultdict[Sort, dict[str, Amount]](dict)
    sums = _sums(month).filter(figure__in=_OF_NET).values_list("key", "figure")
    for key, figure, count, value in sums.annotate(Sum("count"), Sum("value")):
        by_sort[Sort.read(key)][figure] = Amount(count, value)
    rows = {}
    for sort, found in by_sort.items():
        booked, fees, on_top = (found.get(figure, NOTHING) for figure in _OF_NET)
        rows[sort] = {
            "lines": booked.number,
            "cents": booked.value,
            "fees": fees.value,
            "on_top": on_top.value,
            "with_extra": on_top.number,
        }
    return rows


def _lines_alone(month: BookMonth) -> QuerySet[LedgerLine]:
    return LedgerLine.objects.filter(month.counts("booked_at"), payment=None).order_by()


def _alone(month: BookMonth) -> Iterator[dict[str, Any]]:
    sums = (
        _lines_alone(month)
        .filter(currency=CURRENCY)
        .annotate(inward=inward())
        .values("kind", "inward")
        .annotate(lines=Count("*"), cents=Sum("amount_cents"), fees=Sum("fee_cents"))
    )
    for row in sums:
        of = UNMATCHED if row["kind"] in OF_PAYERS else ACCOUNT
        yield row | {"of": of, "on_top": 0, "with_extra": 0}
