"""The figures of each month, and what each supporter stands in them for. Derived: never the truth.

Both tables are written in the transaction that writes the facts, and `manage.py rollups` makes them
anew from the facts at any time.
"""

from django.db import models
from django.db.models import Q


class Rollup(models.Model):
    """One number of one month: how many, and how much.

    `month` is the first day of a month in Dublin; of some figures a year's first day, or the day
    itself. `key` divides the figure (a kind, a plan's id, an amount). What `value` counts, cents or
    whole twelfths of a cent, and whether it may be negative, is billing.figures.names' to say.
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
                fields=["figure", "month", "key"], name="one_rollup_per_figure_month_key"
            ),
            models.CheckConstraint(name="rollup_has_figure", condition=~Q(figure="")),
        ]

    def __str__(self) -> str:
        return f"{self.figure} {self.month} {self.key}"


class Counted(models.Model):
    """What of one supporter is in the rollups just now: the row that is locked to change it.

    `parts` is a list of [figure, month, key, count, value]. It names months and amounts that the
    memberships and payments name as well, and goes with them.
    """

    supporter = models.OneToOneField(
        "members.Supporter", on_delete=models.CASCADE, primary_key=True, related_name="counted"
    )
    parts = models.JSONField(default=list)
    # How many paid memberships have not ended: who has two at once is looked for by it.
    memberships = models.PositiveSmallIntegerField(default=0, db_default=0)

    class Meta:
        indexes = [
            models.Index(
                fields=["supporter"], name="counted_twice", condition=Q(memberships__gt=1)
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
