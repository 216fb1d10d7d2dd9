"""The postman: carries the local Stripe's events to our webhook, in whatever order he is told."""

import json
import time
from collections.abc import Iterable
from hashlib import sha256
from hmac import new as hmac
from typing import Any

from django.test import Client

from billing.handlers import HANDLERS
from tests.local_stripe import LocalStripe

SECRET = "whsec_tests"
Event = dict[str, Any]


def sign(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    """The Stripe-Signature header of a body: https://docs.stripe.com/webhooks#verify-manually."""
    moment = int(time.time() if at is None else at)
    digest = hmac(secret.encode(), f"{moment}.".encode() + body, sha256).hexdigest()
    return f"t={moment},v1={digest}"


class Postman:
    """Posts events as Stripe does: raw bytes and a signature."""

    def __init__(self, stripe: LocalStripe) -> None:
        self.stripe = stripe
        self.client = Client()
        self.carried: set[str] = set()

    def fetch(self) -> list[Event]:
        """The events of handled types that were not carried yet, oldest first."""
        found = [each for each in self.stripe.ask("events")["data"] if each["type"] in HANDLERS]
        return [each for each in found if each["id"] not in self.carried]

    def carry(self, events: Iterable[Event] | None = None) -> list[int]:
        """Post these events, or all that are new; return the answers' status codes."""
        chosen = self.fetch() if events is None else list(events)
        self.carried |= {each["id"] for each in chosen}
        return [self.post(json.dumps(each).encode()) for each in chosen]

    def post(self, body: bytes, *, signature: str | None = None) -> int:
        """Post one body, signed now unless another signature is given."""
        answer = self.client.post(
            "/stripe/webhook",
            body,
            content_type="application/json",
            headers={"Stripe-Signature": sign(body) if signature is None else signature},
        )
        return answer.status_code
