"""Stripe's webhook signature: `t=...,v1=HMAC-SHA256(secret, t + "." + body)`."""

from __future__ import annotations

import hashlib
import hmac
import time


def signed(body: bytes, secret: str, moment: int | None = None) -> str:
    """Return the value of the Stripe-Signature header, dated now unless told otherwise."""
    stamp = int(time.time()) if moment is None else moment
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={stamp},v1={digest}"
