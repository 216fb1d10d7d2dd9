"""/v1/subscription_schedules."""

from __future__ import annotations

from ..engine import changes, schedules, subscriptions
from ..engine.differences import announced
from ..engine.schedules import Plan
from ..periods import add_interval
from ..store import Obj
from ..wire.errors import invalid, required, unmodelled
from ..wire.params import choice, flag, known, metadata, needed, rows, table, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route
from . import items, terms

_CREATE = "billing_mode customer end_behavior from_subscription metadata phases start_date"
_UPDATE = "end_behavior metadata phases proration_behavior"
_PHASE = """billing_cycle_anchor collection_method currency default_payment_method description
duration end_date items metadata proration_behavior start_date"""


def create(call: Call) -> Obj:
    """Keep a schedule, for a running subscription or for one that it will start."""
    world, params = call.world, call.params
    source = text(params, "from_subscription")
    if source:
        return _adopt(call, source)
    customer = world.store.get("customer", needed(params, "customer"), "customer")
    now = world.now(customer["id"])
    asked = text(params, "start_date")
    start = now if asked in (None, "now") else whole(params, "start_date") or 0
    if start < now:
        raise unmodelled("backdated subscription schedules")
    plans = _plans(call, customer["id"], start)
    schedule = schedules.make(
        world,
        customer,
        plans,
        end_behavior=_ending(params),
        metadata=metadata(params),
    )
    world.emit("subscription_schedule.created", schedule)
    schedules.wake(world, schedule)
    if start == now:
        schedules.begin(world, schedule)
    return schedule


def _adopt(call: Call, source: str) -> Obj:
    world, params = call.world, call.params
    known(params, ("from_subscription", "expand", "metadata"))
    sub = world.store.get("subscription", source, "from_subscription")
    if sub["status"] in subscriptions.FINAL:
        raise invalid("You cannot migrate a subscription that has ended.", "from_subscription")
    if sub["schedule"]:
        message = (
            "You cannot migrate a subscription that is already attached to a schedule: "
            f"{sub['schedule']}"
        )
        raise invalid(message, "from_subscription")
    pairs = [(item["price"], item["quantity"]) for item in sub["items"]["data"]]
    start, end = subscriptions.period_of(sub)
    customer = world.store.get("customer", sub["customer"])
    schedule = schedules.make(world, customer, [Plan(pairs, start, end)])
    schedule["metadata"] = metadata(params)
    schedules.attach(world, schedule, sub)
    return schedule


def _ending(params: Obj) -> str:
    if text(params, "end_behavior") in ("none", "renew"):
        raise unmodelled(f"`end_behavior={params['end_behavior']}`")
    return choice(params, "end_behavior", ("cancel", "release"), "release")


def _plans(call: Call, customer: str, start: int) -> list[Plan]:
    """Return the phases asked for; each begins where the one before it ends."""
    asked = rows(call.params, "phases")
    if not asked:
        raise required("phases")
    plans: list[Plan] = []
    for index, row in enumerate(asked):
        where = f"phases[{index}]"
        if not isinstance(row, dict):
            raise invalid("Invalid object", where)
        plan = _plan(call, customer, row, start, where)
        plans.append(plan)
        start = plan.end
    if len({plan.lines[0][0]["currency"] for plan in plans}) > 1:
        raise invalid("Phases must share one currency.", "phases")
    return plans


def _plan(call: Call, customer: str, row: Obj, start: int, where: str) -> Plan:
    known(row, _PHASE, where)
    if text(row, "collection_method") == "send_invoice":
        raise unmodelled("`collection_method=send_invoice`")
    begins = text(row, "start_date")
    if begins not in (None, "now") and whole(row, "start_date") != start:
        message = "The start date of a phase must be the end date of the one before it."
        raise invalid(message, f"{where}[start_date]")
    pairs = items.ordered(call.world, row, f"{where}[items]")
    subscriptions.check_together([price for price, _ in pairs])
    anchor = text(row, "billing_cycle_anchor")
    if anchor not in (None, "automatic", "phase_start"):
        raise invalid("Invalid billing_cycle_anchor", f"{where}[billing_cycle_anchor]")
    return Plan(
        pairs,
        start,
        _end(call, customer, row, start, pairs, where),
        behaviour=terms.proration(row),
        anchor=anchor,
        method=terms.method_id(call.world, row, customer),
        metadata=metadata(row),
        description=text(row, "description"),
    )


