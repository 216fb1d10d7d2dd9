"""What supporters and staff may ask of a membership: each wish is a row, then a call, then a fact.

Each verb returns True if Stripe has done it, False if Stripe is away and will be told later.
`press` is one press of one button: the same press never does anything twice. All raise
stripe_api.Refused if Stripe says no, and NotNow where the membership's state leaves no room.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import fulfilment, intents, letters, renewals
from billing.cause import Cause
from billing.models import Intent, Membership, Plan
from billing.models.plan import Interval
from billing.models.stripe import IntentKind
from billing.states import EndReason, MembershipState
from billing.stripe_api import Unavailable
from billing.stripe_shapes import Shape

# A day into the period that is skipped its invoice has been made, and voided.
_AFTER_INVOICE: Final = timedelta(days=1)
MOST_SKIPPED: Final = 3


class NotNow(ValueError):
    """The membership is in no state in which this can be asked. The text says why, in our words."""


class TooLittle(ValueError):
    """The amount is below what the plan takes."""


def cancel_at_period_end(*, membership: Membership, press: str) -> bool:
    """End it with the paid period."""
    return _ask(membership, IntentKind.CANCEL_AT_PERIOD_END, press, {})


def keep(*, membership: Membership, press: str) -> bool:
    """Take back an ending that has not come yet."""
    return _ask(membership, IntentKind.KEEP, press, {})


def change_amount(*, membership: Membership, amount_cents: int, press: str) -> bool:
    """Pay another amount from the next period on; nothing is charged or given back now.

    Raises TooLittle.
    """
    _must_run(membership)
    if membership.plan.interval != membership.interval:
        raise NotNow("it has a rhythm of which there is no plan")
    if amount_cents < membership.plan.least_cents:
        raise TooLittle(membership.plan.slug)
    wanted = _price(membership.plan, amount_cents)
    return _ask(membership, IntentKind.CHANGE_AMOUNT, press, wanted)


def change_plan(*, membership: Membership, plan: Plan, amount_cents: int, press: str) -> bool:
    """Pay every year instead of every month, or the other way, once the paid period is over.

    Raises TooLittle.
    """
    _must_run(membership)
    if plan.interval == Interval.ONCE or plan.interval == membership.interval:
        raise NotNow("it has this rhythm already")
    if amount_cents < plan.least_cents:
        raise TooLittle(plan.slug)
    if membership.ends_on is not None:
        raise NotNow("it ends with this period")
    return _ask(membership, IntentKind.CHANGE_INTERVAL, press, _price(plan, amount_cents))


def drop_change(*, membership: Membership, press: str) -> bool:
    """Take back a change of rhythm that has not come yet."""
    return _ask(membership, IntentKind.DROP_CHANGE, press, {})


def pause(*, membership: Membership, until: datetime | None, press: str) -> bool:
    """Pay nothing until this moment (UTC), or until it is resumed. What falls due is voided.

    A change of rhythm that is still to come is dropped. Not for yearly memberships: one payment
    that is left out would be a whole year.
    https://docs.stripe.com/billing/subscriptions/pause-payment
    """
    _must_run(membership)
    if membership.interval != Interval.MONTH:
        raise NotNow("it is paid once a year")
    if membership.ends_on is not None:
        raise NotNow("it ends with this period")
    if until is not None and until <= timezone.now():
        raise NotNow("that moment has passed")
    ceiling = timezone.now() + timedelta(days=settings.PAUSE_DAYS) + _AFTER_INVOICE
    if until is None or until > ceiling:
        until = ceiling
    behaviour: Shape = {"behavior": "void", "resumes_at": int(until.timestamp())}
    return _ask(membership, IntentKind.PAUSE, press, {"fields": {"pause_collection": behaviour}})


def skip_next(*, membership: Membership, press: str, payments: int = 1) -> bool:
    """Leave out the next payment, or so many, and go on with the one after."""
    _must_run(membership)
    ends = {len(each.left_out): each.until for each in breaks(membership, now=timezone.now())}
    if payments not in ends:
        raise NotNow("it cannot be left out for so long")
    return pause(membership=membership, until=ends[payments], press=press)


@dataclass(frozen=True, slots=True)
class Break:
    """A pause that can be had: the payments it leaves out, its end, and the payment after it."""

    left_out: list[datetime]
    until: datetime
    then: datetime


def breaks(membership: Membership, *, now: datetime) -> list[Break]:
    """The pauses that leave out the next payment, the next two, and so on, up to PAUSE_DAYS."""
    if membership.period_start is None or membership.period_end is None:
        return []
    days = renewals.next_dues(
        MOST_SKIPPED + 1,
        period_start=membership.period_start,
        period_end=membership.period_end,
        interval=membership.interval,
        after=now,
    )
    latest = now + timedelta(days=settings.PAUSE_DAYS)
    return [
        Break(days[:number], days[number - 1] + _AFTER_INVOICE, days[number])
        for number in range(1, MOST_SKIPPED + 1)
        if days[number - 1] <= latest
    ]


def resume(*, membership: Membership, press: str) -> bool:
    """End a pause before its time."""
    if membership.state != MembershipState.PAUSED:
        raise NotNow("it is not paused")
    return _ask(membership, IntentKind.RESUME, press, {})


def end_now(
    *,
    membership: Membership,
    reason: EndReason,
    press: str,
    received_at: datetime | None = None,
) -> bool:
    """End it at once. For some reasons what was paid goes back in full: states.GIVEN_BACK.

    A withdrawal is acknowledged by letter whatever Stripe says: it counts from the press, or from
    `received_at` (UTC) where it was stated before.
    """
    if not membership.live:
        raise NotNow("it has ended")
    params: Shape = {"reason": reason}
    if received_at is not None:
        params["received_at"] = received_at.isoformat()
    return _ask(membership, IntentKind.END_NOW, press, params)


def end_after_grace(*, membership: Membership) -> bool:
    """End a membership whose grace is over, at once and without a final invoice."""
    press = f"grace:{membership.pk}:{membership.past_due_since:%Y%m%d}"
    reason = EndReason.PAYMENT_FAILED
    return _ask(membership, IntentKind.CANCEL_NOW, press, {"reason": reason})


def _must_run(membership: Membership) -> None:
    if membership.state != MembershipState.ACTIVE:
        raise NotNow(f"the membership is {membership.state}")


def _price(plan: Plan, amount_cents: int) -> Shape:
    return {
        "amount_cents": amount_cents,
        "currency": plan.currency,
        "interval": plan.interval,
        "product": plan.stripe_product_id,
    }


def _ask(membership: Membership, kind: IntentKind, press: str, params: Shape) -> bool:
    with transaction.atomic():
        intent = intents.record(
            kind=kind,
            press=press,
            subject=membership.pk,
            params={"subscription": membership.stripe_subscription_id, **params},
        )
        _acknowledge(intent, membership)
    # Else the sweeper would carry out an older wish after this one.
    intents.supersede_before(intent)
    try:
        fulfilment.fulfil(intent)
    except Unavailable:
        return False
    return True


def _acknowledge(intent: Intent, membership: Membership) -> None:
    """Queue what a withdrawal is answered with, with its row (Directive 2011/83, Art. 11a(4))."""
    if intent.kind == IntentKind.END_NOW and intent.params["reason"] == EndReason.WITHDRAWN:
        letters.queue(
            kind="withdrawal",
            key=str(membership.pk),
            supporter_id=membership.supporter_id,
            cause=Cause.supporter(),
        )
