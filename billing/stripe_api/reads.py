"""One object as Stripe has it now, as our frozen snapshot."""

from billing import stripe_shapes as shapes
from billing.snapshots import (
    CheckoutSnapshot,
    DisputeSnapshot,
    FraudWarningSnapshot,
    InvoiceSnapshot,
    MandateSnapshot,
    PaymentSnapshot,
    PayoutSnapshot,
    RefundSnapshot,
    SetupSnapshot,
    SubscriptionSnapshot,
)
from billing.stripe_api.client import api, ask, pages, plain

# Where a subscription names no card of its own, its customer's is charged.
SUBSCRIPTION_WITH = [
    "customer.invoice_settings.default_payment_method",
    "default_payment_method",
    "discounts.source.coupon",
    "schedule",
]
CHARGE_WITH = ["balance_transaction", "failure_balance_transaction"]


def get_checkout(session_id: str) -> CheckoutSnapshot:
    return shapes.checkout(plain(ask(api().checkout.sessions.retrieve, session_id)))


def get_subscription(subscription_id: str) -> SubscriptionSnapshot:
    params = {"expand": SUBSCRIPTION_WITH}
    return shapes.subscription(plain(ask(api().subscriptions.retrieve, subscription_id, params)))


def get_invoice(invoice_id: str) -> InvoiceSnapshot:
    found = ask(api().invoices.retrieve, invoice_id, {"expand": ["payments"]})
    return shapes.invoice(plain(found))


def get_payment(payment_intent_id: str) -> PaymentSnapshot:
    """The payment intent with its charges: what paid it, and when a try first failed.

    One question, one moment: each charge brings its payment intent along. Only what was never tried
    has to be asked for by itself.
    """
    expand = [f"data.{name}" for name in (*CHARGE_WITH, "payment_intent")]
    params = {"payment_intent": payment_intent_id, "expand": expand}
    tries = [charge for page in pages(api().charges, params) for charge in page]
    found = (
        tries[0]["payment_intent"]
        if tries
        else plain(ask(api().payment_intents.retrieve, payment_intent_id))
    )
    return shapes.payment(found, shapes.paid_by(tries), shapes.first_failure(tries), tries)


def get_refund(refund_id: str) -> RefundSnapshot:
    found = ask(api().refunds.retrieve, refund_id, {"expand": CHARGE_WITH})
    return shapes.refund(plain(found))


def get_dispute(dispute_id: str) -> DisputeSnapshot:
    """The dispute; its movements of money come with it, unasked."""
    return shapes.dispute(plain(ask(api().disputes.retrieve, dispute_id)))


def get_fraud_warning(warning_id: str) -> FraudWarningSnapshot:
    return shapes.fraud_warning(plain(ask(api().radar.early_fraud_warnings.retrieve, warning_id)))


def get_setup(setup_intent_id: str) -> SetupSnapshot:
    return shapes.setup(plain(ask(api().setup_intents.retrieve, setup_intent_id)))


def get_payout(payout_id: str) -> PayoutSnapshot:
    return shapes.payout(plain(ask(api().payouts.retrieve, payout_id)))


def payment_of_charge(charge_id: str) -> str:
    """The id of the payment intent that this charge tried, or ""."""
    return shapes.id_of(plain(ask(api().charges.retrieve, charge_id)).get("payment_intent"))


def subscriptions_of(customer_id: str) -> list[str]:
    """The ids of all that this customer subscribes to, or did."""
    params = {"customer": customer_id, "status": "all"}
    return [str(each["id"]) for page in pages(api().subscriptions, params) for each in page]


def customer_of_method(method_id: str) -> str:
    """The id of the customer who pays with this; "" of nobody's, as one that was taken away is."""
    return shapes.id_of(plain(ask(api().payment_methods.retrieve, method_id)).get("customer"))


def customer_of_mandate(mandate_id: str) -> str:
    """The id of the customer who gave this mandate for direct debits, or ""."""
    found = ask(api().mandates.retrieve, mandate_id, {"expand": ["payment_method"]})
    method = plain(found).get("payment_method")
    return shapes.id_of(method.get("customer")) if isinstance(method, dict) else ""


def mandate_of_charge(charge_id: str) -> MandateSnapshot | None:
    """The mandate that this charge was debited under; None where it was no direct debit."""
    mandate_id = shapes.mandate_id(plain(ask(api().charges.retrieve, charge_id)))
    if not mandate_id:
        return None
    return shapes.mandate(plain(ask(api().mandates.retrieve, mandate_id)))


def refunds_of(charge_id: str) -> list[RefundSnapshot]:
    """All refunds of one charge; they are not inlined in it since 2022-11-15."""
    return _refunds({"charge": charge_id})


def refunds_of_payment(payment_intent_id: str) -> list[RefundSnapshot]:
    return _refunds({"payment_intent": payment_intent_id})


def _refunds(of: shapes.Shape) -> list[RefundSnapshot]:
    params = {**of, "expand": [f"data.{name}" for name in CHARGE_WITH]}
    return [shapes.refund(each) for page in pages(api().refunds, params) for each in page]


def invoices_of(subscription_id: str) -> list[InvoiceSnapshot]:
    """All invoices of one subscription, oldest first."""
    params = {"subscription": subscription_id, "expand": ["data.payments"]}
    found = [shapes.invoice(each) for page in pages(api().invoices, params) for each in page]
    return sorted(found, key=lambda each: each.created)


def debit_runs(subscription_id: str) -> bool:
    """Whether what is open on a subscription is being paid: a debit that cannot be called back."""
    return any(
        get_payment(payment_intent_id).status == "processing"
        for invoice in invoices_of(subscription_id)
        if invoice.status == "open"
        for payment_intent_id in invoice.payment_intent_ids
    )


def invoice_of(payment_intent_id: str) -> str:
    """The id of the invoice that this payment intent pays, or "" for a one-off payment."""
    params = {"payment": {"type": "payment_intent", "payment_intent": payment_intent_id}}
    for page in pages(api().invoice_payments, params):
        for each in page:
            return str(each["invoice"])
    return ""
