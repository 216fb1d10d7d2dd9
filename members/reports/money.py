"""Income: what came in, what Stripe kept, what went back. Cents, dated by Stripe.

The fee is the sum of what Stripe's balance transactions say, never computed. DOMAIN 6.2 and 7.
"""

from django.db.models import Count, Q, Sum

from billing.models import Payment, Refund
from billing.states import PaymentState, RefundState
from members.reports.months import Month, per_month


def income(months: list[Month]) -> list[dict[str, int]]:
    """Per month by `paid_at`: `gross`, `fee`, `net` before refunds, gifts apart. One query.

    A payment whose fee Stripe has not told yet is in `gross` and `fee_unknown`, not in fee and net.
    """
    unknown = Q(fee_cents__isnull=True)
    gift = Q(membership__isnull=True)
    return per_month(
        Payment.objects.filter(state=PaymentState.SUCCEEDED),
        moment="paid_at",
        months=months,
        gross=Sum("amount_cents"),
        fee=Sum("fee_cents"),
        net=Sum("net_cents"),
        fee_unknown=Count("pk", filter=unknown),
        fee_unknown_of=Sum("amount_cents", filter=unknown),
        gifts=Count("pk", filter=gift),
        gift_sum=Sum("amount_cents", filter=gift),
    )


def refunds(months: list[Month]) -> list[dict[str, int]]:
    """Per month by `refunded_at`: the sum `refunded`, whatever month was refunded. One query."""
    return per_month(
        Refund.objects.filter(state=RefundState.SUCCEEDED),
        moment="refunded_at",
        months=months,
        refunded=Sum("amount_cents"),
    )


def failures(months: list[Month]) -> list[dict[str, int]]:
    """Per month by `first_failed_at`: invoices whose first try failed, and their sum. One query.

    A gift has no invoice: whoever gives sees the refusal and takes another card (DOMAIN 7).
    """
    return per_month(
        Payment.objects.filter(membership__isnull=False),
        moment="first_failed_at",
        months=months,
        failed=Count("pk"),
        failed_sum=Sum("amount_cents"),
    )
