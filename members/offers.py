"""What the join page says of each way to support: amounts, and what is left of them."""

import re
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from billing import fee_rates
from billing.fees import Rates
from billing.models import Campaign, Plan
from billing.models.plan import Interval
from billing.money import format_amount
from billing.wording import named, price

MONTHS: Final = 12
_SLUG: Final = re.compile(r"[-a-zA-Z0-9_]{1,32}")


@dataclass(frozen=True, slots=True)
class Saving:
    """About how much reaches the charity in a year, paid at once and paid in twelve."""

    at_once: str
    in_twelve: str


@dataclass(frozen=True, slots=True)
class Preset:
    """An amount to choose, what of it arrives, and what would be given so that all of it does."""

    cents: int
    currency: str
    rates: Rates

    @property
    def amount(self) -> str:
        return format_amount(self.cents, self.currency)

    @property
    def arrives(self) -> str:
        """What reaches the charity of it, about: "€1.71"."""
        return format_amount(self.rates.arrives(self.cents), self.currency)

    @property
    def percent(self) -> int:
        """The same as a share, for a line of that length."""
        return 100 * self.rates.arrives(self.cents) // self.cents

    @property
    def extra_cents(self) -> int:
        """What is to be given on top, so that as much as the amount arrives."""
        return self.rates.extra_for(self.cents)

    @property
    def with_extra(self) -> str:
        return format_amount(self.cents + self.extra_cents, self.currency)


@dataclass(frozen=True, slots=True)
class Offer:
    """One way to support, as it is offered. Amounts in cents."""

    plan: Plan
    # What a payment of each interval loses on its way.
    rates: dict[str, Rates]

    @property
    def name(self) -> str:
        return named(self.plan.name)

    @property
    def price(self) -> str:
        """The suggested amount with its rhythm: "€1.99 every month"."""
        return price(self.plan.suggested_cents, self.plan.currency, self.plan.interval)

    @property
    def least(self) -> str:
        """What it begins at: "from €1.99 every month"."""
        least = price(self.plan.least_cents, self.plan.currency, self.plan.interval)
        return _("from %(price)s") % {"price": least}

    @property
    def a_month(self) -> str:
        """A twelfth of a year's amount."""
        return format_amount(self.plan.suggested_cents // MONTHS, self.plan.currency)

    @property
    def own_rates(self) -> Rates:
        return self.rates[self.plan.interval]

    @property
    def presets(self) -> list[Preset]:
        """The amounts to choose from, as the settings have them, but none that is too small."""
        return [self.preset(cents) for cents in _preset_cents(self.plan)]

    def preset(self, cents: int) -> Preset:
        """Any amount of this way, in cents."""
        return Preset(cents, self.plan.currency, self.own_rates)

    @property
    def saving(self) -> Saving | None:
        """For a yearly plan: what arrives of one payment, and what would of twelve monthly ones."""
        if self.plan.interval != Interval.YEAR:
            return None
        at_once = self.own_rates.arrives(self.plan.suggested_cents)
        monthly = self.rates[Interval.MONTH]
        in_twelve = MONTHS * monthly.arrives(self.plan.suggested_cents // MONTHS)
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
    rates = fee_rates.current()
    return [Offer(plan, rates) for plan in plans]


def offer_of(plan: Plan) -> Offer:
    """A way to support by its plan."""
    return Offer(plan, fee_rates.current())


def campaign(slug: str) -> Campaign | None:
    """The campaign that a link names, if it is one that counts now."""
    if not _SLUG.fullmatch(slug):
        return None
    return Campaign.objects.filter(slug=slug, active=True).first()


def _preset_cents(plan: Plan) -> list[int]:
    wanted: list[int] = settings.PRESETS_CENTS[plan.interval]
    taken = [cents for cents in wanted if cents >= plan.least_cents]
    return taken if plan.suggested_cents in taken else [*taken, plan.suggested_cents]
