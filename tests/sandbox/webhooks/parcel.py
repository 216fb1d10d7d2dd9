"""Parcels: the bytes and the signature of one try, good or spoilt."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..store import Obj
from . import legacy, thin
from .log import body, rendered
from .signature import WRONG, secrets_of, signed

if TYPE_CHECKING:
    from ..world import World

# What spoils the first try of a delivery, so that the next one has to be made.
SPOILS = ("stale", "wrong_signature")
SHAPES = ("thin", "legacy")


@dataclass(frozen=True)
class Parcel:
    """What is posted where; `faults` names what chaos did to it, `slow` is in seconds."""

    url: str
    payload: bytes
    signature: str
    timeout: float
    slow: float = 0.0
    copies: int = 1
    faults: tuple[str, ...] = ()


def parcel(world: World, delivery: Obj, endpoint: Obj, event: Obj) -> Parcel:
    """Return the next try of a delivery; only the first one is spoilt."""
    plan = delivery["plan"]
    first = not delivery["attempts"]
    spoils = [name for name in SPOILS if first and name in plan]
    shapes = [name for name in SHAPES if name in plan]
    notes = world.store.peek(endpoint["id"])
    payload = body(shape(world, endpoint, event, shapes))
    moment = int(time.time()) - int(plan["stale"]) if "stale" in spoils else None
    secrets = [WRONG] if "wrong_signature" in spoils else secrets_of(notes)
    twin = first and plan.get("duplicate") == "twin"
    return Parcel(
        url=endpoint["url"],
        payload=payload,
        signature=signed(payload, secrets, moment),
        timeout=float(world.settings.webhook_timeout),
        slow=float(plan.get("slow", 0)),
        copies=2 if twin else 1,
        faults=(*spoils, *shapes, *(("duplicate",) if twin else ())),
    )


def shape(world: World, endpoint: Obj, event: Obj, shapes: list[str]) -> Obj:
    """Return the event as this endpoint receives it: its version, thin, or what chaos wants."""
    told = rendered(event)
    if "thin" in shapes or world.store.peek(endpoint["id"]).get("payload") == "thin":
        return thin.rendered(told)
    version = legacy.OLD if "legacy" in shapes else endpoint["api_version"]
    if version and version != event["api_version"]:
        return legacy.rendered(world.store, told, version)
    return told
