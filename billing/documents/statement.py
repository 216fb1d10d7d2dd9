"""The year of a supporter: all that was paid and given back in it, by the day of payment.

It counts documents: receipts less credit notes, more debit notes, in the Dublin year of the payment
or refund itself (DOMAIN 1.9). What has no document yet is not settled: a refund on its way, a
dispute that nobody has lost.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from django.utils import translation
from django.utils.translation import gettext as _

from billing.charity import Charity
from billing.dates import day_start, dublin_date
from billing.documents import press
from billing.documents.listing import in_order, section_data, sections, total_words
from billing.documents.words import account_line, contact_lines, words_of
from billing.models import Receipt
from billing.models.receipt import Series
from billing.wording import long_date


class NothingInYear(LookupError):
    """The supporter has no document of this year."""


def statement_pdf(*, supporter_id: UUID, year: int) -> bytes:
    """Draw the statement of a Dublin year for this supporter, in their language and by their name.

    Raises NothingInYear, and typst.TypstError if it cannot be drawn even without the name.
    """
    documents = of_year(supporter_id=supporter_id, year=year)
    if not documents:
        raise NothingInYear(str(year))
    supporter = documents[0].payment.supporter
    with translation.override(supporter.language):
        return render(documents, year=year, name=supporter.name)


def of_year(*, supporter_id: UUID, year: int) -> list[Receipt]:
    """The documents of what a supporter paid, and got back, in a Dublin year; oldest first."""
    rows = Receipt.objects.filter(
        payment__supporter_id=supporter_id,
        paid_at__gte=day_start(date(year, 1, 1)),
        paid_at__lt=day_start(date(year + 1, 1, 1)),
    )
    return in_order(rows.select_related("payment__supporter", "refers_to__refers_to"))


def render(documents: Sequence[Receipt], *, year: int, name: str) -> bytes:
    """Draw the statement of these documents (at least one) in the language that is active."""
    data = _data(documents, year)
    return press.draw("listing.typ", data, payer=words_of(Series.RECEIPT).payer, name=name)


def title(year: int) -> str:
    return _("Your support in %(year)s") % {"year": year}


def file_name(year: int) -> str:
    return f"statement-{year}.pdf"


def _data(documents: Sequence[Receipt], year: int) -> dict[str, Any]:
    last = max(documents, key=lambda each: (each.issued_at, each.pk))
    issuer = Charity.from_snapshot(last.charity)
    counted = _("It counts what was issued until %(day)s, by the day of payment.")
    return {
        "title": title(year),
        "label": "",
        "issuer": issuer.trading_name or issuer.legal_name,
        "amount": total_words(documents),
        "summary": _summary(documents, year),
        "columns": [_("Day"), _("Document"), _("For"), _("Amount")],
        "sections": [
            section_data(each, titled=True, detailed=False) for each in sections(documents)
        ],
        "statements": [counted % {"day": long_date(last.issued_at)}],
        "manage": [account_line(), *contact_lines(issuer)],
        "identity": issuer.identity_lines,
        "page": _("Page %(page)s of %(pages)s"),
        "issued": dublin_date(last.issued_at).isoformat(),
    }


def _summary(documents: Sequence[Receipt], year: int) -> str:
    corrected = any(each.series != Series.RECEIPT for each in documents)
    words = (
        _("given in %(year)s, less what was given back") if corrected else _("given in %(year)s")
    )
    return words % {"year": year}
