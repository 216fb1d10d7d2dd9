"""A month of the books that finance has closed: its figures as they were, for ever."""

from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from billing.ids import new_id


class PeriodIsFinal(TypeError):
    """A closed month is corrected in the month that is open, never by a change (DOMAIN 6.6)."""


class Period(models.Model):
    """One closed month, named by its first day in Dublin. Cents; `closed_by` is the id of staff.

    `figures` is the whole pack as billing.accounts.pack wrote it, with the account codes of the
    day: every page and file of the month is made of it alone. The lines that were counted carry
    the month in `closed_month`. The database refuses every update (migration 0018).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    month = models.DateField(unique=True)
    closed_at = models.DateTimeField(default=timezone.now)
    closed_by = models.CharField(max_length=64)
    opening_cents = models.BigIntegerField()
    closing_cents = models.BigIntegerField()
    deferred_cents = models.BigIntegerField()
    figures = models.JSONField()

    class Meta:
        ordering = ["-month"]
        constraints = [
            models.CheckConstraint(name="period_says_by_whom", condition=~models.Q(closed_by="")),
        ]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise PeriodIsFinal(str(self))
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise PeriodIsFinal(str(self))
