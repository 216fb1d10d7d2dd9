"""Documents on their way to who paid."""

from django.utils.translation import gettext as _

from billing.letters.draft import Attachment, Draft
from billing.letters.kinds.facts import facts
from billing.letters.samples.shelf import BEGAN, CARD, NEXT, REFERENCE, shows
from billing.money import format_amount
from billing.wording import long_date

AMOUNT = format_amount(199)


@shows("receipt", "of a membership")
def receipt() -> Draft:
    return _receipt(recurring=True)


@shows("receipt", "of a gift")
def gift() -> Draft:
    return _receipt(recurring=False)


def _receipt(*, recurring: bool) -> Draft:
    plan = "Monthly" if recurring else "Once"
    period = f"{long_date(BEGAN)} {_('to')} {long_date(NEXT)}"
    rows = [
        (_("Paid"), AMOUNT),
        (_("Date of payment"), long_date(BEGAN)),
        (_("Receipt number"), "R-2026-000001"),
        (_("Paid with"), CARD),
        (_("For"), f"{_('Donation')}: {plan}"),
        (_("Period covered"), period if recurring else ""),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _("This is a donation. No goods or services were provided in return.")
    return _document(rows, statement, "receipt-2026-000001.pdf", recurring=recurring)


@shows("credit-note")
def credit_note() -> Draft:
    rows = [
        (_("Refunded"), AMOUNT),
        (_("Date of refund"), long_date(BEGAN)),
        (_("Credit note number"), "C-2026-000001"),
        (_("Refunded to"), CARD),
        (_("For"), f"{_('Donation')}: Monthly"),
        (_("Refers to"), f"{_('Receipt')} R-2026-000001"),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _(
        "This credit note corrects the receipt it refers to, which stays as it was issued."
    )
    return _document(rows, statement, "credit-note-2026-000001.pdf")


@shows("debit-note")
def debit_note() -> Draft:
    rows = [
        (_("Not refunded"), AMOUNT),
        (_("Date"), long_date(BEGAN)),
        (_("Debit note number"), "D-2026-000001"),
        (_("Could not be sent to"), CARD),
        (_("For"), f"{_('Donation')}: Monthly"),
        (_("Refers to"), f"{_('Credit note')} C-2026-000001"),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _(
        "This debit note takes back the credit note it refers to: the bank did not accept the "
        "refund, so the receipt stands again."
    )
    return _document(rows, statement, "debit-note-2026-000001.pdf")


def _document(
    rows: list[tuple[str, str]], statement: str, file_name: str, *, recurring: bool = True
) -> Draft:
    return Draft(
        facts(*rows)
        | {
            "amount": AMOUNT,
            "day": long_date(BEGAN),
            "statement": statement,
            "recurring": recurring,
        },
        (Attachment(file_name, b"", "application/pdf"),),
    )
