"""Documents on their way to who paid: receipts, and what corrects them."""

from billing import receipt_pdf
from billing.letters.draft import Attachment, Draft, Outcome, composes
from billing.letters.kinds.facts import facts
from billing.models import Letter, Receipt
from billing.money import format_amount
from billing.wording import long_date


@composes("receipt", states_identity=True)
def receipt(letter: Letter) -> Outcome:
    return _document(Receipt.objects.select_related("payment").get(pk=letter.key), letter)


@composes("credit-note", states_identity=True)
def credit_note(letter: Letter) -> Outcome:
    rows = Receipt.objects.select_related("payment", "refers_to")
    return _document(rows.get(pk=letter.key), letter)


@composes("debit-note", states_identity=True)
def debit_note(letter: Letter) -> Outcome:
    """A refund did not arrive: the bank sent it back, and we say so rather than keep it."""
    rows = Receipt.objects.select_related("payment", "refers_to")
    return _document(rows.get(pk=letter.key), letter)


def _document(row: Receipt, letter: Letter) -> Draft:
    name = letter.supporter.name if letter.supporter else ""
    file = Attachment(row.file_name, receipt_pdf.render(row, name=name), "application/pdf")
    return Draft(
        facts(*receipt_pdf.facts(row))
        | {
            "amount": format_amount(row.amount_cents, row.currency),
            "day": long_date(row.paid_at),
            "statement": receipt_pdf.statement(row),
            "recurring": row.payment.membership_id is not None,
        },
        (file,),
    )
