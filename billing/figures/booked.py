"""What the ledger's lines about a payment stand for in the books. Pure; cents."""

from collections.abc import Iterable
from datetime import date
from typing import Final, NamedTuple, Self
from uuid import UUID

from billing.figures import names
from billing.figures.payments import Booked, PaymentFacts
from billing.figures.sums import Cell, Sums, month_of

# What the account at Stripe is kept in. Lines in another currency are another balance.
CURRENCY: Final = "eur"
# Where the marker stands that these figures are kept.
KEPT: Final = Cell(names.BOOKS_KEPT, date(1970, 1, 1))
_IN, _OUT = "in", "out"


class Sort(NamedTuple):
    """What a line was for (a gift, or a plan by its id), what happened, and which way money went.

    By the plan, and not by what is given in return for it, which staff may change.
    """

    of: str
    kind: str
    inward: bool

    @property
    def key(self) -> str:
        return f"{self.of} {self.kind} {_IN if self.inward else _OUT}"

    @classmethod
    def read(cls, key: str) -> Self:
        of, kind, way = key.split(" ")
        return cls(of, kind, way == _IN)


def of_plan(plan: UUID, *, gift: bool) -> str:
    return names.GIFT if gift else plan.hex


def yearly_key(plan: UUID, paid_in: date) -> str:
    return f"{paid_in.isoformat()} {plan.hex}"


def read_yearly_key(key: str) -> tuple[UUID, date]:
    paid_in, plan = key.split(" ")
    return UUID(hex=plan), date.fromisoformat(paid_in)


def plain_of(cents: int, *, paid: int, extra: int) -> int:
    """A line's cents without the share of them that was given on top of its payment.

    In whole cents towards zero, the same whichever way the money goes, so that what comes back in
    full leaves nothing. `paid` is the payment's amount, `extra` the part of it on top.
    """
    if not extra:
        return cents
    whole = abs(cents) * (paid - extra) // paid
    return whole if cents >= 0 else -whole


def sums_of(payment: PaymentFacts, lines: Iterable[Booked]) -> Sums:
    """What these lines stand for in the figures of the books."""
    sums = Sums()
    for line in lines:
        if line.open:
            _count_open(sums, payment, line)
        yearly = not payment.gift and payment.plan_interval == names.YEARLY
        if yearly and payment.paid_at is not None and line.currency == CURRENCY:
            key = yearly_key(payment.plan, month_of(payment.paid_at))
            sums.add(Cell(names.BOOKED_YEARLY, month_of(line.at), key), 1, _plain(payment, line))
    return sums


def _count_open(sums: Sums, payment: PaymentFacts, line: Booked) -> None:
    month = month_of(line.at)
    if line.currency != CURRENCY:
        sums.add(Cell(names.BOOKED_ELSEWHERE, month, line.currency), 1, line.net_cents)
        return
    of = of_plan(payment.plan, gift=payment.gift)
    key, plain = Sort(of, line.kind, line.cents > 0).key, _plain(payment, line)
    sums.add(Cell(names.BOOKED, month, key), 1, plain)
    sums.add(Cell(names.BOOKED_FEE, month, key), 1, line.fee_cents)
    if payment.extra_cents:
        sums.add(Cell(names.BOOKED_EXTRA, month, key), 1, line.cents - plain)


def _plain(payment: PaymentFacts, line: Booked) -> int:
    return plain_of(line.cents, paid=payment.cents, extra=payment.extra_cents)
