"""What renews: the checkout it begins with, the subscription, its means of payment."""

from calendar import monthrange
from datetime import date
from typing import Any

from billing.snapshots import BY_INVOICE, CheckoutSnapshot, SetupSnapshot, SubscriptionSnapshot
from billing.stripe_shapes.discounts import Discount, less, of_subscription
from billing.stripe_shapes.fields import (
    NEXT_AMOUNT_KEY,
    NEXT_INTERVAL_KEY,
    Shape,
    id_of,
    moment,
    ref_of,
    when,
)


def checkout(shape: Shape) -> CheckoutSnapshot:
    return CheckoutSnapshot(
        id=shape["id"],
        mode=shape["mode"],
        status=shape.get("status") or "",
        payment_status=shape.get("payment_status") or "",
        ref=ref_of(shape),
        customer_id=id_of(shape.get("customer")),
        subscription_id=id_of(shape.get("subscription")),
        payment_intent_id=id_of(shape.get("payment_intent")),
        url=shape.get("url") or "",
        created=when(shape["created"]),
        livemode=shape["livemode"],
    )


def subscription(shape: Shape) -> SubscriptionSnapshot:
    items = shape["items"]["data"]
    item, price = items[0], items[0]["price"]
    details = shape.get("cancellation_details") or {}
    pause = shape.get("pause_collection") or {}
    paused = (shape.get("status_details") or {}).get("paused") or {}
    discounts = of_subscription(shape)
    return SubscriptionSnapshot(
        id=shape["id"],
        status=shape["status"],
        ref=ref_of(shape),
        customer_id=id_of(shape.get("customer")),
        amount_cents=less(_list_price(items), [each for each in discounts if each.lasts]),
        due_cents=_due(items, discounts),
        discounted=bool(discounts),
        currency=price["currency"],
        interval=" and ".join(dict.fromkeys(_interval(each) for each in items)),
        period_start=when(item["current_period_start"]),
        period_end=when(item["current_period_end"]),
        cancel_at=moment(shape.get("cancel_at")),
        cancel_at_period_end=bool(shape.get("cancel_at_period_end")),
        collection_paused=bool(shape.get("pause_collection")),
        ended_at=moment(shape.get("ended_at") or shape.get("canceled_at"))
        if shape["status"] == "canceled"
        else None,
        cancel_reason=details.get("reason") or "",
        created=when(shape["created"]),
        livemode=shape["livemode"],
        cancel_comment=details.get("comment") or "",
        pause_type=(paused.get("subscription") or {}).get("type") or "",
        resumes_on=moment(pause.get("resumes_at")),
        item_id=item["id"],
        other_item_ids=tuple(each["id"] for each in items[1:]),
        price_id=price["id"],
        product_id=id_of(price.get("product")),
        **_means_of(shape),
        latest_invoice_id=id_of(shape.get("latest_invoice")),
        canceled_at=moment(shape.get("canceled_at")),
        **_schedule(shape.get("schedule")),
    )


def _list_price(items: list[Shape]) -> int:
    """What a period costs, in cents, before anything is taken off.

    An item may have another rhythm than the first: that is on other invoices.
    """
    same = [each for each in items if _interval(each) == _interval(items[0])]
    return sum((each["price"].get("unit_amount") or 0) * _quantity(each) for each in same)


def _quantity(item: Shape) -> int:
    """How many; none is none, and what is counted by use does not say."""
    return 1 if item.get("quantity") is None else int(item["quantity"])


def _due(items: list[Shape], discounts: list[Discount]) -> int:
    """What the period after the one that runs will cost, with what is good for it alone."""
    ends = items[0]["current_period_end"]
    then = [each for each in discounts if each.ends is None or each.ends > ends]
    return less(_list_price(items), then)


def _means_of(shape: Shape) -> dict[str, Any]:
    """What is charged; nothing where its payer is sent an invoice, whatever card there may be."""
    if shape.get("collection_method") == "send_invoice":
        return {"method_kind": BY_INVOICE}
    return _means(shape.get("default_payment_method") or _default_method(shape))


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


def _interval(item: Shape) -> str:
    """month, year, or what is no interval of ours, such as "3 month": never taken for one."""
    recurring = item["price"].get("recurring") or {}
    count, unit = recurring.get("interval_count") or 1, recurring.get("interval") or ""
    return unit if count == 1 else f"{count} {unit}"


def setup(shape: Shape) -> SetupSnapshot:
    return SetupSnapshot(
        id=shape["id"],
        customer_id=id_of(shape.get("customer")),
        method_id=id_of(shape.get("payment_method")),
        created=when(shape["created"]),
    )
