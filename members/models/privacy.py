"""What a supporter asked of their own data: a copy of it, or that it goes."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of
from members.models.supporter import Supporter


class Export(models.Model):
    """Leave to download a copy of everything, for a week. The copy itself is kept nowhere."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.ForeignKey(Supporter, on_delete=models.CASCADE, related_name="exports")
    press = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="export_by_expiry")]

    def __str__(self) -> str:
        return str(self.id)


class ErasureState(models.TextChoices):
    ENDING = "ending", "What is paid is being ended at Stripe"
    CLEARING = "clearing", "Stripe is deleting what it knows of them"
    TELLING = "telling", "The last letter goes out"
    DONE = "done", "Nothing names them any more"


class ErasureCause(models.TextChoices):
    ASKED = "asked", "They asked for it"
    LAPSED = "lapsed", "24 months after the last payment"


class Erasure(models.Model):
    """A supporter is being erased, step by step, and every step only after the one before it.

    Who lapsed goes in one step. The row stays when all is done: it says that it was, when and why,
    and names nobody.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    supporter = models.OneToOneField(Supporter, on_delete=models.CASCADE, related_name="erasure")
    state = models.CharField(max_length=16, choices=ErasureState, default=ErasureState.ENDING)
    cause = models.CharField(
        max_length=16,
        choices=ErasureCause,
        default=ErasureCause.ASKED,
        db_default=ErasureCause.ASKED,
    )
    asked_at = models.DateTimeField(default=timezone.now)
    told_from = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            one_of("erasure", "state", ErasureState),
            one_of("erasure", "cause", ErasureCause),
            models.CheckConstraint(
                name="erasure_done_says_when",
                condition=Q(state=ErasureState.DONE, done_at__isnull=False)
                | (~Q(state=ErasureState.DONE) & Q(done_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], name="erasure_open", condition=~Q(state=ErasureState.DONE)
            ),
            models.Index(fields=["done_at"], name="erasure_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.state} {self.id}"
