"""The event log: each event is rendered once, when it happens, and never again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

from ..store import Obj, new_id

# Stripe keeps events for 30 days; the stand-in keeps a number of them, over a restart as well.
KEPT = 20_000


class Log:
    """Events by id, oldest first; `data` is kept as the JSON text of its moment."""

    def __init__(self) -> None:
        self._events: dict[str, Obj] = {}

    def record(
        self, name: str, data: Obj, cause: tuple[str | None, str | None], version: str
    ) -> Obj:
        """Add an event; `created` is real time, whatever the clocks say.

        `open` names the endpoints that it still has to reach.
        """
        event: Obj = {
            "id": new_id("evt_1"),
            "type": name,
            "created": int(time.time()),
            "request": {"id": cause[0], "idempotency_key": cause[1]},
            "api_version": version,
            "data": json.dumps(data, ensure_ascii=False, separators=(",", ":")),
            "open": [],
        }
        self._events[event["id"]] = event
        if len(self._events) > KEPT:
            del self._events[next(iter(self._events))]
        return event

    def __len__(self) -> int:
        return len(self._events)

    def find(self, ident: str) -> Obj | None:
        """Return the kept record of an event, or None."""
        return self._events.get(ident)

    def newest(self) -> Iterator[Obj]:
        """Yield kept records, latest first."""
        return reversed(self._events.values())

    def dump(self) -> list[Obj]:
        """Return copies of the records, oldest first; they may be written to a file at leisure."""
        return [{**event, "open": list(event["open"])} for event in self._events.values()]

    def load(self, events: list[Obj]) -> None:
        """Replace the log."""
        self._events = {event["id"]: event for event in events}


def rendered(event: Obj, data: Obj | None = None) -> dict[str, Any]:
    """Return the event as Stripe sends it; `data` saves reading what was just written."""
    return {
        "id": event["id"],
        "object": "event",
        "api_version": event["api_version"],
        "created": event["created"],
        "data": json.loads(event["data"]) if data is None else data,
        "livemode": False,
        "pending_webhooks": len(event["open"]),
        "request": event["request"],
        "type": event["type"],
    }


def body(told: Obj) -> bytes:
    """Return the bytes that are signed and posted."""
    return json.dumps(told, ensure_ascii=False, indent=2).encode()
