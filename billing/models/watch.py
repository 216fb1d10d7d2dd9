"""What the board shows and what the alarms are told of: how jobs ended, and what went wrong when.

Neither table says anything of a person: names of jobs, numbers, moments.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from billing.models.rules import one_of


class JobResult(models.TextChoices):
    CLEAN = "clean", "Clean"
    LEFT = "left", "Something is left for a person"
    FAILED = "failed", "Could not be done"


class JobRun(models.Model):
    """One run of a job that the clock or a person began, once it is over. Rows are only added.

    `error` is the class of what stopped it, never its text. Kept for 90 days (billing.jobs).
    """

    id = models.BigAutoField(primary_key=True)
    job = models.CharField(max_length=32)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(default=timezone.now)
    result = models.CharField(max_length=16, choices=JobResult)
    counts = models.JSONField(default=dict)
    error = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            one_of("jobrun", "result", JobResult),
            models.CheckConstraint(name="jobrun_has_job", condition=~Q(job="")),
        ]
        indexes = [
            models.Index(fields=["job", "-ended_at"], name="jobrun_of_job"),
            models.Index(fields=["ended_at"], name="jobrun_by_end"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.ended_at:%Y-%m-%d %H:%M} {self.result}"


class Alarm(models.Model):
    """An episode in which something was red: one open row for each thing, told once, over once.

    `since` is when the watch first saw it; `well_since` is set while it looks well again. `told_at`
    is set with the letters that say so, `over_at` ends the episode.
    """

    id = models.BigAutoField(primary_key=True)
    what = models.CharField(max_length=32)
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True)
    well_since = models.DateTimeField(null=True)
    over_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(name="alarm_has_thing", condition=~Q(what="")),
            models.UniqueConstraint(
                fields=["what"], condition=Q(over_at__isnull=True), name="one_open_alarm_per_thing"
            ),
            models.CheckConstraint(
                name="alarm_acknowledged_says_who_and_when",
                condition=Q(acknowledged_at__isnull=True, acknowledged_by__isnull=True)
                | Q(acknowledged_at__isnull=False, acknowledged_by__isnull=False),
            ),
        ]
        indexes = [
            # How many were told in the last hour.
            models.Index(
                fields=["-told_at"], name="alarm_by_telling", condition=Q(told_at__isnull=False)
            ),
            models.Index(
                fields=["-over_at"], name="alarm_by_end", condition=Q(over_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.since:%Y-%m-%d %H:%M}"
