"""Who asks and in which version: what is checked before a request is read."""

from __future__ import annotations

import base64
import binascii

from ..wire.errors import StripeError, invalid, unmodelled
from ..wire.message import Request
from ..world import API_VERSION

_SEE = (
    "See https://stripe.com/docs/api#authentication for details, or we can help at "
    "https://support.stripe.com/."
)
_NONE = (
    "You did not provide an API key. You need to provide your API key in the Authorization header, "
    f"using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). {_SEE}"
)


def check(request: Request) -> str:
    """Return the API key; raises Stripe's 401, and a 400 for what the stand-in does not speak."""
    key = _key(request.headers.get("authorization", ""))
    if not key:
        raise _unauthorized(_NONE)
    if not key.startswith(("sk_test_", "rk_test_")):
        shown = f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 16 else f"{key[:8]}***"
        told = f"Invalid API Key provided: {shown}. The local stand-in takes test keys only."
        raise _unauthorized(told)
    version = request.headers.get("stripe-version")
    if version not in (None, API_VERSION):
        message = f"Invalid Stripe API version: {version}. The stand-in speaks {API_VERSION} only."
        raise invalid(message)
    for name in ("Stripe-Account", "Stripe-Context"):
        if name.lower() in request.headers:
            raise unmodelled(f"Connect: the header {name}")
    return key


def _key(header: str) -> str:
    scheme, _, given = header.strip().partition(" ")
    given = given.strip()
    if scheme.lower() == "bearer":
        return given
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(given, validate=True).decode().partition(":")[0]
        except (binascii.Error, ValueError):
            return ""
    return ""


def _unauthorized(message: str) -> StripeError:
    error = StripeError(401, message)
    error.headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    return error
