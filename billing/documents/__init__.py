"""Documents as PDF: receipts and what corrects them, several in one, and the year of a supporter.

documents.receipt_pdf(receipt, name=...)                one receipt, credit note or debit note
documents.collected_pdf(receipts, name=...)             the receipts of a time, in one list
documents.statement_pdf(supporter_id=..., year=...)     a Dublin year, in its supporter's language

Each is drawn from its rows whenever it is wanted (DESIGN 7): the same bytes for the same rows, name
and language. Their words are in the language that is active.
"""

from billing.documents.collection import collected_pdf
from billing.documents.receipt import receipt_pdf
from billing.documents.statement import NothingInYear, statement_pdf
from billing.documents.words import ACCOUNT_PATH, WITHDRAW_PATH

__all__ = [
    "ACCOUNT_PATH",
    "WITHDRAW_PATH",
    "NothingInYear",
    "collected_pdf",
    "receipt_pdf",
    "statement_pdf",
]
