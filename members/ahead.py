"""What is ahead of a membership, day by day, in words: the timeline in the account."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from billing.dates import dublin_date
from billing.models.plan import Interval
from billing.money import format_amount
from billing.states import MembershipState
from members.standing import Standing


@dataclass(frozen=True, slots=True)
class Line:
    """One day, as Dublin has it, and what happens on it."""

    day: date
    words: str
    # Whether money is taken on it.
    paid: bool = False


def of(standing: Standing) -> list[Line]:
    """What will happen, soonest first, as far as it is known."""
    if not standing.membership.live or standing.closing:
        return []
    lines = _grace(standing) + _break(standing) + _payment(standing) + _end(standing)
    return sorted(lines, key=lambda line: line.day)


def _line(moment: datetime | None, words: str, *, paid: bool = False) -> list[Line]:
    return [Line(dublin_date(moment), words, paid)] if moment else []


def _grace(standing: Standing) -> list[Line]:
    overdue = standing.membership.state == MembershipState.PAST_DUE
    words = _("Last day to pay what is overdue. After it, your support ends and nothing is owed.")
    return _line(standing.grace_until if overdue else None, words)


def _break(standing: Standing) -> list[Line]:
    amount = format_amount(standing.price.cents, standing.membership.currency)
    words = _("The payment of %(amount)s is left out.") % {"amount": amount}
    lines = [Line(dublin_date(due), words) for due in standing.left_out]
    return lines + _line(standing.paused_until, _("The pause ends by itself."))


def _payment(standing: Standing) -> list[Line]:
    return _line(standing.renews_on, _payment_words(standing), paid=True)


def _payment_words(standing: Standing) -> str:
    currency = standing.membership.currency
    told = {"amount": format_amount(standing.next_price.cents, currency)}
    if standing.switch and standing.switch.interval == Interval.YEAR:
        return _("Next payment: %(amount)s. From then on you pay once a year.") % told
    if standing.switch:
        return _("Next payment: %(amount)s. From then on you pay every month.") % told
    if standing.old_cents is not None:
        told["before"] = format_amount(standing.old_cents, currency)
        return _("Next payment: %(amount)s. Before, it was %(before)s.") % told
    return _("Next payment: %(amount)s.") % told


def _end(standing: Standing) -> list[Line]:
    return _line(standing.ends_on, _("It ends. Nothing more is taken."))
