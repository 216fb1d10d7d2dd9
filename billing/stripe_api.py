"""Stripe, as we use it: the only module that imports `stripe` (HOUSE 13).

One client, one pinned API version (the SDK's own), ten seconds of patience, two retries with the
same idempotency key. Reads return our frozen snapshots, writes take an idempotency key, and three
errors tell what happened: NotFound, Refused (definitive) and Unavailable (unknown: ask again with
the same key). https://docs.stripe.com/api, https://docs.stripe.com/error-low-level
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NoReturn

import stripe
from django.conf import settings

from billing import stripe_shapes as shapes
from billing.snapshots import (
    CheckoutSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)
from billing.stripe_shapes import Shape

API_VERSION: Final = stripe.api_version
SIGNATURE_TOLERANCE: Final = 300
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


def _api() -> Any:
    """The v1 services. Another base than Stripe's own serves test keys only."""
    base = settings.STRIPE_API_BASE if not settings.STRIPE_LIVEMODE else ""
    return _client_for(settings.STRIPE_API_KEY or "sk_test_missing", base).v1


def _ask(call: Callable[..., Any], *args: Any, key: str = "") -> Any:
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


def _plain(found: Any) -> Shape:
    """A StripeObject is no dict since SDK 15; as plain data it reads the same in every version."""
    shape: Shape = found.to_dict()
    return shape


# Reads
def get_checkout(session_id: str) -> CheckoutSnapshot:
    return shapes.checkout(_plain(_ask(_api().checkout.sessions.retrieve, session_id)))


def get_subscription(subscription_id: str) -> SubscriptionSnapshot:
    return shapes.subscription(_plain(_ask(_api().subscriptions.retrieve, subscription_id)))


def get_invoice(invoice_id: str) -> InvoiceSnapshot:
    found = _ask(_api().invoices.retrieve, invoice_id, {"expand": ["payments"]})
    return shapes.invoice(_plain(found))


def get_payment(payment_intent_id: str) -> PaymentSnapshot:
    """The payment intent with its charges: what paid it, and when a try first failed."""
    found = _plain(_ask(_api().payment_intents.retrieve, payment_intent_id))
    tries = [
        charge
        for page in _pages(
            _api().charges,
            {"payment_intent": payment_intent_id, "expand": ["data.balance_transaction"]},
        )
        for charge in page
    ]
    paid_by = next((charge for charge in tries if charge["status"] == "succeeded"), None)
    return shapes.payment(found, paid_by, shapes.first_failure(tries))


def get_refund(refund_id: str) -> RefundSnapshot:
    found = _ask(_api().refunds.retrieve, refund_id, {"expand": ["balance_transaction"]})
    return shapes.refund(_plain(found))


def refunds_of(charge_id: str) -> list[RefundSnapshot]:
    """All refunds of one charge; they are not inlined in it since 2022-11-15."""
    pages = _pages(_api().refunds, {"charge": charge_id, "expand": ["data.balance_transaction"]})
    return [shapes.refund(each) for page in pages for each in page]


def invoices_of(subscription_id: str) -> list[InvoiceSnapshot]:
    """All invoices of one subscription, oldest first."""
    params = {"subscription": subscription_id, "expand": ["data.payments"]}
    found = [shapes.invoice(each) for page in _pages(_api().invoices, params) for each in page]
    return sorted(found, key=lambda each: each.created)


def invoice_of(payment_intent_id: str) -> str:
    """The id of the invoice that this payment intent pays, or "" for a one-off payment."""
    params = {"payment": {"type": "payment_intent", "payment_intent": payment_intent_id}}
    for page in _pages(_api().invoice_payments, params):
        for each in page:
            return str(each["invoice"])
    return ""


# Lists, a page at a time, so that a reader can draw its ticket before each page
def _pages(service: Any, params: Shape) -> Iterator[list[Shape]]:
    """The pages of a list, newest first, each fetched when it is asked for."""
    after: Shape = {}
    while True:
        answer = _plain(_ask(service.list, {**params, "limit": _PAGE, **after}))
        yield answer["data"]
        if not answer["has_more"]:
            return
        after = {"starting_after": answer["data"][-1]["id"]}


def subscription_pages() -> Iterator[list[SubscriptionSnapshot]]:
    # Without status=all the list hides what has ended.
    for page in _pages(_api().subscriptions, {"status": "all"}):
        yield [shapes.subscription(each) for each in page]


