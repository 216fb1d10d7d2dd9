"""Subscription schedules: phases that follow each other, and what comes after the last."""

from __future__ import annotations

from dataclasses import dataclass

from ..shapes import part, shaped
from ..store import Obj, new_id
from ..world import World
from . import changes, collecting, subscriptions
from .differences import announced
from .prices import plan_of
from .subscriptions import make_item

SCHEDULE_UPDATED = "subscription_schedule.updated"
RUNNING = ("not_started", "active")


@dataclass(frozen=True)
class Plan:
    """One phase as asked for: price and quantity pairs from start to end (unix seconds)."""

    lines: list[tuple[Obj, int]]
    start: int
    end: int
    behaviour: str = "create_prorations"
    anchor: str | None = None
    method: str | None = None
    metadata: dict[str, str] | None = None
    description: str | None = None


def phase_of(plan: Plan) -> Obj:
    """Return a phase as Stripe shows it."""
    items = [
        part(
            "subscription_schedule",
            "phases.items",
            discounts=[],
            metadata={},
            plan=price["id"],
            price=price["id"],
            quantity=quantity,
            tax_rates=[],
        )
        for price, quantity in plan.lines
    ]
    return part(
        "subscription_schedule",
        "phases",
        add_invoice_items=[],
        billing_cycle_anchor=plan.anchor,
        currency=plan.lines[0][0]["currency"],
        default_payment_method=plan.method,
        default_tax_rates=[],
        description=plan.description,
        discounts=[],
        end_date=plan.end,
        items=items,
        metadata=plan.metadata or {},
        proration_behavior=plan.behaviour,
        start_date=plan.start,
    )


def make(world: World, customer: Obj, plans: list[Plan], **fields: object) -> Obj:
    """Keep a schedule that has not started yet."""
    moment = world.now(customer["id"])
    settings = part(
        "subscription_schedule",
        "default_settings",
        billing_cycle_anchor="automatic",
        collection_method="charge_automatically",
        automatic_tax={"disabled_reason": None, "enabled": False, "liability": None},
    )
    settings["invoice_settings"] = part(
        "subscription_schedule",
        "default_settings.invoice_settings",
        issuer={"type": "self"},
    )
    schedule = shaped(
        "subscription_schedule",
        id=new_id("sub_sched_1"),
        billing_mode={
            "type": "flexible",
            "flexible": {"proration_discounts": "included"},
            "updated_at": moment,
        },
        created=moment,
        customer=customer["id"],
        default_settings=settings,
        end_behavior="release",
        metadata={},
        pause_schedules=[],
        phases=[phase_of(plan) for plan in plans],
        status="not_started",
        test_clock=customer["test_clock"],
    )
    return world.store.add(schedule | fields)


def attach(world: World, schedule: Obj, sub: Obj) -> None:
    """Let the schedule manage a running subscription, whose period is its first phase."""
    schedule |= {"status": "active", "subscription": sub["id"]}
    _show_phase(schedule, schedule["phases"][0])
    world.emit("subscription_schedule.created", schedule)
    subscriptions.amend(world, sub, schedule=schedule["id"])
    wake(world, schedule)


def wake(world: World, schedule: Obj) -> None:
    """Ask to be called at the start of each phase to come and at the end of the last."""
    now = world.now(schedule["customer"])
    times = {phase["start_date"] for phase in schedule["phases"]}
    for moment in sorted(times | {schedule["phases"][-1]["end_date"]}):
        if moment > now:
            world.schedule(moment, "schedule_phase", schedule["id"], schedule["customer"])


def begin(world: World, schedule: Obj) -> None:
    """Start the subscription of a schedule that was made without one."""
    customer = world.store.get("customer", schedule["customer"])
    phase = schedule["phases"][0]
    method = phase["default_payment_method"]
    method = method or schedule["default_settings"]["default_payment_method"]
    pairs = [(world.store.get("price", i["price"]), i["quantity"]) for i in phase["items"]]
    order = subscriptions.Order(pairs, method, dict(phase["metadata"]), phase["description"])
    sub = subscriptions.make(world, customer, order)
    sub["schedule"] = schedule["id"]
    _show_phase(schedule, phase)
    with announced(world, SCHEDULE_UPDATED, schedule):
        schedule |= {"status": "active", "subscription": sub["id"]}
    invoice = subscriptions.open_first_invoice(world, sub)
    collecting.collect(world, invoice)


def _show_phase(schedule: Obj, phase: Obj) -> None:
    schedule["current_phase"] = {
        "start_date": phase["start_date"],
        "end_date": phase["end_date"],
    }


def phase_at(schedule: Obj, moment: int) -> Obj | None:
    """Return the phase that runs at a time."""
    return next((p for p in schedule["phases"] if p["start_date"] <= moment < p["end_date"]), None)


