"""All that we react to, on one screen: an event's type leads to a look at the object as it is now.

Each handler takes the id of the object and returns whether it is ours. It may run twice, late, or
in any order: it draws its ticket, asks Stripe, and hands the snapshot to the verbs.
"""

from collections.abc import Callable
from typing import Final

from billing import checkout, memberships, payments, stripe_api, tickets
from billing.cause import Cause
from billing.models import Membership, Payment
from billing.snapshots import InvoiceSnapshot, RefundSnapshot
from billing.states import MembershipState, PaymentState

Handler = Callable[[str, Cause], bool]


def take_checkout(session_id: str, cause: Cause) -> bool:
    """A checkout: look at what it made, or close its row if it ran out."""
    snapshot = stripe_api.get_checkout(session_id)
    if not snapshot.ref:
        return False
    if snapshot.subscription_id:
        return take_subscription(snapshot.subscription_id, cause)
    if snapshot.payment_intent_id and snapshot.status == "complete":
        return take_payment(snapshot.payment_intent_id, cause)
    return checkout.expire(snapshot, cause=cause) if snapshot.status == "expired" else True


def take_subscription(subscription_id: str, cause: Cause) -> bool:
    """A subscription: bring our membership to it."""
    return _take_in(subscription_id, cause) is not None


def take_invoice(invoice_id: str, cause: Cause) -> bool:
    """An invoice: its subscription first, so that its payments find their membership."""
    invoice = stripe_api.get_invoice(invoice_id)
    owner = _take_in(invoice.subscription_id, cause) if invoice.subscription_id else None
    if owner is None:
        return False
    take_payments(invoice, owner, cause)
    return True


def take_payment(payment_intent_id: str, cause: Cause) -> bool:
    """A payment intent: an invoice's belongs to a membership, any other is a gift."""
    invoice_id = stripe_api.invoice_of(payment_intent_id)
    if invoice_id:
        return take_invoice(invoice_id, cause)
    ticket = tickets.draw()
    snapshot = stripe_api.get_payment(payment_intent_id)
    gift = payments.gift_of(snapshot)
    if gift is None:
        return False
    payments.record_gift(snapshot, gift_id=gift.pk, ticket=ticket, cause=cause)
    return True


def take_refunds(charge_id: str, cause: Cause) -> bool:
    """A refunded charge: every refund it has."""
    ticket = tickets.draw()
    found = [record_refund(refund, ticket, cause) for refund in stripe_api.refunds_of(charge_id)]
    return any(found)


def take_refund(refund_id: str, cause: Cause) -> bool:
    """One refund."""
    ticket = tickets.draw()
    return record_refund(stripe_api.get_refund(refund_id), ticket, cause)


def take_payments(invoice: InvoiceSnapshot, owner: Membership, cause: Cause) -> None:
    """Write down every payment intent that tried to pay this invoice."""
    for payment_intent_id in invoice.payment_intent_ids:
        ticket = tickets.draw()
        payments.record_renewal(
            stripe_api.get_payment(payment_intent_id),
            membership=owner,
            invoice=invoice,
            ticket=ticket,
            cause=cause,
        )


def record_refund(refund: RefundSnapshot, ticket: int, cause: Cause) -> bool:
    """Walk a refund to its payment by exact ids; Stripe copies no metadata on to it (DESIGN 1)."""
    if not refund.payment_intent_id:
        return False
    paid = Payment.objects.filter(stripe_payment_intent_id=refund.payment_intent_id)
    received = paid.filter(state=PaymentState.SUCCEEDED).exists()
    if not received and not take_payment(refund.payment_intent_id, cause):
        return False
    payments.record_refund(refund, payment=paid.get(), ticket=ticket, cause=cause)
    return True


def _take_in(subscription_id: str, cause: Cause) -> Membership | None:
    """Bring the membership to its subscription; None if the subscription is not ours.

    The first we hear of one may be its end. Then its payments are written first, so that the state
    and the letters are the same as if every event had come in its order.
    """
    ticket = tickets.draw()
    snapshot = stripe_api.get_subscription(subscription_id)
    owner = memberships.owner_of(snapshot)
    if owner is None:
        return None
    if owner.state == MembershipState.PENDING:
        for invoice in stripe_api.invoices_of(subscription_id):
            take_payments(invoice, owner, cause)
    return memberships.apply(owner.pk, snapshot, ticket=ticket, cause=cause)


HANDLERS: Final[dict[str, Handler]] = {
    "checkout.session.completed": take_checkout,
    "checkout.session.async_payment_succeeded": take_checkout,
    "checkout.session.async_payment_failed": take_checkout,
    "checkout.session.expired": take_checkout,
    "customer.subscription.created": take_subscription,
    "customer.subscription.updated": take_subscription,
    "customer.subscription.deleted": take_subscription,
    "customer.subscription.paused": take_subscription,
    "customer.subscription.resumed": take_subscription,
    "invoice.paid": take_invoice,
    "invoice.payment_failed": take_invoice,
    "payment_intent.succeeded": take_payment,
    "payment_intent.payment_failed": take_payment,
    "charge.refunded": take_refunds,
    "refund.created": take_refund,
    "refund.updated": take_refund,
    "refund.failed": take_refund,
}
