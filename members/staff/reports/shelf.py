"""All the reports there are, by the question each answers, in the order in which they are read."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from members.reports.definitions import FIGURES, Definition
from members.staff.reports import (
    again,
    ahead,
    campaigns,
    failed,
    giving,
    growth,
    income,
    leaving,
    staying,
)
from members.staff.reports.asked import Asked
from members.staff.reports.told import Told

ALL: Final = "all"
MONTHS: Final = "months"


@dataclass(frozen=True, slots=True)
class Report:
    """A question, its short name, how it is answered, and the figures whose meaning it needs.

    `periods` is ALL (months or a calendar year), MONTHS, or "" where it tells of the present alone.
    """

    slug: str
    question: str
    name: str
    tell: Callable[[Asked], Told]
    figures: tuple[str, ...]
    periods: str = ALL
    usual: int = 12

    @property
    def definitions(self) -> list[Definition]:
        return [FIGURES[each] for each in self.figures]


@dataclass(frozen=True, slots=True)
class Group:
    """Reports that belong together."""

    name: str
    reports: tuple[Report, ...]


SHELF: Final = (
    Group("Coming and going", (
        Report("growth", "Are we growing?", "Growth", growth.growing, ("movement",)),
        Report("leaving", "Who leaves, and why?", "Leaving", leaving.leaving,
               ("churn", "mrr_churn")),
        Report("campaigns", "What did each campaign bring?", "Campaigns",
               campaigns.campaigns_report, ("campaigns",)),
    )),
    Group("Staying", (
        Report("retention", "Do people stay?", "Retention", staying.stay, ("cohorts",),
               periods=MONTHS, usual=24),
        Report("tenure", "How long do they stay?", "Tenure", staying.long, ("tenure",),
               periods=""),
        Report("renewals", "Do yearly members renew?", "Yearly renewals", again.renew,
               ("renewal",)),
        Report("donors", "Who gave again, and who did not?", "Donors by year", again.again,
               ("givers",), periods=""),
    )),
    Group("Money", (
        Report("income", "What came in, and what was left?", "Income", income.income_report,
               ("income",)),
        Report("gifts", "What do people give?", "Average and median", giving.gifts_report,
               ("averages", "worth")),
        Report("fees", "What does Stripe keep?", "Fees by plan", giving.fees_report,
               ("fee_share",)),
        Report("failures", "Which payments failed, and came in after all?", "Failed payments",
               failed.failures_report, ("failures",)),
    )),
    Group("Ahead", (
        Report("forecast", "What will the next year bring?", "Forecast", ahead.coming,
               ("forecast",), periods=""),
        Report("upcoming", "Which renewals are coming?", "Coming renewals", ahead.renewals_ahead,
               ("renewal",), periods=""),
        Report("at-risk", "Who is overdue?", "At risk", ahead.risk, ("at_risk",), periods=""),
        Report("duplicates", "Who is a member twice?", "Duplicates", ahead.twice,
               ("duplicates",), periods=""),
    )),
)  # fmt: skip

REPORTS: Final = {each.slug: each for group in SHELF for each in group.reports}


def beside(report: Report) -> tuple[Report | None, Report | None]:
    """The report before this one, and the one after it."""
    order = list(REPORTS.values())
    place = order.index(report)
    before = order[place - 1] if place else None
    return before, order[place + 1] if place + 1 < len(order) else None
