"""From Stripe's objects, as plain dicts in the pinned API version, to our snapshots. Pure.

Field by field after https://docs.stripe.com/api; the traps are named where they are avoided.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from billing.snapshots import (
    CheckoutSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)

Shape = dict[str, Any]

REF_KEY: Final = "meitheal_ref"
MANAGED_BY: Final = {"managed_by": "meitheal"}
COMMENT_GRACE_ENDED: Final = "grace ended"


def moment(seconds: int | None) -> datetime | None:
    """Stripe's Unix seconds as a moment in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _when(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _id(value: Any) -> str:
    """The id of a field that may hold nothing, an id, or the whole object when expanded."""
    if isinstance(value, dict):
        return str(value.get("id") or "")
    return value or ""


def is_ours(shape: Shape) -> bool:
    """Whether `stripe_setup` made this product, portal configuration or endpoint."""
    return (shape.get("metadata") or {}).get("managed_by") == MANAGED_BY["managed_by"]


def _ref(shape: Shape) -> str:
    return str((shape.get("metadata") or {}).get(REF_KEY) or "")


def checkout(shape: Shape) -> CheckoutSnapshot:
    return CheckoutSnapshot(
        id=shape["id"],
        mode=shape["mode"],
        status=shape.get("status") or "",
        payment_status=shape.get("payment_status") or "",
        ref=_ref(shape),
        customer_id=_id(shape.get("customer")),
        subscription_id=_id(shape.get("subscription")),
        payment_intent_id=_id(shape.get("payment_intent")),
        url=shape.get("url") or "",
        created=_when(shape["created"]),
        livemode=shape["livemode"],
    )


def subscription(shape: Shape) -> SubscriptionSnapshot:
    items = shape["items"]["data"]
    item, price = items[0], items[0]["price"]
    details = shape.get("cancellation_details") or {}
    grace_ended = details.get("comment") == COMMENT_GRACE_ENDED
    return SubscriptionSnapshot(
        id=shape["id"],
        status=shape["status"],
        ref=_ref(shape),
        customer_id=_id(shape.get("customer")),
        amount_cents=sum(
            (each["price"].get("unit_amount") or 0) * (each.get("quantity") or 1) for each in items
        ),
        currency=price["currency"],
        interval=_interval(price.get("recurring") or {}),
        period_start=_when(item["current_period_start"]),
        period_end=_when(item["current_period_end"]),
        cancel_at=moment(shape.get("cancel_at")),
        cancel_at_period_end=bool(shape.get("cancel_at_period_end")),
        collection_paused=bool(shape.get("pause_collection")),
        ended_at=moment(shape.get("ended_at") or shape.get("canceled_at"))
        if shape["status"] == "canceled"
        else None,
        # Our own ending of a grace is a request to Stripe, but not one of the supporter's.
        cancel_reason="payment_failed" if grace_ended else details.get("reason") or "",
        created=_when(shape["created"]),
        livemode=shape["livemode"],
    )


def _interval(recurring: Shape) -> str:
    """month, year, or what is no interval of ours, such as "3 month": never taken for one."""
    count, unit = recurring.get("interval_count") or 1, recurring.get("interval") or ""
    return unit if count == 1 else f"{count} {unit}"


def invoice(shape: Shape) -> InvoiceSnapshot:
    parent = (shape.get("parent") or {}).get("subscription_details") or {}
    lines = (shape.get("lines") or {}).get("data") or []
    # A renewal's own line is the last one; lines before it are prorations of the past.
    period = lines[-1]["period"] if lines else {}
    tries = (shape.get("payments") or {}).get("data") or []
    intents = (_id(each["payment"].get("payment_intent")) for each in tries)
    return InvoiceSnapshot(
        id=shape["id"],
        subscription_id=_id(parent.get("subscription")),
        customer_id=_id(shape.get("customer")),
        status=shape.get("status") or "",
        billing_reason=shape.get("billing_reason") or "",
        attempt_count=shape.get("attempt_count") or 0,
        next_attempt=moment(shape.get("next_payment_attempt")),
        period_start=moment(period.get("start")),
        period_end=moment(period.get("end")),
        payment_intent_ids=tuple(dict.fromkeys(intent for intent in intents if intent)),
        created=_when(shape["created"]),
        livemode=shape["livemode"],
    )


def first_failure(charges: Iterable[Shape]) -> datetime | None:
    """When the first of these charges failed that did."""
    return moment(min((c["created"] for c in charges if c["status"] == "failed"), default=None))


def payment(
    shape: Shape, paid_by: Shape | None, first_failed_at: datetime | None
) -> PaymentSnapshot:
    """A payment intent, the charge that paid it, and when its first try failed.

    `paid_by` carries its balance transaction expanded; fee and net stay None while Stripe has none
    (SEPA, asynchronous capture).
    """
    charge = paid_by or {}
    booked = _booked(charge, shape["currency"])
    method, last4 = _method(charge.get("payment_method_details") or {})
    return PaymentSnapshot(
        id=shape["id"],
        status=shape["status"],
        ref=_ref(shape),
        customer_id=_id(shape.get("customer")),
        amount_cents=shape.get("amount_received") or shape["amount"],
        currency=shape["currency"],
        charge_id=charge.get("id") or "",
        # A direct debit is money when it clears, days after the charge was made.
        paid_at=moment(booked.get("created") or charge.get("created")),
        first_failed_at=first_failed_at,
        fee_cents=booked.get("fee"),
        net_cents=booked.get("net"),
        method=method,
        last4=last4,
        created=_when(shape["created"]),
        livemode=shape["livemode"],
    )


def refund(shape: Shape) -> RefundSnapshot:
    books = shape.get("balance_transaction")
    return RefundSnapshot(
        id=shape["id"],
        payment_intent_id=_id(shape.get("payment_intent")),
        status=shape.get("status") or "",
        amount_cents=shape["amount"],
        currency=shape["currency"],
        net_cents=books.get("net") if isinstance(books, dict) else None,
        created=_when(shape["created"]),
    )


def _booked(charge: Shape, currency: str) -> Shape:
    """The balance transaction of a charge, if Stripe has booked it in the charge's currency."""
    books = charge.get("balance_transaction")
    return books if isinstance(books, dict) and books["currency"] == currency else {}


_BRANDS: Final = {"visa": "Visa", "mastercard": "Mastercard", "amex": "American Express"}


def _method(details: Shape) -> tuple[str, str]:
    """How a receipt names the means of payment: brand and last four, never more."""
    kind = details.get("type") or ""
    part = details.get(kind) or {}
    if kind == "card":
        brand = part.get("brand") or "card"
        return _BRANDS.get(brand, brand.replace("_", " ").capitalize()), part.get("last4") or ""
    if kind == "sepa_debit":
        return "SEPA direct debit", part.get("last4") or ""
    return kind.replace("_", " ").capitalize(), ""
