"""Products and prices, made by name or inline."""

from __future__ import annotations

from decimal import Decimal

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid, required, unmodelled
from ..wire.params import Params, choice, flag, known, metadata, needed, rows, table, text, whole
from ..world import World

_INLINE = "currency product product_data recurring tax_behavior unit_amount unit_amount_decimal"


def make_product(world: World, params: Params, ident: str | None = None) -> Obj:
    """Keep a new product named by the parameters."""
    moment = world.now()
    product = shaped(
        "product",
        id=ident or new_id("prod_", 14),
        active=params.get("active") != "false",
        created=moment,
        description=text(params, "description"),
        images=rows(params, "images"),
        marketing_features=[],
        metadata=metadata(params),
        name=needed(params, "name"),
        shippable=flag(params, "shippable"),
        statement_descriptor=text(params, "statement_descriptor"),
        tax_code=text(params, "tax_code"),
        type="service",
        unit_label=text(params, "unit_label"),
        updated=moment,
        url=text(params, "url"),
    )
    world.store.add(product)
    world.emit("product.created", product)
    return product


def _recurring(params: Params) -> Obj | None:
    asked = table(params, "recurring")
    if not asked:
        return None
    known(asked, "interval interval_count usage_type", "recurring")
    if text(asked, "usage_type") == "metered":
        raise unmodelled("metered prices", "recurring[usage_type]")
    return {
        "interval": choice(asked, "interval", ("day", "week", "month", "year")),
        "interval_count": whole(asked, "interval_count") or 1,
        "meter": None,
        "trial_period_days": None,
        "usage_type": "licensed",
    }


def _amount(params: Params) -> int:
    exact, amount = text(params, "unit_amount_decimal"), whole(params, "unit_amount")
    if exact and Decimal(exact) % 1:
        raise unmodelled("prices in fractions of a cent", "unit_amount_decimal")
    if amount is None and not exact:
        raise required("unit_amount")
    return amount if amount is not None else int(Decimal(exact or 0))


def make_price(world: World, params: Params, *, active: bool, **extra: object) -> Obj:
    """Keep a new price for an existing product; the amount is in cents."""
    product = world.store.get("product", needed(params, "product"), "product")
    amount = _amount(params)
    if amount < 0:
        raise invalid("Invalid non-negative integer", "unit_amount", "parameter_invalid_integer")
    recurring = _recurring(params)
    price = shaped(
        "price",
        id=new_id("price_1"),
        active=active,
        billing_scheme="per_unit",
        created=world.now(),
        currency=needed(params, "currency").lower(),
        metadata=metadata(params),
        product=product["id"],
        recurring=recurring,
        tax_behavior=text(params, "tax_behavior") or "unspecified",
        type="recurring" if recurring else "one_time",
        unit_amount=amount,
        unit_amount_decimal=str(amount),
    )
    price |= extra
    world.store.add(price)
    world.emit("price.created", price)
    return price


def from_row(world: World, row: object, where: str, *, inline_product: bool) -> Obj:
    """Return the price of a line: an id, or `price_data` made into an inactive price.

    `product_data` is allowed in Checkout only.
    """
    if not isinstance(row, dict):
        raise invalid("Invalid object", where)
    ident = text(row, "price")
    if ident:
        return world.store.get("price", ident, f"{where}[price]")
    data = table(row, "price_data")
    if not data:
        raise required(f"{where}[price]")
    allowed = _INLINE if inline_product else _INLINE.replace(" product_data", "")
    known(data, allowed.split(), f"{where}[price_data]")
    if "product_data" in data:
        inner = table(data, "product_data")
        names = "description images metadata name tax_code tax_details unit_label"
        known(inner, names.split(), f"{where}[price_data][product_data]")
        data = {**data, "product": make_product(world, inner)["id"]}
    return make_price(world, data, active=False)


def plan_of(price: Obj) -> Obj:
    """Return the legacy `plan` that Stripe still puts beside a recurring price."""
    recurring = price["recurring"]
    return shaped(
        "plan",
        id=price["id"],
        active=price["active"],
        amount=price["unit_amount"],
        amount_decimal=price["unit_amount_decimal"],
        billing_scheme="per_unit",
        created=price["created"],
        currency=price["currency"],
        interval=recurring["interval"],
        interval_count=recurring["interval_count"],
        metadata=dict(price["metadata"]),
        nickname=price["nickname"],
        product=price["product"],
        usage_type="licensed",
    )
