"""One receipt, credit note or debit note, drawn from its row."""

from typing import Any

from django.utils.translation import gettext as _

from billing.charity import Charity
from billing.dates import dublin_date
from billing.documents import press
from billing.documents.words import (
    Facts,
    account_line,
    cited,
    contact_lines,
    ending_line,
    in_return,
    method,
    period,
    purpose,
    words_for,
)
from billing.models import Receipt
from billing.models.receipt import Series
from billing.money import format_amount
from billing.wording import long_date


def receipt_pdf(receipt: Receipt, *, name: str) -> bytes:
    """Draw the document in the language that is active; "" leaves the payer's name out.

    Raises typst.TypstError if it cannot be drawn even without the name.
    """
    data = _data(receipt)
    return press.draw("receipt.typ", data, payer=words_for(receipt).payer, name=name)


def facts(receipt: Receipt) -> Facts:
    """What the document states, a label and a text each, without the payer's name."""
    words = words_for(receipt)
    headline = [
        (words.amount, format_amount(receipt.amount_cents, receipt.currency)),
        *_on_top(receipt),
        (words.day, long_date(receipt.paid_at)),
        (words.number, receipt.label),
    ]
    return headline + _details(receipt)


def _on_top(receipt: Receipt) -> Facts:
    """The part that was given on top, so that more arrives; part of the amount (DOMAIN 1.4)."""
    if not receipt.extra_cents:
        return []
    return [(_("Of which given on top"), format_amount(receipt.extra_cents, receipt.currency))]


def statement(receipt: Receipt) -> str:
    """The sentence that a document of this series ends with."""
    if receipt.series == Series.CREDIT_NOTE and receipt.returned_id is not None:
        return _(
            "The bank took this payment back from us. This credit note corrects the receipt it "
            "refers to, which stays as it was issued. Nothing is owed."
        )
    if receipt.series == Series.CREDIT_NOTE:
        return _(
            "This credit note corrects the receipt it refers to, which stays as it was issued."
        )
    if receipt.series == Series.DEBIT_NOTE and receipt.dispute_id is not None:
        return _(
            "This debit note takes back the credit note it refers to: the bank gave the money back "
            "to us, so the receipt stands again."
        )
    if receipt.series == Series.DEBIT_NOTE and receipt.returned_id is not None:
        return _(
            "This debit note takes back the credit note it refers to: the payment was made after "
            "all, so the receipt stands again."
        )
    if receipt.series == Series.DEBIT_NOTE:
        return _(
            "This debit note takes back the credit note it refers to: the bank did not accept the "
            "refund, so the receipt stands again."
        )
    return in_return(receipt)


def _details(receipt: Receipt) -> Facts:
    rows = [
        (words_for(receipt).method, method(receipt)),
        (_("For"), purpose(receipt)),
        (_("Period covered"), period(receipt)),
        (_("Refers to"), cited(receipt.refers_to)),
        (_("Issued on"), long_date(receipt.issued_at)),
        (_("Reference"), str(receipt.id)),
    ]
    return [(label, text) for label, text in rows if text]


def _data(receipt: Receipt) -> dict[str, Any]:
    issuer = Charity.from_snapshot(receipt.charity)
    words = words_for(receipt)
    recurring = receipt.payment.membership_id and receipt.series == Series.RECEIPT
    return {
        "title": words.title,
        "label": receipt.label,
        "issuer": issuer.trading_name or issuer.legal_name,
        "amount": format_amount(receipt.amount_cents, receipt.currency),
        "summary": words.summary % {"day": long_date(receipt.paid_at)},
        "facts": [*_on_top(receipt), *_details(receipt)],
        "statements": [statement(receipt)],
        "manage": [ending_line() if recurring else account_line(), *contact_lines(issuer)],
        "identity": issuer.identity_lines,
        "issued": dublin_date(receipt.issued_at).isoformat(),
    }
