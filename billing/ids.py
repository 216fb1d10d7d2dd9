"""Public ids. A URL, a receipt and Stripe's metadata only ever carry one of these."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): ordered by time for the index, 74 random bits against guessing."""
    return uuid7()


def read_id(text: str) -> UUID | None:
    """The id that a stranger's text spells, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None
