"""Stripe's webhook signature: `t=...,v1=HMAC-SHA256(secret, t + "." + body)`."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Iterable

from ..store import Obj

# Nobody's secret: what is signed with it is refused by everybody who looks.
WRONG = "whsec_nobody"


def signed(body: bytes, secrets: Iterable[str], moment: int | None = None) -> str:
    """Return the Stripe-Signature header, a `v1` for each secret, dated now unless told otherwise.

    `moment` is in unix seconds.
    """
    stamp = int(time.time()) if moment is None else moment
    signatures = "".join(f",v1={_digest(body, secret, stamp)}" for secret in secrets)
    return f"t={stamp}{signatures}"


def _digest(body: bytes, secret: str, stamp: int) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def secrets_of(notes: Obj) -> list[str]:
    """Return the secrets of an endpoint, given its notes: the new one, and while it lasts the old.

    Rolling a secret lets the old one live for up to 24 hours, so that it can be exchanged without
    losing an event (Stripe docs: webhooks, "Roll endpoint signing secrets").
    """
    old = notes.get("old_secret")
    return [notes["secret"], *([old] if old and time.time() < notes["old_until"] else [])]
