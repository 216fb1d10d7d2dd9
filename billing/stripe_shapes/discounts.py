"""What is taken off a subscription: coupons that staff gave in the dashboard. Cents.

Those of the subscription itself; one of a single item is on its invoice alone.
https://docs.stripe.com/api/discounts/object
"""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from billing.stripe_shapes.fields import Shape


class Discount(NamedTuple):
    """So many percent or cents off: once, until a moment (Unix seconds), or for ever."""

    percent: Decimal
    cents: int
    lasts: bool
    ends: int | None


def of_subscription(shape: Shape) -> list[Discount]:
    """The discounts of a subscription, in order; those that were not told in full are left out."""
    told = [each for each in shape.get("discounts") or [] if isinstance(each, dict)]
    found = [(each, (each.get("source") or {}).get("coupon")) for each in told]
    return [_discount(each, coupon) for each, coupon in found if isinstance(coupon, dict)]


def _discount(shape: Shape, coupon: Shape) -> Discount:
    return Discount(
        percent=Decimal(str(coupon.get("percent_off") or 0)),
        cents=coupon.get("amount_off") or 0,
        lasts=coupon.get("duration") != "once",
        ends=shape.get("end"),
    )


def less(cents: int, discounts: Iterable[Discount]) -> int:
    """What is left of a price; never less than nothing."""
    for each in discounts:
        off = (Decimal(cents) * each.percent / 100).quantize(Decimal(1), ROUND_HALF_UP)
        cents = max(cents - int(off) - each.cents, 0)
    return cents
