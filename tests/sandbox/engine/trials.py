"""Trials: ended early, or given a longer time."""

from __future__ import annotations

from ..store import Obj
from ..world import World
from . import changes, collecting, subscriptions
from .differences import announced
from .subscriptions import UPDATED


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
