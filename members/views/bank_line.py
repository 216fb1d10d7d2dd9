"""How a payment will read on a bank statement: shown before anybody pays, as a small picture."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.utils import timezone

from billing.dates import dublin_date
from billing.models import Plan
from billing.money import format_amount
from members.offers import Offer


@dataclass(frozen=True, slots=True)
class BankLine:
    """A line of a bank statement: day, text, and what was taken."""

    day: date
    text: str
    taken: str


def line(plan: Plan, cents: int) -> BankLine:
    """The line of a payment that is made today, in cents."""
    taken = f"\N{MINUS SIGN}{format_amount(cents, plan.currency)}"
    return BankLine(dublin_date(timezone.now()), text(plan), taken)


def text(plan: Plan) -> str:
    """What it reads: a gift is named by the account's prefix and a suffix of ours.

    https://docs.stripe.com/get-started/account/statement-descriptors
    """
    if plan.recurring:
        return str(settings.STRIPE_STATEMENT_DESCRIPTOR)
    return f"{settings.STRIPE_STATEMENT_PREFIX}* {settings.STRIPE_STATEMENT_SUFFIX}"


def examples(offered: list[Offer]) -> list[BankLine]:
    """One line for each text that the ways to help have, at a suggested amount."""
    by_text = {text(each.plan): each.plan for each in offered}
    return [line(plan, plan.suggested_cents) for plan in by_text.values()]
