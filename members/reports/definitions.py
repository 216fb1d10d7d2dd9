"""What each figure means, in the words that the page and docs/metrics.md both use."""

from dataclasses import dataclass
from typing import Final

DEFINITIONS: Final = {
    "active": (
        "Persons with at least one paid membership that is active, or overdue within the days of "
        "grace. Two memberships of one person are one member. Not counted: paused, never paid, "
        "ended, complimentary. A past month shows who was a member at its last moment."
    ),
    "mrr": (
        "Monthly recurring revenue: what was last paid for each of those memberships, a yearly "
        "payment counted as a twelfth. The exact sum is rounded once, half a cent upwards. Gifts "
        "are not in it; what is given on top is, and is shown apart. A refund does not change it; "
        "a pause takes it to nothing."
    ),
    "new": "Persons whose first membership ever had its first successful payment in the month.",
    "returned": (
        "Persons who began a membership again in the month after all that they had was over."
    ),
    "ended": (
        "Persons whose last remaining membership ended in the month, or whose pause became too "
        "long in it. It ends with the paid time, not with the click on cancel. One of two "
        "memberships ended is not a member ended. Who joined and left in the same month counts as "
        "both."
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


@dataclass(frozen=True, slots=True)
class Definition:
    """A figure: what it means, how it is computed, what is odd about it, and whose rule it is."""

    meaning: str
    formula: str
    edges: str
    source: str


FIGURES: Final = {
    "movement": Definition(
        "Where MRR came from and where it went, month by month, to the cent.",
        "start + new + reactivation + resumed + expansion - contraction - paused - withdrawn "
        "- churn = end",
        "One person is one: of two memberships, one that begins or ends is expansion or "
        "contraction. Changes of one moment are one movement. Each line is the difference of two "
        "rounded sums, so that the column adds up. What is given on top is part of all of it, and "
        "is shown apart.",
        "DOMAIN 7; ChartMogul and Stripe glossary",
    ),
    "churn": Definition(
        "Active members who left: by their own wish, because payments failed, or by a dispute.",
        "churned in the month / active at the start of the month",
        "A membership ends with the paid time, not with the click on cancel. Withdrawn within 14 "
        "days is not churn, nor is an undone second membership. Who leaves while paused, or pauses "
        "longer than we offer, is shown apart: they were not active. Who joined in the same month "
        "is in the rate, and shown beside it. Monthly and yearly memberships have a rate each, "
        "counted by membership.",
        "DOMAIN 7; Stripe cancellation_details.reason",
    ),
    "mrr_churn": Definition(
        "The part of MRR that was lost, before and after what was gained from the same people.",
        "gross: (churn + contraction) / MRR at the start; net: less expansion and reactivation",
        "Net may be below zero. Nothing is said where MRR at the start is nothing.",
        "DOMAIN 7",
    ),
    "cohorts": Definition(
        "Of those who joined in a month, how many were active at the end of each later month.",
        "active of the cohort at the end of month m + k / starters of month m",
        "Who left and returned counts in the month of the first joining. The last cell of each row "
        "is the month that runs. Cells under 5 are hidden.",
        "DOMAIN 7",
    ),
    "tenure": Definition(
        "How many months people have been members; half of them less, half of them more.",
        "median of the time active, in months of 30.44 days, to the nearest",
        "Pauses and gaps are left out. Those who left are those of the last twelve months who have "
        "not come back.",
        "DOMAIN 7",
    ),
    "renewal": Definition(
        "Yearly memberships that were paid again, of those whose paid year ran out in the month.",
        "renewed / due",
        "Monthly memberships are never in it. What ended before its year ran out is not due. One "
        "that changed to monthly is renewed. In grace it is due and not renewed yet.",
        "DOMAIN 7",
    ),
    "failures": Definition(
        "Membership payments whose first try failed, and those that came in within 30 days of it.",
        "failed / attempted; recovered / failed, by number, amount and means",
        "Each in the month of its first failure, attempted in that of its first try. The last two "
        "months may still gain. A gift has no invoice: a refused card is tried again at once. What "
        "failed first and then came in is a retry, also where its payer confirmed it or the bank "
        "replaced the card on its own; else somebody gave another card or account.",
        "DOMAIN 7",
    ),
    "averages": Definition(
        "What a member gives a month, and what a one-off gift comes to.",
        "MRR / active; sum / number of gifts; the median of each",
        "Rounded once, half a cent upwards.",
        "DOMAIN 7",
    ),
    "campaigns": Definition(
        "What each campaign brought: memberships begun, gifts, and MRR as of now.",
        "sums by the campaign that the link to the join page named",
        "What no link named stands apart. Counted by membership, not by person.",
        "DOMAIN 7; PEERS F8",
    ),
    "income": Definition(
        "Gross, fees, what went back and net, by the month in which Stripe booked it, and by kind.",
        "net = gross - fees - refunds - disputes",
        "A kind is the length of the paid period, or a gift. What was given on top is part of the "
        "gross, and shown apart. Fees not told yet are in neither fees nor net.",
        "DOMAIN 6.2, 6.6 and 7",
    ),
    "forecast": Definition(
        "What the next twelve months bring if nobody leaves but who has said so.",
        "monthly MRR less what is set to end + yearly renewals that fall due and go on",
        "No guess: nobody joins, nothing fails, nobody changes. Paused memberships are not in it.",
        "DOMAIN 7",
    ),
    "at_risk": Definition(
        "Memberships that are overdue, and the part of MRR that is theirs.",
        "sum of the amounts of memberships in the days of grace",
        "They are in active and in MRR until they are ended. By what is asked of them now, which "
        "after a change may not be what they last paid.",
        "DOMAIN 7; Stripe and ProfitWell",
    ),
    "duplicates": Definition(
        "Supporters with more than one paid membership that has not ended.",
        "memberships paid and not ended > 1",
        "They may be meant: everyone is asked by letter, and can undo the second in the account.",
        "DESIGN 15",
    ),
    "givers": Definition(
        "Donors by calendar year: who gave again, who gave last year and not this year (LYBUNT), "
        "who gave before that and in neither (SYBUNT).",
        "retention = donors of both years / donors of last year",
        "Any payment that arrived makes a donor of its Dublin year, whatever was given back later. "
        "The year that runs is not over.",
        "DOMAIN 7",
    ),
    "fee_share": Definition(
        "The part of each plan's payments that Stripe kept.",
        "fees / gross of the payments whose fee is known",
        "By the plan that was paid. What was paid to us directly is not in it.",
        "DOMAIN 7 and 8",
    ),
    "worth": Definition(
        "What a member brings from the first payment to the last.",
        "expected: net of memberships in twelve full months / members churned in them; realised: "
        "net of memberships so far / members so far",
        "Nothing is expected where nobody left, or of fewer than 100 members.",
        "DOMAIN 7",
    ),
}