def invoice_pages() -> Iterator[list[InvoiceSnapshot]]:
    for page in _pages(_api().invoices, {"expand": ["data.payments"]}):
        yield [shapes.invoice(each) for each in page]


def first_failures() -> dict[str, datetime]:
    """When the first try failed, by payment intent, for all that ever had a failed try."""
    failed: dict[str, datetime] = {}
    for page in _pages(_api().charges, {}):
        for charge in page:
            intent, when = charge.get("payment_intent"), shapes.first_failure([charge])
            if intent and when is not None:
                failed[intent] = min(when, failed.get(intent, when))
    return failed


def payment_pages(failed: dict[str, datetime]) -> Iterator[list[PaymentSnapshot]]:
    """All payment intents; `failed` is what `first_failures` found."""
    params = {"expand": ["data.latest_charge.balance_transaction"]}
    for page in _pages(_api().payment_intents, params):
        yield [_listed_payment(each, failed.get(each["id"])) for each in page]


def _listed_payment(shape: Shape, failed_at: datetime | None) -> PaymentSnapshot:
    charge = shape.get("latest_charge")
    paid = isinstance(charge, dict) and charge["status"] == "succeeded"
    return shapes.payment(shape, charge if paid else None, failed_at)


def refund_pages() -> Iterator[list[RefundSnapshot]]:
    for page in _pages(_api().refunds, {"expand": ["data.balance_transaction"]}):
        yield [shapes.refund(each) for each in page]


def checkout_pages() -> Iterator[list[CheckoutSnapshot]]:
    for page in _pages(_api().checkout.sessions, {}):
        yield [shapes.checkout(each) for each in page]


# Writes: each carries the idempotency key of its intent row
def create_checkout(params: Shape, *, key: str) -> CheckoutSnapshot:
    return shapes.checkout(_plain(_ask(_api().checkout.sessions.create, params, key=key)))


def update_subscription(subscription_id: str, params: Shape, *, key: str) -> SubscriptionSnapshot:
    found = _ask(_api().subscriptions.update, subscription_id, params, key=key)
    return shapes.subscription(_plain(found))


def cancel_subscription(subscription_id: str, params: Shape, *, key: str) -> SubscriptionSnapshot:
    """End it now. Stripe ignores keys on DELETE: a second one is NotFound, for callers to read."""
    found = _ask(_api().subscriptions.cancel, subscription_id, params, key=key)
    return shapes.subscription(_plain(found))


def create_portal_session(params: Shape, *, key: str) -> str:
    """A short-lived way into the customer portal: a URL to redirect to, never to keep or log."""
    return str(_plain(_ask(_api().billing_portal.sessions.create, params, key=key))["url"])


# What `stripe_setup` keeps in place
def put_product(product_id: str, params: Shape, *, key: str) -> None:
    """Make the product with this id, or bring it to these params."""
    try:
        _ask(_api().products.retrieve, product_id)
    except NotFound:
        _ask(_api().products.create, {"id": product_id, **params}, key=key)
    else:
        _ask(_api().products.update, product_id, params, key=f"{key}:update")


def portal_configuration() -> str:
    """The id of the portal configuration that is ours, or ""."""
    for page in _pages(_api().billing_portal.configurations, {}):
        for each in page:
            if shapes.is_ours(each):
                return str(each["id"])
    return ""


def put_portal_configuration(existing_id: str, params: Shape, *, key: str) -> str:
    service = _api().billing_portal.configurations
    found = (
        _ask(service.update, existing_id, params, key=key)
        if existing_id
        else _ask(service.create, params, key=key)
    )
    return str(_plain(found)["id"])


def webhook_endpoints() -> list[Shape]:
    return [each for page in _pages(_api().webhook_endpoints, {}) for each in page]


def create_webhook_endpoint(params: Shape, *, key: str) -> str:
    """Register our webhook and return its secret, which Stripe tells this once only."""
    params = {**params, "api_version": API_VERSION}
    return str(_plain(_ask(_api().webhook_endpoints.create, params, key=key))["secret"])


def update_webhook_endpoint(endpoint_id: str, params: Shape, *, key: str) -> None:
    _ask(_api().webhook_endpoints.update, endpoint_id, params, key=key)


def delete_webhook_endpoint(endpoint_id: str) -> None:
    _ask(_api().webhook_endpoints.delete, endpoint_id)


# The signature on a webhook
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
