"""What a call asks of the database: how many statements, and for how long they ran there."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from django.db import DatabaseError, connection

TURNS: Final = 20
# Blocks are thrown out when this many times the buffers were read after them: a hot one is spared
# up to five times.
_SWEEPS: Final = 6


@dataclass(slots=True)
class Asked:
    """What one call asked: its statements, and milliseconds of the database."""

    statements: int = 0
    ms: float = 0.0


@dataclass(slots=True)
class Timing:
    """What a call asked in some turns, and in one with PostgreSQL's buffers empty of it (None
    where they cannot be emptied).
    """

    name: str
    turns: list[Asked] = field(default_factory=list)
    cold_ms: float | None = None

    @property
    def statements(self) -> int:
        return max(each.statements for each in self.turns)

    @property
    def median_ms(self) -> float:
        return statistics.median(each.ms for each in self.turns)

    @property
    def slowest_ms(self) -> float:
        return max(each.ms for each in self.turns)


def timed(name: str, call: Callable[[], object], *, turns: int = TURNS) -> Timing:
    """Make the call once cold and then this often, and tell what it asked."""
    timing = Timing(name)
    if empty_buffers():
        timing.cold_ms = asked(call).ms
    else:
        call()
    timing.turns = [asked(call) for _ in range(turns)]
    return timing


def asked(call: Callable[[], object]) -> Asked:
    """Make the call. The time is PostgreSQL's own where it counts it, else how long we waited."""
    if _counts():
        _one("SELECT pg_stat_statements_reset()")
    with watched() as seen:
        call()
    if _counts():
        seen.ms = float(_one(_SPENT))
    return seen


@contextmanager
def watched() -> Iterator[Asked]:
    """Count the statements of this connection, and add up how long it waited for each."""
    seen = Asked()

    def wrapper(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        begun = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            seen.statements += 1
            seen.ms += (time.perf_counter() - begun) * 1000

    with connection.execute_wrapper(wrapper):
        yield seen


def empty_buffers() -> bool:
    """Throw all out of PostgreSQL's buffers; the system's own stay. False where we cannot."""
    if not _can("CREATE EXTENSION IF NOT EXISTS pg_prewarm"):
        return False
    buffers = int(_one("SELECT setting FROM pg_settings WHERE name = 'shared_buffers'"))
    blocks = int(_one("SELECT pg_relation_size('billing_payment') / 8192"))
    if blocks < buffers:
        return False
    for _ in range(_SWEEPS):
        _one(f"SELECT pg_prewarm('billing_payment', 'buffer', 'main', 0, {buffers - 1})")
    return True


@cache
def _counts() -> bool:
    loaded = str(_one("SHOW shared_preload_libraries"))
    return "pg_stat_statements" in loaded and _can(
        "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"
    )


@cache
def _can(statement: str) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return False
    return True


def _one(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


_SPENT: Final = """
SELECT coalesce(sum(total_exec_time), 0) FROM pg_stat_statements
WHERE query NOT LIKE '%pg_stat_statements%'
"""
