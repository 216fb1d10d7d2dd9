"""Letters about payments that did not come."""

from datetime import timedelta

from django.conf import settings

from billing.letters.draft import Draft, Outcome, Postpone, Skip, composes
from billing.letters.kinds.facts import facts, paid_with, price_of
from billing.models import Letter, Payment
from billing.money import format_amount
from billing.states import MembershipState, PaymentState
from billing.wording import long_date


@composes("payment-failed")
def payment_failed(letter: Letter) -> Outcome:
    payment = Payment.objects.select_related("membership").get(pk=letter.key)
    membership = payment.membership
    if payment.state == PaymentState.SUCCEEDED:
        return Skip("paid meanwhile")
    if membership is None:
        return Skip("a gift: the page said so at once")
    if membership.state == MembershipState.PENDING:
        # While joining by card, the payer sees the refusal on Stripe's page and takes another; a
        # first direct debit comes back days later, and nobody is there to see it.
        return Postpone("it has not begun yet")
    if membership.state not in {MembershipState.ACTIVE, MembershipState.PAST_DUE}:
        return Skip(f"the membership is {membership.state}")
    since = payment.first_failed_at or payment.created_at
    if membership.payments.filter(state=PaymentState.SUCCEEDED, paid_at__gt=since).exists():
        return Skip("paid meanwhile")
    until = (membership.past_due_since or since) + timedelta(days=settings.GRACE_DAYS)
    rows = [
        ("Amount", format_amount(payment.amount_cents, payment.currency)),
        ("Tried on", long_date(since)),
        ("From", payment.method_label or paid_with(membership)),
        ("Your support", price_of(membership)),
    ]
    return Draft(
        facts(*rows)
        | {
            "until": long_date(until),
            "amount": format_amount(payment.amount_cents, payment.currency),
        }
    )
