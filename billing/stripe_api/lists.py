"""Lists, newest first, a page at a time; `after` goes on behind the object with this id."""

from collections.abc import Iterator
from datetime import datetime

from billing import stripe_shapes as shapes
from billing.snapshots import (
    BookedSnapshot,
    CheckoutSnapshot,
    DisputeSnapshot,
    EventSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)
from billing.stripe_api.client import api, pages
from billing.stripe_api.reads import CHARGE_WITH, SUBSCRIPTION_WITH
from billing.stripe_shapes import Shape


def subscription_pages(*, after: str = "") -> Iterator[list[SubscriptionSnapshot]]:
    # Without status=all the list hides what has ended.
    params = _whole({"status": "all"}, SUBSCRIPTION_WITH)
    for page in pages(api().subscriptions, params, after=after):
        yield [shapes.subscription(each) for each in page]


def invoice_pages(*, after: str = "") -> Iterator[list[InvoiceSnapshot]]:
    for page in pages(api().invoices, {"expand": ["data.payments"]}, after=after):
        yield [shapes.invoice(each) for each in page]


def payment_pages(*, after: str = "") -> Iterator[list[PaymentSnapshot]]:
    """All payment intents with the latest charge of each, so failures of earlier ones are missing.

    Enough to see that a row differs; `get_payment` tells the whole.
    """
    params = _whole({}, [f"latest_charge.{name}" for name in CHARGE_WITH])
    for page in pages(api().payment_intents, params, after=after):
        yield [_listed_payment(each) for each in page]


def _listed_payment(shape: Shape) -> PaymentSnapshot:
    charge = shape.get("latest_charge")
    tries = [charge] if isinstance(charge, dict) else []
    return shapes.payment(shape, shapes.paid_by(tries), shapes.first_failure(tries), tries)


def refund_pages(*, after: str = "") -> Iterator[list[RefundSnapshot]]:
    for page in pages(api().refunds, _whole({}, CHARGE_WITH), after=after):
        yield [shapes.refund(each) for each in page]


def dispute_pages(*, after: str = "") -> Iterator[list[DisputeSnapshot]]:
    for page in pages(api().disputes, {}, after=after):
        yield [shapes.dispute(each) for each in page]


def payout_pages(*, after: str = "") -> Iterator[list[PayoutSnapshot]]:
    for page in pages(api().payouts, {}, after=after):
        yield [shapes.payout(each) for each in page]


def booked_pages(
    *, payout_id: str = "", since: datetime | None = None
) -> Iterator[list[BookedSnapshot]]:
    """Every movement of money on the account: all, those of one payout, or those since a moment.

    The only complete view: fees of Stripe's own are on no charge
    (https://docs.stripe.com/api/balance_transactions/list).
    """
    params: Shape = {"payout": payout_id} if payout_id else {}
    if since is not None:
        params["created"] = {"gte": int(since.timestamp())}
    for page in pages(api().balance_transactions, params):
        yield [shapes.booked(each) for each in page]


def event_pages(*, since: datetime, after: str = "") -> Iterator[list[EventSnapshot]]:
    """What happened since a moment; Stripe keeps 30 days (https://docs.stripe.com/api/events)."""
    params = {"created": {"gte": int(since.timestamp())}}
    for page in pages(api().events, params, after=after):
        yield [shapes.event(each) for each in page]


def checkout_pages(*, since: datetime | None = None) -> Iterator[list[CheckoutSnapshot]]:
    params: Shape = {} if since is None else {"created": {"gte": int(since.timestamp())}}
    for page in pages(api().checkout.sessions, params):
        yield [shapes.checkout(each) for each in page]


def _whole(params: Shape, fields: list[str]) -> Shape:
    """The parameters of a list, with these fields of its objects told in full."""
    return {**params, "expand": [f"data.{name}" for name in fields]}
