"""What the ledger's lines stand for in the books, summed by the database.

The same definitions as billing.figures.booked, in SQL: each proves the other.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    Count,
    DateField,
    ExpressionWrapper,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, TruncMonth

from billing.dates import DUBLIN
from billing.figures import names
from billing.figures.booked import CURRENCY, KEPT, Sort, of_plan, yearly_key
from billing.figures.sums import Cell, Sums
from billing.models import LedgerLine
from billing.models.ledger import LineKind
from billing.models.plan import Interval

OPEN: Final = Q(closed_month=None)
OF_PAYOUTS: Final = (LineKind.PAYOUT, LineKind.PAYOUT_FAILED)
_Parts = Iterator[tuple[Cell, int, int]]


def sums() -> Sums:
    """Every figure of the books, from the ledger, and that they are kept. Three queries."""
    found = booked(OPEN)
    for cell, count, value in _yearly():
        found.add(cell, count, value)
    found.add(KEPT, 1)
    return found


def booked(which: Q) -> Sums:
    """The figures of open books that these lines about payments stand for, open or not."""
    found = Sums()
    lines = LedgerLine.objects.filter(which, payment__isnull=False)
    for parts in (_sorts(lines), _elsewhere(lines)):
        for cell, count, value in parts:
            found.add(cell, count, value)
    return found


def inward() -> Case:
    """Whether a line's money came in."""
    return Case(
        When(amount_cents__gt=0, then=Value(True)),
        default=Value(False),
        output_field=BooleanField(),
    )


def plain_part() -> Combinable:
    """A line's amount without the share of it that was given on top (booked.plain_of).

    In 64 bits: the product of two amounts does not fit 32.
    """
    share = (
        Cast("amount_cents", BigIntegerField())
        * (F("payment__amount_cents") - F("payment__extra_cents"))
        / F("payment__amount_cents")
    )
    whole = Cast("amount_cents", BigIntegerField())
    chosen = Case(
        When(payment__extra_cents__gt=0, then=ExpressionWrapper(share, BigIntegerField())),
        default=whole,
    )
    return ExpressionWrapper(chosen, output_field=BigIntegerField())


def inside(payout_ids: list[str] | None = None) -> dict[str, Sums]:
    """What the lines in each payout come to, by the month of booking and kind; of all with None.

    Of its own currency, without the payout's own lines. One that has none is not in it.
    """
    lines = LedgerLine.objects.filter(currency=CURRENCY).exclude(kind__in=OF_PAYOUTS)
    chosen = (
        lines.exclude(payout_id="")
        if payout_ids is None
        else lines.filter(payout_id__in=[each for each in payout_ids if each])
    )
    found = defaultdict[str, Sums](Sums)
    for payout_id, month, kind, count, cents, fees in (
        chosen.annotate(in_month=_month("booked_at"))
        .order_by()
        .values_list("payout_id", "in_month", "kind")
        .annotate(Count("pk"), Sum("amount_cents"), Sum("fee_cents"))
    ):
        found[payout_id].add(Cell(names.BOOKED, month, kind), count, cents)
        found[payout_id].add(Cell(names.BOOKED_FEE, month, kind), count, fees)
    return dict(found)


def _month(moment: str) -> TruncMonth:
    return TruncMonth(moment, tzinfo=DUBLIN, output_field=DateField())


def _sorts(lines: QuerySet[LedgerLine]) -> _Parts:
    by: dict[str, Any] = {
        "in_month": _month("booked_at"),
        "of_gift": Q(payment__membership=None),
        "of_plan": F("payment__plan_id"),
        "in_kind": F("kind"),
        "came_in": inward(),
    }
    rows = (
        lines.filter(currency=CURRENCY)
        .annotate(**by, plain=plain_part())
        .order_by()
        .values(*by)
        .annotate(
            lines=Count("pk"),
            cents=Sum("plain"),
            fees=Sum("fee_cents"),
            on_top=Sum(F("amount_cents") - F("plain")),
            with_extra=Count("pk", filter=Q(payment__extra_cents__gt=0)),
        )
    )
    for row in rows:
        of = of_plan(row["of_plan"], gift=row["of_gift"])
        key = Sort(of, row["in_kind"], row["came_in"]).key
        yield Cell(names.BOOKED, row["in_month"], key), row["lines"], int(row["cents"])
        yield Cell(names.BOOKED_FEE, row["in_month"], key), row["lines"], row["fees"]
        yield Cell(names.BOOKED_EXTRA, row["in_month"], key), row["with_extra"], int(row["on_top"])


def _elsewhere(lines: QuerySet[LedgerLine]) -> _Parts:
    by: dict[str, Any] = {"in_month": _month("booked_at"), "kept_in": F("currency")}
    rows = lines.exclude(currency=CURRENCY).annotate(**by).order_by().values(*by)
    for row in rows.annotate(lines=Count("pk"), cents=Sum("net_cents")):
        yield (
            Cell(names.BOOKED_ELSEWHERE, row["in_month"], row["kept_in"]),
            row["lines"],
            row["cents"],
        )


def _yearly() -> _Parts:
    by: dict[str, Any] = {
        "in_month": _month("booked_at"),
        "paid_in": _month("payment__paid_at"),
        "of_plan": F("payment__plan_id"),
    }
    rows = (
        LedgerLine.objects.filter(
            currency=CURRENCY,
            payment__membership__isnull=False,
            payment__paid_at__isnull=False,
            payment__plan__interval=Interval.YEAR,
        )
        .annotate(**by, plain=plain_part())
        .order_by()
        .values(*by)
        .annotate(lines=Count("pk"), cents=Sum("plain"))
    )
    for row in rows:
        key = yearly_key(row["of_plan"], row["paid_in"])
        yield Cell(names.BOOKED_YEARLY, row["in_month"], key), row["lines"], int(row["cents"])
