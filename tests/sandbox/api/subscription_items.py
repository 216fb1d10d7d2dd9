"""/v1/subscription_items."""

from __future__ import annotations

from ..engine import changes, subscriptions
from ..engine import prorations as prorated
from ..store import Obj
from ..wire.errors import invalid, missing
from ..wire.lists import page
from ..wire.params import needed
from ..wire.routes import Call, route
from ..world import World
from . import items, terms

_BILLING = "payment_behavior proration_behavior proration_date"
_ITEM = "metadata plan price price_data quantity"


def _home(world: World, ident: str) -> tuple[Obj, Obj]:
    """Return the subscription of an item and the item as it is now."""
    for sub in world.store.newest("subscription"):
        for item in sub["items"]["data"]:
            if item["id"] == ident:
                return sub, item
    raise missing("subscription_item", ident)


def _change(call: Call, sub: Obj, rows: list[Obj]) -> None:
    if sub["status"] in (*subscriptions.FINAL, "incomplete"):
        raise invalid(f"A subscription that is {sub['status']} cannot be changed.")
    subscriptions.check_together([row["price"] for row in rows])
    changes.apply(call.world, sub, terms.change_of(call, sub, call.params, rows, {}))


def create(call: Call) -> Obj:
    """Add an item to a subscription."""
    world, params = call.world, call.params
    ident = needed(params, "subscription")
    sub = world.store.get("subscription", ident, "subscription")
    asked = {"items": [{k: v for k, v in params.items() if k in _ITEM.split()}]}
    rows = items.changed(world, sub, asked, customer_now=world.now(sub["customer"]))
    _change(call, sub, rows)
    return _home(world, rows[-1]["id"])[1]


def retrieve(call: Call) -> Obj:
    """Return an item."""
    return _home(call.world, call.id)[1]


def update(call: Call) -> Obj:
    """Change price, quantity or metadata of an item."""
    sub, item = _home(call.world, call.id)
    fresh = items.amended(call.world, item, call.params, "")
    rows = [fresh if row["id"] == call.id else row for row in sub["items"]["data"]]
    _change(call, sub, rows)
    return _home(call.world, call.id)[1]


def delete(call: Call) -> Obj:
    """Take an item off; a subscription keeps at least one."""
    sub, _ = _home(call.world, call.id)
    rows = [row for row in sub["items"]["data"] if row["id"] != call.id]
    if not rows:
        raise invalid("A subscription must have at least one active plan.", "item")
    _change(call, sub, rows)
    prorated.forget(call.world, call.id, call.world.now(sub["customer"]))
    return {"id": call.id, "object": "subscription_item", "deleted": True}


def list_items(call: Call) -> Obj:
    """Return the items of a subscription, page by page."""
    ident = needed(call.params, "subscription")
    sub = call.world.store.get("subscription", ident, "subscription")
    return page(call.params, sub["items"]["data"], call.path)


ROUTES = [
    route("POST", "/v1/subscription_items", create, f"subscription {_ITEM} {_BILLING}"),
    route("POST", "/v1/subscription_items/{}", update, f"off_session {_ITEM} {_BILLING}"),
    route("DELETE", "/v1/subscription_items/{}", delete, _BILLING),
    route("GET", "/v1/subscription_items/{}", retrieve),
    route(
        "GET",
        "/v1/subscription_items",
        list_items,
        "subscription limit starting_after ending_before",
    ),
]
