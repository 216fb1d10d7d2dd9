"""What each figure means, in the words that the page and docs/metrics.md both use."""

from typing import Final

DEFINITIONS: Final = {
    "active": (
        "Persons with at least one paid membership that is active, or overdue within the days of "
        "grace. Two memberships of one person are one member. Not counted: paused, never paid, "
        "ended. A past month shows who was a member at its last moment."
    ),
    "mrr": (
        "Monthly recurring revenue: the amounts of those memberships, a yearly one counted as a "
        "twelfth. The exact sum is rounded once, half a cent upwards. Gifts are not in it. "
        "A refund does not change it; a pause takes it to nothing."
    ),
    "new": "Persons whose first membership ever had its first successful payment in the month.",
    "returned": (
        "Persons who began a membership again in the month after all that they had was over."
    ),
    "ended": (
        "Persons whose last remaining membership ended in the month. It ends with the paid time, "
        "not with the click on cancel. One of two memberships ended is not a member ended. "
        "Who joined and left in the same month counts as both."
    ),
    "failed": (
        "Membership payments that first failed in the month, how many and how much, whether or "
        "not a later try succeeded."
    ),
    "gross": (
        "All payments that succeeded in the month, memberships and gifts, before fees and refunds."
    ),
    "fee": (
        "What Stripe kept of those payments, as Stripe reports it for each; never estimated. "
        "Where it has not been told yet, the payment is in the gross alone, and the page says so. "
        "What was paid to us directly has no fee."
    ),
    "refunds": (
        "Money sent back in the month, whichever month it had been paid in, less what came back "
        "in it because a refund failed. Stripe does not give its fee back."
    ),
    "disputes": (
        "What banks took back in the month, as a dispute or as a returned debit, whichever month "
        "it had been paid in, with the fee that Stripe takes for each; less what came back in it "
        "because a dispute was won. A month in which more came back than went is negative."
    ),
    "net": (
        "What Stripe paid over for the payments of the month, and what was paid to us directly, "
        "less the refunds and the disputes of the month."
    ),
    "gifts": "One-off gifts that succeeded in the month, how many and how much; part of the gross.",
}
