"""The ledger: every movement of money at Stripe is one line, to the cent."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from billing.models.payment import Payment
from billing.models.rules import one_of


class LineKind(models.TextChoices):
    PAYMENT = "payment", "Payment"
    PAYMENT_RETURNED = "payment_returned", "Payment returned"
    REFUND = "refund", "Refund"
    REFUND_FAILED = "refund_failed", "Refund that failed"
    DISPUTE = "dispute", "Dispute"
    FEE = "fee", "Fee of Stripe"
    PAYOUT = "payout", "Payout to the bank"
    PAYOUT_FAILED = "payout_failed", "Payout that failed"
    OTHER = "other", "Other"


class LedgerLine(models.Model):
    """One balance transaction of Stripe. Cents; what goes out is negative. Written once.

    `payment` is the payment of ours that it is about, null for what is the account's alone (fees,
    payouts) or another product's. `payout_id` follows when Stripe pays it out. Times are Stripe's.
    """

    id = models.CharField(primary_key=True, max_length=255)
    kind = models.CharField(max_length=16, choices=LineKind)
    payment = models.ForeignKey(
        Payment, on_delete=models.PROTECT, null=True, related_name="ledger_lines"
    )
    amount_cents = models.IntegerField()
    fee_cents = models.IntegerField()
    net_cents = models.IntegerField()
    currency = models.CharField(max_length=3)
    source_id = models.CharField(max_length=255, blank=True, db_index=True)
    payout_id = models.CharField(max_length=255, blank=True, db_index=True)
    booked_at = models.DateTimeField(db_index=True)
    available_on = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    # The month of the books that counted it, once that is closed. What comes later than the closing
    # of its own month counts in the next one that is open (billing/accounts).
    closed_month = models.DateField(null=True)

    class Meta:
        ordering = ["booked_at", "id"]
        indexes = [
            models.Index(fields=["closed_month", "booked_at"], name="line_of_the_books"),
            # What is about no payment of ours, which no sum is kept of.
            models.Index(
                fields=["closed_month", "booked_at"],
                condition=Q(payment=None),
                include=["currency", "kind", "amount_cents", "fee_cents", "net_cents"],
                name="line_alone",
            ),
            # What is still at Stripe.
            models.Index(
                fields=["kind"],
                condition=Q(payout_id=""),
                include=["currency", "net_cents"],
                name="line_waiting",
            ),
        ]
        constraints = [
            one_of("ledgerline", "kind", LineKind),
            models.CheckConstraint(name="line_has_id", condition=~Q(id="")),
            models.CheckConstraint(
                name="line_net_is_amount_less_fee",
                condition=Q(net_cents=F("amount_cents") - F("fee_cents")),
            ),
        ]

    def __str__(self) -> str:
        return self.id


class Payout(models.Model):
    """Money that Stripe sent to the bank (or, negative, took from it): what a bank line says."""

    id = models.CharField(primary_key=True, max_length=255)
    status = models.CharField(max_length=16)
    amount_cents = models.IntegerField()
    currency = models.CharField(max_length=3)
    arrives_on = models.DateTimeField()
    created = models.DateTimeField()
    # What the lines in it come to, as a list of [figure, month, key, count, value]: derived, as a
    # rollup is. Null until it was summed; then the books read the lines.
    parts = models.JSONField(null=True)
    applied_ticket = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-created"]
        constraints = [models.CheckConstraint(name="payout_has_id", condition=~Q(id=""))]

    def __str__(self) -> str:
        return self.id
