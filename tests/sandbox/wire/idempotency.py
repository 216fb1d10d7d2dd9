"""Idempotency keys: same answer for the same request, an error for a different one."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any

from .errors import StripeError, again, invalid

# Stripe forgets a key after 24 hours at the earliest; here by the real clock or by the global one,
# whichever is sooner.
LIFE = 24 * 3600
LONGEST = 255
# What is kept in memory at most.
KEPT = 20_000


class Answers:
    """The answers already given, by account key and idempotency key, and the keys in use."""

    def __init__(self) -> None:
        self.given: dict[str, list[Any]] = {}
        self._busy: set[str] = set()
        self._lock = threading.Lock()

    def claim(
        self, owner: str, key: str, path: str, params: str, now: int
    ) -> tuple[int, str, str] | None:
        """Return the earlier answer (status, body, request id), or None: the key is now in use.

        `owner` is the API key, `now` the global clock in unix seconds. Raises 409 while the same
        key is being worked on, 400 when it named another request.
        """
        if len(key) > LONGEST:
            raise invalid(f"Idempotency keys are up to {LONGEST} characters long.")
        name = _name(owner, key)
        with self._lock:
            if name in self._busy:
                raise in_use(key)
            earlier = self.given.get(name)
            if earlier is None or self._old(earlier, now):
                self._busy.add(name)
                return None
        was_path, mark, status, body, request, *_ = earlier
        if was_path != path:
            told = f"for the same endpoint they were first used for ('{path}' vs '{was_path}')"
            raise _mismatch(told, key)
        if mark != _mark(params):
            raise _mismatch("with the same parameters they were first used with", key)
        return status, body, request

    def settle(self, owner: str, key: str, answer: tuple[str, str, int, str, str, int]) -> None:
        """Free the key and keep its answer: path, params, status, body, request id, clock time."""
        path, params, status, body, request, now = answer
        name = _name(owner, key)
        with self._lock:
            self._busy.discard(name)
            self.given.pop(name, None)
            self.given[name] = [path, _mark(params), status, body, request, now, int(time.time())]
            if len(self.given) > KEPT:
                del self.given[next(iter(self.given))]

    def free(self, owner: str, key: str) -> None:
        """Free the key without an answer: the request never began to execute."""
        with self._lock:
            self._busy.discard(_name(owner, key))

    def _old(self, earlier: list[Any], now: int) -> bool:
        return now - int(earlier[5]) > LIFE or int(time.time()) - int(earlier[6]) > LIFE


def in_use(key: str) -> StripeError:
    """Return the 409 for a key whose first request is still going on."""
    message = (
        "There is currently another in-progress request using this Stripe Idempotent Key (that "
        "probably means you submitted twice, and the other request is still going through): "
        f"{key}. Please try again later."
    )
    error = StripeError(409, message, type="idempotency_error", code="idempotency_key_in_use")
    return again(error)


def _mismatch(told: str, key: str) -> StripeError:
    message = (
        f"Keys for idempotent requests can only be used {told}. Try using a key other than "
        f"'{key}' if you meant to execute a different request."
    )
    return StripeError(400, message, type="idempotency_error")


def _name(owner: str, key: str) -> str:
    # No API key is written to the state file, not even one for tests.
    return f"{hashlib.sha256(owner.encode()).hexdigest()[:12]} {key}"


def _mark(params: str) -> str:
    # Stripe compares parameters: their order does not matter.
    ordered = "&".join(sorted(params.split("&")))
    return hashlib.sha256(ordered.encode("utf-8", "replace")).hexdigest()[:32]
