"""The envelope in which Stripe tells of something."""

from billing.snapshots import EventSnapshot
from billing.stripe_shapes.fields import Shape, when


def event(shape: Shape) -> EventSnapshot:
    """The envelope alone: what it carries is old by the time it is read."""
    return EventSnapshot(
        id=shape["id"],
        type=shape["type"],
        object_id=str(shape["data"]["object"].get("id") or ""),
        api_version=shape.get("api_version") or "",
        account=shape.get("account") or "",
        created=when(shape["created"]),
        livemode=shape["livemode"],
    )
