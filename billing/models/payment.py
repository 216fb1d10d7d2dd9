"""Money that came in, and money that went back."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.campaign import Campaign
from billing.models.membership import Membership
from billing.models.plan import Plan
from billing.models.rules import one_of, positive
from billing.states import DisputeState, PaymentState, Recovery, RefundState


class Payment(models.Model):
    """One Stripe payment intent: a gift, or a membership's period. Times are Stripe's.

    A gift's row exists, PENDING, before Stripe hears of it. `fee_cents` and `net_cents` are
    Stripe's own figures from the balance transaction, null until told, never computed here.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(
        "members.Supporter", on_delete=models.PROTECT, related_name="payments"
    )
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="payments")
    membership = models.ForeignKey(
        Membership, on_delete=models.PROTECT, null=True, related_name="payments"
    )
    # Of a gift; what a membership pays counts for the membership's.
    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, null=True, related_name="payments"
    )
    state = models.CharField(max_length=16, choices=PaymentState, default=PaymentState.PENDING)
    amount_cents = models.PositiveIntegerField()
    # The part of the amount that was given on top; in it, not beside it.
    extra_cents = models.PositiveIntegerField(default=0, db_default=0)
    currency = models.CharField(max_length=3, default="eur")
    # Null until known, for the same reasons as a membership's subscription id.
    stripe_payment_intent_id = models.CharField(max_length=255, null=True, unique=True)  # noqa: DJ001
    stripe_charge_id = models.CharField(max_length=255, blank=True, db_index=True)
    stripe_invoice_id = models.CharField(max_length=255, blank=True, db_index=True)
    paid_at = models.DateTimeField(null=True)
    first_failed_at = models.DateTimeField(null=True)
    # "" where it has not come in, never failed, or nobody told.
    recovered_by = models.CharField(
        max_length=16, choices=Recovery, blank=True, default="", db_default=""
    )
    fee_cents = models.IntegerField(null=True)
    net_cents = models.IntegerField(null=True)
    method = models.CharField(max_length=32, blank=True)
    last4 = models.CharField(max_length=4, blank=True)
    # An invoice that staff marked as paid: cash, or a transfer. Stripe never saw this money.
    outside_stripe = models.BooleanField(default=False)
    # Of such a payment: the closed month that counted it, as for a line of the ledger.
    closed_month = models.DateField(null=True)
    period_start = models.DateTimeField(null=True)
    period_end = models.DateTimeField(null=True)
    # What that period costs, where the invoice had prorations or a credit beside it (0: no period
    # at all); null where all of the amount is for it. The figures go by it, the books never.
    period_cents = models.PositiveIntegerField(null=True)
    applied_ticket = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            one_of("payment", "state", PaymentState),
            positive("payment", "amount_cents"),
            models.CheckConstraint(
                name="payment_recovered_by_known",
                condition=Q(recovered_by__in=["", *Recovery.values]),
            ),
            models.CheckConstraint(
                name="payment_extra_is_part",
                condition=Q(extra_cents__lt=models.F("amount_cents")),
            ),
            models.CheckConstraint(
                name="payment_succeeded_says_when",
                condition=~Q(state=PaymentState.SUCCEEDED)
                | (
                    Q(paid_at__isnull=False)
                    & (
                        Q(outside_stripe=True)
                        | (
                            Q(stripe_payment_intent_id__isnull=False)
                            & ~Q(stripe_payment_intent_id="")
                        )
                    )
                ),
            ),
            models.CheckConstraint(
                name="payment_outside_names_invoice",
                condition=Q(outside_stripe=False)
                | (~Q(stripe_invoice_id="") & Q(stripe_payment_intent_id__isnull=True)),
            ),
            models.UniqueConstraint(
                fields=["stripe_invoice_id"],
                condition=Q(outside_stripe=True),
                name="one_payment_outside_per_invoice",
            ),
            models.CheckConstraint(
                name="payment_net_is_amount_less_fee",
                condition=Q(fee_cents__isnull=True, net_cents__isnull=True)
                # IS NOT NULL said aloud: a comparison with null is unknown, which passes a CHECK.
                | Q(
                    fee_cents__isnull=False,
                    net_cents__isnull=False,
                    net_cents=models.F("amount_cents") - models.F("fee_cents"),
                ),
            ),
        ]
        indexes = [
            models.Index(fields=["supporter", "-created_at"], name="payment_of_supporter"),
            models.Index(fields=["paid_at"], name="payment_by_day"),
            models.Index(
                fields=["closed_month", "paid_at"],
                condition=Q(outside_stripe=True),
                name="payment_outside_of_the_books",
            ),
            models.Index(fields=["first_failed_at"], name="payment_by_failure"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def is_gift(self) -> bool:
        return self.membership_id is None

    @property
    def method_label(self) -> str:
        """How it was paid, as a receipt says it: "Visa ending 4242"."""
        return f"{self.method} ending {self.last4}" if self.last4 else self.method


class Refund(models.Model):
    """Money sent back, in full or in part: one Stripe refund. Cents, positive."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    stripe_refund_id = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=16, choices=RefundState)
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default="eur")
    refunded_at = models.DateTimeField()
    applied_ticket = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            one_of("refund", "state", RefundState),
            positive("refund", "amount_cents"),
            models.CheckConstraint(name="refund_has_stripe_id", condition=~Q(stripe_refund_id="")),
        ]
        indexes = [models.Index(fields=["refunded_at"], name="refund_by_day")]

    def __str__(self) -> str:
        return self.stripe_refund_id


class Dispute(models.Model):
    """A payment that the payer's bank has questioned: one Stripe dispute. Cents, positive.

    Times are Stripe's. An inquiry has moved no money; an open dispute has, and lost keeps it.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    stripe_dispute_id = models.CharField(max_length=255, unique=True)
    state = models.CharField(max_length=16, choices=DisputeState)
    reason = models.CharField(max_length=64, blank=True)
    amount_cents = models.PositiveIntegerField()
    currency = models.CharField(max_length=3, default="eur")
    opened_at = models.DateTimeField()
    respond_by = models.DateTimeField(null=True)
    applied_ticket = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            one_of("dispute", "state", DisputeState),
            positive("dispute", "amount_cents"),
            models.CheckConstraint(
                name="dispute_has_stripe_id", condition=~Q(stripe_dispute_id="")
            ),
        ]
        indexes = [models.Index(fields=["opened_at"], name="dispute_by_day")]

    def __str__(self) -> str:
        return self.stripe_dispute_id
