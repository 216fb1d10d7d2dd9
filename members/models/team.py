"""What was done to the staff and to the house: who let whom in, and who locked the doors."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.ids import new_id
from billing.models.rules import one_of
from members.models.staff import Role


class TeamDeed(models.TextChoices):
    ENROLLED = "enrolled", "Let in"
    ROLE = "role", "Role changed"
    RESET = "reset", "Given a new key"
    FACTOR_MADE = "factor-made", "Made a second factor"
    FACTOR_REMOVED = "factor-removed", "Removed a second factor"
    REMOVED = "removed", "Let go"
    LOCKED = "locked", "Locked the house down"
    OPENED = "opened", "Opened the house again"


class TeamActIsFinal(TypeError):
    """It was done: the line is neither changed nor taken back."""


class TeamAct(models.Model):
    """One act upon a member of staff, or upon the house.

    The database refuses to change or delete one (migration 0010). Without an `actor` it was done
    at the machine's own console. `role` is what the subject has since.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    deed = models.CharField(max_length=16, choices=TeamDeed)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    subject = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="acts_upon"
    )
    role = models.CharField(max_length=16, choices=Role, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            one_of("teamact", "deed", TeamDeed),
            models.CheckConstraint(
                name="teamact_says_upon_whom",
                condition=Q(deed__in=[TeamDeed.LOCKED, TeamDeed.OPENED], subject__isnull=True)
                | (~Q(deed__in=[TeamDeed.LOCKED, TeamDeed.OPENED]) & Q(subject__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["deed", "-at"], name="teamact_by_deed"),
        ]

    def __str__(self) -> str:
        return f"{self.deed} {self.id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TeamActIsFinal(str(self.pk))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TeamActIsFinal(str(self.pk))
