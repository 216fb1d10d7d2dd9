"""Letters about payments that did not come."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from billing.letters.draft import Draft
from billing.letters.kinds.facts import facts, price_of
from billing.letters.samples.shelf import CARD, NEXT, membership, shows
from billing.money import format_amount
from billing.wording import long_date


@shows("payment-failed")
def payment_failed() -> Draft:
    rows = [
        (_("Amount"), format_amount(199)),
        (_("Tried on"), long_date(NEXT)),
        (_("From"), CARD),
        (_("Your support"), price_of(membership())),
    ]
    until = NEXT + timedelta(days=settings.GRACE_DAYS)
    return Draft(facts(*rows) | {"until": long_date(until), "amount": format_amount(199)})
