"""What a supporter may ask of a membership, and why it cannot be asked just now."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from billing import charity, wishes
from billing.models.plan import Interval
from billing.states import MembershipState
from billing.wording import long_date
from members.standing import Standing

# A second one that was not meant shows on the first bill or the next. Later than that it may have
# been meant for years, and to give all of it back is for a person to decide, not for one press.
UNDO_FOR: Final = timedelta(days=60)


class Act(StrEnum):
    """One button. The values name the press of it, and stand in addresses."""

    AMOUNT = "amount"
    RHYTHM = "rhythm"
    DROP = "drop"
    PAUSE = "pause"
    SKIP = "skip"
    RESUME = "resume"
    PAY = "pay"
    CANCEL = "cancel"
    KEEP = "keep"
    WITHDRAW = "withdraw"
    UNDO = "undo"


def why_not(act: Act, standing: Standing) -> str:
    """Why this cannot be asked of the membership now, in words for its supporter; "" if it can."""
    return _over(standing) or _RULES[act](standing)


def possible(standing: Standing) -> frozenset[Act]:
    """What can be asked of the membership now: nothing else is offered."""
    return frozenset(act for act in Act if not why_not(act, standing))


def _over(standing: Standing) -> str:
    if standing.membership.state in {MembershipState.ENDED, MembershipState.EXPIRED}:
        return _("This membership has ended. Nothing more is taken for it.")
    if standing.closing:
        return _("It is being ended already: we have noted your wish, and nothing more is taken.")
    return ""


def _unbegun(standing: Standing) -> str:
    if standing.membership.state == MembershipState.PENDING:
        return _("It has not begun yet: its first payment has not arrived.")
    return ""


def _unsteady(standing: Standing) -> str:
    """Why what is paid, and when, cannot be changed now."""
    if standing.membership.state == MembershipState.PAST_DUE:
        return _("A payment is overdue. As soon as it is paid you can change this.")
    if standing.ending:
        return _("It is ending and nothing more is taken. Keep it first, then you can change this.")
    if standing.paused:
        return _("It is paused. End the pause first, then you can change this.")
    return _unbegun(standing)


def _rhythm(standing: Standing) -> str:
    if not _unsteady(standing) and standing.other_plan is None:
        return _("There is no other rhythm to choose just now.")
    return _unsteady(standing)


def _drop(standing: Standing) -> str:
    if standing.switch is None:
        return _("No change of rhythm is planned, so there is none to take back.")
    return ""


def _break(standing: Standing) -> str:
    reason = _unsteady(standing)
    if not reason and standing.membership.interval != Interval.MONTH:
        return _(
            "You pay once a year, so there is no monthly payment to leave out. You can end it "
            "instead: it then runs to the end of what is paid."
        )
    if not reason and not wishes.breaks(standing.membership, now=standing.now):
        return _("Its next payment is too far away to leave it out already.")
    return reason


def _resume(standing: Standing) -> str:
    return "" if standing.paused else _("It is not paused.")


def _pay(standing: Standing) -> str:
    if standing.membership.state in {MembershipState.PAST_DUE, MembershipState.PENDING}:
        return ""
    return _("Nothing is open: all that was due is paid.")


def _cancel(standing: Standing) -> str:
    return _("It is ending already.") if standing.ending else _unbegun(standing)


def _keep(standing: Standing) -> str:
    return "" if standing.ending else _("It goes on already: no ending is planned.")


def _withdraw(standing: Standing) -> str:
    if standing.withdraw_by is None:
        return _(
            "The 14 days in which you could withdraw ended on %(day)s. You can end it instead, at "
            "any time: it then runs to the end of what is paid."
        ) % {"day": long_date(standing.last_day)}
    return _unbegun(standing)


def _undo(standing: Standing) -> str:
    if not standing.second:
        return _("It is your only membership, so there is no second to undo.")
    if standing.now - standing.agreed_on > UNDO_FOR:
        return _too_late_to_undo(charity.current().support_email)
    return ""


def _too_late_to_undo(address: str) -> str:
    if not address:
        return _(
            "You have had both for more than %(days)s days, so one press does not undo it any "
            "more. You can end it at any time; or answer any of our letters, and a person will "
            "look at it with you."
        ) % {"days": UNDO_FOR.days}
    return _(
        "You have had both for more than %(days)s days, so one press does not undo it any more. "
        "You can end it at any time; or write to %(address)s, and a person will look at it with "
        "you."
    ) % {"days": UNDO_FOR.days, "address": address}


_RULES: Final[dict[Act, Callable[[Standing], str]]] = {
    Act.AMOUNT: _unsteady,
    Act.RHYTHM: _rhythm,
    Act.DROP: _drop,
    Act.PAUSE: _break,
    Act.SKIP: _break,
    Act.RESUME: _resume,
    Act.PAY: _pay,
    Act.CANCEL: _cancel,
    Act.KEEP: _keep,
    Act.WITHDRAW: _withdraw,
    Act.UNDO: _undo,
}
