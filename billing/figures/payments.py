"""What a payment, and what went back of it, stands for in the figures. Pure; cents."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from billing.figures import names
from billing.figures.lives import is_yearly
from billing.figures.sums import Cell, Sums, month_of
from billing.models.ledger import LineKind
from billing.states import PaymentState

_RECOVERY: Final = timedelta(days=names.RECOVERY_DAYS)
REFUND_LINES: Final = frozenset({LineKind.REFUND, LineKind.REFUND_FAILED})
# A direct debit may come back as a dispute, or without being called one.
DISPUTE_LINES: Final = frozenset({LineKind.DISPUTE, LineKind.PAYMENT_RETURNED})


@dataclass(frozen=True, slots=True)
class Booked:
    """A movement of the ledger about a payment. `open`: no closing of the books has counted it."""

    id: str
    kind: str
    at: datetime
    cents: int
    fee_cents: int
    net_cents: int
    currency: str
    open: bool
    source: str


@dataclass(frozen=True, slots=True)
class PaymentFacts:
    """The columns of a payment that figures are made of, and whose it is."""

    supporter: UUID
    state: str
    cents: int
    extra_cents: int
    paid_at: datetime | None
    failed_at: datetime | None
    recovered_by: str
    fee_cents: int | None
    net_cents: int | None
    outside: bool
    gift: bool
    begins: datetime | None
    ends: datetime | None
    # What the period itself cost, where that is not all of it: persons are counted by it.
    own_cents: int | None
    plan: UUID
    plan_interval: str
    campaign: UUID | None
    charge: str = ""

    @property
    def arrived(self) -> datetime | None:
        """When the money came; None if it did not."""
        return self.paid_at if self.state == PaymentState.SUCCEEDED else None

    @property
    def kind(self) -> str:
        """The key of its income: a gift, or a membership's month or year."""
        if self.gift:
            return names.GIFT
        sold_yearly = self.plan_interval == names.YEARLY
        yearly = is_yearly(self.begins, self.ends, otherwise=sold_yearly)
        return names.YEARLY if yearly else names.MONTHLY


def sums_of(payment: PaymentFacts, lines: Iterable[Booked]) -> Sums:
    """What this payment stands for in every figure of payments."""
    sums = Sums()
    if payment.arrived is not None:
        _count_income(sums, payment, payment.arrived)
    if not payment.gift:
        _count_tries(sums, payment)
    lines = list(lines)
    for line in lines:
        _count_line(sums, line, payment.kind)
    _count_returns(sums, payment, lines)
    return sums


def _count_income(sums: Sums, payment: PaymentFacts, arrived: datetime) -> None:
    month, kind, cents = month_of(arrived), payment.kind, payment.cents
    sums.add(Cell(names.GROSS, month, kind), 1, cents)
    if payment.extra_cents:
        sums.add(Cell(names.EXTRA, month, kind), 1, payment.extra_cents)
    if payment.outside:
        sums.add(Cell(names.OUTSIDE, month, kind), 1, cents)
    if payment.fee_cents is not None and payment.net_cents is not None:
        sums.add(Cell(names.FEE, month, kind), 1, payment.fee_cents)
        sums.add(Cell(names.NET, month, kind), 1, payment.net_cents)
        sums.add(Cell(names.PLAN_GROSS, month, str(payment.plan)), 1, cents)
        sums.add(Cell(names.PLAN_FEE, month, str(payment.plan)), 1, payment.fee_cents)
    elif not payment.outside:
        sums.add(Cell(names.FEE_UNKNOWN, month, kind), 1, cents)
    if payment.gift:
        campaign = str(payment.campaign) if payment.campaign else names.NO_CAMPAIGN
        sums.add(Cell(names.GIFT_SIZE, month, f"{cents:012d}"), 1, cents)
        sums.add(Cell(names.CAMPAIGN_GIFT, month, campaign), 1, cents)


def _count_tries(sums: Sums, payment: PaymentFacts) -> None:
    """Of a membership's payment: whether the first try failed, and whether a later one healed it.

    A gift has no invoice: whoever gives sees the refusal and takes another card (DOMAIN 7).
    """
    failed, arrived = payment.failed_at, payment.arrived
    tried = min((each for each in (failed, arrived) if each is not None), default=None)
    if tried is not None:
        sums.add(Cell(names.ATTEMPTED, month_of(tried)), 1, payment.cents)
    if failed is not None:
        sums.add(Cell(names.FAILED, month_of(failed)), 1, payment.cents)
        if arrived is not None and arrived <= failed + _RECOVERY:
            sums.add(
                Cell(names.RECOVERED, month_of(failed), payment.recovered_by), 1, payment.cents
            )


def _count_line(sums: Sums, line: Booked, kind: str) -> None:
    month = month_of(line.at)
    if line.kind in REFUND_LINES:
        sums.add(Cell(names.REFUNDED, month, kind), 1, line.net_cents)
    elif line.kind in DISPUTE_LINES:
        sums.add(Cell(names.DISPUTED, month, kind), 1, line.net_cents)


def _count_returns(sums: Sums, payment: PaymentFacts, lines: list[Booked]) -> None:
    """What the charges of a payment beside its own come to, where a debit was booked back.

    One that failed on its way was booked and booked back: it never was income, so its return takes
    away no more than what it cost. One by which the payment was made again, after it had come back,
    is income of the month in which it came.
    """
    came = {line.source: line for line in lines if line.kind == LineKind.PAYMENT}
    back = [line for line in lines if line.kind == LineKind.PAYMENT_RETURNED]
    own = payment.charge if payment.arrived is not None else None
    for line in back:
        booked = came.pop(line.source, None)
        if line.source != own and booked is not None:
            sums.add(Cell(names.DISPUTED, month_of(line.at), payment.kind), 0, booked.net_cents)
    if own and any(line.source == own for line in back):
        for line in came.values():
            _count_again(sums, payment, line)


def _count_again(sums: Sums, payment: PaymentFacts, line: Booked) -> None:
    month = month_of(line.at)
    for figure, cents in (
        (names.GROSS, line.cents),
        (names.FEE, line.fee_cents),
        (names.NET, line.net_cents),
    ):
        sums.add(Cell(figure, month, payment.kind), 1, cents)
    sums.add(Cell(names.PLAN_GROSS, month, str(payment.plan)), 1, line.cents)
    sums.add(Cell(names.PLAN_FEE, month, str(payment.plan)), 1, line.fee_cents)
    if payment.extra_cents:
        sums.add(Cell(names.EXTRA, month, payment.kind), 1, payment.extra_cents)
