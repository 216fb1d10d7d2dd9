"""Letters of those who begin."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _

from billing import duplicates, stripe_api, withdrawal
from billing.dates import dublin_date
from billing.letters.draft import Draft, Outcome, Postpone, Skip, composes
from billing.letters.kinds.facts import (
    action,
    actions,
    ending,
    facts,
    paid_with,
    price_of,
    silence,
)
from billing.letters.links import Purpose
from billing.models import Letter, Membership
from billing.models.plan import BenefitClass, Interval
from billing.money import format_amount
from billing.states import MembershipState, PaymentState
from billing.wording import long_date, named, rhythm

# Who has held two for longer than this holds them on purpose.
_TOLD_WITHIN: Final = timedelta(days=30)


@composes("welcome", states_identity=True, owed=True)
def welcome(letter: Letter) -> Outcome:
    """The confirmation of the contract, complete in itself (DOMAIN 2.5).

    While the first direct debit is on its way it promises nothing that the bank may refuse.
    """
    membership = Membership.objects.select_related("plan").get(pk=letter.key)
    if membership.state in {MembershipState.ENDED, MembershipState.EXPIRED}:
        return Skip("ended before it was confirmed")
    begun = membership.state != MembershipState.PENDING
    try:
        if membership.period_end is None or not (begun or _debit_runs(membership)):
            return Postpone("Stripe has not said yet that it began")
    except stripe_api.Unavailable:
        return Postpone("Stripe did not answer")
    paid = membership.payments.filter(state=PaymentState.SUCCEEDED).exists()
    return Draft(_contract(letter, membership, provisional=not paid))


def _debit_runs(membership: Membership) -> bool:
    """Whether the bank has a direct debit of it in hand. Raises stripe_api.Unavailable."""
    if not membership.stripe_subscription_id:
        return False
    return any(
        stripe_api.get_payment(payment_intent_id).status == "processing"
        for invoice in stripe_api.invoices_of(membership.stripe_subscription_id)
        for payment_intent_id in invoice.payment_intent_ids
    )


def _contract(letter: Letter, membership: Membership, *, provisional: bool) -> dict[str, Any]:
    """What was agreed, and what it means."""
    agreed = long_date(membership.started_at or membership.created_at)
    plan = membership.plan
    donation = plan.benefit_class == BenefitClass.NONE
    renews = "" if membership.ends_on or provisional else _day(membership.period_end)
    in_return = _("Nothing: it is a donation") if donation else plan.benefits or named(plan.name)
    rows = [
        (_("You pay"), price_of(membership)),
        (_("Paid with"), paid_with(membership)),
        (_("Agreed on") if provisional else _("Began on"), agreed),
        (_("Next payment"), renews),
        (_("In return"), in_return),
        (_("Reference"), str(membership.pk)),
    ]
    first_day = dublin_date(membership.started_at or membership.created_at)
    return {
        **facts(*rows),
        **actions(ending(letter, membership)),
        "withdraw_link": action(
            _("Withdraw from this agreement"), Purpose.WITHDRAW, letter, membership.pk
        )[1],
        "provisional": provisional,
        "plan_name": named(plan.name),
        "reference": str(membership.pk),
        "price": price_of(membership),
        "agreed": agreed,
        "donation": donation,
        "interval_words": rhythm(membership.interval),
        "yearly": membership.interval == Interval.YEAR,
        "notice_weeks": settings.REMINDER_DAYS // 7,
        "withdraw_by": long_date(withdrawal.deadline(first_day)),
        "second": bool(_older(membership)),
    }


def _day(moment: datetime | None) -> str:
    return long_date(moment) if moment else ""


@composes("duplicate")
def duplicate(letter: Letter) -> Outcome:
    """It is the second under this address: meant so, or undone with one press (DESIGN 15)."""
    membership = Membership.objects.select_related("plan").get(pk=letter.key)
    if membership.state == MembershipState.PENDING:
        return Postpone("Stripe has not said yet that it began")
    reason = silence(membership)
    if reason:
        return Skip(reason)
    if letter.created_at - (membership.started_at or membership.created_at) > _TOLD_WITHIN:
        return Skip("they have stood side by side for long")
    older = _older(membership)
    if not older and _may_begin(membership):
        return Postpone("Stripe has not said yet that the other one began")
    if not older:
        return Skip("there is no other one")
    rows = [
        (_("This one"), price_of(membership)),
        (_("Began on"), long_date(membership.started_at or membership.created_at)),
        *((_("The other one"), _since(price_of(each), each)) for each in older),
        (_("Reference"), str(membership.pk)),
    ]
    undo = action(_("Undo this one and get it back"), Purpose.UNDO, letter, membership.pk)
    amount = format_amount(membership.amount_cents, membership.currency)
    return Draft({**facts(*rows), **actions(undo, ending(letter, membership)), "amount": amount})


def _older(membership: Membership) -> list[Membership]:
    """Those beside which it is a second one. One that is overdue is replaced, not doubled."""
    runs = {MembershipState.ACTIVE, MembershipState.PAUSED}
    mine = (membership.created_at, membership.pk)
    beside = duplicates.others(membership).filter(state__in=runs)
    return [each for each in beside if (each.created_at, each.pk) < mine]


def _may_begin(membership: Membership) -> bool:
    """Whether an older one is paid, and its state is not written yet."""
    paid = Membership.objects.filter(
        supporter_id=membership.supporter_id,
        state=MembershipState.PENDING,
        started_at__isnull=False,
        created_at__lte=membership.created_at,
    )
    return paid.exclude(pk=membership.pk).exists()


def _since(price: str, other: Membership) -> str:
    day = long_date(other.started_at or other.created_at)
    return _("%(price)s, since %(day)s") % {"price": price, "day": day}
