"""Addresses that get no letters: refused for good, bounced, or complained. Staff may lift it.

An address is its keyed hash here (the supporter's `email_hash`): the list names nobody.
"""

from datetime import datetime, timedelta
from typing import Final

import structlog
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import doorbell
from billing.models import Letter, Suppression
from billing.models.letter import LetterState, SuppressionReason

log = structlog.get_logger(__name__)

# What was skipped before that, nobody waits for any more.
_PUT_BACK: Final = timedelta(days=30)
_NOTHING: Final = Q(pk__in=())


def suppress(address_hash: str, *, reason: SuppressionReason, at: datetime | None = None) -> bool:
    """Write no more letters to this address; whether that is new.

    `at` is when it happened (UTC): what happened before somebody lifted it counts no more, however
    late we hear of it. Raises ValueError without a hash.
    """
    if not address_hash:  # SQLite's INSERT OR IGNORE would drop such a row without a word
        raise ValueError("an address has a hash")
    at = min(at or timezone.now(), timezone.now())
    known = Suppression.objects.filter(address_hash=address_hash)
    if known.filter(lifted_at__gt=at).exists():
        return False
    if in_force(address_hash) is None:
        row = Suppression(address_hash=address_hash, reason=reason, since=at)
        Suppression.objects.bulk_create([row], ignore_conflicts=True)
        if known.filter(pk=row.pk).exists():
            log.info("address suppressed", suppression=str(row.pk), reason=str(reason))
            return True
    if reason == SuppressionReason.COMPLAINED:
        # Of the three it is the one that a person meant.
        known.filter(lifted_at__isnull=True).update(reason=reason)
    return False


def in_force(address_hash: str) -> SuppressionReason | None:
    """Why this address gets no letters, or None if it does."""
    rows = Suppression.objects.filter(address_hash=address_hash, lifted_at__isnull=True)
    reason = rows.values_list("reason", flat=True).first()
    return SuppressionReason(reason) if reason else None


def lift(address_hash: str, *, by: AbstractBaseUser, also: Q = _NOTHING) -> int:
    """Write to this address again, on the word of this member of staff; how many letters go back.

    Back into the outbox goes what was skipped for it in the last 30 days: of the supporter who has
    the address, and `also` what went there without being theirs. Whether each is still true is
    asked again when it is composed.
    """
    now = timezone.now()
    with transaction.atomic():
        rows = Suppression.objects.filter(address_hash=address_hash, lifted_at__isnull=True)
        if not rows.update(lifted_at=now, lifted_by_id=by.pk):
            return 0
        skipped = Letter.objects.filter(
            Q(supporter__email_hash=address_hash) | also,
            state=LetterState.SKIPPED,
            reason__in=[stated(each) for each in SuppressionReason],
            due_at__gt=now - _PUT_BACK,
        )
        back = list(skipped.values_list("pk", flat=True))
        Letter.objects.filter(pk__in=back, state=LetterState.SKIPPED).update(
            state=LetterState.QUEUED, attempts=0, due_at=now, reason=""
        )
        if back:
            doorbell.ring("billing.tasks.deliver_letter", str(back[0]))
    log.info("suppression lifted", letters=len(back))
    return len(back)


def stated(reason: SuppressionReason) -> str:
    """What a letter says that was skipped for it."""
    return str(reason.label)
