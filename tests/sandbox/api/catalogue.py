"""/v1/products and /v1/prices."""

from __future__ import annotations

from ..engine.prices import make_price, make_product
from ..store import Obj
from ..wire.errors import invalid
from ..wire.params import flag, metadata, rows, text
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
    if "active" in call.params:
        product["active"] = bool(flag(call.params, "active"))
    product["metadata"] = metadata(call.params, product["metadata"])
    product["updated"] = call.world.now()
    call.world.emit("product.updated", product, {})
    return product


def create_price(call: Call) -> Obj:
    """Keep a price for a product, or for a new one from `product_data`."""
    params = call.params
    if "product_data" in params:
        params = {**params, "product": make_product(call.world, params["product_data"])["id"]}
    key, name = text(params, "lookup_key"), text(params, "nickname")
    active = params.get("active") != "false"
    return make_price(call.world, params, active=active, lookup_key=key, nickname=name)


def update_price(call: Call) -> Obj:
    """Change the given fields of a price; its amount never changes."""
    price = call.world.store.get("price", call.id)
    for name in ("nickname", "lookup_key"):
        if name in call.params:
            price[name] = text(call.params, name)
    if "active" in call.params:
        price["active"] = bool(flag(call.params, "active"))
    price["metadata"] = metadata(call.params, price["metadata"])
    call.world.emit("price.updated", price, {})
    return price


def _active(call: Call) -> Keep:
    active = flag(call.params, "active")
    ids = rows(call.params, "ids")
    return lambda o: (active is None or o["active"] == active) and (not ids or o["id"] in ids)


def _priced(call: Call) -> Keep:
    active = _active(call)
    keys = rows(call.params, "lookup_keys")
    return lambda o: active(o) and (not keys or o["lookup_key"] in keys)


_PRODUCT = (
    "active description images marketing_features metadata name package_dimensions shippable "
    "statement_descriptor tax_code tax_details unit_label url"
)
_PRICE = (
    "active billing_scheme currency currency_options custom_unit_amount lookup_key metadata "
    "nickname product product_data recurring tax_behavior tiers tiers_mode transfer_lookup_key "
    "transform_quantity unit_amount unit_amount_decimal"
)

ROUTES = [
    route("POST", "/v1/products", create_product, f"id default_price_data type {_PRODUCT}"),
    route("POST", "/v1/products/{}", update_product, f"default_price {_PRODUCT}"),
    retrieval("/v1/products/{}", "product"),
    listing("/v1/products", "product", "type url", "active ids shippable", _active),
    route("POST", "/v1/prices", create_price, _PRICE),
    route(
        "POST",
        "/v1/prices/{}",
        update_price,
        "active currency_options lookup_key metadata nickname tax_behavior transfer_lookup_key",
    ),
    retrieval("/v1/prices/{}", "price"),
    listing(
        "/v1/prices", "price", "currency product type", "active lookup_keys recurring", _priced
    ),
]
