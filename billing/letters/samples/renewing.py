"""Letters before money is taken."""

from django.utils.translation import gettext as _

from billing.letters.draft import Draft
from billing.letters.kinds.facts import facts
from billing.letters.samples.shelf import CARD, NEXT_YEAR, REFERENCE, shows
from billing.money import format_amount
from billing.wording import long_date


@shows("reminder")
def reminder() -> Draft:
    rows = [
        (_("Amount"), format_amount(2388)),
        (_("On"), long_date(NEXT_YEAR)),
        (_("Paid with"), CARD),
        (_("Renews"), _("every year, until you end it")),
        (_("Reference"), REFERENCE),
    ]
    return Draft(facts(*rows) | {"renews": long_date(NEXT_YEAR), "amount": format_amount(2388)})
