"""What did each campaign bring?"""

from dataclasses import dataclass
from datetime import datetime

from billing.dates import dublin_date, month_start, months_back
from billing.figures import names
from billing.models import Campaign
from members.reports import rollups
from members.reports.amounts import months_worth
from members.reports.rollups import Number


@dataclass(frozen=True, slots=True)
class CampaignLine:
    """One campaign; None is what no link named. Joins and gifts of the period, MRR as of now."""

    campaign: Campaign | None
    joins: Number
    gifts: Number
    memberships: int
    mrr_cents: int


def campaigns(*, now: datetime, count: int = 12) -> list[CampaignLine]:
    """Each campaign that brought anything in the last `count` months, or still does. Two queries.

    The one that brings most a month stands first, what no link named last.
    """
    today = month_start(dublin_date(now))
    since = months_back(today, count - 1)
    book = rollups.read(names.CAMPAIGN_JOIN, names.CAMPAIGN_GIFT, names.CAMPAIGN_MRR, last=today)
    sums: dict[tuple[str, str], Number] = {}
    for figure, months in book.cells.items():
        for month, keys in months.items():
            if figure != names.CAMPAIGN_MRR and month < since:
                continue
            for key, number in keys.items():
                place = figure, key
                sums[place] = rollups.total([sums.get(place, Number()), number])
    known = {str(each.pk): each for each in Campaign.objects.all()}
    lines = [
        CampaignLine(
            campaign=known.get(key),
            joins=sums.get((names.CAMPAIGN_JOIN, key), Number()),
            gifts=sums.get((names.CAMPAIGN_GIFT, key), Number()),
            memberships=sums.get((names.CAMPAIGN_MRR, key), Number()).number,
            mrr_cents=months_worth(sums.get((names.CAMPAIGN_MRR, key), Number()).value),
        )
        for key in sorted({key for (_, key), number in sums.items() if any(number)})
    ]
    return sorted(lines, key=lambda each: (each.campaign is None, -each.mrr_cents))
