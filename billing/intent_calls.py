"""What each kind of intent asks of Stripe: its call, and what is looked up once beforehand.

A call may be repeated as a whole: every step has a key of its own, made from the intent's, or is
harmless the second time.
"""

import contextlib
from collections.abc import Callable
from typing import Final

from billing import stripe_api
from billing.models import Intent, StripeCustomer
from billing.models.stripe import IntentKind
from billing.states import EndReason
from billing.stripe_api import NotFound, Refused
from billing.stripe_shapes import (
    COMMENT_PREFIX,
    INTENT_KEY,
    NEXT_AMOUNT_KEY,
    NEXT_INTERVAL_KEY,
    Shape,
)

Call = Callable[[Intent, Shape], str]
Freeze = Callable[[Shape], Shape]


# What is looked up once
def _how_to_keep(params: Shape) -> Shape:
    snapshot = stripe_api.get_subscription(params["subscription"])
    # With the flag set, Stripe shows a cancel_at as well, which goes with the flag; the portal, on
    # flexible billing, sets cancel_at alone.
    flag: Shape = {"cancel_at_period_end": False}
    return {"fields": flag if snapshot.cancel_at_period_end else {"cancel_at": ""}}


def _schedule_of(params: Shape) -> Shape:
    return {"release": stripe_api.get_subscription(params["subscription"]).schedule_id}


def _how_to_end_later(params: Shape) -> Shape:
    # Stripe refuses to end a subscription that a schedule manages: the schedule goes first.
    return _schedule_of(params) | {"fields": {"cancel_at_period_end": True}}


def _how_to_change_amount(params: Shape) -> Shape:
    snapshot = stripe_api.get_subscription(params["subscription"])
    if snapshot.interval != params["interval"]:
        # It changed its rhythm unheard: to change it back would begin a period, and charge for it.
        raise Refused("interval_changed")
    item = {"id": snapshot.item_id, "price_data": _price(params), "quantity": 1}
    # What was asked for is the whole amount, so nothing may stand beside it, nor be taken off it.
    others = [{"id": each, "deleted": True} for each in snapshot.other_item_ids]
    fields: Shape = {"items": [item, *others], "proration_behavior": "none"}
    if snapshot.discounted:
        fields["discounts"] = ""
    return {"release": snapshot.schedule_id, "fields": fields}


def _how_to_change_interval(params: Shape) -> Shape:
    snapshot = stripe_api.get_subscription(params["subscription"])
    return {
        "release": snapshot.schedule_id,
        "now": {"price": snapshot.price_id, "quantity": 1},
        "then": {"price_data": _price(params), "quantity": 1},
    }


def _how_to_pause(params: Shape) -> Shape:
    # A change of rhythm that fell into the pause would be voided: a whole year for nothing.
    return _schedule_of(params) | {"fields": params["fields"]}


def _how_to_resume(params: Shape) -> Shape:
    """There are two ways to pause at Stripe, and each has its own way back."""
    snapshot = stripe_api.get_subscription(params["subscription"])
    return {"paused_by_stripe": snapshot.status == "paused"}


def _price(params: Shape) -> Shape:
    return {
        "currency": params["currency"],
        "product": params["product"],
        "unit_amount": params["amount_cents"],
        "recurring": {"interval": params["interval"]},
    }


FREEZE: Final[dict[IntentKind, Freeze]] = {
    IntentKind.KEEP: _how_to_keep,
    IntentKind.CANCEL_AT_PERIOD_END: _how_to_end_later,
    IntentKind.CHANGE_AMOUNT: _how_to_change_amount,
    IntentKind.CHANGE_INTERVAL: _how_to_change_interval,
    IntentKind.DROP_CHANGE: _schedule_of,
    IntentKind.PAUSE: _how_to_pause,
    IntentKind.RESUME: _how_to_resume,
}


# The calls
def _open_checkout(intent: Intent, params: Shape) -> str:
    return stripe_api.create_checkout(params, key=intent.idempotency_key).id


def _close_checkout(intent: Intent, params: Shape) -> str:
    stripe_api.expire_checkout(params["session"], key=intent.idempotency_key)
    return str(params["session"])


def _update(intent: Intent, params: Shape) -> str:
    """Change the subscription; a schedule that would undo the change is released first."""
    _release(intent, params)
    fields = (params.get("frozen") or params)["fields"]
    return stripe_api.update_subscription(
        params["subscription"], fields, key=intent.idempotency_key
    ).id


