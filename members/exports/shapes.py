"""What a list can be of, which columns it can have, and what each of them tells of a supporter."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.dates import day_start, dublin_date
from billing.models import Membership, Payment
from billing.models.membership import LIVE
from billing.models.plan import Interval
from billing.money import decimal_amount
from billing.states import MembershipState, PaymentState
from members import vault
from members.models import Supporter
from members.models.access import Field
from members.models.listing import Subject

Filters = Mapping[str, str]


class Kind(Enum):
    """How a spreadsheet is to read a cell."""

    TEXT = "text"
    AMOUNT = "amount"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `reads` are the database's columns that `cell` makes its text of.

    ISO dates of Dublin, a decimal point, "" for what there is not. `chosen` before anybody chose.
    """

    name: str
    label: str
    reads: tuple[str, ...]
    tells: Field
    cell: Callable[..., str] = str
    kind: Kind = Kind.TEXT
    chosen: bool = False

    @property
    def identity(self) -> bool:
        """Whether it says who somebody is."""
        return self.tells in {Field.NAME, Field.EMAIL}


@dataclass(frozen=True, slots=True)
class Shape:
    """A subject: its rows under a filter, where each row's supporter is, and its columns.

    `most` are rows that are quick to count, and no fewer than `rows`: how long it may become.
    """

    rows: Callable[[Filters], QuerySet[Any]]
    most: Callable[[Filters], QuerySet[Any]]
    supporter: str
    choices: tuple[tuple[str, str, list[tuple[str, str]]], ...]
    dates: str
    columns: tuple[Column, ...]

    def named(self, names: list[str]) -> list[Column]:
        """These of its columns, in its own order; a name that is none is left out."""
        return [column for column in self.columns if column.name in names]


def _day(moment: datetime | None) -> str:
    return dublin_date(moment).isoformat() if moment else ""


def _cents(cents: int | None) -> str:
    return "" if cents is None else decimal_amount(cents)


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _upper(text: str) -> str:
    return text.upper()


def _opened(column: str) -> Callable[[UUID, bytes], str]:
    def opened(supporter_id: UUID, sealed: bytes) -> str:
        """The text, or "" of somebody who was erased or gave none."""
        if not sealed:
            return ""
        return vault.unseal(sealed, row=supporter_id, column=f"supporter.{column}")

    return opened


def _identity(path: str) -> tuple[Column, ...]:
    """Who they are, reached from a row over this path."""
    return tuple(
        Column(name, label, (f"{path}id", f"{path}{name}_sealed"), tells=tells, cell=_opened(name))
        for name, label, tells in (
            ("name", "Name", Field.NAME),
            ("email", "E-mail address", Field.EMAIL),
        )
    )


def _between(moment: str, filters: Filters) -> Q:
    """Between two days of Dublin, both included; either may be missing."""
    found = Q()
    if first := filters.get("first"):
        found &= Q(**{f"{moment}__gte": day_start(date.fromisoformat(first))})
    if (last := filters.get("last")) and last < date.max.isoformat():
        after = date.fromisoformat(last) + timedelta(days=1)
        found &= Q(**{f"{moment}__lt": day_start(after)})
    return found


def _memberships(filters: Filters) -> QuerySet[Membership]:
    found = Membership.objects.filter(_between("started_at", filters))
    for name in ("state", "interval"):
        if value := filters.get(name):
            found = found.filter(**{name: value})
    return found


def _payments(filters: Filters) -> QuerySet[Payment]:
    found = Payment.objects.filter(_between("paid_at", filters))
    if state := filters.get("state"):
        found = found.filter(state=state)
    if kind := filters.get("kind"):
        found = found.filter(membership__isnull=kind == "gift")
    return found


def _supporters(filters: Filters) -> QuerySet[Supporter]:
    """Those who ever gave, or who have a membership now: never who only began to join."""
    gave = Exists(Payment.objects.filter(_THEIRS, state=PaymentState.SUCCEEDED))
    return _named(filters).filter(_LIVE | gave)


def _named(filters: Filters) -> QuerySet[Supporter]:
    """The same with those who only began to join: to look at each one's payments takes long."""
    found = Supporter.objects.named().filter(_between("created_at", filters))
    if filters.get("standing") == "live":
        found = found.filter(_LIVE)
    if language := filters.get("language"):
        found = found.filter(language=language)
    return found


_THEIRS: Final = Q(supporter=OuterRef("pk"))
_LIVE: Final = Exists(Membership.objects.filter(_THEIRS, state__in=sorted(LIVE)))


