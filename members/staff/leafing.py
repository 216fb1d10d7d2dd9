"""Leafing through the memberships: from one to those before and after it, or up to a day.

No count and no page number: of a million, page 20,000 would read all before it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from django.db.models import Q, QuerySet
from django.http import QueryDict

from billing.dates import day_start
from billing.ids import read_id
from billing.models import Membership

PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Leaf:
    """The memberships of one page, newest first, and whether there are newer and older ones."""

    memberships: list[Membership]
    newer: bool = False
    older: bool = False


def leaf(rows: QuerySet[Membership], *, asked: QueryDict) -> Leaf:
    """The page that `older`, `newer` (an id) or `day` asks for; the first where it asks for none.

    `rows` are the newest first.
    """
    if (mark := _mark(asked.get("older", ""))) is not None:
        found = _cut(rows.filter(_beside(mark, "lt")))
        return Leaf(found[:PER_PAGE], newer=True, older=len(found) > PER_PAGE)
    if (mark := _mark(asked.get("newer", ""))) is not None:
        found = _cut(rows.filter(_beside(mark, "gt")).order_by("created_at", "pk"))
        # The first page is a full one, wherever one comes from.
        if len(found) > PER_PAGE:
            return Leaf(found[PER_PAGE - 1 :: -1], newer=True, older=True)
    day = read_day(asked)
    found = _cut(rows.filter(created_at__lt=day_start(day + timedelta(days=1))) if day else rows)
    return Leaf(found[:PER_PAGE], newer=day is not None, older=len(found) > PER_PAGE)


def read_day(asked: QueryDict) -> date | None:
    """The day up to which the list is wanted, in Dublin; what is none reads as today."""
    try:
        day = date.fromisoformat(asked.get("day", ""))
    except ValueError:
        return None
    return day if 2000 <= day.year < 3000 else None


def _mark(text: str) -> Membership | None:
    found = read_id(text)
    return Membership.objects.filter(pk=found).only("created_at").first() if found else None


def _cut(rows: QuerySet[Membership]) -> list[Membership]:
    """A page, and one more if there is one."""
    return [*rows[: PER_PAGE + 1]]


def _beside(mark: Membership, side: str) -> Q:
    """On one side of it in the order of the list. Said so that the index is begun at the mark."""
    at = mark.created_at
    here = Q(**{f"created_at__{side}e": at})
    return here & (Q(**{f"created_at__{side}": at}) | Q(**{f"pk__{side}": mark.pk}))
