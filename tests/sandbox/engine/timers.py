"""The timers: which verb runs when its time has come, and how a clock is moved."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable

from ..clock import Timeline
from ..world import World
from . import (
    balance,
    charges,
    checkout,
    collecting,
    discounts,
    disputes,
    fraud,
    pausing,
    payouts,
    portal,
    refunds,
    renewals,
    schedules,
    subscriptions,
)

VERBS: dict[str, Callable[[World, str, int], None]] = {
    "available": balance.make_available,
    "book_charge": charges.book_due,
    "dispute_decided": disputes.decide,
    "dispute_due": disputes.due,
    "dispute_from_card": disputes.from_card,
    "end_discount": discounts.end_due,
    "end_portal_pause": portal.end_pause,
    "end_subscription": subscriptions.end_due,
    "expire_incomplete": subscriptions.expire_incomplete,
    "expire_resumption": pausing.expire_resumption,
    "expire_session": checkout.expire_due,
    "fall_due": collecting.fall_due,
    "finalize": collecting.finalize_due,
    "pay_out": payouts.run,
    "payout_arrived": payouts.arrived,
    "payout_sent": payouts.sent,
    "refund": refunds.settle,
    "renew": renewals.renew,
    "resume_collection": pausing.resume_collection,
    "retry": collecting.retry,
    "schedule_phase": schedules.reach,
    "settle_debit": collecting.settle_debit,
    "trial_will_end": renewals.trial_will_end,
    "upcoming": renewals.tell_upcoming,
    "warn_from_card": fraud.from_card,
}


def run_until(world: World, line: Timeline, moment: int) -> int:
    """Run every timer due by then, in order, and return how many ran.

    The lock is given back after each one, so that requests are answered during a long advance.
    """
    ran = 0
    while True:
        with world.lock:
            timer = line.take(moment)
            if timer is None:
                return ran
            due, _, verb, subject = timer
            world.cause = (None, None)
            # A subject deleted since (customer, clock) needs nothing any more.
            if world.store.find(subject) is not None:
                VERBS[verb](world, subject, due)
            world.changed.set()
        ran += 1


def advance(world: World, moment: int) -> int:
    """Move the global clock to `moment`, running what is due on the way; return the timers run."""
    with world.advancing:
        line = world.lines[""]
        with world.lock:
            line.frozen = line.now()
        try:
            return run_until(world, line, moment)
        finally:
            with world.lock:
                line.release(max(moment, line.now()))


def tick(world: World) -> None:
    """Run what has become due on the global clock by the passing of real time."""
    with world.lock:
        line = world.lines[""]
        now = line.now()
        due = bool(line.heap) and line.heap[0][0] <= now
    if due and world.advancing.acquire(blocking=False):
        try:
            advance(world, now)
        finally:
            world.advancing.release()


def keep_ticking(world: World, stop: threading.Event) -> None:
    """Tick every second until told to stop."""
    while not stop.wait(1.0):
        try:
            tick(world)
        except Exception:  # noqa: BLE001 - a bug in one timer must not stop the clock
            traceback.print_exc(file=sys.stderr)
