"""The pause and resume endpoints: what is credited at the pause and billed at the return.

Rules: the SDK's docstrings of `subscriptions.pause` and `subscriptions.resume`, and
https://docs.stripe.com/changelog/dahlia/2026-05-27/pause-subscriptions.
"""

from __future__ import annotations

from ..store import Obj
from ..wire.errors import invalid
from ..world import World
from . import changes, collecting, invoice_items, pausing
from .differences import announced
from .prorations import debited, remaining, unused
from .subscriptions import INCOMPLETE_SECONDS, UPDATED


def suspend(world: World, sub: Obj, *, unused_from: str, invoice_now: bool) -> None:
    """Pause an active subscription now, crediting unused time from `now`, its start or not."""
    _check_may_pause(world, sub)
    now = world.now(sub["customer"])
    for item in sub["items"]["data"] if unused_from != "none" else ():
        since = item["current_period_start"] if unused_from != "now" else None
        row = unused(world, item, now, since=since)
        if row:
            invoice_items.of_proration(world, sub, row)
    invoice = None
    if invoice_now:
        with announced(world, UPDATED, sub):
            invoice = changes.bill_now(world, sub, whole=False)
    if invoice:
        collecting.collect(world, invoice)
    pausing.enter(world, sub, "pause_requested")


def _check_may_pause(world: World, sub: Obj) -> None:
    if sub["schedule"]:
        raise invalid("A subscription with an attached schedule cannot be paused.")
    if sub["status"] != "active":
        raise invalid(f"Only active subscriptions can be paused, this one is {sub['status']}.")
    if sub["cancel_at"] is not None:
        raise invalid("A subscription that is set to cancel cannot be paused.")
    latest = world.store.find(sub["latest_invoice"])
    if latest and latest["status"] in ("open", "draft"):
        raise invalid("The latest invoice of this subscription is still being collected.")


def resume(
    world: World, sub: Obj, *, anchor: str, on_success: bool, behaviour: str, moment: int
) -> None:
    """End a pause: at once when nothing is due, else with the payment (or a try) of an invoice."""
    if sub["status"] != "paused":
        raise invalid(f"Only paused subscriptions can be resumed, this one is {sub['status']}.")
    if world.store.peek(sub["id"]).get("resumption"):
        raise invalid("This subscription waits for its resumption invoice to be paid.")
    with announced(world, UPDATED, sub):
        if anchor == "now":
            sub["billing_cycle_anchor"] = world.now(sub["customer"])
        changes.move_period(sub, world.now(sub["customer"]))
        invoice = _bill(world, sub, anchor, behaviour, moment)
    if invoice is None or not invoice["amount_due"]:
        if invoice:
            collecting.collect(world, invoice)
        pausing.leave(world, sub)
        return
    by = "success" if on_success else "attempt"
    world.store.note(sub["id"])["resumption"] = {"invoice": invoice["id"], "by": by}
    if on_success:
        collecting.collect(world, invoice)
        return
    world.store.note(invoice["id"])["no_retry"] = True
    due = world.now(sub["customer"]) + INCOMPLETE_SECONDS
    world.schedule(due, "expire_resumption", invoice["id"], sub["customer"])


def _bill(world: World, sub: Obj, anchor: str, behaviour: str, moment: int) -> Obj | None:
    if anchor == "now":
        return changes.bill_now(world, sub, whole=True)
    if behaviour == "none":
        return None
    for item in sub["items"]["data"]:
        # Time that was paid and never given back is not charged a second time.
        if debited(world, item).get("end", 0) <= moment:
            row = remaining(world, item, moment, sub["billing_cycle_anchor"])
            invoice_items.of_proration(world, sub, row)
    return changes.bill_now(world, sub, whole=False) if behaviour == "always_invoice" else None
