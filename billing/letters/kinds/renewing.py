"""Letters before money is taken."""

from datetime import date

from django.utils import timezone

from billing import stripe_api
from billing.dates import dublin_date
from billing.letters.draft import Draft, Outcome, Postpone, Skip, composes
from billing.letters.kinds.facts import facts, paid_with
from billing.models import Letter, Membership
from billing.money import format_amount
from billing.snapshots import SubscriptionSnapshot
from billing.states import MembershipState, state_of
from billing.wording import long_date


@composes("reminder")
def reminder(letter: Letter) -> Outcome:
    """The notice before a yearly renewal; Stripe is asked whether it really comes (DESIGN 6)."""
    membership_id, _, day = letter.key.partition(":")
    membership = Membership.objects.get(pk=membership_id)
    if not membership.stripe_subscription_id:
        return Skip("it never began")
    try:
        snapshot = stripe_api.get_subscription(membership.stripe_subscription_id)
    except stripe_api.NotFound:
        return Skip("there is no such subscription any more")
    except stripe_api.Unavailable:
        return Postpone("Stripe did not answer")
    doubt = _doubt(snapshot, date.fromisoformat(day))
    if doubt:
        return Skip(doubt)
    renews = long_date(snapshot.period_end)
    amount = format_amount(snapshot.amount_cents, snapshot.currency)
    rows = [
        ("Amount", amount),
        ("On", renews),
        ("Paid with", paid_with(membership)),
        ("Renews", f"every {snapshot.interval}, until you end it"),
        ("Reference", str(membership.pk)),
    ]
    return Draft(facts(*rows) | {"renews": renews, "amount": amount})


def _doubt(snapshot: SubscriptionSnapshot, day: date) -> str:
    """Why a subscription will not renew on this day, or ""."""
    if state_of(snapshot) != MembershipState.ACTIVE:
        return f"the membership is {state_of(snapshot)}"
    if snapshot.ends_on is not None:
        return "it ends with this period"
    if dublin_date(snapshot.period_end) != day:
        return "it renews on another day"
    return "the day has passed" if snapshot.period_end <= timezone.now() else ""
