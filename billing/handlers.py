"""All that we react to, on one screen: an event's type leads to a look at the object as it is now.

Each handler takes the id of the object and returns whether it is ours. It may run twice, late, or
in any order: it draws its ticket, asks Stripe, and hands the snapshot to the verbs.
"""

from collections.abc import Callable
from typing import Final

from billing import (
    checkout,
    collection,
    covered,
    disputes,
    fraud,
    memberships,
    payments,
    payouts,
    refunds,
    stripe_api,
    tickets,
)
from billing.cause import Cause
from billing.models import Membership, Payment
from billing.snapshots import (
    DisputeSnapshot,
    InvoiceSnapshot,
    RefundSnapshot,
)
from billing.states import MembershipState, PaymentState
from billing.worries import NeedsPerson, ask_about_means, ask_about_owed

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
    seen = stripe_api.refunds_of(charge_id)
    found = [record_refund(refund, ticket, cause) for refund in seen]
    ask_about_owed(seen)
    return any(found)


def take_refund(refund_id: str, cause: Cause) -> bool:
    """One refund."""
    ticket = tickets.draw()
    refund = stripe_api.get_refund(refund_id)
    ours = record_refund(refund, ticket, cause)
    ask_about_owed([refund])
    return ours


def take_charge(charge_id: str, cause: Cause) -> bool:
    """A charge that changed: its fee may have come, days after the payment."""
    payment_intent_id = stripe_api.payment_of_charge(charge_id)
    return bool(payment_intent_id) and take_payment(payment_intent_id, cause)


def take_dispute(dispute_id: str, cause: Cause) -> bool:
    """One dispute."""
    ticket = tickets.draw()
    return record_dispute(stripe_api.get_dispute(dispute_id), ticket, cause)


def take_fraud_warning(warning_id: str, cause: Cause) -> bool:
    """A bank says that a card was stolen: the money goes back before it is disputed."""
    warning = stripe_api.get_fraud_warning(warning_id)
    paid = payment_behind(warning.payment_intent_id, cause)
    if paid is not None:
        fraud.answer(warning, payment=paid)
    return paid is not None


def take_customer(customer_id: str, cause: Cause) -> bool:
    """A customer, who may have chosen another card: look at what they subscribe to."""
    rows = Membership.objects.filter(customer__stripe_customer_id=customer_id)
    if not rows.exists():
        # The customer's event may come before that of the membership, which then tells all.
        taken = [
            take_subscription(each, cause) for each in stripe_api.subscriptions_of(customer_id)
        ]
        return any(taken)
    for membership in rows:
        if membership.live:
            take_subscription(membership.stripe_subscription_id or "", cause)
    return True


def take_method(method_id: str, cause: Cause) -> bool:
    """A card that changed its number or date under the same id: what is overdue is tried again.

    One that has no customer any more was taken away from them.
    """
    customer_id = stripe_api.customer_of_method(method_id)
    if not customer_id:
        return take_lost_method(method_id, cause)
    if not take_customer(customer_id, cause):
        return False
    collection.pay_overdue(customer_id, method_id, again=cause.reference)
    return True


def take_lost_method(method_id: str, cause: Cause) -> bool:
    """A means of payment that was taken away: look at what was charged to it, by its exact id.

    Raises NeedsPerson where a membership is left that renews and has nothing to be charged. Where
    other news of the membership came first nothing names it any more, and the night tells of it.
    """
    rows = [*Membership.objects.filter(stripe_method_id=method_id).order_by("pk")]
    found = [_take_in(row.stripe_subscription_id or "", cause) for row in rows if row.live]
    ask_about_means([each for each in found if each is not None])
    return bool(rows)


def take_setup(setup_id: str, cause: Cause) -> bool:
    """A means of payment that was made ready for later: what is overdue is tried with it.

    Only where it is what the membership is charged to, for it may be meant for another product; and
    once, if the news of the membership came first and had it tried already.
    """
    setup = stripe_api.get_setup(setup_id)
    if not setup.customer_id or not take_customer(setup.customer_id, cause):
        return False
    collection.pay_overdue(setup.customer_id, setup.method_id, again=setup.id, since=setup.created)
    return True


