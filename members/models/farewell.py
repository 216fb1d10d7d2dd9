"""Why a membership was ended, where its supporter cared to say: asked after the fact, if at all."""

from typing import Any

from django.db import models
from django.utils import timezone

from billing.ids import new_id
from billing.models import Membership
from billing.models.rules import one_of


class Why(models.TextChoices):
    """Of a list: free text would tell more of a person than we have any need of."""

    MONEY = "money", "I cannot spare it at the moment"
    ONCE = "once", "I would rather give now and then"
    ELSEWHERE = "elsewhere", "I support something else now"
    READING = "reading", "I read it less than I did"
    PRIVACY = "privacy", "I do not want it on my bank statement"
    TROUBLE = "trouble", "Something did not work"
    OTHER = "other", "Something else"


class FarewellIsFinal(TypeError):
    """What somebody answered stays as they said it."""


class Farewell(models.Model):
    """One answer. Rows are added, never changed; it goes when its supporter is erased."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="farewells")
    reason = models.CharField(max_length=16, choices=Why)
    press = models.CharField(max_length=64, unique=True)
    said_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [one_of("farewell", "reason", Why)]

    def __str__(self) -> str:
        return f"{self.reason} {self.id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise FarewellIsFinal(str(self.pk))
        super().save(*args, **kwargs)
