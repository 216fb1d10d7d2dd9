from billing.models.bygone import Bygone, YearLetGo
from billing.models.campaign import Campaign
from billing.models.comp import CompMembership
from billing.models.ledger import LedgerLine, Payout
from billing.models.letter import Letter, LetterHold, Suppression
from billing.models.membership import Membership, MembershipEvent
from billing.models.payment import Dispute, Payment, Refund
from billing.models.period import Period
from billing.models.plan import Plan
from billing.models.pulse import Pulse
from billing.models.receipt import Receipt, ReceiptSeries
from billing.models.rollup import Counted, Rollup
from billing.models.stripe import Intent, StripeCustomer, StripeEvent, Ticket
from billing.models.walk import Tally, Walk
from billing.models.watch import Alarm, JobRun

__all__ = [
    "Alarm",
    "Bygone",
    "Campaign",
    "CompMembership",
    "Counted",
    "Dispute",
    "Intent",
    "JobRun",
    "LedgerLine",
    "Letter",
    "LetterHold",
    "Membership",
    "MembershipEvent",
    "Payment",
    "Payout",
    "Period",
    "Plan",
    "Pulse",
    "Receipt",
    "ReceiptSeries",
    "Refund",
    "Rollup",
    "StripeCustomer",
    "StripeEvent",
    "Suppression",
    "Tally",
    "Ticket",
    "Walk",
    "YearLetGo",
]
