"""The monthly pack: what a month came to, in sums that add up to the cent.

    opening + charges - refunds - disputes - fees +- adjustments - payouts = closing

Of an open month it is computed from the ledger; of a closed one it is read as finance froze it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, NamedTuple, Self

from django.db.models import Q, QuerySet, Sum

from billing.accounts import deferral, months, summed
from billing.accounts.banked import Banked, banked
from billing.accounts.months import CURRENCY, BookMonth
from billing.accounts.movements import (
    CHARGES,
    DISPUTES,
    PAYOUTS,
    REFUNDS,
    Early,
    Given,
    Movement,
    Named,
    early,
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
_ALL: Final = Q()


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
    """The pack of a month that is open, in some fifteen queries however many lines it has.

    From the sums that are kept of its lines; from the lines themselves while none are kept.
    """
    booked, paid = month.counts("booked_at"), month.counts("paid_at")
    told = _summed(month) if summed.kept() else _read(month, booked, earned=Q())
    return _packed(month, months.lines().filter(booked), paid, told)


def moved(month: BookMonth) -> tuple[Movement, ...]:
    """What moved in a month that is open, or in several: of `live` the part that years add up."""
    if summed.kept():
        return summed.movements(month)
    return movements(months.lines().filter(month.counts("booked_at")))


def counted(month: BookMonth) -> Pack:
    """The pack of the rows that carry the month: those that its closing has just marked."""
    marked = Q(closed_month=month.first)
    told = _read(month, marked, earned=Q(closed_month__isnull=False))
    return _packed(month, months.lines().filter(marked), marked, told)


class _Moved(NamedTuple):
    """What the lines of a month come to; `before` is what open months before it left at Stripe."""

    before: int
    moved: tuple[Movement, ...]
    early: Iterable[Early]
    elsewhere: dict[str, int]
    deferred_before: dict[str, int]
    deferred_after: dict[str, int]


def _summed(month: BookMonth) -> _Moved:
    return _Moved(
        before=0 if month.gathers_late else summed.net_before(month),
        moved=summed.movements(month),
        early=summed.early(month) if month.gathers_late else (),
        elsewhere=summed.other_currencies(month),
        deferred_before=_deferred_before(month, deferral.summed_at_end),
        deferred_after=deferral.summed_at_end(month),
    )


def _read(month: BookMonth, booked: Q, *, earned: Q) -> _Moved:
    """The same from the lines, one by one: those that are `booked`, those by which it is earned."""
    lines = months.lines().filter(booked)
    return _Moved(
        before=0 if month.gathers_late else _net_before(month),
        moved=movements(lines),
        early=early(lines, begins=month.begins) if month.gathers_late else (),
        elsewhere=other_currencies(LedgerLine.objects.filter(booked)),
        deferred_before=_deferred_before(month, deferral.deferred_at_end),
        deferred_after=deferral.deferred_at_end(month, of=earned),
    )


def _packed(month: BookMonth, lines: QuerySet[LedgerLine], paid: Q, told: _Moved) -> Pack:
    outside = months.outside().filter(paid)
    strays, named = unmatched(lines)
    closed = months.last_closed()
    return Pack(
        month=month.first,
        # No line is read again that a closing has counted, nor missed when the law has it deleted.
        opening=told.before + (closed.closing_cents if closed else 0),
        moved=told.moved,
        outside=given_outside(outside),
        payouts=banked(lines.filter(payment=None), begins=month.first),
        strays=strays,
        named=named,
        late=_late(month, told.early, outside) if month.gathers_late else (),
        deferred_before=told.deferred_before,
        deferred_after=told.deferred_after,
        elsewhere=tuple(sorted(told.elsewhere.items())),
    )


def _net_before(month: BookMonth) -> int:
    since = months.lines().filter(closed_month=None, booked_at__lt=month.begins)
    net: int = since.aggregate(cents=Sum("net_cents"))["cents"] or 0
    return net


def _deferred_before(
    month: BookMonth, at_end: Callable[[BookMonth], dict[str, int]]
) -> dict[str, int]:
    """What the last closing held back for later months, or else the open month before this one."""
    if month.gathers_late:
        closed = months.last_closed()
        return dict(closed.figures["pack"]["deferred_after"]) if closed else {}
    return at_end(BookMonth(months_back(month.first, 1)))


def _late(month: BookMonth, lines: Iterable[Early], outside: QuerySet[Payment]) -> tuple[Late, ...]:
    """What belongs to months that were closed when it came, by month; a few, by its nature."""
    direct = outside.filter(paid_at__lt=month.begins).values_list("paid_at", "amount_cents")
    # What succeeded says when.
    found = [Early(dublin_date(at), 1, cents) for at, cents in direct if at is not None]
    counts, cents = Counter[str](), Counter[str]()
    for each in (*lines, *found):
        of = f"{each.booked:%Y-%m}"
        counts[of] += each.count
        cents[of] += each.cents
    return tuple(Late(of, counts[of], cents[of]) for of in sorted(counts))
