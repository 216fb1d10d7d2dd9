"""From Stripe's objects, as plain dicts in the pinned API version, to our snapshots. Pure.

Field by field after https://docs.stripe.com/api; the traps are named where they are avoided.
"""

from calendar import monthrange
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from billing.snapshots import (
    BookedSnapshot,
    CheckoutSnapshot,
    DisputeSnapshot,
    EventSnapshot,
    FraudWarningSnapshot,
    InvoiceSnapshot,
    MandateSnapshot,
    PaymentSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
    SetupSnapshot,
    SubscriptionSnapshot,
)

Shape = dict[str, Any]

REF_KEY: Final = "meitheal_ref"
MANAGED_BY: Final = {"managed_by": "meitheal"}
# Before the id of the intent row that ended a subscription, in its cancellation comment.
COMMENT_PREFIX: Final = "meitheal:"
# The intent row that asked for a refund, and what a schedule of ours will change.
INTENT_KEY: Final = "meitheal_intent"
NEXT_AMOUNT_KEY: Final = "meitheal_next_amount"
NEXT_INTERVAL_KEY: Final = "meitheal_next_interval"


def moment(seconds: int | None) -> datetime | None:
    """Stripe's Unix seconds as a moment in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _when(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def id_of(value: Any) -> str:
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
        customer_id=id_of(shape.get("customer")),
        subscription_id=id_of(shape.get("subscription")),
        payment_intent_id=id_of(shape.get("payment_intent")),
        url=shape.get("url") or "",
        created=_when(shape["created"]),
        livemode=shape["livemode"],
    )


def subscription(shape: Shape) -> SubscriptionSnapshot:
    items = shape["items"]["data"]
    item, price = items[0], items[0]["price"]
    details = shape.get("cancellation_details") or {}
    pause = shape.get("pause_collection") or {}
    paused = (shape.get("status_details") or {}).get("paused") or {}
    return SubscriptionSnapshot(
        id=shape["id"],
        status=shape["status"],
        ref=_ref(shape),
        customer_id=id_of(shape.get("customer")),
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
        cancel_reason=details.get("reason") or "",
        created=_when(shape["created"]),
        livemode=shape["livemode"],
        cancel_comment=details.get("comment") or "",
        pause_type=(paused.get("subscription") or {}).get("type") or "",
        resumes_on=moment(pause.get("resumes_at")),
        item_id=item["id"],
        other_item_ids=tuple(each["id"] for each in items[1:]),
        price_id=price["id"],
        product_id=id_of(price.get("product")),
        **_means(shape.get("default_payment_method") or _default_method(shape)),
        latest_invoice_id=id_of(shape.get("latest_invoice")),
        canceled_at=moment(shape.get("canceled_at")),
        **_schedule(shape.get("schedule")),
    )


def _default_method(shape: Shape) -> Any:
    """What the customer pays with, where the subscription names nothing of its own."""
    customer = shape.get("customer")
    settings = customer.get("invoice_settings") or {} if isinstance(customer, dict) else {}
    return settings.get("default_payment_method")


def _means(method: Any) -> dict[str, Any]:
    """What is charged. Its number and holder are nothing to us."""
    if not isinstance(method, dict):
        return {"method_id": id_of(method)}
    card = method.get("card") or {}
    return {
        "method_id": method["id"],
        "method_kind": method.get("type") or "",
        "card_expires_on": _last_day(card["exp_year"], card["exp_month"]) if card else None,
    }


def _last_day(year: int, month: int) -> date:
    """A card is good until the end of the month that it bears."""
    return date(year, month, monthrange(year, month)[1])


def _schedule(schedule: Any) -> dict[str, Any]:
    """What a schedule is going to change. Its metadata are ours; of others only the id is told."""
    if not isinstance(schedule, dict) or schedule.get("status") not in {"active", "not_started"}:
        return (
            {"schedule_id": ""} if isinstance(schedule, dict) else {"schedule_id": schedule or ""}
        )
    told = schedule.get("metadata") or {}
    current = schedule.get("current_phase") or {}
    amount = str(told.get(NEXT_AMOUNT_KEY) or "")
    if not amount.isdecimal():
        return {"schedule_id": schedule["id"]}
    ahead = [p["start_date"] for p in schedule["phases"] if p["start_date"] >= current["end_date"]]
    return {
        "schedule_id": schedule["id"],
        # In its last phase there is nothing ahead any more.
        "next_amount_cents": int(amount) if ahead else None,
        "next_interval": str(told.get(NEXT_INTERVAL_KEY) or "") if ahead else "",
        "changes_on": moment(min(ahead, default=None)),
    }


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
    intents = (id_of(each["payment"].get("payment_intent")) for each in tries)
    return InvoiceSnapshot(
        id=shape["id"],
        subscription_id=id_of(parent.get("subscription")),
        customer_id=id_of(shape.get("customer")),
        status=shape.get("status") or "",
        billing_reason=shape.get("billing_reason") or "",
        attempt_count=shape.get("attempt_count") or 0,
        next_attempt=moment(shape.get("next_payment_attempt")),
        period_start=moment(period.get("start")),
        period_end=moment(period.get("end")),
        payment_intent_ids=tuple(dict.fromkeys(intent for intent in intents if intent)),
        created=_when(shape["created"]),
        livemode=shape["livemode"],
        currency=shape["currency"],
        paid_cents=shape.get("amount_paid") or 0,
        paid_outside_cents=shape.get("amount_paid_off_stripe") or 0,
        paid_at=moment((shape.get("status_transitions") or {}).get("paid_at")),
        hosted_url=shape.get("hosted_invoice_url") or "",
    )


def first_failure(charges: Iterable[Shape]) -> datetime | None:
    """When the first of these charges failed that did."""
    return moment(min((c["created"] for c in charges if c["status"] == "failed"), default=None))


def payment(
    shape: Shape,
    paid_by: Shape | None,
    first_failed_at: datetime | None,
    tries: Iterable[Shape] = (),
) -> PaymentSnapshot:
    """A payment intent, the charge that paid it, and when its first try failed.

    `paid_by` carries its balance transaction expanded; fee and net stay None while Stripe has none
    (SEPA, asynchronous capture).
    """
    charge, tries = paid_by or {}, list(tries)
    booked = _booked(charge, shape["currency"])
    method, last4 = _method(charge.get("payment_method_details") or {})
    return PaymentSnapshot(
        id=shape["id"],
        status=shape["status"],
        ref=_ref(shape),
        customer_id=id_of(shape.get("customer")),
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
        booked=_movements(
            *(
                each.get(name)
                # Of tries that failed only a debit that came back late has moved money.
                for each in (tries or [charge])
                for name in ("balance_transaction", "failure_balance_transaction")
            )
        ),
        failure=_failure(shape, tries),
    )


def _failure(shape: Shape, tries: Iterable[Shape]) -> str:
    """Why the last try failed, in the narrowest of Stripe's words."""
    error = shape.get("last_payment_error") or {}
    failed = next((each for each in tries if each["id"] == id_of(error.get("charge"))), {})
    if shape["status"] in {"succeeded", "processing"}:
        return ""
    # Of a direct debit the charge alone may tell; of a card its code only says "declined".
    told = (error.get("decline_code"), failed.get("failure_code"), error.get("code"))
    return next((str(each) for each in told if each), "")


