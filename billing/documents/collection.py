"""Several receipts of one supporter in one document, for who wants them together."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from billing.charity import Charity
from billing.dates import dublin_date
from billing.documents import press
from billing.documents.listing import in_order, section_data, sections, total_words
from billing.documents.words import account_line, between, contact_lines, words_of
from billing.models import Receipt
from billing.models.receipt import Series
from billing.wording import long_date


def collected_pdf(receipts: Sequence[Receipt], *, name: str) -> bytes:
    """Draw these receipts (at least one) as a list, in the language that is active.

    The charity's identity is the one that the last of them keeps. Raises typst.TypstError if it
    cannot be drawn even without the name.
    """
    data = _data(in_order(receipts))
    return press.draw("listing.typ", data, payer=words_of(Series.RECEIPT).payer, name=name)


def time_of(receipts: Sequence[Receipt]) -> str:
    """From the first payment to the last, in words."""
    days = [long_date(each.paid_at) for each in in_order(receipts)]
    return days[0] if days[0] == days[-1] else between(days[0], days[-1])


def file_name(receipts: Sequence[Receipt]) -> str:
    """A name that says nothing of the charity: "receipts-2026-07-to-2026-09.pdf"."""
    months = [dublin_date(each.paid_at).strftime("%Y-%m") for each in in_order(receipts)]
    return f"receipts-{months[0]}-to-{months[-1]}.pdf"


def _data(receipts: Sequence[Receipt]) -> dict[str, Any]:
    last = max(receipts, key=lambda each: (each.issued_at, each.pk))
    issuer = Charity.from_snapshot(last.charity)
    parts = list(sections(receipts))
    return {
        "title": _("Receipts"),
        "label": time_of(receipts),
        "issuer": issuer.trading_name or issuer.legal_name,
        "amount": total_words(receipts),
        "summary": _("paid in all"),
        "columns": [_("Paid on"), _("Receipt"), _("For"), _("Amount")],
        "sections": [section_data(each, titled=len(parts) > 1, detailed=True) for each in parts],
        "statements": [],
        "manage": [account_line(), *contact_lines(issuer)],
        "identity": issuer.identity_lines,
        "page": _("Page %(page)s of %(pages)s"),
        "issued": dublin_date(last.issued_at).isoformat(),
    }
