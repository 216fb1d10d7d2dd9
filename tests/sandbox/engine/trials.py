"""Trials: given to a plan that runs, ended early, or given a longer time."""

from __future__ import annotations

from ..store import Obj
from ..world import World
from . import changes, collecting, invoice_items, invoices, lines, prorations, subscriptions
from .differences import announced
from .subscriptions import UPDATED


def begin(world: World, sub: Obj, moment: int, *, behaviour: str) -> None:
    """Put a running plan on trial until `moment` (unix seconds): free, and invoiced as nothing.

    Unused time is credited on the next invoice unless `behaviour` is none.
    """
    now, customer = world.now(sub["customer"]), world.store.get("customer", sub["customer"])
    with announced(world, UPDATED, sub):
        for item in sub["items"]["data"]:
            row = prorations.unused(world, item, now) if behaviour != "none" else None
            if row:
                invoice_items.of_proration(world, sub, row)
        sub |= {"status": "trialing", "trial_start": now, "trial_end": moment}
        sub["billing_cycle_anchor"] = moment
        period = {"current_period_start": now, "current_period_end": moment}
        rows = [item | period for item in sub["items"]["data"]]
        sub["items"] = sub["items"] | {"data": rows}
        free = [lines.for_period(sub, item, (now, moment), trial=True) for item in rows]
        invoice = invoices.draft(
            world, customer, "subscription_update", free, sub=sub, period=(now, now), at_once=True
        )
        invoices.finalize(world, invoice)
    subscriptions.start_clock(world, sub)
    collecting.collect(world, invoice)


def finish(world: World, sub: Obj) -> None:
    """End a trial now: a period begins, and is invoiced and collected at once."""
    now = world.now(sub["customer"])
    with announced(world, UPDATED, sub):
        sub |= {"status": "active", "trial_end": now, "billing_cycle_anchor": now}
        changes.move_period(sub, now)
        invoice = changes.bill_now(world, sub, whole=True)
    subscriptions.start_clock(world, sub)
    if invoice is not None:
        collecting.collect(world, invoice)


def extend(world: World, sub: Obj, moment: int) -> None:
    """Let a trial end at another time (unix seconds), where the paid periods then begin."""
    with announced(world, UPDATED, sub):
        sub |= {"trial_end": moment, "billing_cycle_anchor": moment}
        rows = [item | {"current_period_end": moment} for item in sub["items"]["data"]]
        sub["items"] = sub["items"] | {"data": rows}
    subscriptions.start_clock(world, sub)
