"""Counting what was seen and left alone, so that silence can be told from deafness."""

from django.db.models import F
from django.utils import timezone

from billing.dates import dublin_date
from billing.models import Tally


def count(name: str) -> None:
    """Add one to today's tally of this name (days are Dublin's)."""
    today = dublin_date(timezone.now())
    Tally.objects.bulk_create([Tally(name=name, day=today)], ignore_conflicts=True)
    Tally.objects.filter(name=name, day=today).update(count=F("count") + 1)
