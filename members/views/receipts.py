"""Receipts to download, rendered from their row."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation
from django.views.decorators.http import require_safe

from billing import documents
from billing.models import Receipt
from members import signin
from members.models import Supporter


@require_safe
@signin.required
def download(_request: HttpRequest, supporter: Supporter, receipt_id: UUID) -> HttpResponse:
    """The supporter's own receipt or credit note as a PDF, in the language and with the name they
    have today."""
    own = Receipt.objects.filter(payment__supporter=supporter)
    return as_file(get_object_or_404(own, pk=receipt_id), supporter)


def as_file(receipt: Receipt, supporter: Supporter) -> HttpResponse:
    """A document to download."""
    with translation.override(supporter.language):
        pdf = documents.receipt_pdf(receipt, name=supporter.name)
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{receipt.file_name}"'},
    )
