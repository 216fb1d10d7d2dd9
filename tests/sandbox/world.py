"""The whole stand-in in one place: what is remembered, what time it is, what has been told."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from .clock import Timeline
from .store import Obj, Store
from .webhooks.log import Log
from .webhooks.outbox import Outbox
from .wire.idempotency import Answers

API_VERSION = "2026-10-28.endive"


@dataclass
class Faults:
    """Misbehaviour asked for by a test: seconds of 503, and writes whose answer gets lost."""

    down_until: float = 0.0
    drop_after_commit: int = 0


@dataclass
class Settings:
    """What the Dashboard would set: days between retries, and what follows the last one."""

    retry_days: list[int] = field(default_factory=lambda: [3, 5, 7])
    after_retries: str = "cancel"
    sepa_days: int = 5
    refund_seconds: int = 3600


class World:
    """State shared by every request, timer and delivery; `lock` is held while it changes."""

    def __init__(self, base: str = "") -> None:
        self.base = base
        self.lock = threading.RLock()
        self.advancing = threading.RLock()
        self.changed = threading.Event()
        self.cause: tuple[str | None, str | None] = (None, None)
        self.seen: deque[Obj] = deque(maxlen=2000)
        self.clear()

    def clear(self) -> None:
        """Forget everything, the clock included."""
        self.seen.clear()
        self.store = Store()
        self.lines: dict[str, Timeline] = {"": Timeline()}
        self.answers = Answers()
        self.faults = Faults()
        self.settings = Settings()
        self.log = Log()
        self.outbox = Outbox(self.store, self.lock)
        self.changed.set()

    def line(self, customer: str | None = None) -> Timeline:
        """Return the clock of this customer: their test clock, else the global one."""
        owner = self.store.find(customer)
        clock = (owner or {}).get("test_clock") or self.store.peek(customer or "").get("clock")
        return self.lines.get(clock or "", self.lines[""])

    def now(self, customer: str | None = None) -> int:
        """Return the clock time for this customer in unix seconds."""
        return self.line(customer).now()

    def schedule(self, due: int, verb: str, subject: str, customer: str | None) -> None:
        """Ask the customer's clock to run an engine verb at `due`."""
        self.line(customer).at(due, verb, subject)

    def emit(self, name: str, obj: Obj, previous: Obj | None = None) -> None:
        """Record an event about the object as it is now, and queue it for the endpoints."""
        data: Obj = {"object": obj}
        if previous is not None:
            data["previous_attributes"] = previous
        event = self.log.record(name, data, self.cause, API_VERSION)
        self.outbox.queue(event)
        self.changed.set()

    def dump(self) -> dict[str, Any]:
        """Return the state to keep over a restart, as JSON-ready data; hold the lock."""
        return {
            "store": self.store.dump(),
            "lines": {
                name: [line.offset, line.frozen, line.heap, line.sequence]
                for name, line in self.lines.items()
            },
            "answers": self.answers.given,
            "settings": vars(self.settings),
            "events": self.log.dump(),
            "deliveries": self.outbox.dump(),
        }

    def load(self, data: dict[str, Any]) -> None:
        """Take up the state that `dump` returned."""
        self.store.load(data["store"])
        self.lines = {
            name: Timeline(offset, frozen, [(t[0], t[1], t[2], t[3]) for t in heap], sequence)
            for name, (offset, frozen, heap, sequence) in data["lines"].items()
        }
        self.answers.given = data["answers"]
        self.settings = Settings(**data["settings"])
        self.log.load(data["events"])
        self.outbox.load(data["deliveries"], self.log)
