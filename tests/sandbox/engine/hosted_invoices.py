"""What happens behind the hosted invoice page: an open invoice paid by its owner."""

from __future__ import annotations

from ..store import Obj
from ..wire.errors import card_error, invalid
from ..world import World
from . import collecting, intents, invoices, payers, subscriptions
from .checkout import Outcome
from .payers import Payer

PAYABLE = ("open", "uncollectible")


def intent_of(world: World, invoice: Obj) -> Obj | None:
    """Return the payment intent of an invoice, None for one over nothing."""
    paying = invoices.payment_of(world, invoice)
    return paying[1] if paying else None


def on_its_way(world: World, invoice: Obj) -> bool:
    """Whether a debit has been sent and the bank has not answered yet."""
    intent = intent_of(world, invoice)
    return intent is not None and intent["status"] == "processing"


def payable(world: World, invoice: Obj) -> bool:
    """Whether the page offers to pay."""
    return invoice["status"] in PAYABLE and not on_its_way(world, invoice)


def pay(world: World, invoice: Obj, payer: Payer) -> Outcome:
    """Pay an invoice; raises 402 when declined, 400 for bad input or an invoice that is closed."""
    if not payable(world, invoice):
        raise invalid(f"Invoice is {invoice['status']} and cannot be paid now.")
    intent = intent_of(world, invoice)
    types = intent["payment_method_types"] if intent else ["card"]
    method = payers.means(
        world,
        payer,
        types=types,
        customer=invoice["customer"],
        email=invoice["customer_email"],
    )
    return _collect(world, invoice, method, shown=payer.shown)


def resume(world: World, invoice: Obj, *, ok: bool) -> Outcome:
    """Go on after the bank's page."""
    intent = intent_of(world, invoice)
    if intent is None or intent["status"] != "requires_action":
        raise invalid("There is nothing to confirm any more.")
    method = world.store.get("payment_method", intent["payment_method"])
    if ok:
        return _collect(world, invoice, method, shown=True)
    status = intents.authenticated(world, intent, ok=False)
    collecting.follow(world, invoice, status, present=True)
    raise card_error(intent["last_payment_error"])


def _collect(world: World, invoice: Obj, method: Obj, *, shown: bool) -> Outcome:
    status = collecting.collect(
        world, invoice, method=method, present=True, shown=shown, automatic=False
    )
    if status == "requires_action":
        return Outcome("requires_action", f"{world.base}/3ds/{invoice['id']}")
    if status == "requires_payment_method":
        intent = intent_of(world, invoice) or {}
        declined = {"code": "card_declined", "message": "Your card was declined."}
        raise card_error(intent.get("last_payment_error") or declined)
    _keep(world, invoice, method)
    return Outcome("complete", str(invoice["hosted_invoice_url"]))


def _keep(world: World, invoice: Obj, method: Obj) -> None:
    """Save what has paid and charge it from now on, as the box on Stripe's page does."""
    if method["customer"] is None:
        method["customer"] = invoice["customer"]
        world.emit("payment_method.attached", method)
    sub = subscription_of(world, invoice)
    if sub and sub["status"] not in subscriptions.FINAL:
        subscriptions.amend(world, sub, default_payment_method=method["id"])


def subscription_of(world: World, invoice: Obj) -> Obj | None:
    """Return the subscription that the invoice bills, None for one made by hand."""
    details = (invoice["parent"] or {}).get("subscription_details") or {}
    return world.store.find(details.get("subscription"))
