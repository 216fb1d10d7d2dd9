"""How much of each plan's payments does Stripe keep?"""

from dataclasses import dataclass
from datetime import datetime

from billing.dates import dublin_date, month_start, months_back
from billing.figures import names
from billing.models import Plan
from members.reports import rollups
from members.reports.amounts import share


@dataclass(frozen=True, slots=True)
class FeeShare:
    """A plan: the payments of the period whose fee is known, their sum, and what was kept."""

    plan: Plan
    payments: int
    gross_cents: int
    fee_cents: int

    @property
    def fee_share(self) -> int | None:
        """Fees of the gross, in hundredths of a per cent."""
        return share(self.fee_cents, self.gross_cents)


def fee_shares(*, now: datetime, count: int = 12) -> list[FeeShare]:
    """The plans in their order, over the last `count` months. Two queries."""
    today = month_start(dublin_date(now))
    since = months_back(today, count - 1)
    book = rollups.read(names.PLAN_GROSS, names.PLAN_FEE, first=since, last=today)
    found = []
    for plan in Plan.objects.all():
        gross = book.whole(names.PLAN_GROSS, str(plan.pk))
        fee = book.whole(names.PLAN_FEE, str(plan.pk))
        found.append(FeeShare(plan, gross.number, gross.value, fee.value))
    return found
