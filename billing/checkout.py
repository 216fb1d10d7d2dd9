"""Checkout: our rows first, then Stripe's page, and the way back."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.utils.translation import gettext as _

from billing import doorbell, intents, memberships, payments, stripe_api
from billing.cause import Cause
from billing.ids import read_id
from billing.models import Campaign, Intent, Membership, Payment, Plan
from billing.models.stripe import IntentKind
from billing.money import decimal_amount
from billing.snapshots import CheckoutSnapshot
from billing.stripe_shapes import REF_KEY, Shape
from billing.wording import price as price_words

if TYPE_CHECKING:
    from members.models import Supporter

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Started:
    """Where to send the payer; `url` is "" once the press's checkout is paid or has run out."""

    url: str
    subject: UUID


@dataclass(frozen=True, slots=True)
class _Order:
    """What is bought, and by whom. Cents; the extra is part of the amount."""

    supporter: "Supporter"
    plan: Plan
    amount_cents: int
    extra_cents: int
    campaign: Campaign | None


class TooLittle(ValueError):
    """The amount is below what the plan takes."""


class Forgotten(ValueError):
    """Who began this was forgotten at this very moment: pressed again, they are somebody new."""


def start(
    *,
    supporter: "Supporter",
    plan: Plan,
    amount_cents: int,
    press: str,
    stripe_customer_id: str = "",
    extra_cents: int = 0,
    campaign: Campaign | None = None,
) -> Started:
    """Open Stripe's checkout for a membership or a gift, once per press of the button.

    Our row exists, PENDING, before Stripe hears of it. `extra_cents` is the part of the amount that
    is given on top; to Stripe it is one sum, and of the campaign it hears nothing. Without
    `stripe_customer_id` Stripe makes a new customer, so that no form tells who is known (DESIGN 9).
    Raises TooLittle, Forgotten, intents.PressMismatch (the press was another supporter's),
    stripe_api.Unavailable (the same press may be tried again) and stripe_api.Refused.
    """
    if amount_cents - extra_cents < plan.least_cents:
        raise TooLittle(plan.slug)
    order = _Order(supporter, plan, amount_cents, extra_cents, campaign)
    try:
        intent = Intent.objects.filter(press=press).first() or _write_rows(
            order, press, stripe_customer_id
        )
    except intents.PressMismatch:
        # The other press of a double click wrote its rows first; ours were rolled back.
        intent = Intent.objects.get(press=press)
    row = find(intent.subject)
    if row is None or row.supporter_id != supporter.pk:
        raise intents.PressMismatch(press)
    session = stripe_api.get_checkout(_open(intent, email=supporter.email))
    return Started(url=session.url, subject=intent.subject)


def _open(intent: Intent, *, email: str) -> str:
    """Open the checkout at Stripe, for the customer that is known or by the address; its id."""
    # The address is not frozen in the row: the row would name a person.
    by_address = {"customer_email": email}
    if not intent.params.get("customer"):
        return intents.carry_out(intent, secret_params=by_address)
    try:
        return intents.carry_out(intent, secret_params={})
    except stripe_api.NotFound:
        # Their customer was deleted at Stripe: a new attempt makes a new one.
        return intents.carry_out(intent, secret_params=by_address)


def find(subject: UUID) -> Membership | Payment | None:
    """The membership or gift with this public id."""
    return (
        Membership.objects.select_related("plan").filter(pk=subject).first()
        or Payment.objects.select_related("plan").filter(pk=subject, membership=None).first()
    )


def campaign_of(subject: UUID) -> str:
    """The slug of the campaign that this checkout counts for, "" for none or an unknown row."""
    rows = Membership.objects.filter(pk=subject, campaign__active=True).values("campaign__slug")
    gifts = Payment.objects.filter(pk=subject, campaign__active=True).values("campaign__slug")
    found = rows.order_by().union(gifts.order_by()).order_by("campaign__slug").first()
    return found["campaign__slug"] if found else ""


def ask_again(subject: UUID) -> None:
    """Have a worker look at this checkout now, in case the webhook is late.

    At most every ten seconds for each, however often a page is loaded: Stripe counts our calls.
    """
    if cache.add(f"ask-again:{subject}", True, timeout=10):
        doorbell.ring("billing.tasks.check_checkout", str(subject))


def session_of(subject: UUID) -> str:
    """The id of the checkout that was opened for this row, or ""."""
    intent = Intent.objects.filter(subject=subject, kind=IntentKind.CHECKOUT).first()
    return intent.stripe_object_id if intent else ""


def expire(snapshot: CheckoutSnapshot, *, cause: Cause) -> bool:
    """Close the row of a checkout that ran out; False if it is none of ours."""
    ref = read_id(snapshot.ref)
    row = find(ref) if ref else None
    if isinstance(row, Membership):
        memberships.expire_unpaid(row.pk, cause=cause)
    elif row is not None:
        payments.expire_unpaid(row.pk, cause=cause)
    return row is not None


