"""What an act is about: the supporter's own row, who may do it, and why it cannot be done now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar
from uuid import UUID

from django.conf import settings
from django.db.models import Sum
from django.http import Http404
from django.utils import timezone

from billing import comps, refunds, wishes
from billing.models import CompMembership, Membership, Payment, Receipt
from billing.models.plan import Interval
from billing.money import format_amount
from billing.states import HOLDS, MembershipState
from members import roles, standing
from members.models import Erasure, StaffAct, StaffMember, Supporter
from members.models.desk import MEMBERSHIP_ACTS, Act
from members.models.privacy import ErasureState
from members.models.staff import Role
from members.roles import May
from members.standing import Standing

_Row = TypeVar("_Row")
# What whoever opens the desk may do; all else is for those who help (May.HELP).
_ABOUT_MONEY: Final = frozenset({Act.REFUND, Act.RESEND, Act.NOTE})
# So that a ceiling is not got round in parts.
_CEILING_FOR: Final = timedelta(days=1)
_AFTER_ERASURE: Final = frozenset({Act.REFUND, Act.NOTE})


@dataclass(frozen=True, slots=True)
class Case:
    """An act and the row that it is about, as both are now."""

    act: Act
    supporter: Supporter
    about: UUID
    membership: Membership | None = None
    standing: Standing | None = None
    payment: Payment | None = None
    receipt: Receipt | None = None
    comp: CompMembership | None = None

    @property
    def ground(self) -> Standing:
        """The membership as it stands; only for an act about one."""
        assert self.standing is not None  # noqa: S101 - `of` has found it
        return self.standing

    @property
    def paid(self) -> Payment:
        """The payment; only for an act about one."""
        assert self.payment is not None  # noqa: S101 - `of` has found it
        return self.payment

    @property
    def document(self) -> Receipt:
        """The receipt or note; only for an act about one."""
        assert self.receipt is not None  # noqa: S101 - `of` has found it
        return self.receipt

    @property
    def given(self) -> CompMembership:
        """The free membership; only for an act about one."""
        assert self.comp is not None  # noqa: S101 - `of` has found it
        return self.comp


def may(member: StaffMember, act: Act) -> bool:
    """Whether the role of this member of staff does such things."""
    return roles.may(member, May.DESK if act in _ABOUT_MONEY else May.HELP)


def of(supporter: Supporter, act: Act, about: UUID) -> Case:
    """The case; 404 where the row is not this supporter's, as where there is none."""
    if act in MEMBERSHIP_ACTS:
        rows = supporter.memberships.select_related("plan", "customer")
        row = _found(rows.filter(pk=about).first())
        return Case(act, supporter, about, membership=row, standing=standing.of(row))
    if act is Act.REFUND:
        payment = supporter.payments.select_related("plan", "membership").filter(pk=about).first()
        return Case(act, supporter, about, payment=_found(payment))
    if act is Act.RESEND:
        receipt = Receipt.objects.filter(payment__supporter=supporter, pk=about).first()
        return Case(act, supporter, about, receipt=_found(receipt))
    if act is Act.UNCOMP:
        comp = supporter.comp_memberships.filter(pk=about).first()
        return Case(act, supporter, about, comp=_found(comp))
    if about != supporter.pk:
        raise Http404
    return Case(act, supporter, about)


def _found(row: _Row | None) -> _Row:
    if row is None:
        raise Http404
    return row


def why_not(case: Case) -> str:
    """Why this cannot be done now, in words for staff; "" if it can."""
    if case.supporter.erased and case.act not in _AFTER_ERASURE:
        return "They were erased: nobody is left to do this for."
    rule = _RULES.get(case.act)
    return rule(case) if rule else ""


def over_ceiling(case: Case, member: StaffMember, amount_cents: int) -> str:
    """Why this member of staff may not give so much back, in words; "" if they may.

    What their role gave back to this supporter within a day counts together: a ceiling that two of
    them share is not got round by asking the other.
    """
    if member.role != Role.SUPPORT:
        return ""
    since = timezone.now() - _CEILING_FOR
    given = StaffAct.objects.filter(
        role=Role.SUPPORT, supporter=case.supporter, act=Act.REFUND, at__gt=since
    ).aggregate(cents=Sum("amount_cents"))
    ceiling = settings.STAFF_REFUND_CEILING_CENTS
    if (given["cents"] or 0) + amount_cents <= ceiling:
        return ""
    most = format_amount(ceiling, case.paid.currency)
    return (
        f"Your role gives back up to {most} a day to one supporter, all of you together. "
        "Ask somebody of finance, or an admin, to do this one."
    )


def held_by_bank(payment: Payment) -> bool:
    """Whether a dispute has taken the money, or keeps it; of a page's payments fetched before."""
    return any(each.state in HOLDS for each in payment.disputes.all())


def _ended(case: Case) -> str:
    if not case.ground.membership.live:
        return f"It is not running: {case.ground.membership.get_state_display().lower()}."
    return "It is being ended already." if case.ground.closing else ""


def _cancel(case: Case) -> str:
    return _ended(case) or ("It is to end already." if case.ground.ending else "")


def _keep(case: Case) -> str:
    return _ended(case) or ("" if case.ground.ending else "No ending is planned.")


def _pause(case: Case) -> str:
    found = case.ground
    if reason := _ended(case):
        return reason
    if found.paused or found.membership.state != MembershipState.ACTIVE:
        return "It is paused or overdue: only a running one can be paused."
    if found.ending:
        return "It is to end: nothing more is taken anyway."
    if found.membership.interval != Interval.MONTH:
        return "It is paid once a year: leaving out one payment would be a whole year."
    if not wishes.breaks(found.membership, now=found.now):
        return "Its next payment is too far away to leave it out already."
    return ""


def _resume(case: Case) -> str:
    paused = case.ground.membership.state == MembershipState.PAUSED and case.ground.paused
    return _ended(case) or ("" if paused else "It is not paused.")


def _refund(case: Case) -> str:
    payment = case.paid
    if held_by_bank(payment):
        return "Its bank holds the money: a refund now would pay it twice."
    if payment.outside_stripe:
        return "Stripe never had this money: give it back the way it came."
    if payment.paid_at is None or refunds.left_of(payment) == 0:
        return "Nothing of it is left to give back."
    return ""


def _comp(case: Case) -> str:
    standing_now = comps.of(case.supporter, now=timezone.now())
    return "They have a free membership already." if standing_now else ""


def _uncomp(case: Case) -> str:
    return "" if case.given.stands(timezone.now()) else "It is over already."


def _erase(case: Case) -> str:
    begun = Erasure.objects.filter(supporter=case.supporter).exclude(state=ErasureState.DONE)
    return "It has begun already, and goes on by itself." if begun.exists() else ""


def _resend(case: Case) -> str:
    return "" if case.supporter.named else "They are being erased: their address finds nobody."


_RULES: Final[dict[Act, Callable[[Case], str]]] = {
    Act.CANCEL: _cancel,
    Act.KEEP: _keep,
    Act.END: _ended,
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.REFUND: _refund,
    Act.COMP: _comp,
    Act.UNCOMP: _uncomp,
    Act.ERASE: _erase,
    Act.RESEND: _resend,
    Act.ADDRESS: _resend,
}
