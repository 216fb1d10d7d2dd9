"""What was promised and Stripe refused: nobody asks again by itself, so a person has to know."""

from collections.abc import Iterable, Iterator
from typing import Final

from billing import refunds
from billing.models import Dispute, Intent, Membership, Payment
from billing.models.stripe import IntentKind, IntentState
from billing.states import HOLDS, EndReason, MembershipState

_OVER: Final = (MembershipState.ENDED, MembershipState.EXPIRED)
_UNPAID: Final = (MembershipState.PENDING, MembershipState.PAST_DUE)


def unkept() -> list[str]:
    """A line for each refund, ending and farewell that was refused, and that facts still call for.

    What went back another way, or ended so, is silent; so is what a bank holds just now, for the
    end of the dispute asks anew.
    """
    refused = Intent.objects.filter(state=IntentState.REFUSED).order_by("created_at")
    return [
        *_refunds(refused.filter(kind=IntentKind.REFUND)),
        *_endings(refused.filter(kind=IntentKind.END_NOW)),
        *_farewells(refused.filter(kind=IntentKind.DELETE_CUSTOMER)),
    ]


def _refunds(refused: Iterable[Intent]) -> Iterator[str]:
    asked = list(refused)
    payments = Payment.objects.in_bulk([each.subject for each in asked])
    for each in asked:
        payment = payments.get(each.subject)
        if payment is not None and _still_owed(each, payment):
            yield (
                f"payment {payment.stripe_payment_intent_id}: its refund was refused "
                f"({each.error}), and its money is still to go back"
            )


def _still_owed(intent: Intent, payment: Payment) -> bool:
    """Whether a fact asks for this refund even now. One that staff asked for was told to them."""
    reason = intent.press.rpartition(":")[2]
    wanted = refunds.wanted_back(payment, reason=reason)
    return any(each["press"] == intent.press for each in wanted)


def _endings(refused: Iterable[Intent]) -> Iterator[str]:
    asked = {each.subject: each for each in refused}
    running = Membership.objects.filter(pk__in=asked).exclude(state__in=_OVER)
    for membership in running.order_by("created_at", "pk"):
        each = asked[membership.pk]
        if _still_to_end(str(each.params.get("reason", "")), membership):
            yield (
                f"subscription {membership.stripe_subscription_id}: its end was refused "
                f"({each.error}), and it still runs"
            )


def _still_to_end(reason: str, membership: Membership) -> bool:
    if reason == EndReason.DISPUTED:
        held = Dispute.objects.filter(payment__membership=membership, state__in=HOLDS)
        return held.exists()
    if reason == EndReason.REPLACED:
        return membership.state in _UNPAID  # one that was paid after all is kept
    return True


def _farewells(refused: Iterable[Intent]) -> Iterator[str]:
    for each in refused:
        name = each.params.get("customer", "")
        yield f"customer {name}: its deletion was refused ({each.error}); every night asks anew"
