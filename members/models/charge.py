"""A payment that somebody does not recognise on their bank statement, as they reported it."""

from typing import Any, Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models import Payment
from billing.models.rules import one_of, positive
from members.models.withdrawal import StatementIsFinal


class Finding(models.TextChoices):
    WAITING = "waiting", "Not looked at yet"
    REFUNDED = "refunded", "One payment, given back"
    OVER = "over", "One payment, given back before or with its bank"
    SEVERAL = "several", "Several payments: a person has to look"
    ABOVE = "above", "One payment, above the ceiling: a person has to look"
    HELD_BACK = "held_back", "One payment, too many today: a person has to look"
    STUCK = "stuck", "Stripe said no: a person has to look"
    UNKNOWN = "unknown", "Nothing of ours"


# What staff are shown.
FOR_STAFF: Final = (Finding.SEVERAL, Finding.ABOVE, Finding.HELD_BACK, Finding.STUCK)
_NAMELESS: Final = (Finding.WAITING, Finding.UNKNOWN, Finding.SEVERAL)


class ChargeReport(models.Model):
    """One report: a day, an amount and four digits, of whoever typed them. It names nobody.

    `payment` is set where exactly one fits. `slot` is its place among the day's automatic refunds,
    of which there are CHARGE_REFUNDS_PER_DAY. The database refuses to change what was reported.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    press = models.CharField(max_length=64, unique=True)
    day = models.DateField()
    amount_cents = models.PositiveIntegerField()
    last4 = models.CharField(max_length=4)
    received_at = models.DateTimeField(default=timezone.now)
    finding = models.CharField(max_length=16, choices=Finding, default=Finding.WAITING)
    payment = models.ForeignKey(
        Payment, on_delete=models.CASCADE, null=True, related_name="charge_reports"
    )
    slot = models.CharField(max_length=16, null=True, unique=True)  # noqa: DJ001 - unique where set
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("chargereport", "finding", Finding),
            positive("chargereport", "amount_cents"),
            models.CheckConstraint(
                name="chargereport_settled_says_when",
                condition=Q(finding=Finding.WAITING, settled_at__isnull=True)
                | (~Q(finding=Finding.WAITING) & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="chargereport_finding_has_payment",
                condition=Q(finding__in=_NAMELESS, payment__isnull=True)
                | (~Q(finding__in=_NAMELESS) & Q(payment__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                name="chargereport_waiting",
                condition=Q(finding=Finding.WAITING),
            ),
            models.Index(fields=["finding", "received_at"], name="chargereport_by_finding"),
        ]

    def __str__(self) -> str:
        return f"{self.finding} {self.id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise StatementIsFinal(str(self.pk))
        super().save(*args, **kwargs)
