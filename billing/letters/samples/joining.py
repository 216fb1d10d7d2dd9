"""Letters of those who begin."""

from django.conf import settings
from django.utils.translation import gettext as _

from billing import withdrawal
from billing.dates import dublin_date
from billing.letters.draft import Draft
from billing.letters.kinds.facts import facts, price_of
from billing.letters.samples.shelf import BEGAN, CARD, membership, shows
from billing.models.plan import Interval
from billing.money import format_amount
from billing.wording import long_date, price


@shows("welcome", "monthly")
def monthly() -> Draft:
    return _welcome(Interval.MONTH)


@shows("welcome", "yearly")
def yearly() -> Draft:
    return _welcome(Interval.YEAR)


@shows("welcome", "a second one")
def second() -> Draft:
    draft = _welcome(Interval.MONTH)
    draft.context["others"] = [(price(2388, "eur", Interval.YEAR), long_date(BEGAN))]
    return draft


@shows("welcome", "with benefits")
def with_benefits() -> Draft:
    return _welcome(Interval.YEAR, benefits="The magazine by post")


def _welcome(interval: Interval, benefits: str = "") -> Draft:
    of = membership(interval)
    assert of.period_end is not None  # noqa: S101 - the sample has one
    rows = [
        (_("You pay"), price_of(of)),
        (_("Paid with"), CARD),
        (_("Began on"), long_date(BEGAN)),
        (_("Next payment"), long_date(of.period_end)),
        (_("In return"), benefits or _("Nothing: it is a donation")),
        (_("Reference"), str(of.pk)),
    ]
    return Draft(
        facts(*rows)
        | {
            "membership": of,
            "price": price_of(of),
            "amount": format_amount(of.amount_cents, of.currency),
            "agreed": long_date(BEGAN),
            "donation": not benefits,
            "interval_words": of.get_interval_display(),
            "yearly": interval == Interval.YEAR,
            "notice_weeks": settings.REMINDER_DAYS // 7,
            "withdraw_by": long_date(withdrawal.deadline(dublin_date(BEGAN))),
            "others": [],
        }
    )
