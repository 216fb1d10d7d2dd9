from billing.models.letter import Letter
from billing.models.membership import Membership, MembershipEvent
from billing.models.payment import Payment, Refund
from billing.models.plan import Plan
from billing.models.pulse import Pulse
from billing.models.receipt import Receipt, ReceiptSeries
from billing.models.stripe import Intent, StripeCustomer, StripeEvent, Ticket

__all__ = [
    "Intent",
    "Letter",
    "Membership",
    "MembershipEvent",
    "Payment",
    "Plan",
    "Pulse",
    "Receipt",
    "ReceiptSeries",
    "Refund",
    "StripeCustomer",
    "StripeEvent",
    "Ticket",
]
