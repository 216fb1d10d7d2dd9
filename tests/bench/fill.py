"""Fills an empty database with made-up lives: in SQL, set by set, the same for the same seed.

Nobody is in it: what is sealed is a byte that opens nothing, and there are no receipts or letters.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from string import Template
from typing import Final

from django.db import connection
from django.db.models import Sum

from billing.accounts import chart, pack
from billing.accounts.months import BookMonth, lines
from billing.dates import dublin_date, months_back
from billing.models import Period

FOLDER: Final = Path(__file__).parent / "sql"
# Tables that are worth to be filled without their indexes, which are made at the end.
LARGE: Final = (
    "members_supporter",
    "billing_membership",
    "billing_membershipevent",
    "billing_payment",
    "billing_ledgerline",
)
STEPS: Final = (
    ("people", "1_people", ""),
    ("seats", "2_seats", ""),
    ("lives", "3_lives", "n <= $members"),
    ("second memberships", "4_seconds", ""),
    ("their lives", "3_lives", "n > $members"),
    ("memberships and history", "5_memberships", ""),
    ("payments", "6_payments", ""),
    ("refunds and disputes", "7_back", ""),
    ("ledger and payouts", "8_ledger", ""),
)

Tell = Callable[[str, float], None]


def fill(
    *, members: int, seed: int, now: datetime, bulk: bool = False, tell: Tell | None = None
) -> None:
    """Make up this many members, and what they did until now (UTC); some 12 payments each.

    `bulk`: keys are not looked up row by row and indexes are made last, for an otherwise empty
    database whose superuser we are.
    """
    with _unhindered(tell) if bulk else _as_it_is(), connection.cursor() as cursor:
        for title, name, which in STEPS:
            begun = time.perf_counter()
            cursor.execute(_sql(name, which, members=members, seed=seed, now=now))
            if tell:
                tell(title, time.perf_counter() - begun)
        cursor.execute("DROP TABLE pg_temp.life, pg_temp.seat, pg_temp.campaign, pg_temp.person")
    begun = time.perf_counter()
    _close(months_back(_first_open(now), 1))
    if tell:
        tell("the books, closed", time.perf_counter() - begun)


def _sql(name: str, which: str, *, members: int, seed: int, now: datetime) -> str:
    values = {"members": str(int(members)), "seed": str(int(seed)), "now": now.isoformat()}
    values["open"] = BookMonth(_first_open(now)).begins.isoformat()
    which = Template(which).substitute(values)
    text = (FOLDER / f"{name}.sql").read_text()
    return Template(text).substitute(values, which=which)


def _first_open(now: datetime) -> date:
    """The last month and the one that runs are open; finance has closed what was before."""
    return months_back(dublin_date(now), 1)


def _close(month: date) -> None:
    """Write down the last month that is closed; those before it were closed in another system."""
    counted = pack.counted(BookMonth(month))
    held = (
        lines().filter(closed_month__isnull=False).aggregate(cents=Sum("net_cents"))["cents"] or 0
    )
    told = replace(counted, opening=held - counted.net + counted.paid_out)
    Period.objects.create(
        month=month,
        closed_by="bench",
        opening_cents=told.opening,
        closing_cents=told.closing,
        deferred_cents=0,
        figures={"pack": told.frozen(), "accounts": chart.current().frozen()},
    )


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield


@contextmanager
def _unhindered(tell: Tell | None) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [list(LARGE)])
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
        # The small version of the same data is checked key by key, in tests/unit/test_bench.py.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET synchronous_commit = off; SET work_mem = '512MB'")
        # So many expressions would be compiled for longer than they run.
        cursor.execute("SET jit = off")
        yield
        begun = time.perf_counter()
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _, definition in indexes:
            cursor.execute(definition)
        if tell:
            tell(f"{len(indexes)} indexes", time.perf_counter() - begun)
        begun = time.perf_counter()
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET ALL")
        cursor.execute("SET TIME ZONE 'UTC'")
        if tell:
            tell("vacuum analyze", time.perf_counter() - begun)


_INDEXES: Final = """
SELECT indexname, indexdef FROM pg_indexes
WHERE schemaname = 'public' AND tablename = ANY(%s)
AND indexname NOT IN (SELECT conname FROM pg_constraint)
"""