def _end(
    call: Call, customer: str, row: Obj, start: int, pairs: list[tuple[Obj, int]], where: str
) -> int:
    asked, duration = text(row, "end_date"), table(row, "duration")
    if asked and duration:
        raise invalid("Use either end_date or duration.", f"{where}[end_date]")
    if asked:
        now = asked == "now"
        end = call.world.now(customer) if now else whole(row, "end_date", where) or 0
    elif duration:
        known(duration, ("interval", "interval_count"), f"{where}[duration]")
        unit = choice(duration, "interval", ("day", "week", "month", "year"))
        end = add_interval(start, unit, whole(duration, "interval_count") or 1)
    else:
        recurring = pairs[0][0]["recurring"]
        end = add_interval(start, recurring["interval"], recurring["interval_count"])
    if end <= start and asked != "now":
        raise invalid("A phase must end after it starts.", f"{where}[end_date]")
    return end


def update(call: Call) -> Obj:
    """Replace the phases that are not over, or change what comes after the last."""
    world, params = call.world, call.params
    schedule = _running(call)
    sub = world.store.find(schedule["subscription"])
    with announced(world, schedules.SCHEDULE_UPDATED, schedule):
        if "end_behavior" in params:
            schedule["end_behavior"] = _ending(params)
        schedule["metadata"] = metadata(params, schedule["metadata"])
        if "phases" in params:
            _replace(call, schedule)
    if "phases" in params:
        schedules.wake(world, schedule)
        if sub is not None:
            _apply_current(call, schedule, sub)
    return schedule


def _replace(call: Call, schedule: Obj) -> None:
    first = rows(call.params, "phases")[:1]
    known_start = text(first[0], "start_date") if first and isinstance(first[0], dict) else None
    current = schedule["current_phase"] or schedule["phases"][0]
    start = int(current["start_date"])
    if known_start not in (None, "now") and int(known_start or 0) != start:
        if schedule["current_phase"] is not None:
            message = "The first phase must start where the current phase does."
            raise invalid(message, "phases[0][start_date]")
        start = int(known_start or 0)
    plans = _plans(call, schedule["customer"], start)
    past = [phase for phase in schedule["phases"] if phase["end_date"] <= start]
    schedule["phases"] = past + [schedules.phase_of(plan) for plan in plans]
    if schedule["current_phase"] is not None:
        schedule["current_phase"] = {"start_date": start, "end_date": plans[0].end}


def _apply_current(call: Call, schedule: Obj, sub: Obj) -> None:
    """Change the subscription now where its current phase says something else."""
    world = call.world
    now = world.now(schedule["customer"])
    phase = schedules.phase_at(schedule, now)
    if phase is None or sub["status"] not in subscriptions.LIVE:
        return
    wanted = [(i["price"], i["quantity"]) for i in phase["items"]]
    if wanted == [(i["price"]["id"], i["quantity"]) for i in sub["items"]["data"]]:
        return
    behaviour = terms.proration(call.params)
    rows_ = schedules.items_for(world, sub, phase)
    changes.apply(world, sub, changes.Change(rows_, now, behaviour=behaviour))


def _running(call: Call) -> Obj:
    schedule = call.world.store.get("subscription_schedule", call.id)
    if schedule["status"] not in schedules.RUNNING:
        message = f"You cannot change a subscription schedule that is {schedule['status']}."
        raise invalid(message)
    return schedule


def cancel(call: Call) -> Obj:
    """End the schedule and its subscription now."""
    if flag(call.params, "invoice_now") or flag(call.params, "prorate"):
        raise unmodelled("prorate and invoice_now on the end of a schedule")
    schedule = _running(call)
    schedules.cancel(call.world, schedule)
    return schedule


def release(call: Call) -> Obj:
    """Let go of the subscription, which runs on."""
    schedule = _running(call)
    schedules.release(call.world, schedule)
    return schedule


def _scheduled(call: Call) -> Keep:
    asked = flag(call.params, "scheduled")
    return lambda o: not asked or o["status"] == "not_started"


_PATH = "/v1/subscription_schedules"
ROUTES = [
    route("POST", _PATH, create, _CREATE),
    route("POST", _PATH + "/{}", update, _UPDATE),
    route("POST", _PATH + "/{}/cancel", cancel, "invoice_now prorate"),
    route("POST", _PATH + "/{}/release", release, "preserve_cancel_date"),
    retrieval(_PATH + "/{}", "subscription_schedule"),
    listing(
        _PATH,
        "subscription_schedule",
        "customer",
        "scheduled",
        _scheduled,
    ),
]
