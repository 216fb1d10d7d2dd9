"""Early fraud warnings: the card's bank says that a payment may be fraud, before a dispute."""

from __future__ import annotations

from ..shapes import shaped
from ..store import Obj, new_id
from ..wire.errors import invalid
from ..world import World

KIND = "radar.early_fraud_warning"
TYPES = [
    "card_never_received",
    "fraudulent_card_application",
    "made_with_counterfeit_card",
    "made_with_lost_card",
    "made_with_stolen_card",
    "misc",
    "unauthorized_use_of_card",
]


def warn(world: World, charge: Obj, kind: str = "unauthorized_use_of_card") -> Obj:
    """Keep a warning about a paid charge; money stays where it is."""
    if charge["status"] != "succeeded" or charge["payment_method_details"]["type"] != "card":
        raise invalid(f"Charge {charge['id']} is not a card payment that succeeded.")
    if kind not in TYPES:
        raise invalid(f"Invalid fraud_type: must be one of {', '.join(TYPES)}", "fraud_type")
    warning = shaped(
        KIND,
        id=new_id("issfr_1"),
        actionable=not (charge["disputed"] or charge["refunded"]),
        charge=charge["id"],
        created=world.now(charge["customer"]),
        fraud_type=kind,
        payment_intent=charge["payment_intent"],
    )
    world.store.note(charge["id"]).setdefault("warnings", []).append(warning["id"])
    world.store.add(warning)
    world.emit(f"{KIND}.created", warning)
    return warning


def settle(world: World, charge: Obj) -> None:
    """Say of a charge's warnings that nothing can be done any more: refunded, or disputed."""
    for ident in world.store.peek(charge["id"]).get("warnings", []):
        warning = world.store.get(KIND, ident)
        if warning["actionable"]:
            warning["actionable"] = False
            world.emit(f"{KIND}.updated", warning, {"actionable": True})


def from_card(world: World, ident: str, due: int) -> None:
    """Timer: a card that is known for it brings a warning soon after its payment."""
    warn(world, world.store.get("charge", ident))
