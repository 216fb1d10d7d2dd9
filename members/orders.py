"""What somebody chose to give, from the review page to the button that pays."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from billing.models import Plan
from billing.models.plan import Interval
from billing.money import decimal_amount, format_amount
from members import consent
from members.forms.join import prefilled
from members.models import Supporter
from members.offers import Offer


@dataclass(frozen=True, slots=True)
class Order:
    """What was chosen and read on the review page. `supporter_id` is "" for a visitor.

    `extra_cents` is the part of the amount that is given on top.
    """

    plan: str
    amount_cents: int
    email: str
    name: str
    supporter_id: str
    consent: str
    # With defaults: a page from before a new version has none of them.
    extra_cents: int = 0
    campaign: str = ""
    locale: str = "en-IE"

    @property
    def own_cents(self) -> int:
        """The amount without what is given on top."""
        return self.amount_cents - self.extra_cents


def made(
    cleaned: dict[str, Any], *, offer: Offer, campaign: str, supporter: Supporter | None
) -> Order:
    """The order that a filled-in form asks for."""
    cents: int = cleaned["amount_cents"]
    extra = offer.preset(cents).extra_cents if cleaned["extra"] else 0
    return Order(
        plan=offer.plan.slug,
        amount_cents=cents + extra,
        email=cleaned.get("email", ""),
        name=cleaned.get("name", ""),
        supporter_id=str(supporter.id) if supporter else "",
        consent=consent.VERSION,
        extra_cents=extra,
        campaign=campaign,
        locale=consent.locale(),
    )


def initial(order: Order, offer: Offer) -> dict[str, Any]:
    """The form filled in with an order again, but for the two boxes that are ticked each time."""
    return {
        "plan": order.plan,
        "email": order.email,
        "name": order.name,
        f"extra_{order.plan}": order.extra_cents > 0,
        **prefilled(offer, decimal_amount(order.own_cents)),
    }


def label(plan: Plan, amount_cents: int) -> str:
    """The words on the button, which alone bind (DOMAIN 2.2): "Pay €1.99 every month"."""
    words = {
        Interval.MONTH: _("Pay %(amount)s every month"),
        Interval.YEAR: _("Pay %(amount)s every year"),
        Interval.ONCE: _("Pay %(amount)s once"),
    }[Interval(plan.interval)]
    return words % {"amount": format_amount(amount_cents, plan.currency)}
