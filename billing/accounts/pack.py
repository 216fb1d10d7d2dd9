"""The monthly pack: what a month came to, in sums that add up to the cent.

    opening + charges - refunds - disputes - fees +- adjustments - payouts = closing

Of an open month it is computed from the ledger; of a closed one it is read as finance froze it.
"""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Self

from django.db.models import Q, QuerySet, Sum

from billing.accounts import deferral, months
from billing.accounts.banked import Banked, banked
from billing.accounts.months import CURRENCY, BookMonth
from billing.accounts.movements import (
    CHARGES,
    DISPUTES,
    PAYOUTS,
    REFUNDS,
    Given,
    Movement,
    Named,
    given_outside,
    movements,
    other_currencies,
    unmatched,
)
from billing.dates import dublin_date, months_back
from billing.models import LedgerLine, Payment, Period
from billing.models.ledger import LineKind

# Of the frozen shape: raised when a field is added, so that an old month is read as it was.
VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Late:
    """What was booked in a month that was closed when it came: `of` is that month, "2026-05"."""

    of: str
    count: int
    cents: int

    @property
    def month(self) -> date:
        return date.fromisoformat(f"{self.of}-01")


@dataclass(frozen=True, slots=True)
class Pack:
    """One month of the books. Cents. What goes out is negative in `moved`, as in the ledger."""

    month: date
    opening: int
    moved: tuple[Movement, ...]
    outside: tuple[Given, ...]
    payouts: tuple[Banked, ...]
    strays: int
    named: tuple[Named, ...]
    late: tuple[Late, ...]
    deferred_before: dict[str, int]
    deferred_after: dict[str, int]
    currency: str = CURRENCY
    elsewhere: tuple[tuple[str, int], ...] = ()

    def cents(self, *kinds: LineKind, of: str = "", inward: bool | None = None) -> int:
        """The sum of the movements of these kinds."""
        return sum(each.cents for each in self._of(kinds, of) if inward in (None, each.inward))

    def count(self, *kinds: LineKind, of: str = "") -> int:
        return sum(each.count for each in self._of(kinds, of))

    def fees_of(self, *kinds: LineKind) -> int:
        """What Stripe kept of the movements of these kinds."""
        return sum(each.fee_cents for each in self._of(kinds, ""))

    @property
    def charges(self) -> int:
        return self.cents(*CHARGES)

    @property
    def refunds(self) -> int:
        return -self.cents(*REFUNDS)

    @property
    def disputes(self) -> int:
        return -self.cents(*DISPUTES)

    @property
    def fees(self) -> int:
        """All that Stripe kept: of each movement, and in lines of its own."""
        return sum(each.fee_cents for each in self.moved) - self.cents(LineKind.FEE)

    @property
    def adjustments(self) -> int:
        return self.cents(LineKind.OTHER)

    @property
    def paid_out(self) -> int:
        return -self.cents(*PAYOUTS)

    @property
    def net(self) -> int:
        """What the month left at Stripe before anything was paid out."""
        return self.charges - self.refunds - self.disputes - self.fees + self.adjustments

    @property
    def closing(self) -> int:
        return self.opening + self.net - self.paid_out

    @property
    def gross_outside(self) -> int:
        return sum(each.cents for each in self.outside)

    @property
    def newly_deferred(self) -> int:
        """What of the month's income later months will earn, less what this one earns of before."""
        return sum(self.deferred_after.values()) - sum(self.deferred_before.values())

    def deferral_of(self, of: str) -> int:
        return self.deferred_after.get(of, 0) - self.deferred_before.get(of, 0)

    @property
    def unbanked(self) -> tuple[Banked, ...]:
        """The payouts whose lines do not come to them."""
        return tuple(each for each in self.payouts if each.missing_cents)

    def _of(self, kinds: tuple[LineKind, ...], of: str) -> list[Movement]:
        return [each for each in self.moved if each.kind in kinds and of in ("", each.of)]

    def frozen(self) -> dict[str, Any]:
        """The pack as JSON keeps it: integers and words alone."""
        return {"version": VERSION} | asdict(self) | {"month": self.month.isoformat()}

    @classmethod
    def thawed(cls, told: dict[str, Any]) -> Self:
        """The pack that was frozen, figure by figure."""
        fields = {name: told[name] for name in cls.__slots__ if name in told}
        fields |= {
            "month": date.fromisoformat(told["month"]),
            "moved": tuple(Movement(**each) for each in told["moved"]),
            "outside": tuple(Given(**each) for each in told["outside"]),
            "payouts": tuple(Banked(**each) for each in told["payouts"]),
            "named": tuple(Named(**each) for each in told["named"]),
            "late": tuple(Late(**each) for each in told["late"]),
            "elsewhere": tuple((each[0], each[1]) for each in told["elsewhere"]),
        }
        return cls(**fields)


