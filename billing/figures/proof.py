"""The rollups against the facts: made anew from them, and compared with them.

What payments stand for is summed by the database, in SQL of its own (billing.figures.live); what
persons stand for is computed from their facts, a few thousand at a time. It is compared in one
snapshot, in which rollups and facts agree if they ever do, so nobody has to wait meanwhile.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import structlog
from django.db import connection, transaction

from billing import jobs
from billing.figures import counting, facts, live, live_booked, persons, spans
from billing.figures.persons import NOBODY
from billing.figures.spans import Span
from billing.figures.sums import NOTHING, Amount, Cell, Sums
from billing.models import Bygone, Counted, Payout, Rollup

log = structlog.get_logger(__name__)

NAME: Final = "rollups"


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


def compare(*, hands: int = 1) -> Comparison:
    """Compute every figure from the facts and hold it against the rollups. Changes nothing."""
    with _snapshot() as seen:
        found = Comparison()
        wanted = live.payment_sums().merge(live_booked.sums()).merge(bygone())
        for sums, differ in spans.each(partial(_compared, seen), hands=hands):
            wanted.merge(sums)
            found.people += differ
        rolled = stored()
        for cell in sorted({*wanted, *rolled}):
            pair = rolled.get(cell, NOTHING), wanted.get(cell, NOTHING)
            if pair[0] != pair[1]:
                found.differences.append(Difference(cell, *pair))
        found.cells = len(wanted)
        found.differences += _payouts()
    return found


def _payouts() -> Iterator[Difference]:
    """Payouts that say something else than the lines in them come to; not those not yet summed."""
    live_parts = live_booked.inside()
    summed = Payout.objects.filter(parts__isnull=False).order_by("pk")
    for payout_id, parts in summed.values_list("pk", "parts"):
        told, lines = Sums.read(parts or ()), live_parts.get(payout_id, Sums())
        for cell in sorted({*told, *lines}):
            pair = told.get(cell, NOTHING), lines.get(cell, NOTHING)
            if pair[0] != pair[1]:
                yield Difference(cell._replace(key=f"{payout_id} {cell.key}"), *pair)


def _compared(seen: str, span: Span) -> tuple[Sums, int]:
    """What these people come to, and how many of them are written down as something else."""
    with _snapshot(seen):
        people = facts.persons(span)
        rows = Counted.objects.filter(supporter__id__range=span).values_list(
            "pk", "parts", "memberships"
        )
        counted = {pk: told for pk, *told in rows}
    total, differ = Sums(), 0
    for each in people.keys() | counted.keys():
        person = people.get(each, NOBODY)
        sums = persons.sums_of(person)
        differ += counted.get(each, [[], 0]) != [sums.rows(), person.memberships]
        total.merge(sums)
    return total, differ


def rebuild(*, hands: int = 1) -> None:
    """Make the rollups anew from the facts. May be run at any time, beside working workers.

    Payments first, in one transaction that lets no worker settle; then people, span by span. Until
    it is done reports lack people, so it is for the night, or for after a restore.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # In the order in which workers take them.
                cursor.execute("LOCK TABLE billing_counted, billing_rollup IN EXCLUSIVE MODE")
            Counted.objects.all().delete()
            Rollup.objects.all().delete()
            # A row of each, to be locked while they are counted.
            cursor.execute(_NOTHING_COUNTED)
        counting.post(live.payment_sums().merge(live_booked.sums()).merge(bygone()))
    _sum_up_payouts()
    for _ in spans.each(_recounted, hands=hands):
        pass


def _sum_up_payouts() -> None:
    with transaction.atomic():
        # Whoever is about to change what is in one waits, and sums it up again.
        payouts = [*Payout.objects.select_for_update().order_by("pk")]
        lines = live_booked.inside()
        for each in payouts:
            each.parts = lines.get(each.pk, Sums()).rows()
        Payout.objects.bulk_update(payouts, ["parts"], batch_size=500)


def _recounted(span: Span) -> None:
    with transaction.atomic():
        counting.recount_all(span)


_NOTHING_COUNTED: Final = """
INSERT INTO billing_counted (supporter_id, parts, memberships)
SELECT id, '[]', 0 FROM members_supporter
"""


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
def _snapshot(seen: str = "") -> Iterator[str]:
    """All that is read inside is read of one moment, and nobody is kept from writing.

    It tells the name by which another process may see the same; `seen` is one that was told.
    Inside a transaction of the caller it is that of the caller.
    """
    fresh = not connection.in_atomic_block and connection.vendor == "postgresql"
    with transaction.atomic():
        if fresh:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
                if seen:
                    cursor.execute("SET TRANSACTION SNAPSHOT %s", [seen])
                else:
                    cursor.execute("SELECT pg_export_snapshot()")
                    [seen] = cursor.fetchone()
        yield seen
