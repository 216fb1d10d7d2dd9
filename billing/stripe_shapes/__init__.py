"""From Stripe's objects, as plain dicts in the pinned API version, to our snapshots. Pure.

Field by field after https://docs.stripe.com/api; the traps are named where they are avoided.
"""

from billing.stripe_shapes.events import event
from billing.stripe_shapes.fields import (
    COMMENT_PREFIX,
    INTENT_KEY,
    MANAGED_BY,
    NEXT_AMOUNT_KEY,
    NEXT_INTERVAL_KEY,
    REF_KEY,
    Shape,
    id_of,
    is_ours,
    moment,
)
from billing.stripe_shapes.movements import booked, dispute, fraud_warning, payout, refund
from billing.stripe_shapes.payments import (
    first_failure,
    invoice,
    mandate,
    mandate_id,
    paid_by,
    payment,
)
from billing.stripe_shapes.subscriptions import checkout, setup, subscription

__all__ = [
    "COMMENT_PREFIX",
    "INTENT_KEY",
    "MANAGED_BY",
    "NEXT_AMOUNT_KEY",
    "NEXT_INTERVAL_KEY",
    "REF_KEY",
    "Shape",
    "booked",
    "checkout",
    "dispute",
    "event",
    "first_failure",
    "fraud_warning",
    "id_of",
    "invoice",
    "is_ours",
    "mandate",
    "mandate_id",
    "moment",
    "paid_by",
    "payment",
    "payout",
    "refund",
    "setup",
    "subscription",
]
