"""Customers: kept, given a default means of payment, deleted."""

from __future__ import annotations

from typing import Any

from ..shapes import shaped
from ..store import Obj, new_id
from ..world import World
from . import collecting, subscriptions


def make(world: World, fields: dict[str, Any], moment: int, clock: str | None = None) -> Obj:
    """Keep a new customer and announce it."""
    customer = shaped(
        "customer",
        id=new_id("cus_", 14),
        balance=0,
        created=moment,
        delinquent=False,
        invoice_prefix=new_id("", 8).upper(),
        invoice_settings={
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        metadata={},
        next_invoice_sequence=1,
        preferred_locales=[],
        tax_exempt="none",
        test_clock=clock,
    )
    customer |= fields
    world.store.add(customer)
    world.emit("customer.created", customer)
    return customer


def live_subscriptions(world: World, customer: str) -> list[Obj]:
    """Return what the customer subscribes to that has not ended, newest first."""
    return [
        sub
        for sub in reversed(subscriptions.of_customer(world, customer))
        if sub["status"] not in subscriptions.FINAL
    ]


def delete(world: World, customer: Obj) -> Obj:
    """Delete the customer, ending their subscriptions at once; return the tombstone."""
    for sub in live_subscriptions(world, customer["id"]):
        subscriptions.end(world, sub)
    if customer["test_clock"]:
        world.store.note(customer["id"])["clock"] = customer["test_clock"]
    tomb = world.store.bury(customer)
    world.emit("customer.deleted", customer)
    return tomb


def use_method(world: World, customer: Obj, method: Obj) -> None:
    """Make the method the default of the customer and of their live subscriptions."""
    method["customer"] = customer["id"]
    before = customer["invoice_settings"]["default_payment_method"]
    customer["invoice_settings"]["default_payment_method"] = method["id"]
    world.emit("payment_method.attached", method)
    previous = {"invoice_settings": {"default_payment_method": before}}
    world.emit("customer.updated", customer, previous)
    for sub in live_subscriptions(world, customer["id"]):
        subscriptions.amend(world, sub, default_payment_method=method["id"])


def retry_open(world: World, customer: str) -> list[str]:
    """Try every open invoice of live subscriptions again; return the resulting statuses."""
    return [
        collecting.collect(world, invoice, automatic=False)
        for sub in live_subscriptions(world, customer)
        if (invoice := world.store.find(sub["latest_invoice"])) and invoice["status"] == "open"
    ]
