"""What payments stand for in the figures, summed by the database from the rows themselves.

The same definitions as billing.figures.payments, in SQL: each proves the other.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db.models import (
    Case,
    CharField,
    Count,
    DateField,
    DateTimeField,
    F,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import TruncMonth

from billing.dates import DUBLIN
from billing.figures import names
from billing.figures.payments import REFUND_LINES
from billing.figures.returned import paid_again, went_back
from billing.figures.sums import Cell, Sums
from billing.models import Payment
from billing.models.plan import Interval
from billing.states import PaymentState

Row = dict[str, Any]

_ARRIVED: Final = Q(state=PaymentState.SUCCEEDED, paid_at__isnull=False)
_RECOVERY: Final = timedelta(days=names.RECOVERY_DAYS)


def payment_sums() -> Sums:
    """Every figure of payments, from the payments and the ledger. Six queries over all of them."""
    sums = Sums()
    for parts in (_income(), _gifts(), _tries(), _failures(), _lines(), _again()):
        for cell, count, value in parts:
            sums.add(cell, count, value or 0)
    return sums


def _month(moment: str) -> TruncMonth:
    return TruncMonth(moment, tzinfo=DUBLIN, output_field=DateField())


def _kind(of: str = "") -> Case:
    """The key of a payment's income (PaymentFacts.kind); `of` leads to the payment."""
    yearly_from = F(f"{of}period_start") + timedelta(days=names.YEARLY_FROM_DAYS)
    dated = {f"{of}period_start__isnull": False, f"{of}period_end__isnull": False}
    return Case(
        When(**{f"{of}membership__isnull": True}, then=Value(names.GIFT)),
        When(**dated, **{f"{of}period_end__gt": yearly_from}, then=Value(names.YEARLY)),
        When(**dated, then=Value(names.MONTHLY)),
        When(**{f"{of}plan__interval": Interval.YEAR}, then=Value(names.YEARLY)),
        default=Value(names.MONTHLY),
        output_field=CharField(),
    )


def _grouped(rows: QuerySet[Any], by: dict[str, Any], sums: dict[str, Any]) -> QuerySet[Any, Row]:
    # The names of groups are none of the columns', which would be taken for them.
    grouped: QuerySet[Any, Row] = rows.annotate(**by).order_by().values(*by).annotate(**sums)
    return grouped


def _income() -> Iterator[tuple[Cell, int, int]]:
    known, outside = Q(fee_cents__isnull=False), Q(outside_stripe=True)
    parts = {
        names.GROSS: (Q(), "amount_cents"),
        names.FEE: (known, "fee_cents"),
        names.NET: (known, "net_cents"),
        names.FEE_UNKNOWN: (~known & ~outside, "amount_cents"),
        names.OUTSIDE: (outside, "amount_cents"),
        names.EXTRA: (Q(extra_cents__gt=0), "extra_cents"),
    }
    sums: dict[str, Any] = {}
    for name, (which, column) in parts.items():
        sums |= {
            f"{name}_count": Count("pk", filter=which),
            f"{name}_sum": Sum(column, filter=which),
        }
    sums["known_sum"] = Sum("amount_cents", filter=known)
    by = {"in_month": _month("paid_at"), "in_kind": _kind(), "of_plan": F("plan_id")}
    for row in _grouped(Payment.objects.filter(_ARRIVED), by, sums):
        for name in parts:
            cell = Cell(name, row["in_month"], row["in_kind"])
            yield cell, row[f"{name}_count"], row[f"{name}_sum"]
        yield from _plan(row)


def _plan(row: Row) -> Iterator[tuple[Cell, int, int]]:
    """The same payments by their plan: those whose fee is known."""
    for figure, name in ((names.PLAN_GROSS, "known_sum"), (names.PLAN_FEE, f"{names.FEE}_sum")):
        cell = Cell(figure, row["in_month"], str(row["of_plan"]))
        yield cell, row[f"{names.FEE}_count"], row[name]


