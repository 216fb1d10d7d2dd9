"""The names of the figures that are rolled up: what is counted in each, and in which unit.

docs/metrics.md has the definitions in full; members/reports reads them.
"""

from typing import Final

from django.db.models import TextChoices


class Move(TextChoices):
    """What became of a person at one moment. In money the moves of a month are all its change."""

    NEW = "new", "New"
    REACTIVATION = "reactivation", "Returned"
    RESUMED = "resumed", "Resumed"
    EXPANSION = "expansion", "Gives more"
    CONTRACTION = "contraction", "Gives less"
    PAUSED = "paused", "Paused"
    WITHDRAWN = "withdrawn", "Withdrawn"
    VOLUNTARY = "churn_voluntary", "Left"
    INVOLUNTARY = "churn_involuntary", "Payments failed"
    DISPUTE = "churn_dispute", "Disputed"


CHURN: Final = (Move.VOLUNTARY, Move.INVOLUNTARY, Move.DISPUTE)

# Of a person. `value` is twelfths of a cent a month, but where it says cents.
MOVEMENT: Final = "movement"  # by Move; value is after less before
STANDING: Final = "standing"  # change of the number of active members, and of MRR
LEFT_PAUSED: Final = "left_paused"  # by Move: who left while they paused, without money
BRIEF: Final = "brief"  # churned in the month in which they joined or returned
LAPSED: Final = "lapsed"  # by the day itself: a pause that became too long on it
COHORT: Final = "cohort"  # month: of the first payment; key: the month of the change; as STANDING
WORTH: Final = "worth"  # key: twelfths a month; change of the number of members who give so much
TENURE_LEFT: Final = "tenure_left"  # month: of leaving; key: months of membership, to the nearest
TENURE_NOW: Final = "tenure_now"  # month: in which it would have begun without gaps
RHYTHM: Final = "rhythm"  # key: month or year; change of memberships, and of their MRR
RHYTHM_LEFT: Final = "rhythm_left"  # key: the same; memberships that ended, withdrawn apart
ON_TOP: Final = "on_top"  # change of memberships that give something on top, and of that MRR
CAMPAIGN_JOIN: Final = "campaign_join"  # key: campaign; value: cents first paid
CAMPAIGN_MRR: Final = "campaign_mrr"  # key: campaign; change of memberships, and of their MRR
RENEWAL_DUE: Final = "renewal_due"  # yearly periods that end in the month; cents
RENEWED: Final = "renewed"  # those of them that were paid again; cents
LEAVING: Final = "leaving"  # key: month or year; set to end in the month; cents of a payment
RENEWING: Final = "renewing"  # by the day itself: paid years that run out, and go on; cents
DONORS: Final = "donors"  # month: the year's first day; key: ANY or GIFT; cents given
DONORS_FIRST: Final = "donors_first"  # in whose first year it is
DONORS_KEPT: Final = "donors_kept"  # who gave in the year before as well

# Of a payment. `value` is cents; the month is that of `paid_at`, but where it says more.
GROSS: Final = "gross"  # by kind
FEE: Final = "fee"  # by kind; of those whose fee is known
NET: Final = "net"  # by kind; of those whose fee is known
FEE_UNKNOWN: Final = "fee_unknown"  # by kind; gross of those whose fee is not told yet
OUTSIDE: Final = "outside"  # by kind; paid to us directly
EXTRA: Final = "extra"  # by kind; the part that was given on top
PLAN_GROSS: Final = "plan_gross"  # by plan; of those whose fee is known
PLAN_FEE: Final = "plan_fee"  # by plan
GIFT_SIZE: Final = "gift_size"  # key: cents; one-off gifts of so much
CAMPAIGN_GIFT: Final = "campaign_gift"  # by campaign
ATTEMPTED: Final = "attempted"  # month: of the first try; membership payments
FAILED: Final = "failed"  # month: of the first failure
RECOVERED: Final = "recovered"  # by Recovery; of those, paid within RECOVERY_DAYS; the same month
REFUNDED: Final = "refunded"  # by kind; month: booked; as the ledger has it: out is negative
DISPUTED: Final = "disputed"  # by kind; month: booked; fees included

# Of the ledger's lines about payments, for the books (billing/accounts/summed.py). Cents.
BOOKED: Final = "booked"  # month: booked; key: Sort; without what was given on top
BOOKED_FEE: Final = "booked_fee"  # the same lines; what Stripe kept of them
BOOKED_EXTRA: Final = "booked_extra"  # the same; those whose payment has something on top, and it
BOOKED_ELSEWHERE: Final = "booked_elsewhere"  # month: booked; key: another currency; net
# Lines that no closing has counted: what is marked with its month is taken off.
OF_OPEN_BOOKS: Final = frozenset({BOOKED, BOOKED_FEE, BOOKED_EXTRA, BOOKED_ELSEWHERE})
# Lines of yearly memberships, whether counted or not. Key: month of payment and plan.
BOOKED_YEARLY: Final = "booked_yearly"
# One, where the figures above are kept: not so from an upgrade that brings them to the first night.
BOOKS_KEPT: Final = "books_kept"

# Keys.
MONTHLY: Final = "month"
YEARLY: Final = "year"
GIFT: Final = "gift"
ANY: Final = "any"
NO_CAMPAIGN: Final = ""

# A pause that lasts so long is leaving (DOMAIN 7) ...
PAUSE_DAYS: Final = 90
# ... unless it ends with the longest that we offer: settings.PAUSE_DAYS and a day for the invoice.
OFFERED_PAUSE_DAYS: Final = 93
RECOVERY_DAYS: Final = 30
# A period of the one rhythm has 31 days at most, of the other 365 at least.
YEARLY_FROM_DAYS: Final = 45
