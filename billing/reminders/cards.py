"""The word that a card is about to run out, a month ahead: once for each card's last month."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Final

from billing.dates import dublin_date, month_start, months_back, next_month
from billing.letters import ahead
from billing.letters.ahead import Turn
from billing.letters.kinds.renewing import DOUBTS
from billing.letters.planting import plant
from billing.models import Membership
from billing.models.membership import LIVE

KIND: Final = "card-expiring"
DAYS_AHEAD: Final = 30
# A card that ran out unnoticed is still worth a word: a payment is ahead.
_MONTHS_BACK: Final = 3


def plan(*, now: datetime) -> int:
    """Write the letters that are due within a day of `now` (UTC); how many were new."""
    return plant(
        KIND,
        Membership.objects.filter(state__in=LIVE, ends_on=None),
        moment="card_expires_on",
        turns=list(_turns(now)),
        now=now,
        again=DOUBTS,
    )


def _turns(now: datetime) -> Iterator[Turn]:
    """The last months of cards, earliest first."""
    month = months_back(month_start(dublin_date(now)), _MONTHS_BACK)
    while ahead.near(sent_at := _told_on(month), now=now):
        yield Turn(
            period=f"{month:%Y-%m}",
            due_at=max(sent_at, now),
            begins=month,
            ends=next_month(month),
        )
        month = next_month(month)


def _told_on(month: date) -> datetime:
    last_day = next_month(month) - timedelta(days=1)
    return ahead.morning(last_day - timedelta(days=DAYS_AHEAD))
