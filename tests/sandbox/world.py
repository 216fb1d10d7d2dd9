"""The whole stand-in in one place: what is remembered, what time it is, what has been told."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from .chaos import Chaos
from .clock import Timeline
from .spec.checks import checks
from .spec.problems import Register
from .store import Obj, Store
from .webhooks.log import Log, rendered
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
    """What the Dashboard would set: days between retries, and what follows the last one.

    `after_retries` is cancel, unpaid, past_due or pause; `upcoming_days` 0 tells no renewal ahead.
    """

    retry_days: list[int] = field(default_factory=lambda: [3, 5, 7])
    after_retries: str = "cancel"
    sepa_days: int = 5
    refund_seconds: int = 3600
    # A first SEPA payment leaves the plan "active" or "incomplete" until the bank has answered.
    sepa_first: str = "active"
    # A debit is booked once it has "cleared", or as it is "made" and booked back if it fails.
    sepa_booked: str = "cleared"
    # Another interval restarts the period ("restart"), or keeps the old anchor ("keep").
    interval_change: str = "restart"
    upcoming_days: int = 3
    # Stripe leaves an open invoice to its next retry when a card is changed in the portal.
    portal_retries_open: bool = False
    # Money: percent and cents of a payment's fee, days until it can be paid out, cents a dispute
    # costs, percent that Stripe Billing takes, seconds until a charge knows its fee.
    card_fee: dict[str, float] = field(default_factory=lambda: {"percent": 1.5, "fixed": 25})
    sepa_fee: dict[str, float] = field(default_factory=lambda: {"percent": 0, "fixed": 35})
    available_days: int = 7
    dispute_fee: int = 2000
    sepa_dispute_fee: int = 1000
    dispute_countered_fee: int = 0
    dispute_days: int = 7
    billing_percent: float = 0
    fees_late: int = 0
    payouts: str = "daily"
    # Webhooks: seconds before each further try (Stripe: hours), seconds a try may take, and failed
    # deliveries in a row after which an endpoint is disabled, 0 for never.
    webhook_retry_seconds: list[float] = field(default_factory=lambda: [1, 2, 5, 10, 30, 60])
    webhook_timeout: float = 10
    webhook_disable_after: int = 0


class World:
    """State shared by every request, timer and delivery; `lock` is held while it changes."""

    def __init__(self, base: str = "") -> None:
        self.base = base
        self.lock = threading.RLock()
        self.advancing = threading.RLock()
        self.changed = threading.Event()
        self.cause: tuple[str | None, str | None] = (None, None)
        self.seen: deque[Obj] = deque(maxlen=2000)
        self.requests = itertools.count(1)
        self.problems = Register()
        # Snapshots by name: the clock's time, and all that is remembered as JSON.
        self.snapshots: dict[str, tuple[int, str]] = {}
        self.clear()

    def clear(self) -> None:
        """Forget everything but the snapshots, the clock included."""
        self.seen.clear()
        self.problems.clear()
        self.store = Store()
        self.lines: dict[str, Timeline] = {"": Timeline()}
        self.answers = Answers()
        self.faults = Faults()
        self.settings = Settings()
        self.chaos = Chaos()
        self.log = Log()
        self.outbox = Outbox(self)
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
        self.problems.add(f"event {name}", checks().check_event(rendered(event, data)))
        self.outbox.queue(event)
        self.changed.set()

    def dump(self) -> dict[str, Any]:
        """Return everything that is remembered, as JSON-ready data; hold the lock.

        All but the events still change: they must be written down before the lock is given back.
        """
        return {
            "store": self.store.dump(),
            "lines": {
                name: [line.offset, line.frozen, line.heap, line.sequence]
                for name, line in self.lines.items()
            },
            "answers": self.answers.given,
            "settings": vars(self.settings),
            "faults": vars(self.faults),
            "chaos": self.chaos.dump(),
            "deliveries": self.outbox.dump(),
            "events": self.log.dump(),
        }

    def load(self, data: dict[str, Any]) -> None:
        """Take up the state that `dump` returned; hold the lock."""
        self.store = Store()
        self.store.load(data["store"])
        self.lines = {
            name: Timeline(offset, frozen, [(t[0], t[1], t[2], t[3]) for t in heap], sequence)
            for name, (offset, frozen, heap, sequence) in data["lines"].items()
        }
        self.answers.given = data["answers"]
        self.settings = Settings(**data["settings"])
        self.faults = Faults(**data["faults"])
        self.chaos = Chaos(**data["chaos"])
        self.log.load(data["events"])
        self.outbox.load(data["deliveries"])
        self.changed.set()
