"""One client, one pinned API version, ten seconds of patience, two retries with the same key."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Final, NoReturn

import stripe
from django.conf import settings

from billing.stripe_shapes import Shape

API_VERSION: Final = stripe.api_version
_PAGE: Final = 100


class StripeProblem(Exception):
    """Stripe did not do what was asked. The text is a code, never a message that may quote data."""


class Unavailable(StripeProblem):
    """No answer, or one that leaves open whether it was done: ask again with the same key."""


class Refused(StripeProblem):
    """A definitive no: the same call will be answered the same way."""


class NotFound(Refused):
    """There is no such object (any more), or not on this account."""


class BadSignature(StripeProblem):
    """The body is not from Stripe, or too old."""


@lru_cache(maxsize=2)
def _client_for(key: str, base: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        max_network_retries=2,
        http_client=stripe.RequestsClient(timeout=10),
        base_addresses={"api": base} if base else {},
    )


def api() -> Any:
    """The v1 services. Another base than Stripe's own serves test keys only."""
    base = settings.STRIPE_API_BASE if not settings.STRIPE_LIVEMODE else ""
    return _client_for(settings.STRIPE_API_KEY or "sk_test_missing", base).v1


def ask(call: Callable[..., Any], *args: Any, key: str = "") -> Any:
    """Make one call; `key` is the idempotency key of a write."""
    options = {"idempotency_key": key} if key else {}
    try:
        return call(*args, options=options)
    except stripe.StripeError as error:
        _translate(error)


def _translate(error: stripe.StripeError) -> NoReturn:
    """Say in one of our errors what Stripe's error means for a second try."""
    code = error.code or type(error).__name__
    status = error.http_status or 0
    if status == 404 or code == "resource_missing":
        raise NotFound(code) from None
    replayed = (error.headers or {}).get("idempotent-replayed") == "true"
    # 409 and 429 were not executed, 401 and 403 are a key to be mended by us. A 5xx may have been
    # executed; once it is replayed it is the final answer.
    if status in {0, 401, 403, 409, 429} or (status >= 500 and not replayed):
        raise Unavailable(code) from None
    raise Refused(code) from None


def plain(found: Any) -> Shape:
    """A StripeObject is no dict since SDK 15; as plain data it reads the same in every version."""
    shape: Shape = found.to_dict()
    return shape


def pages(service: Any, params: Shape, *, after: str = "") -> Iterator[list[Shape]]:
    """The pages of a list, newest first, each fetched when it is asked for.

    With `after`, the id of the last object of a page, those that follow it. Raises NotFound if
    Stripe no longer has that object.
    """
    while True:
        place = {"starting_after": after} if after else {}
        answer = plain(ask(service.list, {**params, "limit": _PAGE, **place}))
        yield answer["data"]
        if not answer["has_more"]:
            return
        after = answer["data"][-1]["id"]
