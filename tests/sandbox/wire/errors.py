"""Errors in Stripe's shape."""

from __future__ import annotations

from typing import Any

_NAMES = {"test_helpers.test_clock": "test clock", "price": "price", "event": "event"}


class StripeError(Exception):
    """An answer other than success: HTTP status and the fields of `error`."""

    def __init__(self, status: int, message: str, **fields: object) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.fields: dict[str, Any] = {"type": "invalid_request_error", **fields}
        self.fields["message"] = message

    def body(self, request_id: str) -> dict[str, Any]:
        """Return the JSON body: `{error: {type, code, param, message, ...}}`."""
        error = {key: value for key, value in self.fields.items() if value is not None}
        code = error.get("code")
        # Stripe has a page for each of its codes; ours has none.
        if code and code != "sandbox_not_modelled":
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
        error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": error}


def invalid(message: str, param: str | None = None, code: str | None = None) -> StripeError:
    """Return a 400 about one parameter."""
    return StripeError(400, message, code=code, param=param)


def missing(kind: str, ident: str, param: str = "id") -> StripeError:
    """Return the 404 (400 when named in a parameter, as Stripe does) for an unknown id."""
    name = _NAMES.get(kind, kind)
    status = 404 if param == "id" else 400
    return StripeError(status, f"No such {name}: '{ident}'", code="resource_missing", param=param)


def required(param: str) -> StripeError:
    """Return the 400 for a parameter that was left out."""
    return invalid(f"Missing required param: {param}.", param, "parameter_missing")


def unmodelled(what: str, param: str | None = None) -> StripeError:
    """Return a loud 400: Stripe can do this, the stand-in cannot, and it does not pretend."""
    return invalid(f"The local stand-in does not model {what}.", param, "sandbox_not_modelled")


def too_small(amount: int, param: str) -> StripeError:
    """Return the 400 for an amount (cents) under Stripe's least charge of 50 cents."""
    message = f"Amount must be at least €0.50 eur (got {amount} cents)."
    return invalid(message, param, "amount_too_small")


def card_error(failure: dict[str, Any], **more: object) -> StripeError:
    """Return the 402 for a declined card; `failure` has code, decline_code and message."""
    return StripeError(
        402,
        failure["message"],
        type="card_error",
        code=failure["code"],
        decline_code=failure.get("decline_code"),
        **more,
    )


def rate_limited() -> StripeError:
    """Return the 429 for too many requests; the SDK does not try these again by itself."""
    message = (
        "Request rate limit exceeded. Learn more about rate limits here "
        "https://stripe.com/docs/rate-limits."
    )
    error = StripeError(429, message, code="rate_limit")
    error.headers = {"Stripe-Should-Retry": "false", "Stripe-Rate-Limited-Reason": "global-rate"}
    return error


def locked() -> StripeError:
    """Return the 429 for an object that another request holds; this one may be tried again."""
    message = (
        "This object cannot be accessed right now because another API request or Stripe process "
        "is currently accessing it. If you see this error intermittently, retry the request."
    )
    return again(StripeError(429, message, code="lock_timeout"))


def broken(message: str, status: int = 500) -> StripeError:
    """Return the 500 or 503 of a Stripe that has failed before it did anything."""
    return again(StripeError(status, message, type="api_error"))


def again(error: StripeError) -> StripeError:
    """Return the error, marked as one that the SDK may try again."""
    error.headers["Stripe-Should-Retry"] = "true"
    return error


def unrecognized(method: str, path: str) -> StripeError:
    """Return the 404 for a method and path that Stripe does not have, or the stand-in not yet."""
    message = (
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we "
        "can help at https://support.stripe.com/."
    )
    return StripeError(404, message)
