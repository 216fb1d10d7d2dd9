"""The rates that pages reckon with: measured on what Stripe took lately, else those of its list.

One sum over many payments, kept for an hour: nobody's payment can be told from it, and no page asks
the database more for one visitor than for another (DESIGN 9).
"""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Sum
from django.utils import timezone

from billing.fees import Rates, configured, measured
from billing.models import Payment
from billing.models.plan import Interval
from billing.states import PaymentState

ENOUGH: Final = 50
_LOOKS_BACK: Final = timedelta(days=90)
_KEPT_SECONDS: Final = 3600
_CACHE_KEY: Final = "fee-rates"


def current() -> dict[str, Rates]:
    """The rates by interval: "month", "year", "once"."""
    kept: dict[str, tuple[int, int]] | None = cache.get(_CACHE_KEY)
    if kept is None:
        rates = _measured()
        cache.set(
            _CACHE_KEY,
            {each: (found.per_million, found.fixed_cents) for each, found in rates.items()},
            _KEPT_SECONDS,
        )
    else:
        rates = {each: Rates(*found) for each, found in kept.items()}
    return {each.value: rates.get(each.value, listed(each)) for each in Interval}


def listed(interval: Interval) -> Rates:
    """What Stripe's list price leaves, with its share for renewals where there are any."""
    renews = interval != Interval.ONCE
    return configured(
        card_per_mille=settings.FEE_CARD_PER_MILLE,
        card_cents=settings.FEE_CARD_CENTS,
        billing_per_mille=settings.FEE_BILLING_PER_MILLE if renews else 0,
    )


def _measured() -> dict[str, Rates]:
    """The rates of each interval of which enough was paid lately, from Stripe's own figures."""
    paid = Payment.objects.filter(
        state=PaymentState.SUCCEEDED,
        outside_stripe=False,
        fee_cents__isnull=False,
        currency="eur",
        paid_at__gte=timezone.now() - _LOOKS_BACK,
    )
    sums = paid.values("plan__interval").annotate(
        payments=Count("id"), given=Sum("amount_cents"), taken=Sum("fee_cents")
    )
    return {
        row["plan__interval"]: _rates(
            row["plan__interval"],
            measured(
                payments=row["payments"],
                given_cents=row["given"],
                taken_cents=row["taken"],
                fixed_cents=settings.FEE_CARD_CENTS,
            ),
        )
        for row in sums.filter(payments__gte=ENOUGH).order_by()
    }


def _rates(interval: str, seen: Rates) -> Rates:
    """What Stripe takes for renewing is a bill of its own, not part of a payment's fee."""
    renews = interval != Interval.ONCE
    share = settings.FEE_BILLING_PER_MILLE * 1000 if renews else 0
    return Rates(seen.per_million + share, seen.fixed_cents)
