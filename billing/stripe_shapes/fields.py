"""What all of Stripe's objects have in common: keys of ours, moments, ids."""

from datetime import UTC, datetime
from typing import Any, Final

Shape = dict[str, Any]

REF_KEY: Final = "meitheal_ref"
MANAGED_BY: Final = {"managed_by": "meitheal"}
# Before the id of the intent row that ended a subscription, in its cancellation comment.
COMMENT_PREFIX: Final = "meitheal:"
# The intent row that asked for a refund, and what a schedule of ours will change.
INTENT_KEY: Final = "meitheal_intent"
NEXT_AMOUNT_KEY: Final = "meitheal_next_amount"
NEXT_INTERVAL_KEY: Final = "meitheal_next_interval"


def moment(seconds: int | None) -> datetime | None:
    """Stripe's Unix seconds as a moment in UTC."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def when(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def id_of(value: Any) -> str:
    """The id of a field that may hold nothing, an id, or the whole object when expanded."""
    if isinstance(value, dict):
        return str(value.get("id") or "")
    return value or ""


def is_ours(shape: Shape) -> bool:
    """Whether `stripe_setup` made this product, portal configuration or endpoint."""
    return (shape.get("metadata") or {}).get("managed_by") == MANAGED_BY["managed_by"]


def ref_of(shape: Shape) -> str:
    return str((shape.get("metadata") or {}).get(REF_KEY) or "")
