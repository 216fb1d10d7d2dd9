"""Mandates: the payer's leave to debit an account, one for each SEPA method."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid
from ..world import World


def find(world: World, method: Obj) -> Obj | None:
    """Return the latest mandate of a SEPA method, whatever its state."""
    return world.store.find(world.store.peek(method["id"]).get("mandate"))


def ensure(world: World, method: Obj, moment: int) -> Obj:
    """Return the method's mandate; the payer gives a new one where there is none."""
    return find(world, method) or renew(world, method, moment)


def renew(world: World, method: Obj, moment: int) -> Obj:
    """Keep a fresh, active mandate that takes the place of an earlier one."""
    ident = new_id("mandate_1")
    details = {"reference": new_id("", 16).upper(), "url": f"{world.base}/mandates/{ident}"}
    online = {"ip_address": "127.0.0.1", "user_agent": "the local stand-in"}
    mandate = shaped(
        "mandate",
        id=ident,
        customer_acceptance={"accepted_at": moment, "online": online, "type": "online"},
        multi_use={},
        payment_method=method["id"],
        payment_method_details={"sepa_debit": details, "type": "sepa_debit"},
        status="active",
        type="multi_use",
    )
    world.store.note(method["id"])["mandate"] = ident
    return world.store.add(mandate)


def inactivate(world: World, mandate: Obj) -> None:
    """Withdraw the payer's leave: the next debit fails."""
    if mandate["status"] != "active":
        raise invalid(f"Mandate {mandate['id']} is {mandate['status']}.")
    mandate["status"] = "inactive"
    world.emit("mandate.updated", mandate, {"status": "active"})
