"""What Stripe says of an object at one moment, in our words: the only form the rest sees.

All moments are UTC, all amounts cents. `ref` is the public id of our own row, carried by Stripe as
metadata `meitheal_ref`; it is "" where the object carries none.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

# https://docs.stripe.com/declines/codes, https://docs.stripe.com/error-codes
_UNCONFIRMED: Final = ("authentication_required", "payment_intent_authentication_failure")


# The kind of means of a subscription whose payer is sent an invoice, and nothing is charged.
BY_INVOICE: Final = "invoice"


@dataclass(frozen=True, slots=True)
class BookedSnapshot:
    """A balance transaction: one movement of money as Stripe booked it. Cents, negative is out.

    `category` is Stripe's (https://docs.stripe.com/reports/reporting-categories); `source_id` the
    charge, refund, dispute or payout that it is about.
    """

    id: str
    category: str
    amount_cents: int
    fee_cents: int
    net_cents: int
    currency: str
    source_id: str
    booked_at: datetime
    available_on: datetime


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
    """A Subscription; the period is that of its first item, as since 2025-03-31.basil.

    `amount_cents` is what a period costs, less the discounts that last.
    """

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
    # What the next period will cost, less what is taken off it alone; None where nobody said.
    due_cents: int | None = None
    discounted: bool = False
    # What stands beside the ending: ours names an intent row, others' is free text of a payer.
    cancel_comment: str = ""
    # Why Stripe's own pause (not `pause_collection`) began; "" if it is not paused so.
    pause_type: str = ""
    resumes_on: datetime | None = None
    item_id: str = ""
    # Of what somebody put beside it in the dashboard.
    other_item_ids: tuple[str, ...] = ()
    price_id: str = ""
    product_id: str = ""
    method_id: str = ""
    method_kind: str = ""
    # The last day on which the card is good; None where it is no card.
    card_expires_on: date | None = None
    latest_invoice_id: str = ""
    schedule_id: str = ""
    # What a schedule will change it to, and when.
    next_amount_cents: int | None = None
    next_interval: str = ""
    changes_on: datetime | None = None
    # When the end was asked for, whenever it comes; None where none was, or it was taken back.
    canceled_at: datetime | None = None

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
    currency: str = "eur"
    paid_cents: int = 0
    # Marked as paid by hand: money that Stripe never saw. Part of what was paid.
    paid_outside_cents: int = 0
    paid_at: datetime | None = None
    # What its own period costs, where prorations, things added by hand or a credit make another
    # sum of it; 0 where it bills no period. None: all of it is for the period.
    period_cents: int | None = None
    # False where it bills no period at all: prorations, or what was added by hand.
    has_period: bool = True
    # Stripe's page to pay it: a way in for whoever holds it, so it shows up in no log by accident.
    hosted_url: str = field(default="", repr=False)

    @property
    def moneyless(self) -> bool:
        """Whether a period was paid and nobody paid: it was free, or a credit paid it all."""
        return self.status == "paid" and self.has_period and not self.paid_cents


@dataclass(frozen=True, slots=True)
class PaymentSnapshot:
    """A PaymentIntent with what its charges tell. Fee and net are None until the bank has told.

    One that a bank took back keeps the figures of the charge that had arrived.
    """

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
    booked: tuple[BookedSnapshot, ...] = ()
    # With what it came in after a failure; "" where it did not, or not all of its tries are known.
    recovered_by: str = ""
    # Why its last try failed, as Stripe says it; "" where none did, or another one is under way.
    failure: str = ""
    # Whether the bank took it back after it had arrived, without calling it a dispute.
    came_back: bool = False

    @property
    def arrived(self) -> bool:
        """Whether the money was with us, be it for some weeks."""
        return self.status == "succeeded" or self.came_back

    @property
    def needs_confirmation(self) -> bool:
        """Whether the bank wants to hear from the payer: it asks, or gave up asking."""
        asked = self.status == "requires_payment_method" and self.failure in _UNCONFIRMED
        return asked or self.status == "requires_action"


@dataclass(frozen=True, slots=True)
class MandateSnapshot:
    """A Mandate: a payer's leave to debit their account, by the reference that their bank shows."""

    id: str
    reference: str
    accepted_at: datetime | None


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A Refund with the movements of money it made: out, and back again where it failed."""

    id: str
    payment_intent_id: str
    status: str
    amount_cents: int
    currency: str
    created: datetime
    booked: tuple[BookedSnapshot, ...] = ()
    # The intent row that asked for it; "" if staff refunded in the dashboard.
    intent: str = ""


@dataclass(frozen=True, slots=True)
class DisputeSnapshot:
    """A Dispute (https://docs.stripe.com/api/disputes/object) with the movements it made."""

    id: str
    payment_intent_id: str
    charge_id: str
    status: str
    reason: str
    amount_cents: int
    currency: str
    respond_by: datetime | None
    created: datetime
    booked: tuple[BookedSnapshot, ...] = ()


@dataclass(frozen=True, slots=True)
class FraudWarningSnapshot:
    """A bank's early warning that a card was stolen (radar.early_fraud_warning)."""

    id: str
    payment_intent_id: str
    actionable: bool


@dataclass(frozen=True, slots=True)
class SetupSnapshot:
    """A SetupIntent: a means of payment that was made ready for later, and whose it is."""

    id: str
    customer_id: str
    method_id: str
    created: datetime


@dataclass(frozen=True, slots=True)
class PayoutSnapshot:
    """A Payout: money on its way from Stripe to the bank, or (negative) back."""

    id: str
    status: str
    amount_cents: int
    currency: str
    arrives_on: datetime
    created: datetime
    # Of one that was made by hand Stripe does not tell what is in it.
    automatic: bool = True


@dataclass(frozen=True, slots=True)
class EventSnapshot:
    """The envelope of an event, as /v1/events lists it."""

    id: str
    type: str
    object_id: str
    api_version: str
    account: str
    created: datetime
    livemode: bool