def mandate_id(charge: Shape) -> str:
    """The id of the mandate that this charge was debited under, or ""."""
    details = charge.get("payment_method_details") or {}
    return id_of((details.get("sepa_debit") or {}).get("mandate"))


def mandate(shape: Shape) -> MandateSnapshot:
    details = shape["payment_method_details"].get("sepa_debit") or {}
    return MandateSnapshot(
        id=shape["id"],
        reference=details.get("reference") or "",
        accepted_at=moment((shape.get("customer_acceptance") or {}).get("accepted_at")),
    )


def refund(shape: Shape) -> RefundSnapshot:
    return RefundSnapshot(
        id=shape["id"],
        payment_intent_id=id_of(shape.get("payment_intent")),
        status=shape.get("status") or "",
        amount_cents=shape["amount"],
        currency=shape["currency"],
        created=_when(shape["created"]),
        booked=_movements(
            shape.get("balance_transaction"), shape.get("failure_balance_transaction")
        ),
        intent=str((shape.get("metadata") or {}).get(INTENT_KEY) or ""),
    )


def dispute(shape: Shape) -> DisputeSnapshot:
    return DisputeSnapshot(
        id=shape["id"],
        payment_intent_id=id_of(shape.get("payment_intent")),
        charge_id=id_of(shape.get("charge")),
        status=shape["status"],
        reason=shape.get("reason") or "",
        amount_cents=shape["amount"],
        currency=shape["currency"],
        respond_by=moment((shape.get("evidence_details") or {}).get("due_by")),
        created=_when(shape["created"]),
        booked=_movements(*(shape.get("balance_transactions") or [])),
    )


def fraud_warning(shape: Shape) -> FraudWarningSnapshot:
    return FraudWarningSnapshot(
        id=shape["id"],
        payment_intent_id=id_of(shape.get("payment_intent")),
        actionable=bool(shape.get("actionable")),
    )


def setup(shape: Shape) -> SetupSnapshot:
    return SetupSnapshot(
        id=shape["id"],
        customer_id=id_of(shape.get("customer")),
        method_id=id_of(shape.get("payment_method")),
        created=_when(shape["created"]),
    )


def payout(shape: Shape) -> PayoutSnapshot:
    return PayoutSnapshot(
        id=shape["id"],
        status=shape["status"],
        amount_cents=shape["amount"],
        currency=shape["currency"],
        arrives_on=_when(shape["arrival_date"]),
        created=_when(shape["created"]),
        automatic=shape.get("automatic") is not False,
    )


def booked(shape: Shape) -> BookedSnapshot:
    return BookedSnapshot(
        id=shape["id"],
        type=shape["type"],
        amount_cents=shape["amount"],
        fee_cents=shape["fee"],
        net_cents=shape["net"],
        currency=shape["currency"],
        source_id=id_of(shape.get("source")),
        booked_at=_when(shape["created"]),
        available_on=_when(shape["available_on"]),
    )


def event(shape: Shape) -> EventSnapshot:
    """The envelope alone: what it carries is old by the time it is read."""
    return EventSnapshot(
        id=shape["id"],
        type=shape["type"],
        object_id=str(shape["data"]["object"].get("id") or ""),
        api_version=shape.get("api_version") or "",
        account=shape.get("account") or "",
        created=_when(shape["created"]),
        livemode=shape["livemode"],
    )


def _movements(*rows: Any) -> tuple[BookedSnapshot, ...]:
    """The balance transactions among these fields: each may be null, an id, or the whole."""
    return tuple(booked(row) for row in rows if isinstance(row, dict))


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