_RHYTHMS: Final = [
    (value, label) for value, label in Interval.choices if value in (Interval.MONTH, Interval.YEAR)
]
SHAPES: Final[Mapping[Subject, Shape]] = {
    Subject.MEMBERSHIPS: Shape(
        _memberships,
        _memberships,
        "supporter_id",
        (
            ("state", "State", list(MembershipState.choices)),
            ("interval", "Rhythm", _RHYTHMS),
        ),
        "Began",
        (
            Column("membership", "Membership", ("id",), Field.MEMBERSHIP, chosen=True),
            Column("supporter", "Supporter, as a number", ("supporter_id",), Field.MEMBERSHIP),
            *_identity("supporter__"),
            Column("plan", "Plan", ("plan__name",), Field.MEMBERSHIP, chosen=True),
            Column("interval", "Rhythm", ("interval",), Field.MEMBERSHIP, chosen=True),
            Column(
                "amount", "Amount", ("amount_cents",), Field.MEMBERSHIP, _cents, Kind.AMOUNT, True
            ),
            Column("currency", "Currency", ("currency",), Field.MEMBERSHIP, _upper, chosen=True),
            Column("state", "State", ("state",), Field.MEMBERSHIP, chosen=True),
            Column("joined", "Began", ("started_at",), Field.MEMBERSHIP, _day, Kind.DAY, True),
            Column("paid_until", "Paid until", ("period_end",), Field.MEMBERSHIP, _day, Kind.DAY),
            Column("ends_on", "Will end", ("ends_on",), Field.MEMBERSHIP, _day, Kind.DAY),
            Column("ended_on", "Ended", ("ended_at",), Field.MEMBERSHIP, _day, Kind.DAY),
            Column("end_reason", "Why it ended", ("end_reason",), Field.MEMBERSHIP),
            Column("campaign", "Campaign", ("campaign__slug",), Field.MEMBERSHIP, _text),
        ),
    ),
    Subject.PAYMENTS: Shape(
        _payments,
        _payments,
        "supporter_id",
        (
            ("state", "State", list(PaymentState.choices)),
            ("kind", "Kind", [("membership", "Of a membership"), ("gift", "Gifts")]),
        ),
        "Paid",
        (
            Column("payment", "Payment", ("id",), Field.PAYMENTS, chosen=True),
            Column("supporter", "Supporter, as a number", ("supporter_id",), Field.PAYMENTS),
            *_identity("supporter__"),
            Column("membership", "Membership", ("membership_id",), Field.MEMBERSHIP, _text),
            Column("plan", "Plan", ("plan__name",), Field.PAYMENTS, chosen=True),
            Column(
                "amount", "Amount", ("amount_cents",), Field.PAYMENTS, _cents, Kind.AMOUNT, True
            ),
            Column("fee", "Stripe's fee", ("fee_cents",), Field.PAYMENTS, _cents, Kind.AMOUNT),
            Column("net", "Arrived", ("net_cents",), Field.PAYMENTS, _cents, Kind.AMOUNT),
            Column("currency", "Currency", ("currency",), Field.PAYMENTS, _upper, chosen=True),
            Column("state", "State", ("state",), Field.PAYMENTS, chosen=True),
            Column("paid_on", "Paid", ("paid_at",), Field.PAYMENTS, _day, Kind.DAY, True),
            Column("method", "Paid with", ("method",), Field.PAYMENTS),
            Column("campaign", "Campaign", ("campaign__slug",), Field.PAYMENTS, _text),
        ),
    ),
    Subject.SUPPORTERS: Shape(
        _supporters,
        _named,
        "id",
        (
            ("standing", "Who", [("live", "Members now")]),
            ("language", "Language", [("en", "English"), ("ga", "Irish")]),
        ),
        "Came",
        (
            Column("supporter", "Supporter, as a number", ("id",), Field.MEMBERSHIP, chosen=True),
            *_identity(""),
            Column("language", "Language", ("language",), Field.WISHES, chosen=True),
            Column("since", "Came", ("created_at",), Field.MEMBERSHIP, _day, Kind.DAY, True),
            Column("receipts", "How receipts come", ("receipt_rhythm",), Field.WISHES),
        ),
    ),
}


def of(subject: str) -> Shape:
    return SHAPES[Subject(subject)]


def reads(columns: list[Column], *more: str) -> list[str]:
    """The database's columns that these need, each once, and `more` of them."""
    return list(dict.fromkeys([*more, *(name for column in columns for name in column.reads)]))


def line(columns: list[Column], row: Mapping[str, Any]) -> list[str]:
    """The cells of one row."""
    return [column.cell(*(row[name] for name in column.reads)) for column in columns]
