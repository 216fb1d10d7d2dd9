"""Payouts: which lines are in each, that they come to it, and what is still at Stripe."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum

from billing import figures
from billing.accounts.months import lines
from billing.accounts.movements import CHARGES, DISPUTES, PAYOUTS, REFUNDS
from billing.dates import dublin_date
from billing.figures import names
from billing.figures.sums import Sums
from billing.models import LedgerLine, Payout
from billing.models.ledger import LineKind


@dataclass(frozen=True, slots=True)
class Banked:
    """One payout as the month booked it, and what is in it. Cents; `fees` are a cost, positive.

    `paid_cents` went to the bank, `returned_cents` came back from it. `earlier_cents` is what of it
    was booked before the month began: income of the month before. `known` is false where Stripe
    does not say what is in it, as for one made by hand.
    """

    id: str
    day: str
    arrives: str
    status: str
    paid_cents: int
    returned_cents: int
    charges: int
    refunds: int
    disputes: int
    fees: int
    other: int
    earlier_cents: int
    lines: int
    known: bool

    @property
    def booked_on(self) -> date:
        return date.fromisoformat(self.day)

    @property
    def inside_cents(self) -> int:
        return self.charges + self.refunds + self.disputes - self.fees + self.other

    @property
    def missing_cents(self) -> int:
        """What the lines in it do not account for; nothing, where they come to it."""
        return self.paid_cents - self.inside_cents if self.known and self.paid_cents else 0


def banked(found: QuerySet[LedgerLine], *, begins: date) -> tuple[Banked, ...]:
    """The payouts among these lines of the month that `begins` on this day, by day."""
    own = (
        found.filter(kind__in=PAYOUTS)
        .values("source_id")
        .annotate(
            at=Max("booked_at"),
            paid=Sum("amount_cents", filter=Q(kind=LineKind.PAYOUT)),
            returned=Sum("amount_cents", filter=Q(kind=LineKind.PAYOUT_FAILED)),
        )
        .order_by("at", "source_id")
    )
    told: list[dict[str, Any]] = [dict(row) for row in own]
    ids = [row["source_id"] for row in told]
    payouts = Payout.objects.in_bulk(ids)
    summed = {each.pk: Sums.read(each.parts) for each in payouts.values() if each.parts is not None}
    inside = figures.inside([each for each in ids if each and each not in summed]) | summed
    return tuple(
        _one(row, payouts.get(row["source_id"]), inside.get(row["source_id"], Sums()), begins)
        for row in told
    )


def _one(row: dict[str, Any], payout: Payout | None, inside: Sums, begins: date) -> Banked:
    gross = [(cell, amount) for cell, amount in inside.items() if cell.figure == names.BOOKED]
    fees = [(cell, amount) for cell, amount in inside.items() if cell.figure == names.BOOKED_FEE]

    def sum_of(*kinds: LineKind) -> int:
        return sum(amount.value for cell, amount in gross if cell.key in kinds)

    return Banked(
        id=row["source_id"],
        day=dublin_date(row["at"]).isoformat(),
        arrives=dublin_date(payout.arrives_on).isoformat() if payout else "",
        status=payout.status if payout else "",
        paid_cents=-(row["paid"] or 0),
        returned_cents=row["returned"] or 0,
        charges=sum_of(*CHARGES),
        refunds=sum_of(*REFUNDS),
        disputes=sum_of(*DISPUTES),
        fees=sum(amount.value for _, amount in fees) - sum_of(LineKind.FEE),
        other=sum_of(LineKind.OTHER),
        earlier_cents=sum(amount.value for cell, amount in gross if cell.month < begins)
        - sum(amount.value for cell, amount in fees if cell.month < begins),
        lines=sum(amount.number for _, amount in gross),
        known=bool(inside),
    )


def still_at_stripe() -> list[dict[str, Any]]:
    """What no payout has taken yet, by what happened: `kind`, `lines`, `cents`. One query."""
    waiting = lines().filter(payout_id="").exclude(kind__in=PAYOUTS)
    # Counted as rows, not by their key: the index alone tells it.
    sums = waiting.values("kind").annotate(lines=Count("*"), cents=Sum("net_cents"))
    return [row | {"label": LineKind(row["kind"]).label} for row in sums.order_by("kind")]
