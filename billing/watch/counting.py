"""Counting many things in one statement: how many there are of each, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import CharField, Count, Min, QuerySet, Value


@dataclass(frozen=True, slots=True)
class Counted:
    """How many of a thing there are, and the moment of the earliest (UTC)."""

    count: int = 0
    first: datetime | None = None


# What is counted, and the column of its moment, by name.
Tallied = Mapping[str, tuple[QuerySet[Any], str]]
NONE: Final = Counted()


def counted(tallied: Tallied) -> dict[str, Counted]:
    """All of these in one statement, so that a page asks once however many lines it has."""
    first, *others = [_counting(name, *each) for name, each in tallied.items()]
    rows = first.union(*others, all=True)
    return {name: Counted(count, moment) for name, count, moment in rows}


def _counting(name: str, rows: QuerySet[Any], moment: str) -> Any:
    told = rows.order_by().annotate(thing=Value(name, output_field=CharField())).values("thing")
    return told.annotate(count=Count("pk"), first=Min(moment)).values_list(
        "thing", "count", "first"
    )
