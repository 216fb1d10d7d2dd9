"""Letters at the end."""

from datetime import datetime

from billing.letters.draft import Draft, Outcome, Skip, composes
from billing.letters.kinds.facts import facts, price_of
from billing.models import Intent, Letter, Membership
from billing.models.stripe import IntentKind
from billing.states import EndReason, MembershipState
from billing.wording import long_date, moment_words


@composes("ended", states_identity=True)
def ended(letter: Letter) -> Outcome:
    membership = Membership.objects.get(pk=letter.key)
    if membership.state != MembershipState.ENDED or membership.ended_at is None:
        return Skip(f"the membership is {membership.state}")
    withdrawn_at = _withdrawn_at(membership)
    rows = [
        ("Your support", price_of(membership)),
        ("Began on", long_date(membership.started_at or membership.created_at)),
        ("Withdrawn on", moment_words(withdrawn_at) if withdrawn_at else ""),
        ("Ended on", long_date(membership.ended_at)),
        ("Reference", str(membership.pk)),
    ]
    return Draft(
        facts(*rows) | {"ended": long_date(membership.ended_at), "reason": membership.end_reason}
    )


def _withdrawn_at(membership: Membership) -> datetime | None:
    """When its supporter withdrew: the moment of the press, whenever Stripe heard of it."""
    if membership.end_reason != EndReason.WITHDRAWN:
        return None
    ends = Intent.objects.filter(subject=membership.pk, kind=IntentKind.END_NOW)
    pressed = ends.filter(params__reason=EndReason.WITHDRAWN).order_by("created_at").first()
    return pressed.created_at if pressed else None
