"""Receipts and credit notes: numbered without gaps, written once, never changed."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.bygone import YearLetGo
from billing.models.ledger import LedgerLine
from billing.models.payment import Dispute, Payment, Refund
from billing.models.rules import one_of, positive


class Series(models.TextChoices):
    RECEIPT = "R", "Receipt"
    CREDIT_NOTE = "C", "Credit note"
    # Takes a credit note back: the money is with us again.
    DEBIT_NOTE = "D", "Debit note"


class ReceiptSeries(models.Model):
    """The last number given in a series and year: the row that is locked to give the next."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    series = models.CharField(max_length=1, choices=Series)
    year = models.PositiveSmallIntegerField()
    last_number = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["series", "year"], name="one_counter_per_series_year"),
            one_of("receiptseries", "series", Series),
        ]

    def __str__(self) -> str:
        return f"{self.series}-{self.year}"


class ReceiptIsFinal(TypeError):
    """A receipt is corrected by a second document, never by a change (DESIGN 7)."""


class ReceiptQuerySet(models.QuerySet["Receipt"]):
    """Receipts can be deleted only with a year that was let go. PostgreSQL says so as well."""

    def delete(self) -> tuple[int, dict[str, int]]:
        newest = YearLetGo.objects.order_by("-year").values_list("year", flat=True).first()
        kept = self if newest is None else self.filter(year__gt=newest)
        if still := kept.first():
            raise ReceiptIsFinal(still.label)
        return super().delete()


class Receipt(models.Model):
    """A snapshot of one payment (R), of money that went back (C) or came again (D). No name in it.

    A credit note is of a refund, of a dispute that was lost, or of a debit that the bank returned
    without one, and refers to the receipt; a debit note is of a refund that failed after its credit
    note, of a dispute that was won after it, or of a debit that was paid after all, and refers to
    that. What goes back and forth once more has a next `turn`, with papers of its own.

    `id` is the random public reference that a supporter may be asked for; the number tells how many
    there are, so it is printed but never accepted as proof. The payer's name is resolved when the
    document is rendered. The database refuses every update, and that one is deleted before its year
    is let go (billing/bygones.py).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    series = models.CharField(max_length=1, choices=Series)
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="receipts")
    refund = models.ForeignKey(
        Refund, on_delete=models.PROTECT, null=True, related_name="documents"
    )
    dispute = models.ForeignKey(
        Dispute, on_delete=models.PROTECT, null=True, related_name="documents"
    )
    # The line of the ledger by which a bank took a debit back, without a dispute.
    returned = models.ForeignKey(
        LedgerLine, on_delete=models.PROTECT, null=True, related_name="documents"
    )
    turn = models.PositiveSmallIntegerField(default=1, db_default=1)
    refers_to = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    amount_cents = models.PositiveIntegerField()
    # Of a receipt: the part of the amount that was given on top, so that more arrives.
    extra_cents = models.PositiveIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3)
    issued_at = models.DateTimeField(default=timezone.now)
    paid_at = models.DateTimeField()
    method = models.CharField(max_length=64, blank=True)
    plan_name = models.CharField(max_length=64)
    interval = models.CharField(max_length=8)
    benefit_class = models.CharField(max_length=16)
    benefits = models.CharField(max_length=200, blank=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    charity = models.JSONField()

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        ordering = ["-issued_at"]
        constraints = [
            models.UniqueConstraint(fields=["series", "year", "number"], name="number_given_once"),
            models.UniqueConstraint(
                fields=["payment"], condition=Q(series="R"), name="one_receipt_per_payment"
            ),
            models.UniqueConstraint(
                fields=["refund", "series"],
                condition=Q(refund__isnull=False),
                name="one_document_per_refund_and_series",
            ),
            models.UniqueConstraint(
                fields=["dispute", "series", "turn"],
                condition=Q(dispute__isnull=False),
                name="one_document_per_dispute_and_turn",
            ),
            models.UniqueConstraint(
                fields=["returned", "series", "turn"],
                condition=Q(returned__isnull=False),
                name="one_document_per_return_and_turn",
            ),
            one_of("receipt", "series", Series),
            positive("receipt", "amount_cents"),
            models.CheckConstraint(
                name="receipt_extra_is_part",
                condition=Q(extra_cents__lt=models.F("amount_cents")),
            ),
            positive("receipt", "number"),
            models.CheckConstraint(
                name="document_refers",
                condition=Q(
                    series="R",
                    refund__isnull=True,
                    dispute__isnull=True,
                    returned__isnull=True,
                    refers_to__isnull=True,
                )
                | (
                    Q(series__in=["C", "D"], refers_to__isnull=False)
                    & (
                        Q(refund__isnull=False, dispute__isnull=True, returned__isnull=True)
                        | Q(refund__isnull=True, dispute__isnull=False, returned__isnull=True)
                        | Q(refund__isnull=True, dispute__isnull=True, returned__isnull=False)
                    )
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.label

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise ReceiptIsFinal(self.label)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise ReceiptIsFinal(self.label)

    @property
    def label(self) -> str:
        """The printed number: R-2026-000123."""
        return f"{self.series}-{self.year}-{self.number:06d}"

    @property
    def file_name(self) -> str:
        """A name that says nothing of the charity: it shows among attachments (DOMAIN 4.5)."""
        kind = Series(self.series).label.lower().replace(" ", "-")
        return f"{kind}-{self.year}-{self.number:06d}.pdf"
