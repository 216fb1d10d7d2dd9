"""Letters at the end."""

from django.utils.translation import gettext as _

from billing.letters.draft import Draft
from billing.letters.kinds.facts import facts, price_of
from billing.letters.samples.shelf import BEGAN, NEXT, REFERENCE, membership, shows
from billing.states import EndReason
from billing.wording import long_date, moment_words


@shows("ended", "as asked for")
def requested() -> Draft:
    return _ended(EndReason.REQUESTED)


@shows("ended", "payments failed")
def unpaid() -> Draft:
    return _ended(EndReason.PAYMENT_FAILED)


@shows("ended", "withdrawn")
def withdrawn() -> Draft:
    return _ended(EndReason.WITHDRAWN)


@shows("ended", "a second one undone")
def duplicate() -> Draft:
    return _ended(EndReason.DUPLICATE)


@shows("ended", "replaced")
def replaced() -> Draft:
    return _ended(EndReason.REPLACED)


def _ended(reason: EndReason) -> Draft:
    rows = [
        (_("Your support"), price_of(membership())),
        (_("Began on"), long_date(BEGAN)),
        (_("Withdrawn on"), moment_words(NEXT) if reason == EndReason.WITHDRAWN else ""),
        (_("Ended on"), long_date(NEXT)),
        (_("Reference"), REFERENCE),
    ]
    return Draft(facts(*rows) | {"ended": long_date(NEXT), "reason": str(reason)})