def take_mandate(mandate_id: str, cause: Cause) -> bool:
    """A mandate for direct debits that was given, or taken back."""
    customer_id = stripe_api.customer_of_mandate(mandate_id)
    return bool(customer_id) and take_customer(customer_id, cause)


def take_stuck_invoice(invoice_id: str, cause: Cause) -> bool:
    """An invoice of ours that Stripe could not make: nobody is charged until a person looks.

    One that has been made since is like any other, so that Retry ends what the person has mended.
    """
    if not take_invoice(invoice_id, cause):
        return False
    if stripe_api.get_invoice(invoice_id).status == "draft":
        raise NeedsPerson(f"invoice {invoice_id} could not be finalised")
    return True


def take_payout(payout_id: str, _cause: Cause) -> bool:
    """A payout: every movement of money in it is written into the ledger."""
    payouts.take(payout_id)
    return True


def take_payments(invoice: InvoiceSnapshot, owner: Membership, cause: Cause) -> None:
    """Write down every payment intent that tried to pay this invoice."""
    for payment_intent_id in invoice.payment_intent_ids:
        ticket = tickets.draw()
        snapshot = stripe_api.get_payment(payment_intent_id)
        payments.record_renewal(
            snapshot, membership=owner, invoice=invoice, ticket=ticket, cause=cause
        )
    payments.record_outside(invoice, membership=owner, cause=cause)
    covered.record(invoice, membership=owner, cause=cause)


def record_refund(refund: RefundSnapshot, ticket: int, cause: Cause) -> bool:
    paid = payment_behind(refund.payment_intent_id, cause)
    if paid is not None:
        refunds.record(refund, payment=paid, ticket=ticket, cause=cause)
    return paid is not None


def record_dispute(dispute: DisputeSnapshot, ticket: int, cause: Cause) -> bool:
    paid = payment_behind(dispute.payment_intent_id, cause)
    if paid is not None:
        disputes.record(dispute, payment=paid, ticket=ticket, cause=cause)
    return paid is not None


def payment_behind(payment_intent_id: str, cause: Cause) -> Payment | None:
    """The payment that a refund, a dispute or a warning is about, by exact ids; None if not ours.

    Stripe copies no metadata on to them (DESIGN 1). Their event may come before the payment's own.
    """
    if not payment_intent_id:
        return None
    paid = Payment.objects.filter(stripe_payment_intent_id=payment_intent_id)
    received = paid.filter(state=PaymentState.SUCCEEDED).exists()
    if not received and not take_payment(payment_intent_id, cause):
        return None
    return paid.select_related("membership").get()


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
    "customer.updated": take_customer,
    "customer.deleted": take_customer,
    "payment_method.automatically_updated": take_method,
    "payment_method.updated": take_method,
    "payment_method.detached": take_method,
    "setup_intent.succeeded": take_setup,
    "mandate.updated": take_mandate,
    "invoice.paid": take_invoice,
    "invoice.payment_failed": take_invoice,
    "invoice.payment_action_required": take_invoice,
    "invoice.finalization_failed": take_stuck_invoice,
    "invoice.voided": take_invoice,
    "invoice.marked_uncollectible": take_invoice,
    "payment_intent.succeeded": take_payment,
    "payment_intent.payment_failed": take_payment,
    "payment_intent.processing": take_payment,
    "charge.updated": take_charge,
    "charge.failed": take_charge,
    "charge.refunded": take_refunds,
    "refund.created": take_refund,
    "refund.updated": take_refund,
    "refund.failed": take_refund,
    "charge.dispute.created": take_dispute,
    "charge.dispute.updated": take_dispute,
    "charge.dispute.closed": take_dispute,
    "charge.dispute.funds_withdrawn": take_dispute,
    "charge.dispute.funds_reinstated": take_dispute,
    "radar.early_fraud_warning.created": take_fraud_warning,
    "payout.paid": take_payout,
    "payout.failed": take_payout,
    "payout.reconciliation_completed": take_payout,
}
