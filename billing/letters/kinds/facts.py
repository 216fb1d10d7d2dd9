"""What several letters state of a membership, in the language that is active."""

from typing import Any

from billing.models import Membership
from billing.states import PaymentState
from billing.wording import means, price


def facts(*rows: tuple[str, str]) -> dict[str, Any]:
    """The table of a letter: labels and texts; a row without a text is left out."""
    return {"facts": [(label, text) for label, text in rows if text]}


def price_of(membership: Membership) -> str:
    return price(membership.amount_cents, membership.currency, membership.interval)


def paid_with(membership: Membership) -> str:
    """What the last payment was made with, as its receipt says it, or ""."""
    paid = membership.payments.filter(state=PaymentState.SUCCEEDED).order_by("-paid_at").first()
    return means(paid.method_label) if paid else ""
