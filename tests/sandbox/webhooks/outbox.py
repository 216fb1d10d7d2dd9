"""Deliveries: which event still has to reach which endpoint, and when to try again."""

from __future__ import annotations

import heapq
import threading
import time
from typing import Any

from ..store import Obj, Store, new_id
from .log import Log

# Stripe retries for hours; a person at a demo waits seconds.
RETRY_SECONDS = (1, 2, 5, 10, 30, 60)
KEPT = 3_000
WAITING = ("pending", "held")


def wants(endpoint: Obj, name: str) -> bool:
    """Tell whether the endpoint asked for this type of event."""
    enabled = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in enabled or name in enabled)


class Outbox:
    """Deliveries by id, oldest first, and one time-ordered queue per endpoint."""

    def __init__(self, store: Store, lock: threading.RLock) -> None:
        self._store = store
        self.holding = False
        self.deliveries: dict[str, Obj] = {}
        self.events: dict[str, Obj] = {}
        self._queues: dict[str, list[tuple[float, int, str]]] = {}
        self._sequence = 0
        self._waiting = 0
        self.bell = threading.Condition(lock)

    def queue(self, event: Obj) -> None:
        """Make a delivery of the event for each endpoint that wants it."""
        for endpoint in self._store.oldest("webhook_endpoint"):
            if wants(endpoint, event["type"]):
                self.add(event, endpoint["id"])

    def add(self, event: Obj, endpoint: str) -> Obj:
        """Make one delivery, at once unless deliveries are held."""
        event["pending"] += 1
        delivery: Obj = {
            "id": new_id("whd_"),
            "event": event["id"],
            "type": event["type"],
            "endpoint": endpoint,
            "state": "held" if self.holding else "pending",
            "attempts": [],
        }
        self.deliveries[delivery["id"]] = delivery
        self.events[delivery["id"]] = event
        self._waiting += 1
        self._trim()
        if not self.holding:
            self._enqueue(delivery, time.time())
        return delivery

    def _trim(self) -> None:
        if len(self.deliveries) - self._waiting > KEPT:
            for ident, old in list(self.deliveries.items())[: KEPT // 2]:
                if old["state"] not in WAITING:
                    del self.deliveries[ident], self.events[ident]

    def _enqueue(self, delivery: Obj, due: float) -> None:
        self._sequence += 1
        queue = self._queues.setdefault(delivery["endpoint"], [])
        heapq.heappush(queue, (due, self._sequence, delivery["id"]))
        with self.bell:
            self.bell.notify_all()

    def due(self, endpoint: str) -> Obj | float | None:
        """Return the delivery to try now, or the seconds until the next one, or None."""
        queue = self._queues.get(endpoint)
        if not queue:
            return None
        wait = queue[0][0] - time.time()
        if wait > 0:
            return wait
        return self.deliveries.get(heapq.heappop(queue)[2])

    def settle(self, delivery: Obj, status: int | None, error: str | None) -> None:
        """Note an attempt; 2xx ends the delivery, anything else is tried again later."""
        attempts = delivery["attempts"]
        attempts.append({"at": int(time.time()), "status": status, "error": error})
        if delivery["state"] not in WAITING:
            return
        if status is not None and 200 <= status < 300:
            self._end(delivery, "succeeded")
        elif len(attempts) > len(RETRY_SECONDS):
            self._end(delivery, "failed")
        else:
            self._enqueue(delivery, time.time() + RETRY_SECONDS[len(attempts) - 1])

    def _end(self, delivery: Obj, state: str) -> None:
        delivery["state"] = state
        self._waiting -= 1
        if state in ("succeeded", "dropped"):
            self.events[delivery["id"]]["pending"] -= 1
        with self.bell:
            self.bell.notify_all()

    def drop(self, endpoint: str) -> None:
        """Give up what waits for an endpoint that is gone."""
        self._queues.pop(endpoint, None)
        for delivery in self.deliveries.values():
            if delivery["endpoint"] == endpoint and delivery["state"] in WAITING:
                self._end(delivery, "dropped")

    def hold(self, on: bool, *, discard: bool = False) -> int:
        """Collect deliveries (True) or let the collected ones go; return how many those were."""
        self.holding = on
        if on:
            return 0
        held = [d for d in self.deliveries.values() if d["state"] == "held"]
        for delivery in held:
            if discard:
                self._end(delivery, "dropped")
            else:
                delivery["state"] = "pending"
                self._enqueue(delivery, time.time())
        return len(held)

    def resend(self, delivery: Obj) -> Obj:
        """Send the same event to the same endpoint once more, as a new delivery."""
        event = self.events[delivery["id"]]
        return self.add(event, delivery["endpoint"])

    def busy(self) -> int:
        """Return how many deliveries are still to be made, held ones not counted."""
        return sum(d["state"] == "pending" for d in self.deliveries.values())

    def dump(self) -> dict[str, Any]:
        """Return what still waits and the latest of what is done."""
        rows = list(self.deliveries.values())
        kept = [d for d in rows if d["state"] in WAITING] + [
            d for d in rows[-200:] if d["state"] not in WAITING
        ]
        return {"holding": self.holding, "deliveries": kept}

    def load(self, data: dict[str, Any], log: Log) -> None:
        """Take up deliveries; those whose event is no longer kept are dropped."""
        self.holding = data["holding"]
        for delivery in data["deliveries"]:
            event = log.find(delivery["event"])
            if event is None:
                continue
            self.deliveries[delivery["id"]] = delivery
            self.events[delivery["id"]] = event
            self._waiting += delivery["state"] in WAITING
            if delivery["state"] == "pending":
                self._enqueue(delivery, time.time())
