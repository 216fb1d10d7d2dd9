"""Deliveries: which event still has to reach which endpoint, and when to try again."""

from __future__ import annotations

import heapq
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..chaos import PLACE
from ..store import Obj, new_id
from .parcel import SPOILS

if TYPE_CHECKING:
    from ..world import World

# Deliveries remembered after they have ended.
KEPT = 20_000
WAITING = ("pending", "held")
# Seconds until a spoilt try is made again properly, and until a duplicate follows.
SOON = 0.05


def wants(endpoint: Obj, name: str) -> bool:
    """Tell whether the endpoint asked for this type of event."""
    enabled = endpoint["enabled_events"]
    return endpoint["status"] == "enabled" and ("*" in enabled or name in enabled)


class Outbox:
    """Deliveries by id, oldest first, and one time-ordered queue per endpoint."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.bell = threading.Condition(world.lock)
        self._forget()

    def _forget(self) -> None:
        self.holding = False
        self.deliveries: dict[str, Obj] = {}
        self.counts: Counter[str] = Counter()
        self._done: deque[str] = deque()
        self._queues: dict[str, list[tuple[float, int, str]]] = {}
        self._slots: dict[str, float] = {}
        self._sequence = 0

    def queue(self, event: Obj) -> None:
        """Make a delivery of a new event for each endpoint that wants it."""
        chaos = self._world.chaos
        at = chaos.count("events") if chaos.on else 0
        for endpoint in self._world.store.oldest("webhook_endpoint"):
            if wants(endpoint, event["type"]):
                event["open"].append(endpoint["id"])
                self._add(event, endpoint["id"], chaos.plan(at, endpoint["id"]))

    def send(self, event: Obj) -> None:
        """Send an event once more to each endpoint that wants it, whatever chaos there is."""
        for endpoint in self._world.store.oldest("webhook_endpoint"):
            if wants(endpoint, event["type"]):
                self._add(event, endpoint["id"], {})

    def _add(self, event: Obj, endpoint: str, plan: Obj) -> Obj:
        delivery: Obj = {
            "id": new_id("whd_"),
            "event": event["id"],
            "type": event["type"],
            "endpoint": endpoint,
            "created": int(time.time()),
            "state": "new",
            "attempts": [],
            "plan": plan,
        }
        self.deliveries[delivery["id"]] = delivery
        if plan.get("drop"):
            self._lose(delivery)
        elif self.holding:
            self._become(delivery, "held")
        else:
            self._become(delivery, "pending")
            self._enqueue(delivery, self._first_due(delivery))
        return delivery

    def _lose(self, delivery: Obj) -> None:
        """End a delivery that never arrives; its event stays undelivered."""
        told = {"at": int(time.time()), "status": None, "error": "lost on the way (chaos)"}
        delivery["attempts"].append({**told, "took": 0.0, "faults": ["drop"]})
        self._end(delivery, "failed")

    def _first_due(self, delivery: Obj) -> float:
        """Return when to try first; with `reorder` each event has a slot that it is moved from."""
        wait = float(delivery["plan"].get("wait", 0.0))
        now = time.time()
        if self._world.chaos.reorder:
            endpoint = delivery["endpoint"]
            now = self._slots[endpoint] = max(now, self._slots.get(endpoint, 0.0) + PLACE)
        return now + wait

    def _become(self, delivery: Obj, state: str) -> None:
        self.counts[delivery["state"]] -= 1
        self.counts[state] += 1
        delivery["state"] = state

    def _enqueue(self, delivery: Obj, due: float) -> None:
        self._sequence += 1
        queue = self._queues.setdefault(delivery["endpoint"], [])
        heapq.heappush(queue, (due, self._sequence, delivery["id"]))
        with self.bell:
            self.bell.notify_all()

    def due(self, endpoint: str) -> Obj | float | None:
        """Return the delivery to try now, or the seconds until the next one, or None."""
        queue = self._queues.get(endpoint)
        while queue:
            wait = queue[0][0] - time.time()
            if wait > 0:
                return wait
            delivery = self.deliveries.get(heapq.heappop(queue)[2])
            if delivery is not None and delivery["state"] == "pending":
                return delivery
        return None

    def settle(self, delivery: Obj, attempts: list[Obj]) -> None:
        """Note what became of a try: `{"status", "error", "took", "faults"}` for each copy sent.

        2xx ends the delivery, a spoilt try is made again properly, others after a while.
        """
        delivery["attempts"] += [{"at": int(time.time()), **attempt} for attempt in attempts]
        # After a reset or a restored snapshot it may not be ours any more.
        if delivery["state"] != "pending" or self.deliveries.get(delivery["id"]) is not delivery:
            return
        if any(name in SPOILS for attempt in attempts for name in attempt["faults"]):
            self._enqueue(delivery, time.time() + SOON)
        elif any(200 <= (attempt["status"] or 0) < 300 for attempt in attempts):
            self._arrived(delivery)
        else:
            self._try_later(delivery)

    def _arrived(self, delivery: Obj) -> None:
        plan = delivery["plan"]
        if plan.get("duplicate") == "later":
            # Once: what follows is the duplicate.
            delivery["plan"] = {**plan, "duplicate": "sent"}
            self._enqueue(delivery, time.time() + SOON)
        else:
            self._end(delivery, "succeeded")

    def _try_later(self, delivery: Obj) -> None:
        waits = self._world.settings.webhook_retry_seconds
        tries = [a for a in delivery["attempts"] if not set(a["faults"]) & {*SPOILS}]
        if len(tries) > len(waits):
            self._end(delivery, "failed")
        else:
            self._enqueue(delivery, time.time() + waits[len(tries) - 1])

    def give_up(self, delivery: Obj, why: str) -> None:
        """End a delivery that cannot be tried any more."""
        told: Obj = {"at": int(time.time()), "status": None, "error": why}
        delivery["attempts"].append({**told, "took": 0.0, "faults": []})
        self._end(delivery, "failed")

    def _end(self, delivery: Obj, state: str) -> None:
        self._become(delivery, state)
        self._done.append(delivery["id"])
        while len(self._done) > KEPT:
            self.deliveries.pop(self._done.popleft(), None)
        if state == "succeeded":
            self._close(delivery)
        self._watch_endpoint(delivery["endpoint"], state)
        with self.bell:
            self.bell.notify_all()

    def _close(self, delivery: Obj) -> None:
        event = self._world.log.find(delivery["event"])
        if event and delivery["endpoint"] in event["open"]:
            event["open"].remove(delivery["endpoint"])

    def _watch_endpoint(self, ident: str, state: str) -> None:
        """Disable an endpoint that has failed too often in a row, if the settings say so."""
        most = self._world.settings.webhook_disable_after
        endpoint = self._world.store.find(ident)
        if not most or endpoint is None or state == "dropped":
            return
        notes = self._world.store.note(ident)
        notes["failures"] = notes.get("failures", 0) + 1 if state == "failed" else 0
        if notes["failures"] >= most:
            endpoint["status"] = "disabled"

    def drop(self, endpoint: str) -> None:
        """Give up what waits for an endpoint that is gone."""
        self._queues.pop(endpoint, None)
        for delivery in self._waiting():
            if delivery["endpoint"] == endpoint:
                self._end(delivery, "dropped")
                self._close(delivery)

    def _waiting(self) -> list[Obj]:
        return [d for d in self.deliveries.values() if d["state"] in WAITING]

    def hold(self, on: bool, *, discard: bool = False) -> int:
        """Collect deliveries (True) or let the collected ones go; return how many those were.

        What is discarded has not been delivered: `delivery_success` stays false.
        """
        self.holding = on
        held = [] if on else [d for d in self._waiting() if d["state"] == "held"]
        for delivery in held:
            if discard:
                self._end(delivery, "dropped")
            else:
                self._become(delivery, "pending")
                self._enqueue(delivery, self._first_due(delivery))
        return len(held)

    def calm(self) -> None:
        """Deliver what waits properly and now, since chaos is over."""
        now = time.time()
        for delivery in self._waiting():
            delivery["plan"] = {}
        for endpoint, queue in self._queues.items():
            fresh = [
                (now if not self.deliveries[ident]["attempts"] else due, number, ident)
                for due, number, ident in queue
                if ident in self.deliveries
            ]
            heapq.heapify(fresh)
            self._queues[endpoint] = fresh
        with self.bell:
            self.bell.notify_all()

    def resend(self, delivery: Obj) -> Obj | None:
        """Send the same event to the same endpoint once more; None when it is not kept any more."""
        event = self._world.log.find(delivery["event"])
        return self._add(event, delivery["endpoint"], {}) if event else None

    def undelivered(self) -> Iterator[Obj]:
        """Yield the failed deliveries whose event has not reached its endpoint otherwise."""
        told: set[tuple[str, str]] = set()
        for delivery in self.deliveries.values():
            event = self._world.log.find(delivery["event"])
            pair = (delivery["event"], delivery["endpoint"])
            failed = delivery["state"] in ("failed", "dropped") and pair not in told
            if failed and event and delivery["endpoint"] in event["open"]:
                told.add(pair)
                yield delivery

    def busy(self) -> int:
        """Return how many deliveries are still to be made, held ones not counted."""
        return self.counts["pending"]

    def dump(self) -> dict[str, Any]:
        """Return the deliveries as JSON-ready data."""
        return {"holding": self.holding, "deliveries": list(self.deliveries.values())}

    def load(self, data: dict[str, Any]) -> None:
        """Replace the deliveries; those that wait are tried at once."""
        self._forget()
        self.holding = data["holding"]
        for delivery in data["deliveries"]:
            self.deliveries[delivery["id"]] = delivery
            self.counts[delivery["state"]] += 1
            if delivery["state"] == "pending":
                self._enqueue(delivery, time.time())
            elif delivery["state"] != "held":
                self._done.append(delivery["id"])
