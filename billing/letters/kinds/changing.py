"""Letters about what is paid, how often, and when not at all."""

from dataclasses import dataclass
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import renewals
from billing.dates import dublin_date
from billing.letters.draft import Draft, Outcome, Postpone, Skip, composes
from billing.letters.kinds.facts import (
    actions,
    beside,
    ending,
    facts,
    overtaken,
    price_of,
    silence,
)
from billing.models import Intent, Letter, Membership, Payment
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind, IntentState
from billing.money import format_amount
from billing.states import MembershipState, PaymentState
from billing.tidings import Change, Price, moment_key, next_due, planned_price
from billing.tidings import price_of as present_price
from billing.wording import long_date, price

_NOT_MADE: Final = (IntentState.REFUSED, IntentState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class _Case:
    """A change and the membership as it is when the letter is to be sent."""

    change: Change
    membership: Membership
    paid: Payment | None

    @property
    def was(self) -> Price:
        """What was paid for the period that runs; what our row said, where none of it was."""
        if self.paid is None:
            return self.change.old
        return Price(self.paid.amount_cents, self.paid.plan.interval)

    @property
    def has_come(self) -> bool:
        """Whether the running period is one of the new price."""
        start = self.membership.period_start
        if start is None or dublin_date(start) < self.change.day:
            return False
        return self.paid is None or self.paid.amount_cents == self.change.new.cents


@composes("changed", owed=True)
def changed(letter: Letter) -> Outcome:
    """Another amount or rhythm, whoever changed it: the old, the new, and from when (E6)."""
    change = Change.read(letter.key)
    membership = Membership.objects.select_related("plan").get(pk=change.membership_id)
    reason = silence(membership) or _no_change(change, membership)
    if reason or overtaken(letter):
        return Skip(reason or "it was changed again")
    if beside(letter).filter(state=LetterState.SENDING).exists():
        return Postpone("an earlier letter about it is being sent")
    case = _Case(change, membership, _paid_now(membership))
    if case.has_come:
        return _draft(letter, case, told="has_come")
    announced = _announced(letter)
    if case.was != change.new and not change.taken_back:
        return _draft(letter, case, told="to_come")
    if announced is None or announced == change.new:
        return Skip("it stays as it was, and nothing else was said")
    return _draft(letter, case, told="stays", announced=announced)


def _no_change(change: Change, membership: Membership) -> str:
    """Why this is not what will be paid, or ""."""
    if membership.ends_on is not None:
        return "it ends before that"
    ahead = planned_price(membership) or present_price(membership)
    return "" if ahead == change.new else "it is another price by now"


def _paid_now(membership: Membership) -> Payment | None:
    """What was paid for the whole of the running period, not what evened out a part of it."""
    rows = membership.payments.select_related("plan").filter(
        state=PaymentState.SUCCEEDED,
        period_start=membership.period_start,
        period_end=membership.period_end,
    )
    return rows.order_by("paid_at").first()


def _announced(letter: Letter) -> Price | None:
    """What the last letter that went out said would be paid."""
    before = beside(letter).filter(state=LetterState.SENT, created_at__lte=letter.created_at)
    last = before.order_by("-created_at").first()
    return Change.read(last.key).new if last else None


def _draft(letter: Letter, case: _Case, *, told: str, announced: Price | None = None) -> Draft:
    change, membership = case.change, case.membership
    old = change.old if told == "has_come" else case.was
    first = membership.changes_on or next_due(membership)
    day = change.day if told == "has_come" or first is None else first
    new_price = _words(change.new, membership)
    rows = [
        (_("Until now"), "" if told == "stays" else _words(old, membership)),
        (_("Since then") if told == "has_come" else _("You pay"), new_price),
        (_("Since") if told == "has_come" else _("Next payment"), long_date(day)),
        (_("Reference"), str(membership.pk)),
    ]
    return Draft(
        {
            **facts(*rows),
            **actions(ending(letter, membership)),
            "told": told,
            "old_price": _words(old, membership),
            "new_price": new_price,
            "announced": _words(announced, membership) if announced else "",
            "day": long_date(day),
            "uncharged": told != "has_come" and _asked_here(change),
        }
    )


def _words(wanted: Price, membership: Membership) -> str:
    return price(wanted.cents, membership.currency, wanted.interval)


def _asked_here(change: Change) -> bool:
    """Whether it was asked for with us, which takes nothing on that day; staff at Stripe may."""
    kinds = (IntentKind.CHANGE_AMOUNT, IntentKind.CHANGE_INTERVAL, IntentKind.DROP_CHANGE)
    asked = Intent.objects.filter(subject=change.membership_id, kind__in=kinds)
    last = asked.exclude(state__in=_NOT_MADE).order_by("-created_at").first()
    if last is None:
        return False
    return bool(last.params.get("amount_cents", change.new.cents) == change.new.cents)


@composes("paused")
def paused(letter: Letter) -> Outcome:
    """Until when it is paused, and the payments that it leaves out."""
    membership_id, until, _source = letter.key.split(":", 2)
    membership = Membership.objects.get(pk=membership_id)
    reason = silence(membership) or _no_pause(membership, until)
    if reason or overtaken(letter):
        return Skip(reason or "it was paused anew")
    amount = format_amount(membership.amount_cents, membership.currency)
    resumes_on, then = membership.resumes_on, next_due(membership)
    left_out = _left_out(membership)
    rows = [
        (_("Your support"), price_of(membership)),
        (_("Paused until"), long_date(resumes_on) if resumes_on else ""),
        *((_("Left out"), _on(amount, each)) for each in left_out),
        (_("Next payment"), _on(amount, long_date(then)) if then and resumes_on else ""),
        (_("Ends on"), long_date(membership.ends_on) if membership.ends_on else ""),
        (_("Reference"), str(membership.pk)),
    ]
    return Draft(
        {
            **facts(*rows),
            **actions(*([] if membership.ends_on else [ending(letter, membership)])),
            "until": long_date(resumes_on) if resumes_on else "",
            "ends": long_date(membership.ends_on) if membership.ends_on else "",
        }
    )


def _no_pause(membership: Membership, until: str) -> str:
    if membership.state != MembershipState.PAUSED:
        return f"the membership is {membership.state}"
    same = moment_key(membership.resumes_on) == until
    return "" if same else "it is paused until another day"


def _left_out(membership: Membership) -> list[str]:
    """The days of the payments that a pause with an end leaves out."""
    start, end, until = membership.period_start, membership.period_end, membership.resumes_on
    if start is None or end is None or until is None or membership.ends_on:
        return []
    dues = renewals.next_dues(
        12, period_start=start, period_end=end, interval=membership.interval, after=timezone.now()
    )
    return [long_date(due) for due in dues if due <= until]


def _on(amount: str, day: str) -> str:
    return _("%(amount)s on %(day)s") % {"amount": amount, "day": day}
