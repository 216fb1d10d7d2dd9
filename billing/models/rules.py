"""Constraints that several tables share. The database, not the code, is the last to say no."""

from django.db import models
from django.db.models import CheckConstraint, Q


def one_of(table: str, field: str, choices: type[models.TextChoices]) -> CheckConstraint:
    """The column holds one of the choices and nothing else."""
    return CheckConstraint(
        name=f"{table}_{field}_known", condition=Q(**{f"{field}__in": choices.values})
    )


def positive(table: str, field: str) -> CheckConstraint:
    """The column, in cents, is above zero."""
    return CheckConstraint(name=f"{table}_{field}_positive", condition=Q(**{f"{field}__gt": 0}))
