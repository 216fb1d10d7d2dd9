"""Counting what was seen and left alone, so that silence can be told from deafness."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import F
from django.utils import timezone

from billing.dates import dublin_date
from billing.models import Tally

KEPT: Final = timedelta(days=732)


def count(name: str) -> None:
    """Add one to today's tally of this name (days are Dublin's)."""
    today = dublin_date(timezone.now())
    Tally.objects.bulk_create([Tally(name=name, day=today)], ignore_conflicts=True)
    Tally.objects.filter(name=name, day=today).update(count=F("count") + 1)


def forget(*, now: datetime) -> int:
    """Delete the tallies of days more than two years before `now` (UTC); how many there were."""
    return Tally.objects.filter(day__lt=dublin_date(now - KEPT)).delete()[0]
