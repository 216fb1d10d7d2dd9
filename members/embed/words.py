"""What the button and the meter say, in the language that is active."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from billing.charity import Charity
from billing.money import format_amount
from billing.wording import long_date
from members.embed.figure import Figure
from members.embed.meter import Meter


@dataclass(frozen=True, slots=True)
class MeterWords:
    """The meter's writing: large, beside that, under the bar; and all of it in a sentence."""

    large: str
    beside: str
    goal: str
    below: str
    sentence: str


def button(charity: Charity) -> str:
    return _("Support %(name)s") % {"name": charity.trading_name}


def of_meter(meter: Meter) -> MeterWords:
    shown = meter.figure
    large, beside = _count(shown)
    return MeterWords(
        large=large,
        beside=beside,
        goal=_goal(shown),
        below=_("Rounded down, as of %(day)s") % {"day": long_date(meter.day)},
        sentence=sentence(shown),
    )


def sentence(shown: Figure) -> str:
    """The meter for who hears it: "At least 410 members so far. The goal is 500."."""
    goal = _number(shown, shown.goal)
    if shown.at_least is None:
        words = _("Fewer than %(number)s members so far. The goal is %(goal)s.")
        if shown.in_cents:
            words = _("Fewer than %(number)s members so far. The goal is %(goal)s a month.")
        return words % {"number": shown.fewer_than, "goal": goal}
    words = _("At least %(number)s members so far. The goal is %(goal)s.")
    if shown.in_cents:
        words = _("At least %(number)s a month so far. The goal is %(goal)s a month.")
    return words % {"number": _number(shown, shown.at_least), "goal": goal}


def _count(shown: Figure) -> tuple[str, str]:
    if shown.at_least is None:
        few = _("fewer than %(number)s members so far") % {"number": shown.fewer_than}
        return _("A beginning"), few
    number = f"{_number(shown, shown.at_least)}+"
    return number, _("a month so far") if shown.in_cents else _("members so far")


def _goal(shown: Figure) -> str:
    if shown.reached:
        return _("Goal reached. Thank you!")
    words = _("Goal: %(number)s a month") if shown.in_cents else _("Goal: %(number)s")
    return words % {"number": _number(shown, shown.goal)}


def _number(shown: Figure, number: int) -> str:
    """1200 -> "1,200"; 120000 cents -> "€1,200"."""
    return format_amount(number).removesuffix(".00") if shown.in_cents else f"{number:,}"
