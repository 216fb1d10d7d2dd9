"""For each handler the look that foresees it: the same questions to Stripe, in the same order."""

from collections.abc import Callable
from typing import Final

from billing import handlers, mishaps
from billing.handlers import HANDLERS, Handler
from billing.outlook.foresight import Outlook
from billing.outlook.looking import Looking
from billing.stripe_api import NotFound, Unavailable

Look = Callable[[Looking, str], bool]

LOOKS: Final[dict[Handler, Look]] = {
    handlers.take_checkout: Looking.checkout,
    handlers.take_subscription: Looking.subscription,
    handlers.take_customer: Looking.customer,
    handlers.take_method: Looking.method,
    handlers.take_setup: Looking.setup,
    handlers.take_mandate: Looking.mandate,
    handlers.take_invoice: Looking.invoice,
    handlers.take_stuck_invoice: Looking.stuck_invoice,
    handlers.take_payment: Looking.payment,
    handlers.take_charge: Looking.charge,
    handlers.take_refunds: Looking.refunds,
    handlers.take_refund: Looking.refund,
    handlers.take_dispute: Looking.dispute,
    handlers.take_fraud_warning: Looking.fraud_warning,
    handlers.take_payout: Looking.payout,
}
# By the beginning of an id, which Stripe keeps to (https://docs.stripe.com/api).
_HANDLER_OF: Final[dict[str, Handler]] = {
    "cs_": handlers.take_checkout,
    "sub_": handlers.take_subscription,
    "cus_": handlers.take_customer,
    "pm_": handlers.take_method,
    "seti_": handlers.take_setup,
    "mandate_": handlers.take_mandate,
    "in_": handlers.take_invoice,
    "pi_": handlers.take_payment,
    "ch_": handlers.take_charge,
    "py_": handlers.take_charge,
    "re_": handlers.take_refund,
    "pyr_": handlers.take_refund,
    "dp_": handlers.take_dispute,
    "du_": handlers.take_dispute,
    "issfr_": handlers.take_fraud_warning,
    "po_": handlers.take_payout,
}


class NotAnObject(ValueError):
    """The id is of nothing that we react to."""


def ahead(handler: Handler, stripe_id: str, *, event_id: str = "") -> Outlook:
    """What this handler would do for this object now. Raises stripe_api.Unavailable.

    What could not be applied is told as the outlook's refusal, in the words the inbox would keep.
    """
    outlook = Outlook()
    try:
        outlook.ours = LOOKS[handler](Looking(outlook, event_id), stripe_id)
    except Unavailable:
        raise
    except NotFound:
        return Outlook()  # deleted, or of another account: there is nothing to bring our rows to
    except Exception as error:  # noqa: BLE001 - whatever it is, the handler would meet it as well
        outlook.ours, outlook.refusal = True, mishaps.describe(error)
    return outlook


def of_event(event_type: str, stripe_id: str, *, event_id: str = "") -> Outlook:
    """What an event of this type about this object would do now. Raises as `ahead`."""
    return ahead(HANDLERS[event_type], stripe_id, event_id=event_id)


def of_object(stripe_id: str) -> Outlook:
    """What an event about this object would do now. Raises NotAnObject, and as `ahead`."""
    for start, handler in _HANDLER_OF.items():
        if stripe_id.startswith(start):
            return ahead(handler, stripe_id)
    raise NotAnObject(stripe_id[:12])
