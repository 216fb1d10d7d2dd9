"""Idempotency keys: same answer for the same request, an error for a different one."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

from .errors import StripeError

# Stripe keeps keys at least 24 hours; a count is enough for a stand-in.
KEPT = 20_000


class Answers:
    """The answers already given, by key, and the keys being worked on."""

    def __init__(self) -> None:
        self.given: dict[str, list[Any]] = {}
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def claim(self, key: str, request: str) -> tuple[int, str] | None:
        """Return the earlier answer to replay, or None after marking the key as in use.

        Raises 409 while the same key is being worked on, 400 when it named another request.
        """
        mark = hashlib.sha256(request.encode()).hexdigest()[:32]
        with self._lock:
            if key in self._busy:
                message = "There is currently another in-progress request using this key."
                raise StripeError(
                    409, message, type="idempotency_error", code="idempotency_key_in_use"
                )
            earlier = self.given.get(key)
            if earlier is None:
                self._busy.add(key)
                return None
        if earlier[0] != mark:
            message = "Keys for idempotent requests can only be used with the same parameters."
            raise StripeError(400, message, type="idempotency_error")
        return earlier[1], earlier[2]

    def settle(self, key: str, request: str, status: int, body: str) -> None:
        """Free the key; keep the answer unless the request never began to execute."""
        mark = hashlib.sha256(request.encode()).hexdigest()[:32]
        with self._lock:
            self._busy.discard(key)
            # Failed validation is not kept by Stripe; declines and crashes are.
            if status < 300 or status in (402, 500):
                self.given[key] = [mark, status, body]
                if len(self.given) > KEPT:
                    del self.given[next(iter(self.given))]
