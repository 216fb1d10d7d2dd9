"""Years whose books the law no longer wants kept: that they were let go, and what they came to."""

from django.db import models
from django.utils import timezone


class YearLetGo(models.Model):
    """A year whose papers may be deleted, and are. Written first; PostgreSQL asks it before each.

    `counts` says how many rows of which kind went in the night of `at`; what hung on a later year
    follows with that one.
    """

    year = models.PositiveSmallIntegerField(primary_key=True)
    at = models.DateTimeField(default=timezone.now)
    counts = models.JSONField(default=dict)

    def __str__(self) -> str:
        return str(self.year)


class Bygone(models.Model):
    """What deleted facts stood for in the rollups: facts and bygones together are the rollups.

    Sums of a month, as a Rollup has them, so that no report of an old year changes. About nobody.
    """

    id = models.BigAutoField(primary_key=True)
    figure = models.CharField(max_length=24)
    month = models.DateField()
    key = models.CharField(max_length=64, blank=True)
    count = models.BigIntegerField(default=0)
    value = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["figure", "month", "key"], name="one_bygone_per_figure_month_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.figure} {self.month} {self.key}"