def reach(world: World, ident: str, due: int) -> None:
    """Timer: a phase begins, or the last one is over."""
    schedule = world.store.get("subscription_schedule", ident)
    if schedule["status"] == "not_started" and schedule["phases"][0]["start_date"] <= due:
        begin(world, schedule)
        return
    sub = world.store.find(schedule["subscription"])
    if schedule["status"] != "active" or sub is None:
        return
    if sub["status"] in subscriptions.LIVE and subscriptions.period_end(sub) == due:
        # The renewal of this same second goes first: it enters the phase and bills it.
        world.schedule(due, "schedule_phase", ident, schedule["customer"])
    elif not end_due(world, sub, due):
        enter(world, sub, schedule)


def enter(world: World, sub: Obj, schedule: Obj) -> None:
    """Enter the phase of this moment in the middle of a period, prorating as the phase says."""
    now = world.now(sub["customer"])
    phase = phase_at(schedule, now)
    if phase is None or not _is_new(schedule, phase) or sub["status"] in subscriptions.FINAL:
        return
    change = changes.Change(
        items_for(world, sub, phase),
        now,
        behaviour=phase["proration_behavior"],
        anchor="now" if phase["billing_cycle_anchor"] == "phase_start" else "",
        fields=_fields(phase),
    )
    changes.apply(world, sub, change)
    with announced(world, SCHEDULE_UPDATED, schedule):
        _show_phase(schedule, phase)


def enter_at_boundary(world: World, sub: Obj, due: int) -> None:
    """Enter the phase that begins where a period does; the caller moves and bills the period."""
    schedule = world.store.find(sub["schedule"])
    phase = phase_at(schedule, due) if schedule else None
    if schedule is None or phase is None or not _is_new(schedule, phase):
        return
    old = changes.rhythm(sub["items"]["data"])
    sub |= _fields(phase)
    sub["items"] = sub["items"] | {"data": items_for(world, sub, phase)}
    other = changes.rhythm(sub["items"]["data"]) != old
    anew = other and world.settings.interval_change == "restart"
    if anew or phase["billing_cycle_anchor"] == "phase_start":
        sub["billing_cycle_anchor"] = due
    with announced(world, SCHEDULE_UPDATED, schedule):
        _show_phase(schedule, phase)


def _is_new(schedule: Obj, phase: Obj) -> bool:
    current = schedule["current_phase"] or {}
    return bool(current.get("start_date") != phase["start_date"])


def _fields(phase: Obj) -> Obj:
    given = {n: phase[n] for n in ("default_payment_method", "description") if phase[n]}
    return given | ({"metadata": dict(phase["metadata"])} if phase["metadata"] else {})


def items_for(world: World, sub: Obj, phase: Obj) -> list[Obj]:
    """Return the subscription items of a phase: those at hand are kept as far as there are."""
    old = sub["items"]["data"]
    period = (old[0]["current_period_start"], old[0]["current_period_end"])
    rows: list[Obj] = []
    for index, wanted in enumerate(phase["items"]):
        price = world.store.get("price", wanted["price"])
        if index < len(old):
            told = {"price": price, "plan": plan_of(price), "quantity": wanted["quantity"]}
            rows.append(old[index] | told)
        else:
            moment = world.now(sub["customer"])
            rows.append(make_item(sub["id"], price, wanted["quantity"], period, moment))
    return rows


def end_due(world: World, sub: Obj, due: int) -> bool:
    """End the schedule when its last phase is over; True when it ended the subscription too."""
    schedule = world.store.find(sub["schedule"])
    if schedule is None or schedule["status"] != "active":
        return False
    if due < schedule["phases"][-1]["end_date"]:
        return False
    if schedule["end_behavior"] != "cancel":
        release(world, schedule)
        return False
    subscriptions.end(world, sub)
    with announced(world, SCHEDULE_UPDATED, schedule):
        schedule |= {"status": "completed", "current_phase": None}
        schedule["completed_at"] = world.now(sub["customer"])
        world.emit("subscription_schedule.completed", schedule)
    return True


def release(world: World, schedule: Obj) -> None:
    """Let go of the subscription, which runs on as it is."""
    sub = world.store.find(schedule["subscription"])
    schedule |= {
        "status": "released",
        "released_at": world.now(schedule["customer"]),
        "released_subscription": schedule["subscription"],
        "subscription": None,
        "current_phase": None,
    }
    if sub is not None and sub["schedule"] == schedule["id"]:
        subscriptions.amend(world, sub, schedule=None)
    world.emit("subscription_schedule.released", schedule)


def cancel(world: World, schedule: Obj) -> None:
    """End the schedule and its subscription now."""
    sub = world.store.find(schedule["subscription"])
    schedule |= {
        "status": "canceled",
        "canceled_at": world.now(schedule["customer"]),
        "current_phase": None,
    }
    if sub is not None and sub["status"] not in subscriptions.FINAL:
        subscriptions.end(world, sub, reason="cancellation_requested")
    world.emit("subscription_schedule.canceled", schedule)
