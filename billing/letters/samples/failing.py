"""Letters about payments that did not come, and about those that came after all."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from billing.letters.draft import Draft
from billing.letters.kinds.facts import actions, facts, price_of
from billing.letters.kinds.failing import FIRST, LAST
from billing.letters.links import Purpose
from billing.letters.samples.shelf import NEXT, action, card, ending, membership, shows
from billing.money import format_amount
from billing.states import Refusal
from billing.wording import long_date


@shows("payment-failed", "at first")
def at_first() -> Draft:
    return _open(Refusal.FUNDS)


@shows("payment-failed", "card has run out")
def hopeless() -> Draft:
    return _open(Refusal.EXPIRED, hopeless=True)


@shows("payment-failed", "day 3")
def third_day() -> Draft:
    return _open(Refusal.FUNDS, step="3")


@shows("payment-failed", "day 7")
def seventh_day() -> Draft:
    return _open(Refusal.FUNDS, step="7")


@shows("payment-failed", "the last")
def last() -> Draft:
    return _open(Refusal.FUNDS, step=LAST)


@shows("authenticate")
def authenticate() -> Draft:
    return _open(Refusal.FUNDS)


def _open(reason: Refusal, *, step: str = FIRST, hopeless: bool = False) -> Draft:
    rows = [
        (_("Amount"), format_amount(199)),
        (_("Tried on"), long_date(NEXT)),
        (_("From"), card()),
        (_("Your support"), price_of(membership())),
    ]
    pay = action(_("Pay now"), Purpose.PAY)
    other_card = action(_("Change how you pay"), Purpose.CARD)
    return Draft(
        {
            **facts(*rows),
            **actions(pay, other_card, ending()),
            "step": step,
            "reason": str(reason),
            "hopeless": hopeless,
            "until": long_date(NEXT + timedelta(days=settings.GRACE_DAYS)),
            "amount": format_amount(199),
        }
    )


@shows("recovered")
def recovered() -> Draft:
    rows = [
        (_("Amount"), format_amount(199)),
        (_("Paid with"), card()),
        (_("Your support"), price_of(membership())),
    ]
    return Draft({**facts(*rows), **actions(ending()), "amount": format_amount(199)})