def _change_interval(intent: Intent, params: Shape) -> str:
    _release(intent, params)
    frozen = params["frozen"]
    told = {
        NEXT_AMOUNT_KEY: str(params["amount_cents"]),
        NEXT_INTERVAL_KEY: params["interval"],
    }
    stripe_api.schedule_change(
        params["subscription"], frozen["now"], frozen["then"], told, key=intent.idempotency_key
    )
    return str(params["subscription"])


def _release(intent: Intent, params: Shape) -> str:
    schedule = (params.get("frozen") or {}).get("release")
    if schedule:
        stripe_api.release_schedule(schedule, key=f"{intent.idempotency_key}:release")
    return str(params["subscription"])


def _resume(intent: Intent, params: Shape) -> str:
    subscription = str(params["subscription"])
    key = intent.idempotency_key
    if params["frozen"]["paused_by_stripe"]:
        return stripe_api.resume_subscription(subscription, key=key).id
    return stripe_api.update_subscription(subscription, {"pause_collection": ""}, key=key).id


def _end(intent: Intent, params: Shape) -> str:
    """End it at once, without a last invoice, and see to it that no old one can be paid."""
    subscription = str(params["subscription"])
    if params.get("reason") == EndReason.REPLACED and _paid_meanwhile(subscription):
        return subscription
    fields = {
        "invoice_now": False,
        "prorate": False,
        "cancellation_details": {"comment": f"{COMMENT_PREFIX}{intent.pk}"},
    }
    # DELETE knows no idempotency key: a second one does not find what the first one ended.
    with contextlib.suppress(NotFound):
        stripe_api.cancel_subscription(subscription, fields, key=intent.idempotency_key)
    for invoice in stripe_api.invoices_of(subscription):
        if invoice.status == "open":
            stripe_api.void_invoice(invoice.id, key=f"{intent.idempotency_key}:{invoice.id}")
    return subscription


def _paid_meanwhile(subscription: str) -> bool:
    """Whether what a new membership replaces was paid at the same time: then both are kept."""
    if stripe_api.get_subscription(subscription).status in {"active", "trialing"}:
        return True
    return stripe_api.debit_runs(subscription)


def _refund(intent: Intent, params: Shape) -> str:
    """Send money back, once: Stripe forgets keys after a day, so it is looked up first."""
    for refund in stripe_api.refunds_of_payment(params["payment_intent"]):
        if refund.intent == str(intent.pk):
            return refund.id
    asked = {**params, "metadata": {INTENT_KEY: str(intent.pk)}}
    return stripe_api.create_refund(asked, key=intent.idempotency_key).id


def _pay_invoice(intent: Intent, params: Shape) -> str:
    stripe_api.pay_invoice(params["invoice"], key=intent.idempotency_key)
    return str(params["invoice"])


def _tell_address(intent: Intent, params: Shape) -> str:
    """Tell the address that they have now: it stands in no intent, and a later try tells the same.

    Who was erased meanwhile has none to tell.
    """
    customer = str(params["customer"])
    row = StripeCustomer.objects.select_related("supporter").get(stripe_customer_id=customer)
    if not row.supporter.erased:
        fields: Shape = {"email": row.supporter.email}
        stripe_api.update_customer(customer, fields, key=intent.idempotency_key)
    return customer


def _delete_customer(intent: Intent, params: Shape) -> str:
    customer = str(params["customer"])
    with contextlib.suppress(NotFound):
        stripe_api.delete_customer(customer, key=intent.idempotency_key)
    return customer


CALLS: Final[dict[IntentKind, Call]] = {
    IntentKind.CHECKOUT: _open_checkout,
    IntentKind.CLOSE_CHECKOUT: _close_checkout,
    IntentKind.CANCEL_AT_PERIOD_END: _update,
    IntentKind.KEEP: _update,
    IntentKind.CHANGE_AMOUNT: _update,
    IntentKind.CHANGE_INTERVAL: _change_interval,
    IntentKind.DROP_CHANGE: _release,
    IntentKind.PAUSE: _update,
    IntentKind.RESUME: _resume,
    IntentKind.CANCEL_NOW: _end,
    IntentKind.END_NOW: _end,
    IntentKind.REFUND: _refund,
    IntentKind.PAY_INVOICE: _pay_invoice,
    IntentKind.UPDATE_CUSTOMER: _tell_address,
    IntentKind.DELETE_CUSTOMER: _delete_customer,
}
