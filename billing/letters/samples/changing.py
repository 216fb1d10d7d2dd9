"""Letters about what is paid, how often, and when not at all."""

from typing import Final

from django.utils.translation import gettext as _

from billing.letters.draft import Draft
from billing.letters.kinds.facts import actions, facts, price_of
from billing.letters.samples.shelf import NEXT, NEXT_YEAR, REFERENCE, ending, membership, shows
from billing.models.plan import Interval
from billing.money import format_amount
from billing.wording import long_date, price

_NEW: Final = 500


@shows("changed", "to come")
def to_come() -> Draft:
    return _changed("to_come")


@shows("changed", "has come")
def has_come() -> Draft:
    return _changed("has_come")


@shows("changed", "stays after all")
def stays() -> Draft:
    return _changed("stays")


def _changed(told: str) -> Draft:
    old, new = price_of(membership()), price(_NEW, "eur", Interval.MONTH)
    if told == "stays":
        old, new = new, old
    past = told == "has_come"
    rows = [
        (_("Until now"), "" if told == "stays" else old),
        (_("Since then") if past else _("You pay"), new),
        (_("Since") if past else _("Next payment"), long_date(NEXT)),
        (_("Reference"), REFERENCE),
    ]
    return Draft(
        {
            **facts(*rows),
            **actions(ending()),
            "told": told,
            "old_price": old,
            "new_price": new,
            "announced": old if told == "stays" else "",
            "day": long_date(NEXT),
            "uncharged": told == "to_come",
        }
    )


@shows("paused", "until a day")
def paused() -> Draft:
    return _paused(until=long_date(NEXT_YEAR))


@shows("paused", "until it is taken up again")
def paused_open() -> Draft:
    return _paused()


@shows("paused", "and then it ends")
def paused_ending() -> Draft:
    return _paused(ends=long_date(NEXT))


def _paused(*, until: str = "", ends: str = "") -> Draft:
    on = _("%(amount)s on %(day)s") % {"amount": format_amount(199), "day": long_date(NEXT)}
    rows = [
        (_("Your support"), price_of(membership())),
        (_("Paused until"), until),
        (_("Left out"), on if until else ""),
        (_("Next payment"), on if until else ""),
        (_("Ends on"), ends),
        (_("Reference"), REFERENCE),
    ]
    ways = [] if ends else [ending()]
    return Draft({**facts(*rows), **actions(*ways), "until": until, "ends": ends})
