"""The rollups against the facts: made anew from them, and compared with them.

What payments stand for is summed by the database, in SQL of its own (billing.figures.live); what
persons stand for is computed from their facts, a few thousand at a time. It is compared in one
snapshot, in which rollups and facts agree if they ever do, so nobody has to wait meanwhile.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import structlog
from django.db import connection, transaction

from billing import jobs
from billing.figures import counting, facts, live, persons
from billing.figures.sums import NOTHING, Amount, Cell, Sums
from billing.models import Bygone, Counted, Membership, Rollup

log = structlog.get_logger(__name__)

NAME: Final = "rollups"
_PAGE: Final = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """A place at which the rollups say something else than the facts."""

    cell: Cell
    rolled: Amount
    live: Amount

    def __str__(self) -> str:
        where = " ".join(part for part in (self.cell.figure, str(self.cell.month)) if part)
        told = f"{self.rolled.number}/{self.rolled.value}"
        return f"{where} {self.cell.key}: {told}, facts {self.live.number}/{self.live.value}"


@dataclass(slots=True)
class Comparison:
    """What a comparison found. `people` counts those whose own row says something else."""

    cells: int = 0
    people: int = 0
    differences: list[Difference] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        return not self.differences and not self.people


def compare() -> Comparison:
    """Compute every figure from the facts and hold it against the rollups. Changes nothing."""
    with _snapshot():
        found = Comparison()
        wanted = live.payment_sums().merge(bygone())
        for page in _people():
            for supporter_id, sums in _sums(page).items():
                wanted.merge(sums)
                found.people += sums != page[supporter_id]
        rolled = stored()
        for cell in sorted({*wanted, *rolled}):
            pair = rolled.get(cell, NOTHING), wanted.get(cell, NOTHING)
            if pair[0] != pair[1]:
                found.differences.append(Difference(cell, *pair))
        found.cells = len(wanted)
    return found


def rebuild() -> None:
    """Make the rollups anew from the facts. May be run at any time, beside working workers.

    Payments first, in one transaction that lets no worker settle; then people, page by page. Until
    it is done reports lack people, so it is for the night, or for after a restore.
    """
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # In the order in which workers take them.
                cursor.execute("LOCK TABLE billing_counted, billing_rollup IN EXCLUSIVE MODE")
        Counted.objects.all().delete()
        Rollup.objects.all().delete()
        counting.post(live.payment_sums().merge(bygone()))
    for page in _people():
        with transaction.atomic():
            counting.recount_all(page)


def nightly() -> Comparison:
    """Prove that rollups and facts are equal; where they are not, name it and make them anew."""
    with jobs.noted(NAME) as run:
        found = compare()
        for each in found.differences:
            log.error("rollup differs", difference=str(each))
        if not found.equal:
            log.error("rollups made anew", places=len(found.differences), people=found.people)
            rebuild()
        left = compare() if not found.equal else found
        run.count(places=found.cells, healed=len(found.differences) + found.people)
        run.left = len(left.differences) + left.people
    log.info("rollups proved", places=found.cells, differences=len(found.differences))
    return found


def stored() -> Sums:
    """What the rollups say. A row that came to nothing says nothing."""
    return _read(Rollup)


def bygone() -> Sums:
    """What facts stood for that were deleted when their years were over."""
    return _read(Bygone)


def _read(table: type[Rollup | Bygone]) -> Sums:
    rows = table.objects.exclude(count=0, value=0)
    return Sums(
        {
            Cell(figure, month, key): Amount(count, value)
            for figure, month, key, count, value in rows.values_list(
                "figure", "month", "key", "count", "value"
            ).iterator(chunk_size=10_000)
        }
    )


@contextmanager
def _snapshot() -> Iterator[None]:
    """All that is read inside is read of one moment, and nobody is kept from writing.

    Inside a transaction of the caller it is that of the caller.
    """
    fresh = not connection.in_atomic_block
    with transaction.atomic():
        if fresh and connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _people() -> Iterator[dict[UUID, Sums]]:
    """All supporters, by pages, with what is counted of each."""
    supporters = Membership._meta.get_field("supporter").related_model._default_manager
    last = UUID(int=0)
    while ids := [
        *supporters.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:_PAGE]
    ]:
        rows = Counted.objects.filter(pk__in=ids).values_list("pk", "parts")
        counted = {pk: Sums.read(parts) for pk, parts in rows}
        yield {each: counted.get(each, Sums()) for each in ids}
        last = ids[-1]


def _sums(page: Collection[UUID]) -> dict[UUID, Sums]:
    return {
        supporter_id: persons.sums_of(person)
        for supporter_id, person in facts.persons(page).items()
    }
