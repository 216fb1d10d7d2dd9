"""The outbox: a letter is a row before it is a mail."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of


class LetterState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    SENT = "sent", "Sent"
    SKIPPED = "skipped", "Not needed any more"
    FAILED = "failed", "Given up"


class Letter(models.Model):
    """One letter of one kind about one thing: unique (kind, key), so asking twice is asking once.

    No address, no text: both are resolved when it is sent. `claim` is the sender that holds it
    until `lease_until`; `reason` says why it was skipped or what the last try met, in our words.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    kind = models.CharField(max_length=32)
    key = models.CharField(max_length=255)
    supporter = models.ForeignKey(
        "members.Supporter", on_delete=models.CASCADE, null=True, related_name="letters"
    )
    state = models.CharField(max_length=16, choices=LetterState, default=LetterState.QUEUED)
    due_at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], name="one_letter_per_kind_and_key"),
            one_of("letter", "state", LetterState),
            models.CheckConstraint(name="letter_has_key", condition=~Q(key="")),
            models.CheckConstraint(
                name="letter_sent_says_when",
                condition=~Q(state=LetterState.SENT) | Q(sent_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="letter_waiting",
                condition=Q(state__in=[LetterState.QUEUED, LetterState.SENDING]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
