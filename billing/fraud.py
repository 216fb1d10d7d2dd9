"""Early fraud warnings: a refund now costs cents, a dispute later twenty euro (DOMAIN 3.7)."""

from collections.abc import Iterator

from django.conf import settings
from django.db import transaction

from billing import intents, refunds
from billing.intents import Wanted
from billing.models import Payment
from billing.models.stripe import IntentKind
from billing.snapshots import FraudWarningSnapshot
from billing.states import EndReason


def answer(warning: FraudWarningSnapshot, *, payment: Payment) -> None:
    """Have the payment refunded and its membership ended, unless a setting says to wait.

    https://docs.stripe.com/disputes/measuring#early-fraud-warnings
    """
    with transaction.atomic():
        for each in wanted(warning, payment=payment):
            intents.call_for(**each)


def wanted(warning: FraudWarningSnapshot, *, payment: Payment) -> Iterator[Wanted]:
    """What `answer` has done."""
    if not settings.REFUND_FRAUD_WARNINGS or not warning.actionable:
        return
    yield from refunds.wanted_back(payment, reason=EndReason.FRAUD)
    membership = payment.membership
    if membership is not None and membership.live:
        yield {
            "kind": IntentKind.END_NOW,
            "press": f"fraud:{membership.pk}",
            "subject": membership.pk,
            "params": {
                "subscription": membership.stripe_subscription_id,
                "reason": EndReason.FRAUD,
            },
        }
