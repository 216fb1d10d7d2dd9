"""Letters of those who begin."""

from django.conf import settings
from django.utils.translation import gettext as _

from billing import withdrawal
from billing.dates import dublin_date
from billing.letters.draft import Draft
from billing.letters.kinds.facts import actions, facts, price_of
from billing.letters.links import Purpose
from billing.letters.samples.shelf import (
    BEGAN,
    REFERENCE,
    action,
    card,
    ending,
    link,
    membership,
    shows,
)
from billing.models.plan import Interval
from billing.money import format_amount
from billing.wording import long_date, named, price, rhythm


@shows("welcome", "monthly")
def monthly() -> Draft:
    return _welcome(Interval.MONTH)


@shows("welcome", "yearly")
def yearly() -> Draft:
    return _welcome(Interval.YEAR)


@shows("welcome", "first direct debit on its way")
def provisional() -> Draft:
    return _welcome(Interval.MONTH, provisional=True)


@shows("welcome", "a second one")
def second() -> Draft:
    return _welcome(Interval.MONTH, second=True)


@shows("welcome", "with benefits")
def with_benefits() -> Draft:
    return _welcome(Interval.YEAR, benefits="The magazine by post")


def _welcome(
    interval: Interval, *, benefits: str = "", provisional: bool = False, second: bool = False
) -> Draft:
    of = membership(interval)
    assert of.period_end is not None  # noqa: S101 - the sample has one
    rows = [
        (_("You pay"), price_of(of)),
        (_("Paid with"), "" if provisional else card()),
        (_("Agreed on") if provisional else _("Began on"), long_date(BEGAN)),
        (_("Next payment"), "" if provisional else long_date(of.period_end)),
        (_("In return"), benefits or _("Nothing: it is a donation")),
        (_("Reference"), REFERENCE),
    ]
    return Draft(
        {
            **facts(*rows),
            **actions(ending()),
            "withdraw_link": link(Purpose.WITHDRAW),
            "provisional": provisional,
            "plan_name": named(of.plan.name),
            "reference": REFERENCE,
            "price": price_of(of),
            "agreed": long_date(BEGAN),
            "donation": not benefits,
            "interval_words": rhythm(of.interval),
            "yearly": interval == Interval.YEAR,
            "notice_weeks": settings.REMINDER_DAYS // 7,
            "withdraw_by": long_date(withdrawal.deadline(dublin_date(BEGAN))),
            "second": second,
        }
    )


@shows("duplicate")
def duplicate() -> Draft:
    other = price(2388, "eur", Interval.YEAR)
    rows = [
        (_("This one"), price_of(membership())),
        (_("Began on"), long_date(BEGAN)),
        (
            _("The other one"),
            _("%(price)s, since %(day)s") % {"price": other, "day": long_date(BEGAN)},
        ),
        (_("Reference"), REFERENCE),
    ]
    undo = action(_("Undo this one and get it back"), Purpose.UNDO)
    return Draft({**facts(*rows), **actions(undo, ending()), "amount": format_amount(199)})
