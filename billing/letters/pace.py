"""The pace: how many letters may go out in a minute, over all workers together.

The database counts, so that it holds with and without Redis: what was sent in the last minute, and
what some sender holds in its hand. A claim is the slot; it is made under one lock. So no minute,
wherever it begins, sees more letters go out than LETTERS_PER_MINUTE.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import connection, transaction

from billing.models import Letter
from billing.models.letter import LetterState

_MINUTE: Final = timedelta(minutes=1)
# Any number that no other lock of ours has (PostgreSQL's advisory locks share one space).
_LOCK: Final = 0x4C657474


class Full(Exception):
    """As many letters went out in this minute as may. Nothing is lost: the rest wait."""


def limited() -> bool:
    """Whether there is a pace to keep."""
    return bool(settings.LETTERS_PER_MINUTE > 0)


@contextmanager
def slot(now: datetime) -> Iterator[None]:
    """Claim one letter in here: nobody else counts meanwhile. Raises Full if there is no room."""
    if not limited():
        yield
        return
    with transaction.atomic():
        _lock()
        if _on_the_way(now) >= settings.LETTERS_PER_MINUTE:
            raise Full
        yield


def _lock() -> None:
    # SQLite's transaction began with the only write lock there is (config.settings).
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])


def _on_the_way(now: datetime) -> int:
    sent = Letter.objects.filter(
        # Not what a demo sent on a day to come: `run_due` may have been given any moment.
        sent_at__gt=now - _MINUTE,
        sent_at__lte=now + _MINUTE,
    )
    in_hand = Letter.objects.filter(state=LetterState.SENDING, lease_until__gte=now)
    return sent.count() + in_hand.count()
