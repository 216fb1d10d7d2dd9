"""What the local Stripe costs in time; the bounds hold on a busy machine with two cores."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.stand_in.desk import Desk, Listener, start, stop


def median(times: int, act: Callable[[], object]) -> float:
    """Return the median of how long something takes, in seconds."""
    spent = []
    for _ in range(times):
        before = time.monotonic()
        act()
        spent.append(time.monotonic() - before)
    return statistics.median(spent)


def cost(act: Callable[[], object]) -> float:
    """Return what something takes in seconds where the machine has little else to do just then."""
    return min(median(40, act) for _ in range(5))


def test_an_sdk_call_costs_less_than_ten_milliseconds(desk: Desk) -> None:
    paid = desk.join()
    session = paid["session"]
    assert cost(lambda: desk.subscription(paid["subscription"])) < 0.010
    assert cost(lambda: desk.api.v1.customers.create({"name": "Alice"})) < 0.010
    deep: Any = {"expand": ["subscription.latest_invoice.payments"]}
    assert cost(lambda: desk.api.v1.checkout.sessions.retrieve(session, deep)) < 0.020


def test_it_starts_in_two_seconds_also_with_a_large_state(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    process, base = start("--state", str(file))
    desk = Desk(base)
    desk.reset()
    for _ in range(20):
        desk.join()
    desk.control("advance", {"months": 12})
    events = desk.control("state")["counts"]["event"]
    assert stop(process) == 0
    before = time.monotonic()
    process, base = start("--state", str(file))
    took = time.monotonic() - before
    desk = Desk(base)
    try:
        assert desk.control("state")["counts"]["event"] == events
    finally:
        assert stop(process) == 0
    assert took < 4


def test_a_flood_of_webhooks_is_delivered_without_wearing_the_calls_down(
    desk: Desk, listener: Listener
) -> None:
    desk.api.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["*"]})
    desk.control("webhooks/hold", {"hold": True})
    while desk.control("state")["counts"]["event"] < 2000:
        for _ in range(10):
            desk.join()
    before = time.monotonic()
    released = desk.control("webhooks/hold", {"hold": False})["released"]
    meanwhile = median(50, lambda: desk.api.v1.customers.list({"limit": 1}))
    assert desk.control("deliveries/flush", {"timeout": 60})["flushed"]
    took = time.monotonic() - before
    assert len(listener.got) == released >= 1900
    assert took < 30
    assert meanwhile < 0.100


def test_a_snapshot_and_its_return_take_moments(desk: Desk) -> None:
    for _ in range(20):
        desk.join()
    desk.control("advance", {"months": 3})
    assert desk.control("snapshots", {"name": "speed"})["took_seconds"] < 1
    assert desk.control("snapshots/speed/restore", {})["took_seconds"] < 2
    assert median(20, lambda: desk.control("reset", {})) < 0.050
