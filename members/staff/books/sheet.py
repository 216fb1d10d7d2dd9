"""A month's pack as lines of a sheet: the same for the page, the CSV and the XLSX."""

from dataclasses import dataclass
from typing import Final

from billing.accounts.movements import DISPUTES, INCOME, LABELS, REFUNDS, UNMATCHED
from billing.accounts.pack import Pack
from billing.models.ledger import LineKind


@dataclass(frozen=True, slots=True)
class Line:
    """One figure: what it is, of how many, cents, and how it stands in the sum above it."""

    label: str
    cents: int
    count: int | None = None
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Figures that belong together, with the sentence that says what they are."""

    slug: str
    title: str
    says: str
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of income: what came, what went back, what is left. Cents."""

    label: str
    count: int
    gross: int
    refunds: int
    disputes: int

    @property
    def kept(self) -> int:
        return self.gross - self.refunds - self.disputes


_FEE_KINDS: Final = (
    ("Of payments", (LineKind.PAYMENT,)),
    ("Of refunds", REFUNDS),
    ("Of disputes and returned debits", DISPUTES),
    ("Of payouts", (LineKind.PAYOUT, LineKind.PAYOUT_FAILED)),
    ("Of adjustments", (LineKind.OTHER,)),
)


def kinds(pack: Pack) -> list[Kind]:
    """The income through Stripe by kind; what has nothing is left out, what is not ours is last."""
    found = [_kind(pack, of) for of in (*INCOME, UNMATCHED)]
    return [each for each in found if each.count or each.gross or each.refunds or each.disputes]


def total(pack: Pack) -> Kind:
    count = pack.count(LineKind.PAYMENT) - pack.count(LineKind.PAYMENT, of="extra")
    return Kind("All", count, pack.charges, pack.refunds, pack.disputes)


def sections(pack: Pack) -> list[Section]:
    """All the figures but the table by kind, in the order in which they are read."""
    return [balance(pack), _fees(pack), _back(pack), _outside(pack), _deferred(pack)]


def balance(pack: Pack) -> Section:
    """The identity, a line for each of its terms."""
    return Section(
        "balance",
        "The balance at Stripe",
        "From the first moment of the month to its last, to the cent.",
        [
            Line("Opening balance", pack.opening, tone="total"),
            Line("+ Charges", pack.charges),
            Line("- Refunds", -pack.refunds),
            Line("- Disputes", -pack.disputes),
            Line("- Fees", -pack.fees),
            Line("± Adjustments", pack.adjustments),
            Line("Net of the month", pack.net, tone="total"),
            Line("- Payouts to the bank", -pack.paid_out),
            Line("Closing balance", pack.closing, tone="total"),
        ],
    )


def _kind(pack: Pack, of: str) -> Kind:
    return Kind(
        LABELS[of],
        pack.count(LineKind.PAYMENT, of=of),
        pack.cents(LineKind.PAYMENT, of=of),
        -pack.cents(*REFUNDS, of=of),
        -pack.cents(*DISPUTES, of=of),
    )


def _fees(pack: Pack) -> Section:
    lines = [Line(label, pack.fees_of(*which)) for label, which in _FEE_KINDS]
    own = pack.fees_of(LineKind.FEE) - pack.cents(LineKind.FEE)
    lines.append(Line("Stripe's own: Billing, Radar, tax", own))
    return Section(
        "fees",
        "Fees",
        "A cost beside the gross income, never taken off it.",
        [*(line for line in lines if line.cents), Line("All fees", pack.fees, tone="total")],
    )


def _back(pack: Pack) -> Section:
    lines = [
        Line("Refunded", -pack.cents(LineKind.REFUND)),
        Line("Refunds that failed and came back", -pack.cents(LineKind.REFUND_FAILED)),
        Line("Taken by disputes", -pack.cents(LineKind.DISPUTE, inward=False)),
        Line("Disputes won, given back", -pack.cents(LineKind.DISPUTE, inward=True)),
        Line("Debits that were returned", -pack.cents(LineKind.PAYMENT_RETURNED)),
    ]
    gone = Line("All that went back", pack.refunds + pack.disputes, tone="total")
    return Section(
        "back",
        "What went back",
        "In the month in which it went, whichever month it had been paid in. Fees stand apart.",
        [*(line for line in lines if line.cents), gone],
    )


def _outside(pack: Pack) -> Section:
    lines = [Line(LABELS[each.of], each.cents, each.count) for each in pack.outside]
    return Section(
        "outside",
        "Paid to us directly",
        "Cash and transfers. Stripe never held it, so it is in no figure above.",
        [*lines, Line("All of it", pack.gross_outside, tone="total")],
    )


def _deferred(pack: Pack) -> Section:
    before, after = sum(pack.deferred_before.values()), sum(pack.deferred_after.values())
    return Section(
        "deferred",
        "Deferred income",
        "Yearly memberships with a benefit are earned a twelfth a month; donations at once.",
        [
            Line("For later months, at the start", before),
            Line("Change", after - before),
            Line("For later months, at the end", after, tone="total"),
        ],
    )
