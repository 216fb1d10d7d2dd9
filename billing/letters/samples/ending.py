"""Letters at the end: announced, come, or asked for at once; and money on its way back."""

from django.utils.translation import gettext as _

from billing import lapse
from billing import withdrawal as withdrawing
from billing.dates import dublin_date
from billing.letters.draft import Draft
from billing.letters.kinds.facts import actions, facts, price_of
from billing.letters.links import Purpose
from billing.letters.samples.shelf import (
    BEGAN,
    NEXT,
    REFERENCE,
    action,
    card,
    membership,
    shows,
)
from billing.money import format_amount
from billing.states import EndReason
from billing.wording import long_date, moment_words, named


@shows("cancelled", "paid up")
def cancelled() -> Draft:
    return _cancelled(overdue=False)


@shows("cancelled", "with a payment overdue")
def cancelled_overdue() -> Draft:
    return _cancelled(overdue=True)


def _cancelled(*, overdue: bool) -> Draft:
    rows = [
        (_("Your support"), price_of(membership())),
        (_("Began on"), long_date(BEGAN)),
        (_("Ends on"), long_date(NEXT)),
        (_("Reference"), REFERENCE),
    ]
    return Draft({**facts(*rows), **actions(), "ends": long_date(NEXT), "overdue": overdue})


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
        (_("Ended on"), long_date(NEXT)),
        (_("Reference"), REFERENCE),
    ]
    stays = reason in {EndReason.DUPLICATE, EndReason.REPLACED}
    return Draft(
        {
            **facts(*rows),
            **actions(),
            "ended": long_date(NEXT),
            "reason": str(reason),
            "forgets": "" if stays else long_date(lapse.shifted(BEGAN, lapse.YEARS)),
        }
    )


@shows("withdrawal")
def withdrawal() -> Draft:
    rows = [
        (_("Received on"), moment_words(BEGAN)),
        (_("Agreement"), f"{named(membership().plan.name)}, {price_of(membership())}"),
        (_("Agreed on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    latest = dublin_date(BEGAN) + withdrawing.PERIOD
    return Draft({**facts(*rows), **actions(), "back_by": long_date(latest)})


@shows("refund", "of one that goes on")
def refund() -> Draft:
    return _refund(runs=True)


@shows("refund", "of a gift")
def refund_of_gift() -> Draft:
    return _refund(runs=False)


def _refund(*, runs: bool) -> Draft:
    rows = [
        (_("Amount"), format_amount(199)),
        (_("Sent on"), long_date(BEGAN)),
        (_("Goes back to"), card()),
    ]
    ways = [action(_("End your support"), Purpose.CANCEL)] if runs else []
    return Draft({**facts(*rows), **actions(*ways), "amount": format_amount(199), "runs": runs})