def of_month(first: date) -> Pack | None:
    """The pack of this month: as it was closed, or as the ledger has it now. None if too late."""
    closed = Period.objects.filter(month=first).first()
    if closed is not None:
        return Pack.thawed(closed.figures["pack"])
    month = next((each for each in months.open_months() if each.first == first), None)
    return live(month) if month else None


def live(month: BookMonth) -> Pack:
    """The pack of a month that is open, in some twelve queries however many lines it has."""
    return _packed(month, month.counts("booked_at"), month.counts("paid_at"), earned=Q())


def counted(month: BookMonth) -> Pack:
    """The pack of the rows that carry the month: those that its closing has just marked."""
    marked = Q(closed_month=month.first)
    return _packed(month, marked, marked, earned=Q(closed_month__isnull=False))


def _packed(month: BookMonth, booked: Q, paid: Q, *, earned: Q) -> Pack:
    lines, outside = months.lines().filter(booked), months.outside().filter(paid)
    strays, named = unmatched(lines)
    return Pack(
        month=month.first,
        opening=_opening(month),
        moved=movements(lines),
        outside=given_outside(outside),
        payouts=banked(lines, begins=month.begins),
        strays=strays,
        named=named,
        late=_late(month, lines, outside) if month.gathers_late else (),
        deferred_before=_deferred_before(month),
        deferred_after=deferral.deferred_at_end(month, of=earned),
        elsewhere=tuple(sorted(other_currencies(LedgerLine.objects.filter(booked)).items())),
    )


def _opening(month: BookMonth) -> int:
    """The balance at Stripe when the month began: that of the last closing, and what came since.

    So no line is read again that a closing has counted, nor missed when the law has it deleted.
    """
    closed = months.last_closed()
    before = 0
    if not month.gathers_late:
        since = months.lines().filter(closed_month=None, booked_at__lt=month.begins)
        before = since.aggregate(cents=Sum("net_cents"))["cents"] or 0
    return before + (closed.closing_cents if closed else 0)


def _deferred_before(month: BookMonth) -> dict[str, int]:
    closed = months.last_closed()
    if month.gathers_late:
        return dict(closed.figures["pack"]["deferred_after"]) if closed else {}
    return deferral.deferred_at_end(BookMonth(months_back(month.first, 1)))


def _late(
    month: BookMonth, lines: QuerySet[LedgerLine], outside: QuerySet[Payment]
) -> tuple[Late, ...]:
    """What belongs to months that were closed when it came, by month; a few, by its nature."""
    counts, cents = Counter[str](), Counter[str]()
    early = lines.filter(booked_at__lt=month.begins).values_list("booked_at", "net_cents")
    direct = outside.filter(paid_at__lt=month.begins).values_list("paid_at", "amount_cents")
    for found in (early, direct):
        for at, net in found.iterator():
            if at is None:  # what succeeded says when
                continue
            of = f"{dublin_date(at):%Y-%m}"
            counts[of] += 1
            cents[of] += net
    return tuple(Late(of, counts[of], cents[of]) for of in sorted(counts))
