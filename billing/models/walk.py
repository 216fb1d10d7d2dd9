"""Long readings of Stripe: how far each has come, so that a crash costs a page, not the night."""

from django.db import models
from django.utils import timezone


class Walk(models.Model):
    """One kind of reading ("backfill", "reconcile"): its place, its holder, its last result.

    `claim` with its lease keeps a second reader out; `place` is where the next one goes on.
    """

    name = models.CharField(primary_key=True, max_length=32)
    claim = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    place = models.JSONField(default=dict)
    seen = models.PositiveIntegerField(default=0)
    healed = models.PositiveIntegerField(default=0)
    remaining = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Tally(models.Model):
    """How often something was seen and left alone, by day (UTC): events of others, other modes."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=32)
    day = models.DateField(default=timezone.localdate)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "day"], name="one_tally_per_day")]

    def __str__(self) -> str:
        return f"{self.name} {self.day}: {self.count}"
