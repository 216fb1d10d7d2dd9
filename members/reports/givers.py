"""How much do people give, and who gave last year or before and not since?"""

from dataclasses import dataclass
from datetime import date, datetime

from billing.dates import dublin_date, month_start, months_back
from billing.figures import names
from members.reports import rollups
from members.reports.amounts import divided, share
from members.reports.rollups import Number


@dataclass(frozen=True, slots=True)
class Averages:
    """Cents: what a member gives a month, and what a one-off gift comes to. None: there is none."""

    member_cents: int | None
    member_median_cents: int | None
    gifts: int
    gift_cents: int | None
    gift_median_cents: int | None
    members: int


def averages(*, now: datetime, count: int = 12) -> Averages:
    """Members as of now, gifts of the last `count` months. Three queries."""
    today = month_start(dublin_date(now))
    mrr = rollups.read(names.STANDING, last=today).whole(names.STANDING)
    worth = rollups.histogram(names.WORTH, until=today)
    since = months_back(today, count - 1)
    sizes = rollups.histogram(names.GIFT_SIZE, since=since, until=today)
    gifts = {int(cents): number for cents, number in sizes.items()}
    number, cents = sum(gifts.values()), sum(size * many for size, many in gifts.items())
    middle = rollups.median({int(twelfths): many for twelfths, many in worth.items()})
    gift_middle = rollups.median(gifts)
    return Averages(
        member_cents=divided(mrr.value, 12 * mrr.number) if mrr.number > 0 else None,
        member_median_cents=divided(sum(middle), 24) if middle else None,
        gifts=number,
        gift_cents=divided(cents, number) if number else None,
        gift_median_cents=divided(sum(gift_middle), 2) if gift_middle else None,
        members=mrr.number,
    )


@dataclass(frozen=True, slots=True)
class GivingYear:
    """A calendar year: who gave in it, and who had given before and did not.

    `last_year_not_this` (LYBUNT) gave in the year before and not in this one; `some_year_not_this`
    (SYBUNT) gave before that, and in neither of the two.
    """

    year: int
    donors: Number
    first: int
    kept: int
    last_year: int
    last_year_not_this: int
    some_year_not_this: int

    @property
    def retention(self) -> int | None:
        """Donors of both years of the donors of last year, in hundredths of a per cent."""
        return share(self.kept, self.last_year)


def years(*, now: datetime, key: str = names.ANY) -> list[GivingYear]:
    """Every year from the first gift on, oldest first; the last of them runs. One query.

    `key` is names.ANY for all who gave, names.GIFT for one-off gifts alone.
    """
    this = dublin_date(now).year
    book = rollups.read(names.DONORS, names.DONORS_FIRST, names.DONORS_KEPT, last=date(this, 1, 1))
    known = [each.year for each in book.months(names.DONORS)]
    found: list[GivingYear] = []
    ever = last = 0
    for year in range(min(known, default=this), this + 1):
        first_day = date(year, 1, 1)
        donors = book.at(names.DONORS, first_day, key)
        first = book.at(names.DONORS_FIRST, first_day, key).number
        kept = book.at(names.DONORS_KEPT, first_day, key).number
        lapsed = ever - (donors.number - first)
        found.append(
            GivingYear(
                year=year,
                donors=donors,
                first=first,
                kept=kept,
                last_year=last,
                last_year_not_this=last - kept,
                some_year_not_this=lapsed - (last - kept),
            )
        )
        ever, last = ever + first, donors.number
    return found
