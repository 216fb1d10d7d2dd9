"""What Stripe says of an object at one moment, in our words: the only form the rest sees.

All moments are UTC, all amounts cents. `ref` is the public id of our own row, carried by Stripe as
metadata `meitheal_ref`; it is "" where the object carries none.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CheckoutSnapshot:
    """A Checkout Session (https://docs.stripe.com/api/checkout/sessions/object)."""

    id: str
    mode: str
    status: str
    payment_status: str
    ref: str
    customer_id: str
    subscription_id: str
    payment_intent_id: str
    url: str
    created: datetime
    livemode: bool


@dataclass(frozen=True, slots=True)
class SubscriptionSnapshot:
    """A Subscription; the period is that of its first item, as since 2025-03-31.basil."""

    id: str
    status: str
    ref: str
    customer_id: str
    amount_cents: int
    currency: str
    interval: str
    period_start: datetime
    period_end: datetime
    cancel_at: datetime | None
    cancel_at_period_end: bool
    collection_paused: bool
    ended_at: datetime | None
    cancel_reason: str
    created: datetime
    livemode: bool

    @property
    def ends_on(self) -> datetime | None:
        """When it will end if nothing changes. The portal sets `cancel_at` on flexible billing."""
        if self.cancel_at is not None:
            return self.cancel_at
        return self.period_end if self.cancel_at_period_end else None


@dataclass(frozen=True, slots=True)
class InvoiceSnapshot:
    """An Invoice with the payment intents that tried to pay it."""

    id: str
    subscription_id: str
    customer_id: str
    status: str
    billing_reason: str
    attempt_count: int
    next_attempt: datetime | None
    period_start: datetime | None
    period_end: datetime | None
    payment_intent_ids: tuple[str, ...]
    created: datetime
    livemode: bool


@dataclass(frozen=True, slots=True)
class PaymentSnapshot:
    """A PaymentIntent with what its charges tell. Fee and net are None until the bank has told."""

    id: str
    status: str
    ref: str
    customer_id: str
    amount_cents: int
    currency: str
    charge_id: str
    paid_at: datetime | None
    first_failed_at: datetime | None
    fee_cents: int | None
    net_cents: int | None
    method: str
    last4: str
    created: datetime
    livemode: bool


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A Refund. `fee_cents` is what its balance transaction adds or gives back (usually 0)."""

    id: str
    payment_intent_id: str
    status: str
    amount_cents: int
    currency: str
    net_cents: int | None
    created: datetime
