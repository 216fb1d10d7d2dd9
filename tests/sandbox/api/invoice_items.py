"""/v1/invoiceitems."""

from __future__ import annotations

from ..engine import invoice_items, invoices, lines
from ..engine.prices import make_price
from ..store import Obj
from ..wire.errors import invalid, required, unmodelled
from ..wire.params import Params, flag, known, metadata, needed, table, text, whole
from ..wire.routes import Call, Keep, listing, retrieval, route

_CREATE = """amount currency customer description discountable invoice metadata period price_data
pricing quantity subscription"""
_UPDATE = "amount description metadata price_data pricing quantity"


def create(call: Call) -> Obj:
    """Keep an item that waits for the next invoice, or put it on a draft."""
    world, params = call.world, call.params
    customer = world.store.get("customer", needed(params, "customer"), "customer")
    sub = text(params, "subscription")
    if sub:
        world.store.get("subscription", sub, "subscription")
    draft = _draft(call, customer["id"])
    now = world.now(customer["id"])
    money = _money(call)
    details = {"subscription": sub}
    item = invoice_items.shape(
        world,
        customer["id"],
        currency=money.pop("currency") or customer["currency"] or "eur",
        amount=money.pop("amount"),
        period=_period(params, now),
        description=text(params, "description"),
        discountable=flag(params, "discountable") is not False,
        invoice=draft["id"] if draft else None,
        metadata=metadata(params),
        parent={"type": "subscription_details", "subscription_details": details} if sub else None,
        **money,
    )
    if customer["currency"] is None:
        customer["currency"] = item["currency"]
        world.emit("customer.updated", customer, {"currency": None})
    invoice_items.keep(world, item)
    if draft:
        invoices.add_line(world, draft, lines.for_item(item))
    return item


def _draft(call: Call, customer: str) -> Obj | None:
    ident = text(call.params, "invoice")
    if ident is None:
        return None
    invoice = call.world.store.get("invoice", ident, "invoice")
    if invoice["customer"] != customer or invoice["status"] != "draft":
        raise invalid("The invoice must be a draft of this customer.", "invoice")
    return invoice


def _period(params: Params, now: int) -> tuple[int, int]:
    asked = table(params, "period")
    known(asked, ("start", "end"), "period")
    start, end = whole(asked, "start"), whole(asked, "end")
    return (now if start is None else start, now if end is None else end)


def _money(call: Call) -> Obj:
    """Return amount, currency, pricing and quantity from `amount` or from a one-time price."""
    world, params = call.world, call.params
    quantity = whole(params, "quantity")
    data, pricing = table(params, "price_data"), table(params, "pricing")
    if not data and not pricing:
        amount = whole(params, "amount")
        if amount is None:
            raise required("amount")
        return {"amount": amount, "currency": (text(params, "currency") or "").lower()}
    if data:
        known(data, "currency product tax_behavior unit_amount unit_amount_decimal", "price_data")
        price = make_price(world, data, active=False)
    else:
        known(pricing, ("price",), "pricing")
        price = world.store.get("price", needed(pricing, "price"), "pricing[price]")
    if price["recurring"] is not None:
        message = "The price specified is set to `type=recurring`; invoice items take one-time."
        raise invalid(message, "pricing[price]")
    count = 1 if quantity is None else quantity
    named = {"price": price["id"], "product": price["product"]}
    return {
        "amount": price["unit_amount"] * count,
        "currency": price["currency"],
        "pricing": {
            "type": "price_details",
            "price_details": named,
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": count,
        "quantity_decimal": str(count),
    }


def update(call: Call) -> Obj:
    """Change an item that still waits."""
    params = call.params
    item = call.world.store.get("invoiceitem", call.id)
    if item["invoice"] is not None:
        raise unmodelled("changes of invoice items that are on an invoice")
    item["metadata"] = metadata(params, item["metadata"])
    if "description" in params:
        item["description"] = text(params, "description")
    priced = any(name in params for name in ("amount", "price_data", "pricing"))
    if "quantity" in params and not priced:
        raise unmodelled("another quantity of an invoice item without its price", "quantity")
    if priced:
        money = _money(call)
        money.pop("currency")
        item |= money | {"net_amount": money["amount"]}
    return item


def delete(call: Call) -> Obj:
    """Delete an item that waits, or take it off a draft."""
    world = call.world
    item = world.store.get("invoiceitem", call.id)
    invoice = world.store.find(item["invoice"])
    if invoice and invoice["status"] != "draft":
        raise invalid("You can only delete items whose invoice is a draft.")
    if invoice:
        invoices.remove_line(world, invoice, item["id"])
    return invoice_items.drop(world, item)


def _pending(call: Call) -> Keep:
    asked = flag(call.params, "pending")
    return lambda o: asked is None or (o["invoice"] is None) == asked


ROUTES = [
    route("POST", "/v1/invoiceitems", create, _CREATE),
    route("POST", "/v1/invoiceitems/{}", update, _UPDATE),
    route("DELETE", "/v1/invoiceitems/{}", delete),
    retrieval("/v1/invoiceitems/{}", "invoiceitem"),
    listing("/v1/invoiceitems", "invoiceitem", "customer invoice", "pending", _pending),
]
