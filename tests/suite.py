"""`make test`: the whole suite, twice. `python -m tests.suite [--long] [pytest's own arguments]`.

First on SQLite and the memory broker, as `make run` has it; then all that touches data on a private
PostgreSQL and a private Redis, with real worker processes, as production has it. The dearest proofs
of money are left to the second where it can run (`real`); with `--long` everything runs in both.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests import migrated, servers
from tests.processes import ROOT, clean_environment

# More than there are cores, since some of them wait at any time; the second pass has its services.
WORKERS_FIRST, WORKERS_THEN = 4, 3
NOTHING_COLLECTED: Final = 5
WITHOUT: Final = {
    "PostgreSQL": "the second pass: no test ran on PostgreSQL and Redis",
    "Redis": "the second pass: no test ran on PostgreSQL and Redis",
    "Chromium": "the browser tests (tests/browser)",
}


@dataclass
class Count:
    """How one pass of pytest went."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    code: int = 0

    @property
    def good(self) -> bool:
        return self.code in {0, NOTHING_COLLECTED} and not self.failed

    def __add__(self, other: "Count") -> "Count":
        return Count(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            0 if self.good and other.good else 1,
        )


def main(arguments: Sequence[str]) -> int:
    """Run both passes and say how it went: 0 if all passed, 1 if not.

    What the machine lacks does not fail the suite, except with CI=true.
    """
    missing = servers.packages_missing()
    real = not {"PostgreSQL", "Redis"} & missing.keys()
    with sqlite_file() as variables:
        first = ["--servers-follow", *arguments] if real else arguments
        title = "SQLite and the memory broker"
        total = run_pass(title, first, variables=variables, workers=WORKERS_FIRST)
    if real:
        with real_servers() as variables:
            title = "PostgreSQL, Redis and separate processes"
            then = ["--data-only", *arguments]
            total += run_pass(title, then, variables=variables, workers=WORKERS_THEN)
    lacking = bool(missing) and os.environ.get("CI") == "true"
    print(*closing_words(total, missing, lacking=lacking), sep="\n")
    return 0 if total.good and not lacking else 1


def run_pass(
    title: str, arguments: Sequence[str], *, variables: Mapping[str, str], workers: int
) -> Count:
    """Run pytest with these variables: the journeys in one process, all else beside it.

    There is one house, and its journeys mostly wait; so the two share the machine well.
    """
    print(f"\n== {title}", flush=True)
    with tempfile.TemporaryDirectory(prefix="meitheal-") as folder:
        journeys = Run(Path(folder) / "journeys", variables, ["--house=only", *arguments])
        rest = Run(
            Path(folder) / "rest",
            variables,
            ["-n", str(workers), "--dist=worksteal", "--house=without", *arguments],
        )
        counts = [rest.finish(), journeys.finish()]
    return counts[0] + counts[1]


class Run:
    """One process of pytest in a clean environment, told of in full when it is done."""

    def __init__(self, stem: Path, variables: Mapping[str, str], arguments: Sequence[str]) -> None:
        self.report, self.log = stem.with_suffix(".xml"), stem.with_suffix(".log")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.isolation"]
        env = clean_environment(ENV_FILE="tests/test.env", **variables)
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, f"--junit-xml={self.report}", *arguments],
                cwd=ROOT,
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def finish(self) -> Count:
        """Wait for it, print what it said and count."""
        self.process.wait()
        print(self.log.read_text(errors="replace"), flush=True)
        return _count(self.report, self.process.returncode)


@contextmanager
def sqlite_file() -> Iterator[dict[str, str]]:
    """A migrated SQLite file, for every process to copy; yields the variable that leads to it."""
    with tempfile.TemporaryDirectory(prefix="meitheal-") as folder:
        file = Path(folder) / "migrated.sqlite3"
        migrated.migrate(f"sqlite:///{file}")
        yield {migrated.VARIABLE: str(file)}


@contextmanager
def real_servers() -> Iterator[dict[str, str]]:
    """A private PostgreSQL, migrated, and Redis; yields the variables that lead to them."""
    with ExitStack() as stack:
        database = stack.enter_context(servers.postgres())
        redis = stack.enter_context(servers.redis_server())
        migrated.migrate(database)
        name = database.rpartition("/")[2]
        yield {"DATABASE_URL": database, migrated.VARIABLE: name, **redis}


def _count(report: Path, code: int) -> Count:
    count = Count(code=code)
    if not report.exists():
        return count
    for suite in ET.parse(report).getroot().iter("testsuite"):  # noqa: S314 - our own report
        number = {name: int(suite.get(name, "0")) for name in suite.keys()  # noqa: SIM118 - an element
                  if name in {"tests", "failures", "errors", "skipped"}}  # fmt: skip
        count.failed += number["failures"] + number["errors"]
        count.skipped += number["skipped"]
        count.passed += number["tests"] - count.failed - count.skipped
    return count


def closing_words(total: Count, missing: Mapping[str, str], *, lacking: bool) -> Iterator[str]:
    """The last lines: what is missing, what did not run for it, and the sum of all passes."""
    yield ""
    for name in missing:
        yield f"{name} is missing. Did not run: {WITHOUT[name]}."
    if missing:
        yield f"To run everything: apt-get install {' '.join(sorted(missing.values()))}"
    if lacking:
        yield "CI=true: what is missing counts as a failure."
    if total.skipped:
        yield f"{total.skipped} skipped"
    yield f"{total.passed} passed, {total.failed} failed"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
