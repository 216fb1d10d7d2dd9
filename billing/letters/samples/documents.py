"""Documents on their way to who paid."""

from typing import Any, Final

from django.utils.translation import gettext as _

from billing import withdrawal
from billing.dates import dublin_date
from billing.documents.words import between
from billing.letters.draft import Attachment, Draft
from billing.letters.kinds.facts import facts, price_of
from billing.letters.kinds.standing import Standing
from billing.letters.links import Purpose
from billing.letters.samples.shelf import (
    BEGAN,
    NEXT,
    REFERENCE,
    card,
    debit,
    link,
    membership,
    shows,
)
from billing.money import format_amount
from billing.wording import long_date

AMOUNT: Final = format_amount(199)


@shows("receipt", "the first of a membership")
def first() -> Draft:
    last_day = withdrawal.deadline(dublin_date(BEGAN))
    return _receipt(
        {
            "end_url": link(Purpose.CANCEL),
            "withdraw_url": link(Purpose.WITHDRAW),
            "withdraw_by": long_date(last_day),
        }
    )


@shows("receipt", "a later one")
def later() -> Draft:
    return _receipt({"end_url": link(Purpose.CANCEL)})


@shows("receipt", "of one that will end")
def ending() -> Draft:
    return _receipt({"ends": long_date(NEXT)})


@shows("receipt", "of one that has ended")
def over() -> Draft:
    return _receipt({"over": True})


@shows("receipt", "of a gift")
def gift() -> Draft:
    return _receipt({"once": True})


def _receipt(more: dict[str, Any]) -> Draft:
    rows = [
        (_("Paid"), AMOUNT),
        (_("Date of payment"), long_date(BEGAN)),
        (_("Receipt number"), "R-2026-000001"),
        (_("Paid with"), card()),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _("This is a donation. No goods or services were provided in return.")
    return _document(rows, statement, "receipt-2026-000001.pdf", more)


@shows("credit-note")
def credit_note() -> Draft:
    rows = [
        (_("Refunded"), AMOUNT),
        (_("Date of refund"), long_date(BEGAN)),
        (_("Credit note number"), "C-2026-000001"),
        (_("Refunded to"), card()),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _(
        "This credit note corrects the receipt it refers to, which stays as it was issued."
    )
    return _document(rows, statement, "credit-note-2026-000001.pdf", {"returned": False})


@shows("credit-note", "of a debit that its bank returned")
def returned() -> Draft:
    rows = [
        (_("Taken back by the bank"), AMOUNT),
        (_("Date"), long_date(BEGAN)),
        (_("Credit note number"), "C-2026-000001"),
        (_("Had been paid with"), debit()),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _(
        "The bank took this payment back from us. This credit note corrects the receipt it "
        "refers to, which stays as it was issued. Nothing is owed."
    )
    return _document(rows, statement, "credit-note-2026-000001.pdf", {"returned": True})


@shows("debit-note")
def debit_note() -> Draft:
    rows = [
        (_("Not refunded"), AMOUNT),
        (_("Date"), long_date(BEGAN)),
        (_("Debit note number"), "D-2026-000001"),
        (_("Could not be sent to"), card()),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _(
        "This debit note takes back the credit note it refers to: the bank did not accept the "
        "refund, so the receipt stands again."
    )
    return _document(rows, statement, "debit-note-2026-000001.pdf", {"returned": False})


@shows("debit-note", "of a debit that was paid after all")
def paid_again() -> Draft:
    rows = [
        (_("Paid after all"), AMOUNT),
        (_("Date"), long_date(BEGAN)),
        (_("Debit note number"), "D-2026-000001"),
        (_("Had first been paid with"), debit()),
        (_("Issued on"), long_date(BEGAN)),
        (_("Reference"), REFERENCE),
    ]
    statement = _(
        "This debit note takes back the credit note it refers to: the payment was made after "
        "all, so the receipt stands again."
    )
    return _document(rows, statement, "debit-note-2026-000001.pdf", {"returned": True})


def _document(
    rows: list[tuple[str, str]], statement: str, file_name: str, more: dict[str, Any] | None = None
) -> Draft:
    return Draft(
        facts(*rows)
        | {"amount": AMOUNT, "day": long_date(BEGAN), "statement": statement}
        | (more or {}),
        (Attachment(file_name, b"", "application/pdf"),),
    )


@shows("receipts")
def receipts() -> Draft:
    context = _listed() | {"time": between(long_date(BEGAN), long_date(NEXT))}
    file = Attachment("receipts-2026-03-to-2026-04.pdf", b"", "application/pdf")
    return Draft(context, (file,))


@shows("statement", "of a year")
def statement() -> Draft:
    leave_url = link(Purpose.STOP)
    return _statement({"waited": 0, "leave_url": leave_url}, leave_url)


@shows("statement", "with receipts that waited")
def statement_with_receipts() -> Draft:
    return _statement({"waited": 2, "leave_url": ""}, "")


def _statement(more: dict[str, Any], leave_url: str) -> Draft:
    files = [Attachment("statement-2026.pdf", b"", "application/pdf")]
    if more["waited"]:
        files.append(Attachment("receipts-2026-03-to-2026-04.pdf", b"", "application/pdf"))
    return Draft(_listed() | {"year": "2026"} | more, tuple(files), leave_url=leave_url)


def _listed() -> dict[str, Any]:
    """Two payments, a line each, and how the support stands."""
    lines = [
        {
            "day": long_date(each),
            "label": f"R-2026-00000{number}",
            "amount": AMOUNT,
            "url": link(Purpose.RECEIPT),
        }
        for number, each in enumerate((BEGAN, NEXT), start=1)
    ]
    total = format_amount(2 * 199)
    rows = [(_("Your support"), price_of(membership())), (_("Next payment"), long_date(NEXT))]
    return facts((_("In all"), total)) | {
        "lines": lines,
        "total": total,
        "in_return": [_("This is a donation. No goods or services were provided in return.")],
        "standing": [Standing(facts(*rows)["facts"], link(Purpose.CANCEL))],
    }