def portal_url(*, membership: Membership, press: str, return_url: str) -> str:
    """A fresh way into Stripe's customer portal, to change the card. Never keep or log it.

    Raises stripe_api.Unavailable and stripe_api.Refused.
    """
    if membership.customer is None:
        raise stripe_api.NotFound("no customer")
    params: Shape = {
        "customer": membership.customer.stripe_customer_id,
        "return_url": return_url,
        "flow_data": {
            "type": "payment_method_update",
            "after_completion": {"type": "redirect", "redirect": {"return_url": return_url}},
        },
    }
    # Without ours Stripe takes the dashboard's default, which live mode may not have.
    if configuration := stripe_api.portal_configuration():
        params["configuration"] = configuration
    return stripe_api.create_portal_session(params, key=f"portal:{press}")


def pay_url(*, membership: Membership) -> str:
    """Stripe's page to pay what is open on this membership, or "". Never keep or log it.

    The checkout that its supporter left, or the newest open invoice, whose page asks the bank as
    well (https://docs.stripe.com/invoicing/hosted-invoice-page). Raises stripe_api.Unavailable and
    stripe_api.Refused.
    """
    if not membership.stripe_subscription_id:
        session_id = session_of(membership.pk)
        return stripe_api.get_checkout(session_id).url if session_id else ""
    invoices = stripe_api.invoices_of(membership.stripe_subscription_id)
    return next((each.hosted_url for each in reversed(invoices) if each.status == "open"), "")


def _write_rows(order: _Order, press: str, stripe_customer_id: str) -> Intent:
    """The row of what is bought and the intent to open its checkout, both or neither."""
    plan = order.plan
    fields: dict[str, Any] = {
        "supporter": order.supporter,
        "plan": plan,
        "amount_cents": order.amount_cents,
        "extra_cents": order.extra_cents,
        "campaign": order.campaign,
        "currency": plan.currency,
    }
    with transaction.atomic():
        # Locked, whoever it is: the night that forgets who lapsed must see this row, or be seen.
        people = type(order.supporter)._default_manager.select_for_update(no_key=True)
        order.supporter.refresh_from_db(fields=["email_sealed"], from_queryset=people)
        if order.supporter.erased:
            raise Forgotten(press)
        row: Membership | Payment = (
            Membership.objects.create(interval=plan.interval, **fields)
            if plan.recurring
            else Payment.objects.create(**fields)
        )
        intent = intents.record(
            kind=IntentKind.CHECKOUT,
            press=press,
            subject=row.pk,
            params=_session_params(row.pk, order, stripe_customer_id),
        )
    log.info("checkout begun", subject=str(row.pk), plan=plan.slug)
    return intent


def _session_params(ref: UUID, order: _Order, stripe_customer_id: str) -> Shape:
    """What Stripe is asked for: https://docs.stripe.com/api/checkout/sessions/create."""
    # Metadata is not inherited: the reference goes on the session and on what it makes.
    metadata = {REF_KEY: str(ref)}
    common: Shape = {
        "client_reference_id": str(ref),
        "metadata": metadata,
        "locale": "auto",
        # Else payers abroad might be charged in their own currency.
        "adaptive_pricing": {"enabled": False},
        "success_url": f"{settings.SITE_URL}/thanks/{ref}/",
        "cancel_url": _way_back(ref, order),
        "expires_at": intents.checkout_expiry(),
    }
    if stripe_customer_id:
        common["customer"] = stripe_customer_id
    if settings.STRIPE_TERMS_CONSENT:
        common["consent_collection"] = {"terms_of_service": "required"}
    of_its_kind = _subscription_params if order.plan.recurring else _gift_params
    return common | of_its_kind(order, metadata)


def _way_back(ref: UUID, order: _Order) -> str:
    """The form as it was, for whoever comes back from Stripe without paying.

    The campaign is found by the reference: its name may tell what Stripe need not know.
    """
    own = decimal_amount(order.amount_cents - order.extra_cents)
    chosen = urlencode({"cancelled": ref, "plan": order.plan.slug, "amount": own})
    return f"{settings.SITE_URL}/?{chosen}"


def _price(order: _Order) -> Shape:
    return {
        "currency": order.plan.currency,
        "unit_amount": order.amount_cents,
        "product": order.plan.stripe_product_id,
    }


def _gift_params(order: _Order, metadata: dict[str, str]) -> Shape:
    return {
        "mode": "payment",
        "submit_type": "donate",
        "line_items": [{"quantity": 1, "price_data": _price(order)}],
        "payment_intent_data": {
            "metadata": metadata,
            # On cards only a suffix is allowed; the account's own prefix stands before it.
            "statement_descriptor_suffix": settings.STRIPE_STATEMENT_SUFFIX,
        },
    }


def _subscription_params(order: _Order, metadata: dict[str, str]) -> Shape:
    plan = order.plan
    price = _price(order) | {"recurring": {"interval": plan.interval}}
    rhythm = price_words(order.amount_cents, plan.currency, plan.interval)
    return {
        "mode": "subscription",
        "submit_type": "subscribe",
        "line_items": [{"quantity": 1, "price_data": price}],
        "subscription_data": {"metadata": metadata, "billing_mode": {"type": "flexible"}},
        # The order button has to say that it obliges to pay (DOMAIN 2.2).
        "custom_text": {
            "submit": {"message": _("You pay %(price)s until you cancel.") % {"price": rhythm}}
        },
    }
