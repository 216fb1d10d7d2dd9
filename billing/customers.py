"""Whom Stripe knows a supporter as: one customer, or several."""

from typing import TYPE_CHECKING

from billing import intents
from billing.models import Intent
from billing.models.stripe import IntentKind

if TYPE_CHECKING:
    from members.models import Supporter


def tell_address(supporter: "Supporter", *, press: str) -> None:
    """Have Stripe told the address that they have now, for every customer that they are there.

    Part of the caller's transaction; a worker does it, again and again until Stripe has answered.
    """
    for customer in supporter.customers.all():
        name = f"{press}:{customer.pk.hex[-16:]}"
        intents.call_for(
            kind=IntentKind.UPDATE_CUSTOMER,
            press=name,
            subject=customer.pk,
            params={"customer": customer.stripe_customer_id},
        )
        intents.supersede_before(Intent.objects.get(press=name))
