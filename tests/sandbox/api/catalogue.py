"""/v1/products and /v1/prices."""

from __future__ import annotations

from ..engine.prices import make_price, make_product
from ..store import Obj
from ..wire.errors import invalid
from ..wire.params import flag, known, metadata, rows, table, text
from ..wire.routes import Call, Keep, listing, retrieval, route


def create_product(call: Call) -> Obj:
    """Keep a product, under the id that is asked for if any."""
    ident = text(call.params, "id")
    if ident and call.world.store.find(ident):
        raise invalid(f"Product already exists: {ident}", "id", "resource_already_exists")
    return make_product(call.world, call.params, ident)


def update_product(call: Call) -> Obj:
    """Change the given fields of a product."""
    product = call.world.store.get("product", call.id)
    for name in ("name", "description", "statement_descriptor", "unit_label", "url", "tax_code"):
        if name in call.params:
            product[name] = text(call.params, name)
    for name in ("active", "shippable"):
        if name in call.params:
            product[name] = bool(flag(call.params, name))
    if "images" in call.params:
        product["images"] = rows(call.params, "images")
    product["metadata"] = metadata(call.params, product["metadata"])
    product["updated"] = call.world.now()
    call.world.emit("product.updated", product, {})
    return product


def create_price(call: Call) -> Obj:
    """Keep a price for a product, or for a new one from `product_data`."""
    params = call.params
    if "product_data" in params:
        data = table(params, "product_data")
        known(data, f"active id {_PRODUCT_DATA}", "product_data")
        params = {**params, "product": make_product(call.world, data, text(data, "id"))["id"]}
    key, name = text(params, "lookup_key"), text(params, "nickname")
    active = params.get("active") != "false"
    return make_price(call.world, params, active=active, lookup_key=key, nickname=name)


def update_price(call: Call) -> Obj:
    """Change the given fields of a price; its amount never changes."""
    price = call.world.store.get("price", call.id)
    for name in ("nickname", "lookup_key", "tax_behavior"):
        if name in call.params:
            price[name] = text(call.params, name)
    if "active" in call.params:
        price["active"] = bool(flag(call.params, "active"))
    price["metadata"] = metadata(call.params, price["metadata"])
    call.world.emit("price.updated", price, {})
    return price


def _active(call: Call) -> Keep:
    asked = {name: flag(call.params, name) for name in ("active", "shippable")}
    ids = rows(call.params, "ids")
    return lambda o: (
        all(value is None or o[name] == value for name, value in asked.items())
        and (not ids or o["id"] in ids)
    )


def _priced(call: Call) -> Keep:
    active = _active(call)
    keys = rows(call.params, "lookup_keys")
    rhythm = table(call.params, "recurring").items()
    return lambda o: (
        active(o)
        and (not keys or o["lookup_key"] in keys)
        and all((o["recurring"] or {}).get(name) == value for name, value in rhythm)
    )


_PRODUCT_DATA = "metadata name statement_descriptor tax_code unit_label"
_PRODUCT = (
    "active description images metadata name shippable statement_descriptor tax_code unit_label url"
)
_PRICE = (
    "active currency lookup_key metadata nickname product product_data recurring tax_behavior "
    "unit_amount unit_amount_decimal"
)

ROUTES = [
    route("POST", "/v1/products", create_product, f"id {_PRODUCT}"),
    route("POST", "/v1/products/{}", update_product, _PRODUCT),
    retrieval("/v1/products/{}", "product"),
    listing("/v1/products", "product", "type url", "active ids shippable", _active),
    route("POST", "/v1/prices", create_price, _PRICE),
    route(
        "POST",
        "/v1/prices/{}",
        update_price,
        "active lookup_key metadata nickname tax_behavior",
    ),
    retrieval("/v1/prices/{}", "price"),
    listing(
        "/v1/prices", "price", "currency product type", "active lookup_keys recurring", _priced
    ),
]
