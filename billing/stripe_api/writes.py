"""Writes: each carries the idempotency key of its intent row."""

from billing import stripe_shapes as shapes
from billing.snapshots import CheckoutSnapshot, RefundSnapshot, SubscriptionSnapshot
from billing.stripe_api.client import api, ask, plain
from billing.stripe_shapes import Shape


def create_checkout(params: Shape, *, key: str) -> CheckoutSnapshot:
    return shapes.checkout(plain(ask(api().checkout.sessions.create, params, key=key)))


def update_subscription(subscription_id: str, params: Shape, *, key: str) -> SubscriptionSnapshot:
    found = ask(api().subscriptions.update, subscription_id, params, key=key)
    return shapes.subscription(plain(found))


def cancel_subscription(subscription_id: str, params: Shape, *, key: str) -> SubscriptionSnapshot:
    """End it now. Stripe ignores keys on DELETE: a second one is NotFound, for callers to read."""
    found = ask(api().subscriptions.cancel, subscription_id, params, key=key)
    return shapes.subscription(plain(found))


def create_portal_session(params: Shape, *, key: str) -> str:
    """A short-lived way into the customer portal: a URL to redirect to, never to keep or log."""
    return str(plain(ask(api().billing_portal.sessions.create, params, key=key))["url"])


def resume_subscription(subscription_id: str, *, key: str) -> SubscriptionSnapshot:
    """End a pause of Stripe's own kind (not `pause_collection`); a new period begins today."""
    params: Shape = {"billing_cycle_anchor": {"type": "now"}}
    found = ask(api().subscriptions.resume, subscription_id, params, key=key)
    return shapes.subscription(plain(found))


def release_schedule(schedule_id: str, *, key: str) -> None:
    """Let the subscription go on as it is; one released before is left alone."""
    found = plain(ask(api().subscription_schedules.retrieve, schedule_id))
    if found["status"] in {"active", "not_started"}:
        ask(api().subscription_schedules.release, schedule_id, {}, key=key)


def schedule_change(subscription_id: str, now: Shape, then: Shape, told: Shape, *, key: str) -> str:
    """Change what is paid, and how often, when the present period ends. The schedule's id.

    `now` and `then` are the items of the two phases; `told` is kept as the schedule's metadata. The
    new rhythm begins a new cycle, without proration, so nothing is charged before its day
    (https://docs.stripe.com/billing/subscriptions/subscription-schedules).
    """
    schedule = plain(
        ask(
            api().subscription_schedules.create,
            {"from_subscription": subscription_id},
            key=f"{key}:make",
        )
    )
    phase = schedule["phases"][0]
    phases = [
        {
            "items": [now],
            "start_date": phase["start_date"],
            "end_date": phase["end_date"],
            "proration_behavior": "none",
        },
        {
            "items": [then],
            "start_date": phase["end_date"],
            "proration_behavior": "none",
            "billing_cycle_anchor": "phase_start",
        },
    ]
    params = {
        "end_behavior": "release",
        "proration_behavior": "none",
        "metadata": told,
        "phases": phases,
    }
    ask(api().subscription_schedules.update, schedule["id"], params, key=f"{key}:plan")
    return str(schedule["id"])


def create_refund(params: Shape, *, key: str) -> RefundSnapshot:
    return shapes.refund(plain(ask(api().refunds.create, params, key=key)))


def pay_invoice(invoice_id: str, *, key: str) -> None:
    """Try an open invoice now. Refused when the card is declined, or it is not open any more."""
    ask(api().invoices.pay, invoice_id, {}, key=key)


def void_invoice(invoice_id: str, *, key: str) -> None:
    """Make sure that nobody can pay this invoice any more."""
    ask(api().invoices.void_invoice, invoice_id, {}, key=key)


def expire_checkout(session_id: str, *, key: str) -> None:
    """Close an open checkout. Refused when it is paid, or closed."""
    ask(api().checkout.sessions.expire, session_id, {}, key=key)


def update_customer(customer_id: str, params: Shape, *, key: str) -> None:
    ask(api().customers.update, customer_id, params, key=key)


def delete_customer(customer_id: str, *, key: str) -> None:
    """Delete a customer for good; what they still subscribe to ends at once.

    Stripe ignores keys on DELETE: a second one is NotFound, for callers to read.
    https://docs.stripe.com/api/customers/delete
    """
    ask(api().customers.delete, customer_id, key=key)
