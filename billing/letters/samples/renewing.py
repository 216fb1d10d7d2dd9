"""Letters before money is taken."""

from typing import Any

from django.utils.translation import gettext as _

from billing.letters.draft import Draft
from billing.letters.kinds.facts import facts
from billing.letters.links import Purpose
from billing.letters.samples.shelf import NEXT, NEXT_YEAR, REFERENCE, card, link, shows
from billing.money import format_amount
from billing.wording import long_date, means


@shows("reminder")
def reminder() -> Draft:
    rows = [
        (_("Amount"), format_amount(2388)),
        (_("On"), long_date(NEXT_YEAR)),
        (_("Paid with"), card()),
        (_("Renews"), _("every year, until you end it")),
        (_("Reference"), REFERENCE),
    ]
    told = {"renews": long_date(NEXT_YEAR), "amount": format_amount(2388)}
    return Draft(facts(*rows) | _links() | told)


@shows("sepa-notice")
def sepa_notice() -> Draft:
    rows = [
        (_("Amount"), format_amount(199)),
        (_("On"), long_date(NEXT)),
        (_("From"), means("SEPA direct debit ending 5678")),
        (_("Mandate"), "SAMPLE00000001"),
        (_("Creditor"), "IE00ZZZ000000"),
        (_("Renews"), _("every month, until you end it")),
        (_("Reference"), REFERENCE),
    ]
    told = {"debited": long_date(NEXT), "amount": format_amount(199)}
    return Draft(facts(*rows) | _links() | told)


@shows("card-expiring", "soon")
def card_expiring() -> Draft:
    return _card(over=False)


@shows("card-expiring", "already")
def card_expired() -> Draft:
    return _card(over=True)


def _card(*, over: bool) -> Draft:
    rows = [
        (_("Paid with"), card()),
        (_("Good until"), long_date(NEXT)),
        (_("Next payment"), long_date(NEXT)),
        (_("Amount"), format_amount(199)),
        (_("Reference"), REFERENCE),
    ]
    return Draft(facts(*rows) | _links() | {"expires": long_date(NEXT), "over": over})


@shows("resumes-soon")
def resumes_soon() -> Draft:
    rows = [
        (_("Goes on"), long_date(NEXT)),
        (_("Next payment"), long_date(NEXT)),
        (_("Amount"), format_amount(199)),
        (_("Paid with"), card()),
        (_("Reference"), REFERENCE),
    ]
    told = {"resumes": long_date(NEXT), "amount": format_amount(199), "due": long_date(NEXT)}
    return Draft(facts(*rows) | _links() | told)


def _links() -> dict[str, Any]:
    return {
        f"{purpose}_url": link(purpose) for purpose in (Purpose.CANCEL, Purpose.PAUSE, Purpose.CARD)
    }
