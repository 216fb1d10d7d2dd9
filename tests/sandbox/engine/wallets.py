"""Wallets: a customer's means of payment, and where one is the default."""

from __future__ import annotations

from ..store import Obj
from ..world import World
from . import customers, methods, subscriptions


def of_customer(world: World, customer: str) -> list[Obj]:
    """Return the customer's means of payment, the latest first."""
    return [m for m in world.store.newest("payment_method") if m["customer"] == customer]


def remove(world: World, method: Obj) -> None:
    """Detach the method, and let nothing charge it by default any more."""
    customer = world.store.find(method["customer"])
    methods.detach(world, method)
    if customer is None:
        return
    settings = customer["invoice_settings"]
    if settings["default_payment_method"] == method["id"]:
        before = dict(settings)
        settings["default_payment_method"] = None
        world.emit("customer.updated", customer, {"invoice_settings": before})
    for sub in customers.live_subscriptions(world, customer["id"]):
        if sub["default_payment_method"] == method["id"]:
            subscriptions.amend(world, sub, default_payment_method=None)


def empty(world: World, customer: str) -> None:
    """Detach every means of payment of a customer who is being deleted."""
    for method in of_customer(world, customer):
        methods.detach(world, method)
