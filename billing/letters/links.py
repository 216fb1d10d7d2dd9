"""Links in letters: signed, for one purpose, for a time. Opening one shows, pressing acts.

Nothing is kept: the token is made when the letter is rendered, under a key that is not in the
database. It dies with the address that the letter went to, since it is bound to its hash.
"""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse

_SALT: Final = "billing.letters.links"


class Purpose(StrEnum):
    """What a link is good for, and nothing else. The values stand in addresses."""

    CANCEL = "cancel"  # a membership
    PAUSE = "pause"
    SKIP = "skip"
    PAY = "pay"
    CARD = "card"
    WITHDRAW = "withdraw"
    UNDO = "undo"
    RECEIPT = "receipt"  # a receipt
    ADDRESS = "address"  # a change of address that waits to be confirmed
    EXPORT = "export"  # an export that is ready
    JOIN = "join"  # an order that waits for the bearer of the letter
    STOP = "stop"  # a supporter: no more letters of a kind that they can do without


LASTS: Final = {
    Purpose.WITHDRAW: timedelta(days=20),
    Purpose.ADDRESS: timedelta(days=1),
    Purpose.EXPORT: timedelta(days=7),
    Purpose.JOIN: timedelta(days=1),
}
_USUALLY: Final = timedelta(days=60)


def url(purpose: Purpose, subject: UUID, *, holder: str) -> str:
    """The address of the page that does this one thing to this row.

    `holder` is the hash of the address the letter goes to (Supporter.email_hash).
    """
    path = reverse("letter-link", args=[purpose, subject, token(purpose, subject, holder=holder)])
    return f"{settings.SITE_URL}{path}"


def token(purpose: Purpose, subject: UUID, *, holder: str) -> str:
    """The secret part of the link."""
    value = _value(purpose, subject, holder)
    return signing.TimestampSigner(salt=_SALT).sign(value).removeprefix(f"{value}:")


def opens(purpose: Purpose, subject: UUID, token: str, *, holder: str) -> bool:
    """Whether this token was made for just this and this address, and not too long ago."""
    signer = signing.TimestampSigner(salt=_SALT)
    try:
        signer.unsign(
            f"{_value(purpose, subject, holder)}:{token}", max_age=LASTS.get(purpose, _USUALLY)
        )
    except signing.BadSignature:
        return False
    return bool(holder)


def made_at(token: str) -> datetime:
    """When this token was made, to the second. Only of one that `opens` has found genuine."""
    seconds = signing.b62_decode(token.partition(":")[0])
    return datetime.fromtimestamp(seconds, tz=UTC)


def _value(purpose: Purpose, subject: UUID, holder: str) -> str:
    return f"{purpose}:{subject}:{holder}"
