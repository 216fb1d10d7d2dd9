"""What only a person can mend: a handler asks, and its event is parked until one has looked."""

from billing import collection, refunds
from billing.models import Membership, Refund
from billing.snapshots import RefundSnapshot


class NeedsPerson(RuntimeError):
    """Stripe says that something is stuck which only a person can mend."""


def ask_about_means(taken: list[Membership]) -> None:
    """Raise NeedsPerson where one of these renews and has nothing to be charged (E5)."""
    for each in taken:
        if collection.is_bare(each):
            raise NeedsPerson(f"subscription {each.stripe_subscription_id} {collection.BARE}")


def ask_about_owed(seen: list[RefundSnapshot]) -> None:
    """Raise NeedsPerson where one failed that was promised, and has not been made good since."""
    rows = Refund.objects.filter(stripe_refund_id__in=[each.id for each in seen])
    for row in rows.select_related("payment__membership"):
        if refunds.is_owed(row):
            told = f"refund {row.stripe_refund_id} failed, and its money is promised back"
            raise NeedsPerson(told)
