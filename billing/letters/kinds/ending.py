"""Letters at the end: announced, come, or asked for at once; and money on its way back."""

from datetime import datetime
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from billing import lapse
from billing import withdrawal as withdrawing
from billing.dates import dublin_date
from billing.letters.draft import Draft, Outcome, Skip, composes
from billing.letters.kinds.facts import (
    action,
    actions,
    facts,
    overtaken,
    price_of,
    silence,
    told,
)
from billing.letters.links import Purpose
from billing.models import Intent, Letter, Membership, Refund
from billing.models.letter import LetterState
from billing.models.stripe import IntentKind
from billing.money import format_amount
from billing.states import EndReason, MembershipState, RefundState
from billing.wording import long_date, means, moment_words, named

# One that was given up or skipped acknowledged nothing.
_ACKNOWLEDGED: Final = (
    LetterState.QUEUED,
    LetterState.SENDING,
    LetterState.HELD,
    LetterState.SENT,
)


@composes("cancelled", owed=True)
def cancelled(letter: Letter) -> Outcome:
    """It will end: when, what happens then, and how to go on after all."""
    membership_id, _asked_at, day = letter.key.split(":", 2)
    membership = Membership.objects.get(pk=membership_id)
    reason = silence(membership) or _goes_on(membership, day)
    if reason or overtaken(letter):
        return Skip(reason or "its end was set anew")
    assert membership.ends_on is not None  # noqa: S101 - else it goes on
    ends = long_date(membership.ends_on)
    rows = [
        (_("Your support"), price_of(membership)),
        (_("Began on"), long_date(membership.started_at or membership.created_at)),
        (_("Ends on"), ends),
        (_("Reference"), str(membership.pk)),
    ]
    overdue = membership.state == MembershipState.PAST_DUE
    return Draft({**facts(*rows), **actions(), "ends": ends, "overdue": overdue})


def _goes_on(membership: Membership, day: str) -> str:
    """Why it does not end on this day, or ""."""
    if membership.ends_on is None:
        return "it goes on"
    ends = dublin_date(membership.ends_on).isoformat()
    return "" if ends == day else "it ends on another day"


@composes("ended", states_identity=True)
def ended(letter: Letter) -> Outcome:
    membership = Membership.objects.get(pk=letter.key)
    if membership.state != MembershipState.ENDED or membership.ended_at is None:
        return Skip(f"the membership is {membership.state}")
    withdrawn = membership.end_reason == EndReason.WITHDRAWN
    if withdrawn and told("withdrawal", str(membership.pk)) in _ACKNOWLEDGED:
        return Skip("the withdrawal was acknowledged")
    rows = [
        (_("Your support"), price_of(membership)),
        (_("Began on"), long_date(membership.started_at or membership.created_at)),
        (_("Ended on"), long_date(membership.ended_at)),
        (_("Reference"), str(membership.pk)),
    ]
    return Draft(
        {
            **facts(*rows),
            **actions(),
            "ended": long_date(membership.ended_at),
            "reason": membership.end_reason,
            "forgets": _forgets(membership),
        }
    )


def _forgets(membership: Membership) -> str:
    """The day on which name and address go if nothing more is given; "" where that is not to be
    told, since another membership stands or the day has come already."""
    now = timezone.now()
    day = lapse.forgets_on(membership.supporter, now=now)
    return long_date(day) if day is not None and day > now else ""


@composes("withdrawal", states_identity=True, owed=True)
def withdrawal(letter: Letter) -> Outcome:
    """The acknowledgement: the statement with its date and time (Directive 2011/83, Art. 11a(4)).

    It waits for nobody: the withdrawal counts from the press, whatever Stripe answers.
    """
    membership = Membership.objects.select_related("plan").get(pk=letter.key)
    ends = Intent.objects.filter(subject=membership.pk, kind=IntentKind.END_NOW)
    pressed = ends.filter(params__reason=EndReason.WITHDRAWN).order_by("created_at").first()
    if pressed is None:
        return Skip("nobody withdrew")
    agreed = membership.started_at or membership.created_at
    stated = pressed.params.get("received_at")
    received = datetime.fromisoformat(stated) if stated else pressed.created_at
    rows = [
        (_("Received on"), moment_words(received)),
        (_("Agreement"), f"{named(membership.plan.name)}, {price_of(membership)}"),
        (_("Agreed on"), long_date(agreed)),
        (_("Reference"), str(membership.pk)),
    ]
    latest = dublin_date(received) + withdrawing.PERIOD
    return Draft({**facts(*rows), **actions(), "back_by": long_date(latest)})


@composes("refund")
def refund(letter: Letter) -> Outcome:
    """Money on its way back that takes days. When it has arrived its credit note follows."""
    row = Refund.objects.select_related("payment__membership").get(stripe_refund_id=letter.key)
    if row.state != RefundState.PENDING:
        return Skip(f"the refund is {row.state}: its document says so")
    membership = row.payment.membership
    amount = format_amount(row.amount_cents, row.currency)
    rows = [
        (_("Amount"), amount),
        (_("Sent on"), long_date(row.refunded_at)),
        (_("Goes back to"), means(row.payment.method_label)),
    ]
    runs = membership is not None and membership.live and membership.ends_on is None
    end = (
        [action(_("End your support"), Purpose.CANCEL, letter, membership.pk)]
        if membership is not None and runs
        else []
    )
    return Draft({**facts(*rows), **actions(*end), "amount": amount, "runs": runs})
