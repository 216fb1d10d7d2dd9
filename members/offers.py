"""What the join page says of each way to support: amounts, and what is left of them."""

from dataclasses import dataclass

from billing.models import Plan
from billing.models.plan import Interval
from billing.money import format_amount

# Stripe's list price for a standard EEA card (DOMAIN 8): 1.5 % and 25 cents. An estimate for a
# sentence on a page; the books take Stripe's own figures.
_FEE_PER_MILLE = 15
_FEE_CENTS = 25
MONTHS = 12


def after_card_fee(cents: int) -> int:
    """What reaches the charity of one card payment, about, in cents."""
    return cents - (cents * _FEE_PER_MILLE + 500) // 1000 - _FEE_CENTS


@dataclass(frozen=True, slots=True)
class Saving:
    """About how much reaches the charity in a year, paid at once and paid in twelve."""

    at_once: str
    in_twelve: str


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to support, as it is offered. Amounts in cents."""

    plan: Plan

    @property
    def price(self) -> str:
        """The suggested amount with its rhythm: "€1.99 every month"."""
        amount = format_amount(self.plan.suggested_cents, self.plan.currency)
        return f"{amount} {self.plan.get_interval_display()}"

    @property
    def a_month(self) -> str:
        """A twelfth of a year's amount."""
        return format_amount(self.plan.suggested_cents // MONTHS, self.plan.currency)

    @property
    def saving(self) -> Saving | None:
        """For a yearly plan: what arrives of one payment, and what would of twelve monthly ones."""
        if self.plan.interval != Interval.YEAR:
            return None
        at_once = after_card_fee(self.plan.suggested_cents)
        in_twelve = MONTHS * after_card_fee(self.plan.suggested_cents // MONTHS)
        currency = self.plan.currency
        return Saving(format_amount(at_once, currency), format_amount(in_twelve, currency))


def presets(plan: Plan) -> list[int]:
    """Amounts to choose from: what is suggested, and one, three and eight euros a month more."""
    months = MONTHS if plan.interval == Interval.YEAR else 1
    return [plan.suggested_cents + 100 * more * months for more in (0, 1, 3, 8)]


def current() -> list[Offer]:
    """The ways to support that are offered now: the yearly one first, then by position.

    Yearly comes first because most of it arrives (DOMAIN 8); nothing but the order favours it.
    """
    plans = sorted(
        Plan.objects.filter(active=True),
        key=lambda plan: (plan.interval != Interval.YEAR, plan.position),
    )
    return [Offer(plan) for plan in plans]
