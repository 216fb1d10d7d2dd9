"""Skeletons of Stripe's objects, made of the installed SDK: every nullable field starts as null."""

from __future__ import annotations

from typing import Any

from .spec import skeleton

Obj = dict[str, Any]


def shaped(kind: str, **fields: object) -> Obj:
    """Return an object of this kind: nulls first, then the given fields.

    Fields that Stripe leaves out where they do not apply, or sends only when they are expanded,
    are absent unless given. Raises KeyError for a kind that the SDK does not know.
    """
    obj: Obj = {"id": fields.pop("id")} if "id" in fields else {}
    return {**obj, "object": kind, **skeleton.empty(kind), **fields}


def part(kind: str, where: str, **fields: object) -> Obj:
    """Return a hash inside an object, e.g. `part("charge", "payment_method_details.card")`."""
    return {**skeleton.empty(kind, where), **fields}


def no_address() -> Obj:
    """Return billing details that hold nothing."""
    return part("charge", "billing_details", address=part("customer", "address"))
