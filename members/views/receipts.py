"""Papers to download, rendered from their rows: one receipt, all of a year, its statement."""

from datetime import MAXYEAR
from typing import Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import translation
from django.views.decorators.http import require_safe

from billing import documents
from billing.dates import dublin_date
from billing.documents import collection, listing, statement
from billing.models import Receipt
from billing.models.receipt import Series
from members import signin
from members.models import Supporter

# No series of ours is older; nor does a year fit a calendar that has no end.
_FIRST_YEAR: Final = 1988


@require_safe
@signin.required
def overview(request: HttpRequest, supporter: Supporter) -> HttpResponse:
    """Each year with its statement, its receipts together, and each of its documents."""
    own = Receipt.objects.filter(payment__supporter=supporter)
    years: dict[int, list[Receipt]] = {}
    for document in reversed(listing.in_order(own)):
        years.setdefault(dublin_date(document.paid_at).year, []).append(document)
    context = {"years": [(year, listing.total_words(years[year]), years[year]) for year in years]}
    return render(request, "members/account/papers.html", context)


@require_safe
@signin.required
def download(_request: HttpRequest, supporter: Supporter, receipt_id: UUID) -> HttpResponse:
    """The supporter's own receipt or credit note as a PDF, in the language and with the name they
    have today."""
    own = Receipt.objects.filter(payment__supporter=supporter)
    return as_file(get_object_or_404(own, pk=receipt_id), supporter)


@require_safe
@signin.required
def of_year(_request: HttpRequest, supporter: Supporter, year: int) -> HttpResponse:
    """The statement of a Dublin year; 404 for a year in which nothing was given."""
    try:
        pdf = documents.statement_pdf(supporter_id=supporter.pk, year=_real(year))
    except documents.NothingInYear as error:
        raise Http404 from error
    return _as_pdf(pdf, statement.file_name(year))


@require_safe
@signin.required
def together(_request: HttpRequest, supporter: Supporter, year: int) -> HttpResponse:
    """All receipts of a Dublin year in one document; 404 where there is none."""
    papers = statement.of_year(supporter_id=supporter.pk, year=_real(year))
    receipts = [each for each in papers if each.series == Series.RECEIPT]
    if not receipts:
        raise Http404
    with translation.override(supporter.language):
        pdf = documents.collected_pdf(receipts, name=supporter.name)
    return _as_pdf(pdf, collection.file_name(receipts))


def as_file(receipt: Receipt, supporter: Supporter) -> HttpResponse:
    """A document to download."""
    with translation.override(supporter.language):
        pdf = documents.receipt_pdf(receipt, name=supporter.name)
    return _as_pdf(pdf, receipt.file_name)


def _as_pdf(pdf: bytes, file_name: str) -> HttpResponse:
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def _real(year: int) -> int:
    """A year that there can be papers of. Raises Http404."""
    if not _FIRST_YEAR <= year < MAXYEAR:
        raise Http404
    return year