def _gifts() -> Iterator[tuple[Cell, int, int]]:
    by = {
        "in_month": _month("paid_at"),
        "cents": F("amount_cents"),
        "of_campaign": F("campaign_id"),
    }
    sums = {"how_many": Count("pk")}
    for row in _grouped(Payment.objects.filter(_ARRIVED, membership=None), by, sums):
        month, number, cents = row["in_month"], row["how_many"], row["how_many"] * row["cents"]
        campaign = str(row["of_campaign"]) if row["of_campaign"] else names.NO_CAMPAIGN
        yield Cell(names.GIFT_SIZE, month, f"{row['cents']:012d}"), number, cents
        yield Cell(names.CAMPAIGN_GIFT, month, campaign), number, cents


def _membership_payments() -> QuerySet[Payment]:
    arrived = Case(When(_ARRIVED, then=F("paid_at")), output_field=DateTimeField())
    return Payment.objects.filter(membership__isnull=False).annotate(arrived=arrived)


def _tries() -> Iterator[tuple[Cell, int, int]]:
    tried = Case(
        When(first_failed_at__isnull=True, then=F("arrived")),
        When(arrived__lt=F("first_failed_at"), then=F("arrived")),
        default=F("first_failed_at"),
    )
    rows = _membership_payments().annotate(tried=tried).filter(tried__isnull=False)
    sums = {"how_many": Count("pk"), "cents": Sum("amount_cents")}
    for row in _grouped(rows, {"in_month": _month("tried")}, sums):
        yield Cell(names.ATTEMPTED, row["in_month"]), row["how_many"], row["cents"]


def _failures() -> Iterator[tuple[Cell, int, int]]:
    healed = Q(arrived__lte=F("first_failed_at") + _RECOVERY)
    sums = {
        "how_many": Count("pk"),
        "cents": Sum("amount_cents"),
        "healed": Count("pk", filter=healed),
        "healed_cents": Sum("amount_cents", filter=healed),
    }
    by = {"in_month": _month("first_failed_at"), "with_what": F("recovered_by")}
    rows = _membership_payments().filter(first_failed_at__isnull=False)
    for row in _grouped(rows, by, sums):
        month, key = row["in_month"], row["with_what"]
        yield Cell(names.FAILED, month), row["how_many"], row["cents"]
        yield Cell(names.RECOVERED, month, key), row["healed"], row["healed_cents"]


def _lines() -> Iterator[tuple[Cell, int, int]]:
    figure = Case(
        When(kind__in=REFUND_LINES, then=Value(names.REFUNDED)),
        default=Value(names.DISPUTED),
        output_field=CharField(),
    )
    by = {"in_figure": figure, "in_month": _month("booked_at"), "in_kind": _kind("payment__")}
    sums = {"how_many": Count("pk"), "cents": Sum("took")}
    for row in _grouped(went_back(), by, sums):
        cell = Cell(row["in_figure"], row["in_month"], row["in_kind"])
        yield cell, row["how_many"], row["cents"]


def _again() -> Iterator[tuple[Cell, int, int]]:
    """What was paid again after it had come back: income of the month in which it came."""
    by = {
        "in_month": _month("booked_at"),
        "in_kind": _kind("payment__"),
        "of_plan": F("payment__plan_id"),
    }
    extra = Q(payment__extra_cents__gt=0)
    sums = {
        "how_many": Count("pk"),
        names.GROSS: Sum("amount_cents"),
        names.FEE: Sum("fee_cents"),
        names.NET: Sum("net_cents"),
        "with_extra": Count("pk", filter=extra),
        "on_top": Sum("payment__extra_cents", filter=extra),
    }
    for row in _grouped(paid_again(), by, sums):
        month, number = row["in_month"], row["how_many"]
        for name in (names.GROSS, names.FEE, names.NET):
            yield Cell(name, month, row["in_kind"]), number, row[name]
        yield Cell(names.PLAN_GROSS, month, str(row["of_plan"])), number, row[names.GROSS]
        yield Cell(names.PLAN_FEE, month, str(row["of_plan"])), number, row[names.FEE]
        yield Cell(names.EXTRA, month, row["in_kind"]), row["with_extra"], row["on_top"]
