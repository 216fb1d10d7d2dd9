"""Invoice items: what waits for the next invoice, prorations or added by hand."""

from __future__ import annotations

from ..shapes import part, shaped
from ..store import Obj, new_id
from ..world import World
from .prorations import Row, forget, remember


def shape(
    world: World,
    customer: str,
    *,
    amount: int,
    currency: str,
    period: tuple[int, int],
    **fields: object,
) -> Obj:
    """Return an invoice item of `amount` cents that is not kept anywhere yet."""
    owner = world.store.get("customer", customer)
    item = shaped(
        "invoiceitem",
        id=new_id("ii_1"),
        amount=amount,
        currency=currency,
        customer=customer,
        date=world.now(customer),
        discountable=True,
        discounts=[],
        metadata={},
        net_amount=amount,
        period={"start": period[0], "end": period[1]},
        proration=False,
        quantity=1,
        quantity_decimal="1",
        tax_rates=[],
        test_clock=owner["test_clock"],
    )
    return item | fields


def keep(world: World, item: Obj) -> Obj:
    """Keep an invoice item and announce it; it waits unless it names an invoice."""
    world.store.add(item)
    if item["invoice"] is None:
        world.store.note(item["customer"]).setdefault("pending_items", []).append(item["id"])
    world.emit("invoiceitem.created", item)
    return item


def proration(world: World, sub: Obj, row: Row) -> Obj:
    """Return the invoice item of a proration, not kept yet."""
    price, quantity = row.item["price"], row.item["quantity"]
    named = {"price": price["id"], "product": price["product"]}
    details = part("invoiceitem", "parent.subscription_details", subscription=sub["id"])
    details["subscription_item"] = row.item["id"]
    return shape(
        world,
        sub["customer"],
        amount=row.amount,
        currency=sub["currency"],
        period=(row.start, row.end),
        description=row.description,
        discountable=False,
        metadata=dict(sub["metadata"]),
        parent={"type": "subscription_details", "subscription_details": details},
        pricing={"type": "price_details", "price_details": named, "unit_amount_decimal": None},
        proration=True,
        proration_details={"credited_items": _credited(row), "discount_amounts": []},
        quantity=quantity,
        quantity_decimal=str(quantity),
    )


def of_proration(world: World, sub: Obj, row: Row) -> Obj:
    """Keep a proration as a pending item, and note what has now been debited or given back."""
    item = keep(world, proration(world, sub, row))
    if row.credit:
        forget(world, row.item["id"], row.start)
    else:
        remember(world, row.item["id"], row.amount, (row.start, row.end), item=item["id"])
    return item


def _credited(row: Row) -> Obj | None:
    if row.credited is None:
        return None
    nothing = part("invoiceitem", "proration_details.credited_items")
    return nothing | row.credited


def pending(world: World, customer: str, sub: str | None = None) -> list[Obj]:
    """Return what waits for an invoice of this subscription (or a manual one), oldest first."""
    ids = world.store.peek(customer).get("pending_items", [])
    items = [world.store.get("invoiceitem", ident) for ident in ids]
    return [item for item in items if subscription_of(item) in (None, sub)]


def subscription_of(item: Obj) -> str | None:
    """Return the subscription an item belongs to, None when to the customer only."""
    details = (item["parent"] or {}).get("subscription_details") or {}
    return details.get("subscription")


def take(world: World, item: Obj, invoice: str, line: str) -> None:
    """Put a pending item on an invoice; a later credit will point at the line."""
    waiting = world.store.note(item["customer"]).setdefault("pending_items", [])
    if item["id"] in waiting:
        waiting.remove(item["id"])
    item["invoice"] = invoice
    details = (item["parent"] or {}).get("subscription_details") or {}
    debit = world.store.peek(details.get("subscription_item") or "").get("debit") or {}
    if debit.get("item") == item["id"]:
        debit |= {"invoice": invoice, "line": line}


def put_back(world: World, item: Obj) -> None:
    """Let an item wait again, when the invoice that took it came to nothing."""
    item["invoice"] = None
    world.store.note(item["customer"]).setdefault("pending_items", []).append(item["id"])


def drop(world: World, item: Obj) -> Obj:
    """Delete an item that waits or stands on a draft; return the tombstone."""
    waiting = world.store.note(item["customer"]).setdefault("pending_items", [])
    if item["id"] in waiting:
        waiting.remove(item["id"])
    tomb = world.store.bury(item)
    world.emit("invoiceitem.deleted", item)
    return tomb
