"""/v1/test_helpers/test_clocks."""

from __future__ import annotations

from ..clock import Timeline
from ..engine import customers, subscriptions, timers
from ..periods import DAY, add_months
from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import StripeError, again, invalid, required
from ..wire.params import text, whole
from ..wire.routes import Call, listing, retrieval, route
from ..world import World

KIND = "test_helpers.test_clock"


def create(call: Call) -> Obj:
    """Keep a frozen clock, for customers made on it."""
    frozen = whole(call.params, "frozen_time")
    if frozen is None:
        raise required("frozen_time")
    now = call.world.now()
    clock = shaped(
        KIND,
        id=new_id("clock_1"),
        created=now,
        deletes_after=now + 30 * DAY,
        frozen_time=frozen,
        name=text(call.params, "name"),
        status="ready",
        status_details={},
    )
    call.world.lines[clock["id"]] = Timeline(frozen=frozen)
    call.world.emit("test_helpers.test_clock.created", clock)
    return call.world.store.add(clock)


def advance(call: Call) -> Obj:
    """Move the clock; as with Stripe the answer says `advancing`, a later look says `ready`.

    Others are answered meanwhile: they see the clock advancing, and may not touch it.
    """
    world = call.world
    with world.lock:
        _refuse_under_way(world.store.get(KIND, call.id))
    # One clock at a time; a reset or a snapshot waits until it has arrived.
    with world.advancing:
        with world.lock:
            clock = world.store.get(KIND, call.id)
            told = _begin(world, clock, whole(call.params, "frozen_time"))
        _run(world, clock, told["status_details"]["advancing"]["target_frozen_time"])
    return told


def _run(world: World, clock: Obj, target: int) -> None:
    line, outcome = world.lines[clock["id"]], "internal_failure"
    try:
        timers.run_until(world, line, target)
        outcome = "ready"
    finally:
        with world.lock:
            line.frozen = clock["frozen_time"] = target
            clock |= {"status": outcome, "status_details": {}}
            world.emit(f"test_helpers.test_clock.{outcome}", clock)


def _begin(world: World, clock: Obj, target: int | None) -> Obj:
    """Mark the clock as advancing and return it as it is now."""
    if target is None:
        raise required("frozen_time")
    if target <= clock["frozen_time"]:
        raise invalid("Test clocks can only be advanced forward.", "frozen_time")
    if target > _furthest(world, clock):
        message = "A test clock advances at most two intervals of its shortest subscription."
        raise invalid(message, "frozen_time")
    details = {"advancing": {"target_frozen_time": target}}
    clock |= {"status": "advancing", "status_details": details}
    world.emit("test_helpers.test_clock.advancing", clock)
    return dict(clock)


def _refuse_under_way(clock: Obj) -> None:
    if clock["status"] == "advancing":
        message = "Test clock advancement underway - cannot perform modifications"
        raise again(StripeError(429, message))


def _furthest(world: World, clock: Obj) -> int:
    base = int(clock["frozen_time"])
    limits = [
        _after(base, item["price"]["recurring"])
        for customer in world.store.newest("customer")
        if customer["test_clock"] == clock["id"]
        for sub in subscriptions.of_customer(world, customer["id"])
        if sub["ended_at"] is None
        for item in sub["items"]["data"]
    ]
    return min(limits, default=add_months(base, 24))


def _after(base: int, recurring: Obj) -> int:
    count = 2 * int(recurring["interval_count"])
    unit = recurring["interval"]
    if unit in ("month", "year"):
        # A day of grace, since two months after a short one may be longer than expected.
        return add_months(base, count * (12 if unit == "year" else 1)) + DAY
    return base + count * (7 * DAY if unit == "week" else DAY)


def delete(call: Call) -> Obj:
    """Delete a clock and its customers."""
    clock = call.world.store.get(KIND, call.id)
    _refuse_under_way(clock)
    for customer in call.world.store.oldest("customer"):
        if customer["test_clock"] == call.id:
            customers.delete(call.world, customer)
    call.world.emit("test_helpers.test_clock.deleted", clock)
    return call.world.store.bury(clock)


ROUTES = [
    route("POST", "/v1/test_helpers/test_clocks", create, "customer frozen_time name"),
    route("POST", "/v1/test_helpers/test_clocks/{}/advance", advance, "frozen_time"),
    retrieval("/v1/test_helpers/test_clocks/{}", KIND),
    listing("/v1/test_helpers/test_clocks", KIND),
    route("DELETE", "/v1/test_helpers/test_clocks/{}", delete),
]
