"""What moved in a month, summed by the database: by what it was given for and by what happened."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Sum, Value, When

from billing.accounts.months import CURRENCY
from billing.dates import dublin_date
from billing.figures.live_booked import OF_PAYOUTS, inward, plain_part
from billing.models import LedgerLine, Payment
from billing.models.ledger import LineKind
from billing.models.plan import BenefitClass

# What money was given for. The first five are income.
GIFT: Final = "gift"
DONATION: Final = "donation"
TOKEN: Final = "membership_token"  # noqa: S105 - a small thing in return
MATERIAL: Final = "membership_material"
EXTRA: Final = "extra"
UNMATCHED: Final = "unmatched"
ACCOUNT: Final = "account"
INCOME: Final = (GIFT, DONATION, TOKEN, MATERIAL, EXTRA)

# Of memberships; what has no benefit is a donation.
BY_CLASS: Final[dict[str, str]] = {BenefitClass.TOKEN: TOKEN, BenefitClass.MATERIAL: MATERIAL}

LABELS: Final = {
    GIFT: "One-off gifts",
    DONATION: "Regular donations (no benefit)",
    TOKEN: "Memberships with a token benefit",
    MATERIAL: "Memberships with a material benefit",
    EXTRA: "Given on top, so that more arrives",
    UNMATCHED: "Matched to no payment of ours",
    ACCOUNT: "The account's own",
}

CHARGES: Final = (LineKind.PAYMENT,)
REFUNDS: Final = (LineKind.REFUND, LineKind.REFUND_FAILED)
# A direct debit may come back as a dispute, or without being called one.
DISPUTES: Final = (LineKind.DISPUTE, LineKind.PAYMENT_RETURNED)
PAYOUTS: Final = OF_PAYOUTS
# Money of a payer's. What is about no payment of ours is named until it is.
OF_PAYERS: Final = (*CHARGES, *REFUNDS, *DISPUTES, LineKind.OTHER)
_NAMED_AT_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Movement:
    """The lines of one sort: what they were given for, what happened, and which way money went."""

    of: str
    kind: str
    inward: bool
    count: int
    cents: int
    fee_cents: int


@dataclass(frozen=True, slots=True)
class Early:
    """Lines that were booked before the month in which they count: when, how many, net cents."""

    booked: date
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class Given:
    """What was paid to us directly for one thing."""

    of: str
    count: int
    cents: int


@dataclass(frozen=True, slots=True)
class Named:
    """A line that is about no payment of ours, so that somebody can look it up at Stripe."""

    id: str
    kind: str
    day: str
    cents: int


def movements(found: QuerySet[LedgerLine]) -> tuple[Movement, ...]:
    """These lines in sums, in one query."""
    sums = (
        found.annotate(of=_of("payment__"), inward=inward(), plain=plain_part())
        .values("of", "kind", "inward")
        .annotate(
            lines=Count("pk"),
            cents=Sum("plain"),
            on_top=Sum(F("amount_cents") - F("plain")),
            fees=Sum("fee_cents"),
            with_extra=Count("pk", filter=Q(payment__extra_cents__gt=0)),
        )
        .order_by("of", "kind", "inward")
    )
    return of_sums(map(dict, sums))


def of_sums(rows: Iterable[dict[str, Any]]) -> tuple[Movement, ...]:
    """The movements of sums of one sort of lines each. What was given on top stands apart."""
    told: list[Movement] = []
    for row in rows:
        sort = (row["kind"], row["inward"])
        told.append(Movement(row["of"], *sort, row["lines"], int(row["cents"]), row["fees"]))
        if row["on_top"]:
            told.append(Movement(EXTRA, *sort, row["with_extra"], int(row["on_top"]), 0))
    return _merged(told)


def _merged(told: list[Movement]) -> tuple[Movement, ...]:
    """What was given on top is one sort, whatever it was given on top of."""
    by_sort: dict[tuple[str, str, bool], Movement] = {}
    for each in told:
        sort = (each.of, each.kind, each.inward)
        before = by_sort.get(sort, Movement(*sort, 0, 0, 0))
        by_sort[sort] = Movement(
            *sort,
            before.count + each.count,
            before.cents + each.cents,
            before.fee_cents + each.fee_cents,
        )
    return tuple(by_sort[sort] for sort in sorted(by_sort))


def given_outside(found: QuerySet[Payment]) -> tuple[Given, ...]:
    """What was paid to us directly, by what it was for. One query."""
    sums = (
        found.annotate(of=_of(""))
        .values("of")
        .annotate(
            payments=Count("pk"), cents=Sum(F("amount_cents") - F("extra_cents")),
            on_top=Sum("extra_cents"), with_extra=Count("pk", filter=Q(extra_cents__gt=0)),
        )
        .order_by("of")
    )  # fmt: skip
    rows = list(sums)
    given = [Given(row["of"], row["payments"], row["cents"]) for row in rows]
    on_top = sum(row["on_top"] for row in rows)
    if on_top:
        given.append(Given(EXTRA, sum(row["with_extra"] for row in rows), on_top))
    return tuple(given)


def unmatched(found: QuerySet[LedgerLine]) -> tuple[int, tuple[Named, ...]]:
    """How many of these lines of payers are about no payment of ours, and which, oldest first."""
    stray = found.filter(payment=None, kind__in=OF_PAYERS)
    named = stray.order_by("booked_at", "pk")[:_NAMED_AT_MOST]
    return stray.count(), tuple(
        Named(line.pk, line.kind, dublin_date(line.booked_at).isoformat(), line.net_cents)
        for line in named
    )


def early(found: QuerySet[LedgerLine], *, begins: datetime) -> Iterator[Early]:
    """Those of these lines that were booked before the month began."""
    rows = found.filter(booked_at__lt=begins).values_list("booked_at", "net_cents")
    for at, cents in rows.iterator():
        yield Early(dublin_date(at), 1, cents)


def other_currencies(found: QuerySet[LedgerLine]) -> dict[str, int]:
    """Net cents by currency of those of these lines that are of another balance at Stripe."""
    sums = found.exclude(currency=CURRENCY).order_by().values_list("currency")
    return dict(sums.annotate(cents=Sum("net_cents")))


def _of(payment: str) -> Case:
    """What the money was given for; for lines, `payment` is the way to theirs."""
    ours: list[Any] = []
    if payment:
        ours = [
            When(Q(payment=None, kind__in=OF_PAYERS), then=Value(UNMATCHED)),
            When(payment=None, then=Value(ACCOUNT)),
        ]
    return Case(
        *ours,
        When(**{f"{payment}membership": None}, then=Value(GIFT)),
        *(
            When(**{f"{payment}plan__benefit_class": name}, then=Value(of))
            for name, of in BY_CLASS.items()
        ),
        default=Value(DONATION),
        output_field=CharField(),
    )
