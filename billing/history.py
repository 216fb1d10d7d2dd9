"""The history of a membership: what a snapshot decides, and the line that each change leaves."""

from datetime import datetime
from typing import Any, Final

import structlog

from billing.cause import Cause
from billing.models import Membership, MembershipEvent

log = structlog.get_logger(__name__)

# What a snapshot decides, and what the history keeps of a change.
MIRRORED: Final = (
    "state",
    "amount_cents",
    "extra_cents",
    "free",
    "interval",
    "period_start",
    "period_end",
    "ends_on",
    "past_due_since",
    "resumes_on",
    "next_amount_cents",
    "next_interval",
    "changes_on",
    "ended_at",
    "end_reason",
)


def mirror(membership: Membership) -> dict[str, Any]:
    """The columns that a snapshot decides and the history keeps, as they are now."""
    return {name: getattr(membership, name) for name in MIRRORED}


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """What changed, by column: before and after, as the history keeps it."""
    return {
        name: [_plain(before[name]), _plain(after[name])]
        for name in MIRRORED
        if before[name] != after[name]
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def write(
    membership: Membership,
    old_state: str,
    changes: dict[str, Any],
    cause: Cause,
    *,
    happened_at: datetime | None = None,
) -> None:
    """Write the line of a change, in its transaction. `happened_at` is when it came about (UTC)."""
    MembershipEvent.objects.create(
        membership=membership,
        old_state=old_state,
        new_state=membership.state,
        changes=changes,
        source=cause.source,
        reference=cause.reference,
        happened_at=happened_at,
    )
    log.info(
        "membership changed",
        membership=str(membership.pk),
        old=old_state,
        new=membership.state,
        source=cause.source,
    )
