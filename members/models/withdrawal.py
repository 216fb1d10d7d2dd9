"""A statement of withdrawal made on the public page: what was said, when, and what came of it."""

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of
from members import vault
from members.models.supporter import Supporter


class StatementIsFinal(TypeError):
    """A statement is what somebody declared: it is not changed afterwards."""


class Outcome(models.TextChoices):
    WAITING = "waiting", "Not looked at yet"
    WITHDRAWN = "withdrawn", "Ended at once, all is given back"
    CANCELLED = "cancelled", "Too late to withdraw: it ends with the paid period"
    GIFT = "gift", "A gift, given back"
    LATE_GIFT = "late_gift", "A gift, too late to be given back"
    OVER = "over", "It had ended before"
    UNKNOWN = "unknown", "Nothing of ours"
    STUCK = "stuck", "Stripe said no: a person has to look"


class Withdrawal(models.Model):
    """One statement, stored whatever it names, so that the page costs the same for everybody.

    The database refuses to change what was declared and when (migration 0004). Only the worker's
    finding is written later, once. `supporter` is set where it named something of theirs.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    press = models.CharField(max_length=64, unique=True)
    reference = models.UUIDField()
    email_sealed = models.BinaryField()
    email_hash = models.CharField(max_length=64)
    name_sealed = models.BinaryField(default=b"")
    received_at = models.DateTimeField(default=timezone.now)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.WAITING)
    supporter = models.ForeignKey(
        Supporter, on_delete=models.CASCADE, null=True, related_name="withdrawals"
    )
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("withdrawal", "outcome", Outcome),
            models.CheckConstraint(
                name="withdrawal_settled_says_when",
                condition=Q(outcome=Outcome.WAITING, settled_at__isnull=True)
                | (~Q(outcome=Outcome.WAITING) & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="withdrawal_unknown_is_nobodys",
                condition=Q(outcome__in=[Outcome.WAITING, Outcome.UNKNOWN], supporter__isnull=True)
                | (~Q(outcome__in=[Outcome.WAITING, Outcome.UNKNOWN]) & Q(supporter__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["received_at"],
                name="withdrawal_waiting",
                condition=Q(outcome=Outcome.WAITING),
            ),
            models.Index(fields=["outcome", "received_at"], name="withdrawal_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{self.outcome} {self.id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise StatementIsFinal(str(self.pk))
        super().save(*args, **kwargs)

    @property
    def email(self) -> str:
        """The address as it was typed. Raises vault.VaultError, also where it was erased."""
        return vault.unseal(self.email_sealed, row=self.id, column="withdrawal.email")

    @email.setter
    def email(self, address: str) -> None:
        self.email_sealed = vault.seal(address, row=self.id, column="withdrawal.email")
        self.email_hash = vault.lookup_hash(address)

    @property
    def name(self) -> str:
        """The name that was typed, or "". Raises vault.VaultError."""
        if not self.name_sealed:
            return ""
        return vault.unseal(self.name_sealed, row=self.id, column="withdrawal.name")

    @name.setter
    def name(self, text: str) -> None:
        # Also where there is none: the page then does the same work for everybody.
        self.name_sealed = vault.seal(text, row=self.id, column="withdrawal.name")
