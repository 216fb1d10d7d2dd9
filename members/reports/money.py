"""What came in and went back in any stretches of time: summed from the rows themselves. Cents.

For what is not a month, such as the week of the digest; months are rolled up (reports.income, which
says the same in the same words).
"""

from django.db.models import Count, Q, Sum

from billing.figures.payments import DISPUTE_LINES, REFUND_LINES
from billing.figures.returned import paid_again, went_back
from billing.models import Payment
from billing.states import PaymentState
from members.reports.months import Month, per_month


def income(months: list[Month]) -> list[dict[str, int]]:
    """Per month by `paid_at`: `gross`, `fee`, `net` before what went back, gifts apart.

    Two queries. What was paid again after it had come back counts when it came.

    A payment whose fee Stripe has not told yet is in `gross` and `fee_unknown`, not in fee and net.
    What was paid to us directly has no fee, and no line in the ledger: `outside` is all of it.
    """
    outside = Q(outside_stripe=True)
    unknown = Q(fee_cents__isnull=True) & ~outside
    gift = Q(membership__isnull=True)
    again = per_month(
        paid_again(),
        moment="booked_at",
        months=months,
        gross=Sum("amount_cents"),
        fee=Sum("fee_cents"),
        net=Sum("net_cents"),
    )
    found = per_month(
        Payment.objects.filter(state=PaymentState.SUCCEEDED),
        moment="paid_at",
        months=months,
        gross=Sum("amount_cents"),
        fee=Sum("fee_cents"),
        net=Sum("net_cents"),
        outside=Sum("amount_cents", filter=outside),
        fee_unknown=Count("pk", filter=unknown),
        fee_unknown_of=Sum("amount_cents", filter=unknown),
        gifts=Count("pk", filter=gift),
        gift_sum=Sum("amount_cents", filter=gift),
    )
    return [
        first | {name: first[name] + more[name] for name in more}
        for first, more in zip(found, again, strict=True)
    ]


def gone_back(months: list[Month]) -> list[dict[str, int]]:
    """Per month by `booked_at`: `refunded` and `disputed`, whatever month was paid. One query.

    As the ledger has them, fees included: what goes out is negative, and what comes back, from a
    refund that failed or a dispute that was won, is positive in the month in which it came.
    """
    return per_month(
        went_back(),
        moment="booked_at",
        months=months,
        refunded=Sum("took", filter=Q(kind__in=REFUND_LINES)),
        disputed=Sum("took", filter=Q(kind__in=DISPUTE_LINES)),
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
