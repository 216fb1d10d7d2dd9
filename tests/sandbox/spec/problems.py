"""What was found wrong: each position once, with a count; told to a file when a test run asks."""

from __future__ import annotations

import os
import threading
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The most positions kept; beyond them only the counts grow.
KEPT = 500
# A test run names a file here, and fails the test during which it grew.
FILE_VARIABLE = "LOCAL_STRIPE_PROBLEMS"

Where = tuple[Any, str] | None


@dataclass(frozen=True)
class Problem:
    """A place that breaks the schema.

    `severity` is error, absent (a nullable field left out), extra (an unknown field) or open (a
    value that a growing enum may have one day; no failure).
    """

    severity: str
    where: str
    what: str


def position(path: Where) -> str:
    """Return a path as text, e.g. `invoice.lines.data[].period`."""
    names: list[str] = []
    while path is not None:
        path, name = path
        names.append(name)
    return ".".join(reversed(names)).replace(".[]", "[]")


class Register:
    """The problems since the last clearing, and how much was checked; several threads may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._file = os.environ.get(FILE_VARIABLE)
        self.clear()

    def clear(self) -> None:
        """Forget the problems and the figures."""
        with self._lock:
            self.found: dict[Problem, list[Any]] = {}
            self.checked: Counter[str] = Counter()

    def add(self, source: str, problems: list[Problem]) -> None:
        """Count one more thing checked (`request`, `object`, `event`... and its name)."""
        with self._lock:
            self.checked[source.partition(" ")[0]] += 1
            for problem in problems:
                self._add(source, problem)

    def _add(self, source: str, problem: Problem) -> None:
        known = self.found.get(problem)
        if known is not None:
            known[0] += 1
        elif len(self.found) < KEPT:
            self.found[problem] = [1, source]
        if known is None and self._file and problem.severity != "open":
            line = f"{problem.severity} {problem.where}: {problem.what} ({source})\n"
            # One write of one line: processes that share the file do not mix their lines.
            with Path(self._file).open("a", encoding="utf-8") as out:
                out.write(line)

    def told(self) -> dict[str, Any]:
        """Return problems and figures as JSON-ready data, the most frequent first."""
        with self._lock:
            rows = [
                {**vars(problem), "count": count, "first_in": source}
                for problem, (count, source) in self.found.items()
            ]
            figures = dict(self.checked)
        return {"data": sorted(rows, key=lambda row: -int(row["count"])), "checked": figures}
