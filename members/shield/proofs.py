"""A sum that a browser does before a form counts: dear for ten thousand, nothing for one.

Ours alone, so no other server hears of a visitor. We hide a number behind its hash (SHA-256), and
the browser tries one after the other: SHIELD_PROOF_SUMS bounds how long that takes. Nothing is kept
of a challenge but that it was used: it is signed, of one form and one page of it, and expires.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core import signing
from django.core.cache import cache

LASTS: Final = timedelta(hours=2)
_SALT: Final = "members.shield.proof"
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the page holds: `text` comes back with the number whose hash, after the seed, it is."""

    text: str
    seed: str
    digest: str
    most: int


def make(*, form: str, about: str) -> Challenge:
    """A new challenge for this form, good for the one page of it that `about` names."""
    seed, most = secrets.token_hex(16), max(1, settings.SHIELD_PROOF_SUMS)
    digest = _digest(seed, str(secrets.randbelow(most)))
    fields = {"seed": seed, "digest": digest, "about": about}
    text = signing.dumps(fields, salt=f"{_SALT}.{form}")
    return Challenge(text, seed, digest, most)


def solved(text: str, number: str, *, form: str, about: str) -> bool:
    """Whether this is the number of a challenge of ours for just this; it is used up by asking."""
    try:
        fields = signing.loads(text, salt=f"{_SALT}.{form}", max_age=LASTS)
    except signing.BadSignature:
        return False
    if fields["about"] != about or not _NUMBER.fullmatch(number):
        return False
    if not hmac.compare_digest(_digest(fields["seed"], number), fields["digest"]):
        return False
    # One of many processes is told that it was the first.
    spent = f"shield:spent:{fields['seed']}"
    return bool(cache.add(spent, 1, int(LASTS.total_seconds())))


def _digest(seed: str, number: str) -> str:
    return hashlib.sha256(f"{seed}:{number}".encode()).hexdigest()
