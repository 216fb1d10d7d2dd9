"""Carrying an intent through: done at Stripe, then written down by the verbs the webhooks use."""

from collections.abc import Callable
from typing import Final

from billing import handlers, intents
from billing.cause import Cause
from billing.models import Intent
from billing.models.stripe import IntentKind


def _nothing_of_ours(_customer_id: str, _cause: Cause) -> bool:
    """Our rows say of a customer but the id."""
    return True


# What to look at once it is done; a subscription for every other kind.
_LOOK_AT: Final[dict[IntentKind, Callable[[str, Cause], bool]]] = {
    IntentKind.CHECKOUT: handlers.take_checkout,
    IntentKind.CLOSE_CHECKOUT: handlers.take_checkout,
    IntentKind.REFUND: handlers.take_refund,
    IntentKind.PAY_INVOICE: handlers.take_invoice,
    IntentKind.UPDATE_CUSTOMER: _nothing_of_ours,
    IntentKind.DELETE_CUSTOMER: _nothing_of_ours,
}


def fulfil(intent: Intent) -> None:
    """Do it at Stripe unless that is done, and bring our rows to what came of it.

    May be called any number of times, by any number of workers. Raises stripe_api.Unavailable (the
    intent stays open) and stripe_api.Refused (it is over).
    """
    found = intents.carry_out(intent)
    look = _LOOK_AT.get(IntentKind(intent.kind), handlers.take_subscription)
    look(found, Cause("intent", str(intent.pk)))
