"""Memberships as lines without a name: what staff look through, and what they take away as CSV."""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from datetime import datetime
from typing import Final

from django.db.models import QuerySet

from billing.dates import dublin_date
from billing.models import Membership
from billing.money import decimal_amount
from billing.states import MembershipState

_CHUNK: Final = 1000
# A cell that begins with one of these is run as a formula by spreadsheets (OWASP, CSV injection).
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r")


def memberships(*, state: str = "") -> QuerySet[Membership]:
    """All memberships, or those of one state, newest first, in a stable order."""
    found = Membership.objects.select_related("plan").order_by("-created_at", "-pk")
    return found.filter(state=state) if state in MembershipState.values else found


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the export: ISO dates of Dublin, a decimal point, no identity."""

    membership: str
    plan: str
    interval: str
    amount: str
    currency: str
    state: str
    joined: str
    paid_until: str
    ends_on: str
    ended_on: str
    end_reason: str


def csv_lines(found: QuerySet[Membership]) -> Iterator[str]:
    """The export line by line, head first, reading rows as they are asked for."""
    writer = csv.writer(_Echo())
    yield writer.writerow([field.name for field in fields(Row)])
    for membership in found.iterator(chunk_size=_CHUNK):
        yield writer.writerow(guarded(astuple(_row(membership))))


def guarded(cells: Iterable[str]) -> list[str]:
    """The cells with an apostrophe before whatever a spreadsheet would calculate."""
    return [f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell for cell in cells]


class _Echo:
    """A file for the csv module that hands back what it is given."""

    def write(self, line: str) -> str:
        return line


def _row(membership: Membership) -> Row:
    return Row(
        membership=str(membership.id),
        plan=membership.plan.name,
        interval=membership.interval,
        amount=decimal_amount(membership.amount_cents),
        currency=membership.currency.upper(),
        state=membership.state,
        joined=_day(membership.started_at),
        paid_until=_day(membership.period_end),
        ends_on=_day(membership.ends_on),
        ended_on=_day(membership.ended_at),
        end_reason=membership.end_reason,
    )


def _day(moment: datetime | None) -> str:
    return dublin_date(moment).isoformat() if moment else ""
