"""What the shield keeps: its changes of level, and orders that wait for the link in a letter."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of
from members import vault


class Level(models.TextChoices):
    CALM = "calm", "Calm"
    PRESSED = "pressed", "Pressed"
    STORM = "storm", "Storm"

    @property
    def height(self) -> int:
        return list(Level).index(self)


class Cause(models.TextChoices):
    PRESSURE = "pressure", "By itself"
    FORCED = "forced", "Set by staff"
    RELEASED = "released", "Left to itself again by staff"


class ForceReason(models.TextChoices):
    TESTING = "testing", "Stolen cards are being tried"
    WARNED = "warned", "Stripe or the bank warned us"
    CAMPAIGN = "campaign", "Many are expected, and welcome"
    MISTAKEN = "mistaken", "The shield is mistaken"
    TRIAL = "trial", "To try it out"


class ShieldChange(models.Model):
    """One change of level. Rows are added, never changed; none says anything of a visitor.

    A forced one holds until `until`, or until the next row of staff. `because` is the signal that
    pressed the most.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    level = models.CharField(max_length=16, choices=Level)
    cause = models.CharField(max_length=16, choices=Cause)
    because = models.CharField(max_length=16, blank=True)
    reason = models.CharField(max_length=16, choices=ForceReason, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            one_of("shieldchange", "level", Level),
            one_of("shieldchange", "cause", Cause),
            models.CheckConstraint(
                name="shieldchange_reason_known",
                condition=Q(reason__in=["", *ForceReason.values]),
            ),
            models.CheckConstraint(
                name="shieldchange_of_staff_says_who",
                condition=Q(cause=Cause.PRESSURE, by__isnull=True)
                | (~Q(cause=Cause.PRESSURE) & Q(by__isnull=False)),
            ),
            models.CheckConstraint(
                name="shieldchange_forced_says_why_and_how_long",
                condition=~Q(cause=Cause.FORCED) & Q(until__isnull=True, reason="")
                | (Q(cause=Cause.FORCED, until__gt=F("at")) & ~Q(reason="")),
            ),
        ]
        indexes = [models.Index(fields=["cause", "-at"], name="shieldchange_by_cause")]

    def __str__(self) -> str:
        return f"{self.level} {self.id}"


class JoinLink(models.Model):
    """An order that waits until the link in a letter is pressed. No supporter is made before.

    Both columns are sealed, for the mailbox may be anybody's; the row goes when the link is over.
    `press` is that of the page it was sent from: pressed twice, it is one letter.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    press = models.CharField(max_length=64, unique=True)
    email_sealed = models.BinaryField()
    email_hash = models.CharField(max_length=64)
    order_sealed = models.BinaryField()
    language = models.CharField(max_length=8, default="en")
    asked_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="join_link_by_expiry")]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def email(self) -> str:
        """The address that was typed. Raises vault.VaultError."""
        return vault.unseal(self.email_sealed, row=self.id, column="joinlink.email")

    @email.setter
    def email(self, address: str) -> None:
        self.email_sealed = vault.seal(address, row=self.id, column="joinlink.email")
        self.email_hash = vault.lookup_hash(address)

    @property
    def order(self) -> str:
        """What was chosen, as JSON. Raises vault.VaultError."""
        return vault.unseal(self.order_sealed, row=self.id, column="joinlink.order")

    @order.setter
    def order(self, text: str) -> None:
        self.order_sealed = vault.seal(text, row=self.id, column="joinlink.order")
