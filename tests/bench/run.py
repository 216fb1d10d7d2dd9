"""The run itself, on the empty database that DATABASE_URL names: it fills it, and times."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - models come once Django is set up
from django.db import connection  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402

from billing.ids import new_id  # noqa: E402
from tests.bench import fill, questions, writes  # noqa: E402
from tests.bench.watch import TURNS, Timing, timed  # noqa: E402
from tests.staff_desk import signed_in  # noqa: E402

LIMIT_MS: Final = 50
FEW_TURNS: Final = 3
RED, PLAIN = "\x1b[31m", "\x1b[0m"


def main(arguments: Sequence[str]) -> int:
    """Fill, roll up, ask. 1 if a report or a page needs more than LIMIT_MS of the database."""
    chosen = options(arguments)
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    if not chosen.filled:
        call_command("migrate", verbosity=0)
        print(f"== {chosen.members:,} members, seed {chosen.seed}")
        begun = time.perf_counter()
        fill.fill(members=chosen.members, seed=chosen.seed, now=now, bulk=True, tell=_tell)
        _tell("filled", time.perf_counter() - begun)
    _sizes()
    print("\n== The rollups")
    if not chosen.rolled:
        _step("manage.py rollups (and its check)", lambda: call_command("rollups"))
        _step("manage.py rollups --check", lambda: call_command("rollups", check=True))
        call("ANALYZE")
    print("\n== What they add to the transaction of an event")
    for each in writes.shares(now=now):
        print(each, flush=True)
    print("\n== Reports: milliseconds of the database")
    slow = _ask(questions.of_reports(now=now))
    print("\n== Pages of the staff")
    setup_test_environment(debug=False)
    # Somebody new: a run before this one, on the same lives, left its own behind.
    slow += _ask(questions.of_pages(signed_in(email=f"{new_id()}@example.org")))
    print("\n== The desk, and the lists' first step")
    slow += _ask(questions.of_the_desk())
    print(f"\n{slow} of them over {LIMIT_MS} ms" if slow else f"\nAll within {LIMIT_MS} ms")
    return 1 if slow else 0


def options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--members", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--filled", action="store_true", help="ask what is there already")
    parser.add_argument("--rolled", action="store_true", help="the rollups are made already")
    return parser.parse_args(arguments)


def _ask(asked: questions.Questions) -> int:
    print(f"{'':34}{'statements':>10}{'median':>9}{'slowest':>9}{'cold':>9}")
    return sum(_judged(timed(name, call, turns=_turns(name))) for name, call in asked.items())


def _turns(name: str) -> int:
    """What is only told may take seconds: it is asked less often."""
    return FEW_TURNS if name.startswith(questions.TOLD) else TURNS


def _judged(timing: Timing) -> bool:
    """Print its line; whether it is too slow. A noisy machine is not its fault: by the median."""
    slow = timing.median_ms > LIMIT_MS and not timing.name.startswith(questions.TOLD)
    cold = f"{timing.cold_ms:9.1f}" if timing.cold_ms is not None else f"{'-':>9}"
    line = f"{timing.name:34}{timing.statements:10}{timing.median_ms:9.1f}{timing.slowest_ms:9.1f}"
    print(f"{RED if slow else ''}{line}{cold}{PLAIN if slow else ''}", flush=True)
    return slow


def _step(name: str, act: Callable[[], object]) -> None:
    begun = time.perf_counter()
    act()
    _tell(name, time.perf_counter() - begun)


def _tell(name: str, seconds: float) -> None:
    print(f"{name:40}{seconds:9.1f} s", flush=True)


def _sizes() -> None:
    tables = (*fill.LARGE, "billing_refund", "billing_dispute", "billing_payout")
    for table, rows, megabytes in _rows(tables):
        print(f"{table:40}{rows:12,} rows {megabytes:9,.0f} MB")


def _rows(tables: Iterable[str]) -> Iterable[tuple[str, int, float]]:
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(
                f"SELECT count(*), pg_total_relation_size('{table}') / 1e6 FROM {table}"  # noqa: S608 - a name of ours
            )
            rows, megabytes = cursor.fetchone()
            yield table, rows, float(megabytes)


def call(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
