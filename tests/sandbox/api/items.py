"""Rows of `items` in requests about subscriptions: read into subscription items and orders."""

from __future__ import annotations

from ..engine import subscriptions
from ..engine.prices import from_row, plan_of
from ..store import Obj
from ..wire.errors import invalid, missing, required
from ..wire.params import flag, known, metadata, rows, text, whole
from ..world import World

NAMES = "deleted id metadata plan price price_data quantity"


def ordered(world: World, params: Obj, where: str = "items") -> list[tuple[Obj, int]]:
    """Return the price and quantity pairs of a new subscription or phase."""
    asked = rows(params, "items")
    if not asked:
        raise required(where)
    pairs = []
    for index, row in enumerate(asked):
        price = _price(world, row, f"{where}[{index}]")
        pairs.append((price, _quantity(row, 1)))
    return pairs


def changed(world: World, sub: Obj, params: Obj, *, customer_now: int) -> list[Obj]:
    """Return all items of a subscription as an update asks for them: changed, added, deleted."""
    kept = {item["id"]: dict(item) for item in sub["items"]["data"]}
    period = subscriptions.period_of(sub)
    for index, row in enumerate(rows(params, "items")):
        where = f"items[{index}]"
        _check(row, where)
        ident = text(row, "id")
        if ident and ident not in kept:
            raise missing("subscription_item", ident, f"{where}[id]")
        if flag(row, "deleted"):
            if not ident:
                raise required(f"{where}[id]")
            del kept[ident]
        elif ident:
            kept[ident] = amended(world, kept[ident], row, where)
        else:
            price = _price(world, row, where)
            new = subscriptions.make_item(sub["id"], price, _quantity(row, 1), period, customer_now)
            kept[new["id"]] = new | {"metadata": metadata(row)}
    if not kept:
        raise invalid("A subscription must have at least one active plan.", "items")
    items = list(kept.values())
    subscriptions.check_together([item["price"] for item in items])
    if items[0]["price"]["currency"] != sub["currency"]:
        raise invalid("A subscription keeps its currency.", "items")
    return items


def amended(world: World, item: Obj, row: Obj, where: str) -> Obj:
    """Return one item with the price, quantity and metadata of a row."""
    copy = dict(item)
    if row.get("price") or row.get("price_data") or row.get("plan"):
        price = _price(world, row, where)
        copy |= {"price": price, "plan": plan_of(price)}
    copy["quantity"] = _quantity(row, item["quantity"])
    copy["metadata"] = metadata(row, item["metadata"])
    return copy


def _price(world: World, row: object, where: str) -> Obj:
    if not isinstance(row, dict):
        raise invalid("Invalid object", where)
    _check(row, where)
    named = row if "plan" not in row else {**row, "price": row.get("price") or row["plan"]}
    price = from_row(world, named, where, inline_product=False)
    if price["recurring"] is None:
        message = "The price specified is set to `type=one_time`."
        raise invalid(message, f"{where}[price]")
    return price


def _check(row: object, where: str) -> None:
    if not isinstance(row, dict):
        raise invalid("Invalid object", where)
    known(row, NAMES, where)


def _quantity(row: Obj, default: int) -> int:
    number = whole(row, "quantity")
    number = default if number is None else number
    if number < 0:
        raise invalid("Invalid non-negative integer", "quantity", "parameter_invalid_integer")
    return number
