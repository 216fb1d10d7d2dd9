"""Who lapsed is forgotten: 24 months after the last payment name and address go (DOMAIN 4.10).

The same parts are wiped as where somebody asks for it (members/privacy/parts.py), in one step: no
payment runs that would have to be ended first. No letter is sent on the day, since two years later
others may read the mailbox: the letter at the end of the support has told the day, and the account
shows it.
"""

from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from billing import lapse, leaving
from members import signin
from members.models import Erasure, Supporter
from members.models.privacy import ErasureCause, ErasureState
from members.privacy.parts import tombstone, wipe

log = structlog.get_logger(__name__)


def due(*, now: datetime) -> QuerySet[Supporter]:
    """Those who lapsed by `now` (UTC), and whom nobody has asked us to erase."""
    going = Erasure.objects.filter(supporter=OuterRef("pk"))
    return Supporter.objects.named().filter(lapse.over(now=now), ~Exists(going))


def forget_all(*, now: datetime) -> int:
    """Forget everybody who lapsed, each in one transaction; how many. One that fails stops none."""
    leaving.ask_anew()
    candidates = list(due(now=now).values_list("pk", flat=True))
    return sum(_tried(each, now=now) for each in candidates)


def _tried(supporter_id: UUID, *, now: datetime) -> bool:
    try:
        return forget(supporter_id, now=now)
    except Exception as trouble:  # noqa: BLE001 - whatever it is, the others are waiting
        # No traceback: it may quote what was to be forgotten.
        log.error("not forgotten", supporter=str(supporter_id), error=type(trouble).__name__)
        return False


def forget(supporter_id: UUID, *, now: datetime) -> bool:
    """Wipe one supporter, if they lapsed still once nobody else can write; whether it was done.

    Stripe is asked to delete what it knows of them by a worker, until it has.
    """
    with transaction.atomic():
        # Whoever begins to pay at this moment waits for this row, and then finds nobody here.
        supporter = Supporter.objects.select_for_update().filter(pk=supporter_id).first()
        if supporter is None or not due(now=now).filter(pk=supporter_id).exists():
            return False
        signin.end_all(supporter, now=now)
        # From here on the address finds nobody. An order that waits under it is of somebody new.
        supporter.email_hash = tombstone()
        supporter.save(update_fields=["email_hash", "signed_out_at"])
        wipe(supporter)
        leaving.forget_later(supporter)
        Erasure.objects.create(
            supporter=supporter,
            cause=ErasureCause.LAPSED,
            state=ErasureState.DONE,
            asked_at=now,
            done_at=now,
        )
    log.info("forgotten", supporter=str(supporter_id))
    return True
