"""Debits that come back: the bank or the payer undoes one that had already succeeded."""

from __future__ import annotations

from ..store import Obj
from ..wire.errors import invalid
from ..world import World
from . import charges, disputes, intents

# As Stripe says, a failure after the money came arrives as a dispute with one of these reasons
# (docs.stripe.com/payments/sepa-debit); the payer's own objection is `debit_not_authorized`.
REASONS = [
    "bank_cannot_process",
    "customer_initiated",
    "debit_not_authorized",
    "general",
    "incorrect_account_details",
    "insufficient_funds",
]


def give_back(world: World, charge: Obj, *, reason: str, as_failure: bool) -> Obj:
    """Return a debit to its payer: as a dispute that is lost at once, or as a late failure.

    Refunds already made stay made, so a refunded debit that returns is lost twice. Answers the
    dispute, or the charge when `as_failure`.
    """
    if not charges.is_debit(charge):
        raise invalid(f"Charge {charge['id']} is no SEPA debit.")
    if reason not in REASONS:
        raise invalid(f"Invalid reason: must be one of {', '.join(REASONS)}", "reason")
    if charge["status"] != "succeeded":
        raise invalid(f"Debit {charge['id']} is {charge['status']}: there is nothing to return.")
    if not as_failure:
        return disputes.open_one(world, charge, reason=reason)
    if disputes.of_charge(world, charge):
        raise invalid(f"Debit {charge['id']} has been disputed: its money is gone already.")
    intent = world.store.get("payment_intent", charge["payment_intent"])
    intents.fail_late(world, intent, charge, intents.debit_failure(reason))
    return charge
