"""The acts. Each is a row before it is done, counts once however often it is pressed, and is told
to the supporter in their account. Where Stripe is away the wish is noted, and done once it answers.
"""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog
from django.db import transaction
from django.utils import timezone

from billing import comps, letters, refunds, wishes
from billing.cause import Cause
from billing.models.comp import CompReason
from billing.models.receipt import Series
from billing.states import EndReason
from members import access, addresses, signin
from members.models import StaffAct, StaffMember, Supporter
from members.models.access import Action, Field, Purpose
from members.models.desk import Act, Reason
from members.models.privacy import ErasureState
from members.press import Press
from members.privacy import erasure
from members.staff.desk import cases
from members.staff.desk.cases import Case

log = structlog.get_logger(__name__)
_LETTERS: Final = {
    Series.RECEIPT: "receipt",
    Series.CREDIT_NOTE: "credit-note",
    Series.DEBIT_NOTE: "debit-note",
}
_TOUCHES: Final = {
    Act.RESEND: Field.RECEIPTS,
    Act.REFUND: Field.PAYMENTS,
    Act.ADDRESS: Field.EMAIL,
    Act.ERASE: Field.NAME,
}


@dataclass(frozen=True, slots=True)
class Deed:
    """An act that was confirmed: the case, who does it, what was chosen, and the press."""

    case: Case
    member: StaffMember
    reason: Reason
    choice: dict[str, Any]
    press: str


class TooMuch(ValueError):
    """More than the role may give back: somebody gave back in the very moment. Says why."""


def press_id(pressed: Press) -> str:
    """The name of the wish: with a colon, so that no page takes it for the supporter's own."""
    return f"desk:{pressed.id}"


def do(deed: Deed, *, purpose: Purpose) -> bool:
    """Write the act down, then do it; False if Stripe is away and it is done later.

    Raises TooMuch. Raises wishes.NotNow and refunds.NothingLeft where the row changed meanwhile,
    and stripe_api.Refused. The line stays then: somebody wanted it, and it says that it was not
    done.
    """
    fresh = _write(deed, purpose)
    log.info("desk act", act=deed.case.act.value, staff=str(deed.member.pk), again=not fresh)
    # What counts by its press is asked again, should we have died after the line was written.
    return _DEEDS[deed.case.act](deed) if fresh or deed.case.act in _BY_PRESS else True


def _write(deed: Deed, purpose: Purpose) -> bool:
    """Write the line of the act and the line of the look; False if this press has them."""
    case, cents = deed.case, deed.choice.get("cents")
    with transaction.atomic():
        if cents:
            _keep_the_ceiling(deed, cents)
        _line, fresh = StaffAct.objects.get_or_create(
            press=deed.press,
            defaults={
                "staff": deed.member,
                "role": deed.member.role,
                "supporter": case.supporter,
                "act": case.act,
                "reason": deed.reason,
                "phrase": deed.choice.get("phrase", ""),
                "subject": case.about,
                "amount_cents": cents,
                "currency": case.paid.currency if cents else "",
                "at": timezone.now(),
            },
        )
        if fresh and case.act is not Act.NOTE:
            access.note(
                staff=deed.member,
                supporter_id=case.supporter.pk,
                action=Action.REMOVED if case.act is Act.ERASE else Action.CHANGED,
                fields=[_TOUCHES.get(case.act, Field.MEMBERSHIP)],
                purpose=purpose,
            )
    return fresh


def _keep_the_ceiling(deed: Deed, cents: int) -> None:
    """Look once more, where nobody else can give back to the same supporter. Raises TooMuch."""
    Supporter.objects.select_for_update().get(pk=deed.case.supporter.pk)
    if StaffAct.objects.filter(press=deed.press).exists():
        return
    if reason := cases.over_ceiling(deed.case, deed.member, cents):
        raise TooMuch(reason)


def until(months: int, *, now: datetime) -> datetime:
    """The end of a free membership that begins now: the same day of that month, or its last."""
    year, month = divmod(now.year * 12 + now.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    return now.replace(year=year, month=month + 1, day=min(now.day, last))


def _cancel(deed: Deed) -> bool:
    return wishes.cancel_at_period_end(membership=deed.case.ground.membership, press=deed.press)


def _keep(deed: Deed) -> bool:
    return wishes.keep(membership=deed.case.ground.membership, press=deed.press)


def _end(deed: Deed) -> bool:
    membership = deed.case.ground.membership
    return wishes.end_now(membership=membership, reason=EndReason.REQUESTED, press=deed.press)


def _pause(deed: Deed) -> bool:
    payments = deed.choice["payments"]
    membership = deed.case.ground.membership
    return wishes.skip_next(membership=membership, press=deed.press, payments=payments)


def _resume(deed: Deed) -> bool:
    return wishes.resume(membership=deed.case.ground.membership, press=deed.press)


def _refund(deed: Deed) -> bool:
    """Noted here and sent by a worker, as every refund is."""
    cents: int = deed.choice["cents"]
    refunds.request(payment=deed.case.paid, amount_cents=cents, press=deed.press)
    return True


def _resend(deed: Deed) -> bool:
    document = deed.case.document
    with transaction.atomic():
        letters.queue(
            kind=_LETTERS[Series(document.series)],
            key=f"{document.pk}:{deed.press}",
            supporter_id=deed.case.supporter.pk,
            cause=Cause("staff"),
        )
    return True


def _comp(deed: Deed) -> bool:
    now = timezone.now()
    comps.grant(
        supporter=deed.case.supporter,
        reason=CompReason(deed.choice["kind"]),
        ends_on=until(deed.choice["months"], now=now),
        actor=str(deed.member.pk),
        now=now,
    )
    return True


def _uncomp(deed: Deed) -> bool:
    comps.revoke(comp=deed.case.given, actor=str(deed.member.pk))
    return True


def _address(deed: Deed) -> bool:
    addresses.ask(deed.case.supporter, email=deed.choice["email"])
    return True


def _sign_out(deed: Deed) -> bool:
    with transaction.atomic():
        supporter = Supporter.objects.select_for_update().get(pk=deed.case.supporter.pk)
        signin.end_all(supporter, now=timezone.now())
        supporter.save(update_fields=["signed_out_at"])
    return True


def _erase(deed: Deed) -> bool:
    begun = erasure.ask(deed.case.supporter)
    return begun.state not in {ErasureState.ENDING, ErasureState.CLEARING}


def _note(_deed: Deed) -> bool:
    return True


_BY_PRESS: Final = frozenset(
    {Act.CANCEL, Act.KEEP, Act.END, Act.PAUSE, Act.RESUME, Act.REFUND, Act.RESEND, Act.ERASE}
)
_DEEDS: Final[dict[Act, Callable[[Deed], bool]]] = {
    Act.RESEND: _resend,
    Act.REFUND: _refund,
    Act.CANCEL: _cancel,
    Act.KEEP: _keep,
    Act.END: _end,
    Act.PAUSE: _pause,
    Act.RESUME: _resume,
    Act.COMP: _comp,
    Act.UNCOMP: _uncomp,
    Act.ADDRESS: _address,
    Act.SIGN_OUT: _sign_out,
    Act.ERASE: _erase,
    Act.NOTE: _note,
}
