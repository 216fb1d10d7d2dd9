"""Lines of invoices: a period of a subscription item, a trial, an invoice item."""

from __future__ import annotations

from ..shapes import part, shaped
from ..store import Obj, new_id

_LISTS = ("discount_amounts", "discounts", "pretax_credit_amounts", "taxes")


def _line(amount: int, currency: str, **fields: object) -> Obj:
    shape = shaped(
        "line_item",
        id=new_id("il_1"),
        amount=amount,
        currency=currency,
        discountable=True,
        metadata={},
        subtotal=amount,
        **{name: [] for name in _LISTS},
    )
    return shape | fields


def _quantity(number: int) -> Obj:
    return {"quantity": number, "quantity_decimal": str(number)}


def _pricing(price: Obj, unit: str | None) -> Obj:
    named = {"price": price["id"], "product": price["product"]}
    return {"type": "price_details", "price_details": named, "unit_amount_decimal": unit}


def _of_subscription(sub: str, item: str, invoice_item: str | None, credited: Obj | None) -> Obj:
    details = part(
        "line_item",
        "parent.subscription_item_details",
        invoice_item=invoice_item,
        proration=invoice_item is not None,
        proration_details={"credited_items": credited},
        subscription=sub,
        subscription_item=item,
    )
    return {
        "type": "subscription_item_details",
        "subscription_item_details": details,
        "invoice_item_details": None,
    }


def for_period(sub: Obj, item: Obj, period: tuple[int, int], *, trial: bool = False) -> Obj:
    """Return the line that bills one item over a whole period; a trial costs nothing."""
    price, quantity = item["price"], item["quantity"]
    rhythm = price["recurring"]
    every = rhythm["interval"]
    if rhythm["interval_count"] > 1:
        every = f"{rhythm['interval_count']} {every}s"
    text = f"{quantity} x membership (per {every})"
    return _line(
        0 if trial else price["unit_amount"] * quantity,
        sub["currency"],
        description="Trial period for membership" if trial else text,
        metadata=dict(sub["metadata"]),
        parent=_of_subscription(sub["id"], item["id"], None, None),
        period={"start": period[0], "end": period[1]},
        pricing=_pricing(price, "0" if trial else price["unit_amount_decimal"]),
        subscription=sub["id"],
        **_quantity(quantity),
    )


def for_item(item: Obj) -> Obj:
    """Return the line of an invoice item; a proration points at what it takes back."""
    parent = (item["parent"] or {}).get("subscription_details") or {}
    sub, sub_item = parent.get("subscription"), parent.get("subscription_item")
    credited = (item.get("proration_details") or {}).get("credited_items") or {}
    source = credited.get("invoice_line_item_details")
    if sub and sub_item:
        told = _of_subscription(sub, sub_item, item["id"], source)
    else:
        details = part(
            "line_item",
            "parent.invoice_item_details",
            invoice_item=item["id"],
            proration=item["proration"],
            proration_details={"credited_items": source},
            subscription=sub,
        )
        told = {
            "type": "invoice_item_details",
            "invoice_item_details": details,
            "subscription_item_details": None,
        }
    return _line(
        item["amount"],
        item["currency"],
        description=item["description"],
        discountable=item["discountable"],
        metadata=dict(item["metadata"]),
        parent=told,
        period=dict(item["period"]),
        pricing=item["pricing"],
        subscription=sub,
        **_quantity(item["quantity"]),
    )


def source_of(line: Obj) -> tuple[str | None, str | None]:
    """Return the invoice item and the subscription item behind a line."""
    parent = line["parent"] or {}
    of_sub = parent.get("subscription_item_details") or {}
    of_item = parent.get("invoice_item_details") or {}
    return of_sub.get("invoice_item") or of_item.get("invoice_item"), of_sub.get(
        "subscription_item"
    )
