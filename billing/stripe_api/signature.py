"""The signature on a webhook."""

import time
from typing import Final

import stripe
from django.conf import settings

from billing.stripe_api.client import BadSignature

SIGNATURE_TOLERANCE: Final = 300


def verify_signature(body: bytes, header: str) -> None:
    """Raise BadSignature unless one of our secrets signed this body within five minutes.

    The SDK's check alone, without building its Event: that costs fifty times as much. It accepts
    a time stamp from the future, so that is refused here.
    https://docs.stripe.com/webhooks#verify-manually
    """
    for secret in settings.STRIPE_WEBHOOK_SECRETS:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, SIGNATURE_TOLERANCE)
            signed_at = int(dict(part.split("=", 1) for part in header.split(","))["t"])
        except (stripe.SignatureVerificationError, ValueError, TypeError, LookupError):
            continue
        if signed_at - time.time() <= SIGNATURE_TOLERANCE:
            return
    raise BadSignature("no secret matches")
