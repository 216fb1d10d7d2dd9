"""Pauses: the status `paused`, and collection that is held back while the status stays."""

from __future__ import annotations

from ..store import Obj
from ..world import World
from . import credit, invoice_items, invoices, subscriptions
from .differences import announced
from .lines import source_of
from .subscriptions import UPDATED


def enter(world: World, sub: Obj, why: str) -> None:
    """Pause a subscription: no more periods and invoices until it is resumed.

    `why` is one of the SDK's `status_details.paused.subscription.type`.
    """
    now = world.now(sub["customer"])
    with announced(world, UPDATED, sub):
        sub["status"] = "paused"
        sub["status_details"] = {
            "paused": {
                "subscription": {"type": why},
                "transitioned_at": now,
                "type": "subscription",
            }
        }
        if why == "pause_requested":
            # The period ends with the pause (docs.withflex.com, which wraps Stripe's endpoint).
            rows = [item | {"current_period_end": now} for item in sub["items"]["data"]]
            sub["items"] = sub["items"] | {"data": rows}
        world.emit("customer.subscription.paused", sub)
    if why == "final_payment_failure":
        subscriptions.stop_collecting(world, sub)


def leave(world: World, sub: Obj, status: str = "active") -> None:
    """End a pause and let the periods run again."""
    world.store.note(sub["id"]).pop("resumption", None)
    with announced(world, UPDATED, sub):
        sub |= {"status": status, "status_details": None}
        world.emit("customer.subscription.resumed", sub)
    subscriptions.start_clock(world, sub)


def resumed_by(world: World, sub: Obj, invoice: Obj) -> None:
    """Resume when the invoice that was waited for is settled."""
    if world.store.peek(sub["id"]).get("resumption", {}).get("invoice") == invoice["id"]:
        leave(world, sub)


def attempted(world: World, sub: Obj, invoice: Obj) -> None:
    """Resume as overdue when a failed try is enough (`resume_on_payment_attempt`)."""
    waiting = world.store.peek(sub["id"]).get("resumption", {})
    if waiting.get("invoice") == invoice["id"] and waiting.get("by") == "attempt":
        leave(world, sub, "past_due")


def expire_resumption(world: World, ident: str, due: int) -> None:
    """Timer: 23 hours without a try void the invoice of a resumption; the pause goes on."""
    invoice = world.store.get("invoice", ident)
    sub = invoices.billed(world, invoice)
    if sub and invoice["status"] == "open" and not invoice["attempted"]:
        world.store.note(sub["id"]).pop("resumption", None)
        invoices.void(world, invoice)
        for line in invoice["lines"]["data"]:
            item = world.store.find(source_of(line)[0])
            # What a pause gave back must not be lost with the invoice; only credit waits again.
            if item is not None and item["amount"] < 0:
                invoice_items.put_back(world, item)


def withheld(world: World, sub: Obj, invoice: Obj) -> bool:
    """Do with a new draft what `pause_collection` says; True when it is not collected."""
    asked = sub["pause_collection"]
    if not asked:
        return False
    if asked["behavior"] == "keep_as_draft":
        invoice |= {"auto_advance": False, "automatically_finalizes_at": None}
        invoice["next_payment_attempt"] = None
        return True
    invoices.finalize(world, invoice)
    if asked["behavior"] == "void":
        invoices.void(world, invoice)
    else:
        invoices.write_off(world, invoice)
        credit.tell_behind(world, sub["customer"], False)
    return True


def hold_collection(world: World, sub: Obj, behaviour: str, resumes_at: int | None) -> None:
    """Hold collection back until `resumes_at` (unix seconds) or until it is taken back."""
    subscriptions.amend(
        world, sub, pause_collection={"behavior": behaviour, "resumes_at": resumes_at}
    )
    if resumes_at:
        world.schedule(resumes_at, "resume_collection", sub["id"], sub["customer"])


def resume_collection(world: World, ident: str, due: int) -> None:
    """Timer: collect again, unless that was changed since."""
    sub = world.store.get("subscription", ident)
    held = sub["pause_collection"]
    if held and held["resumes_at"] == due and sub["status"] not in subscriptions.FINAL:
        subscriptions.amend(world, sub, pause_collection=None)
