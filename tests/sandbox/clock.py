"""Time: one line that runs with the real clock plus an offset, and frozen lines for test clocks."""

from __future__ import annotations

import heapq
import time
from dataclasses import dataclass, field

Timer = tuple[int, int, str, str]


@dataclass
class Timeline:
    """A clock with its timers: (due unix seconds, sequence, verb, id of the subject)."""

    offset: int = 0
    frozen: int | None = None
    heap: list[Timer] = field(default_factory=list)
    sequence: int = 0

    def now(self) -> int:
        """Return this clock's time in unix seconds."""
        return int(time.time()) + self.offset if self.frozen is None else self.frozen

    def at(self, due: int, verb: str, subject: str) -> None:
        """Ask for `verb` to be run on `subject` at `due`."""
        self.sequence += 1
        heapq.heappush(self.heap, (due, self.sequence, verb, subject))

    def take(self, until: int) -> Timer | None:
        """Remove and return the next timer due by then, moving a frozen clock to its time."""
        if not self.heap or self.heap[0][0] > until:
            return None
        timer = heapq.heappop(self.heap)
        if self.frozen is not None:
            self.frozen = max(self.frozen, timer[0])
        return timer

    def release(self, moment: int) -> None:
        """Let the line run with real time again, from this moment on."""
        self.offset = moment - int(time.time())
        self.frozen = None
