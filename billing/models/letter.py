"""The outbox: a letter is a row before it is a mail."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of


class LetterState(models.TextChoices):
    QUEUED = "queued", "Waiting"
    SENDING = "sending", "Being sent"
    HELD = "held", "Held by staff"
    SENT = "sent", "Sent"
    GATHERED = "gathered", "Goes with the next collected letter"
    SKIPPED = "skipped", "Not needed any more"
    FAILED = "failed", "Given up"


class Letter(models.Model):
    """One letter of one kind about one thing: unique (kind, key), so asking twice is asking once.

    No address, no text: both are resolved when it is sent. `claim` is the sender that holds it
    until `lease_until`; `reason` says why it was skipped or what the last try met, in our words.
    One that was gathered points at the letter that it went with, once there is one.
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
    gathered_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="gathered"
    )
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
            models.Index(
                fields=["supporter"],
                name="letter_to_be_gathered",
                condition=Q(state=LetterState.GATHERED, gathered_into__isnull=True),
            ),
            # What was given up waits for a person, among years of what was sent.
            models.Index(
                fields=["due_at"],
                name="letter_given_up",
                condition=Q(state=LetterState.FAILED),
            ),
            # How many went out in the last minute (LETTERS_PER_MINUTE), and of late.
            models.Index(
                fields=["-sent_at"],
                name="letter_by_sending",
                condition=Q(sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class HoldReason(models.TextChoices):
    WRONG = "wrong", "What it says is wrong"
    DOUBTFUL = "doubtful", "Something has to be checked first"
    ASKED = "asked", "The supporter asked for it"
    TIMING = "timing", "This is a bad moment"


class ReleaseReason(models.TextChoices):
    MENDED = "mended", "What was wrong is mended"
    CHECKED = "checked", "It was checked, and is right"
    ASKED = "asked", "The supporter asked for it"
    TIMING = "timing", "The moment has come"


class LetterHold(models.Model):
    """A letter that staff kept back, and let go again. Rows are added, never changed but for that.

    The reasons are of a list, never free text about a person.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="holds")
    reason = models.CharField(max_length=16, choices=HoldReason)
    held_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="letters_held"
    )
    held_at = models.DateTimeField(default=timezone.now)
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="letters_released",
    )
    released_at = models.DateTimeField(null=True)
    release_reason = models.CharField(
        max_length=16, choices=ReleaseReason, blank=True, db_default=""
    )

    class Meta:
        ordering = ["-held_at"]
        constraints = [
            one_of("letterhold", "reason", HoldReason),
            models.CheckConstraint(
                name="letterhold_release_reason_known",
                condition=Q(release_reason__in=["", *ReleaseReason.values]),
            ),
            models.UniqueConstraint(
                fields=["letter"],
                condition=Q(released_at__isnull=True),
                name="one_open_hold_per_letter",
            ),
            models.CheckConstraint(
                name="release_says_who_and_when",
                condition=Q(released_at__isnull=True, released_by__isnull=True)
                | Q(released_at__isnull=False, released_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.letter_id} {self.reason}"


class SuppressionReason(models.TextChoices):
    REFUSED = "refused", "The mail server refused the address"
    BOUNCED = "bounced", "Letters came back"
    COMPLAINED = "complained", "The recipient called a letter unwanted"


class Suppression(models.Model):
    """An address that gets no letters, as a keyed hash: the row names nobody.

    `address_hash` is the supporter's `email_hash`. Staff may lift it; the row stays.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    address_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=16, choices=SuppressionReason)
    since = models.DateTimeField(default=timezone.now)
    lifted_at = models.DateTimeField(null=True)
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-since"]
        constraints = [
            models.UniqueConstraint(
                fields=["address_hash"],
                condition=Q(lifted_at__isnull=True),
                name="one_suppression_in_force_per_address",
            ),
            models.CheckConstraint(name="suppression_has_hash", condition=~Q(address_hash="")),
            one_of("suppression", "reason", SuppressionReason),
        ]

    def __str__(self) -> str:
        return str(self.id)
