"""How a membership stands, as its supporter is told: the row, and what they asked of it since."""

from dataclasses import dataclass
from datetime import datetime

from billing.models import Intent, Membership
from billing.models.stripe import IntentKind, IntentState
from billing.states import MembershipState
from members import press
from members.models import Supporter


@dataclass(frozen=True, slots=True)
class Standing:
    """A membership with the wish that Stripe has not carried out yet. Moments in UTC."""

    membership: Membership
    noted: str

    @property
    def ending(self) -> bool:
        """Whether it is to end, be it at Stripe already or noted by us."""
        if self.noted:
            return self.noted == IntentKind.CANCEL_AT_PERIOD_END
        return self.membership.ends_on is not None

    @property
    def ends_on(self) -> datetime | None:
        """The last day that is paid for, if it is to end."""
        if not self.ending:
            return None
        return self.membership.ends_on or self.membership.period_end

    @property
    def renews_on(self) -> datetime | None:
        """When the next payment is taken, if one is."""
        renews = self.membership.state == MembershipState.ACTIVE and not self.ending
        return self.membership.period_end if renews else None

    @property
    def keep_press(self) -> str:
        """The hidden field of a new "Keep my membership" button."""
        return press.make_for(button="keep", subject=self.membership.id)

    @property
    def card_press(self) -> str:
        """The hidden field of a new "Change the card" button."""
        return press.make_for(button="card", subject=self.membership.id)


def of(membership: Membership) -> Standing:
    """The membership and their newest wish about its end, if that still waits for Stripe."""
    newest = (
        Intent.objects.filter(
            subject=membership.id,
            kind__in=[IntentKind.CANCEL_AT_PERIOD_END, IntentKind.KEEP],
        )
        .order_by("-created_at")
        .first()
    )
    if newest is None or newest.state != IntentState.OPEN:
        return Standing(membership, noted="")
    return Standing(membership, noted=newest.kind)


def all_of(supporter: Supporter) -> list[Standing]:
    """All memberships of a supporter that ever began or still may, the newest first."""
    memberships = (
        supporter.memberships.exclude(state=MembershipState.EXPIRED)
        .select_related("plan")
        .order_by("-created_at")
    )
    return [of(membership) for membership in memberships]
