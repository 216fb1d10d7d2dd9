"""Erasing a supporter: ended at Stripe, forgotten at Stripe, told, wiped (PEERS E11, DOMAIN 4.9).

Each step begins when the one before it is certain. Where Stripe does not answer, nothing is wiped:
a plan that still takes money from somebody whom we no longer know would be worse than a delay.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from billing import leaving, letters
from billing.cause import Cause
from billing.models import Letter
from billing.models.letter import LetterState
from members import signin
from members.models import Erasure, JoinLink, Supporter
from members.models.privacy import ErasureState
from members.privacy.parts import tombstone, wipe

log = structlog.get_logger(__name__)

# However long the mail cannot be sent: who asked to be forgotten is not kept for a letter's sake.
TOLD_WITHIN: Final = timedelta(days=1)
_UNSENT: Final = (LetterState.QUEUED, LetterState.SENDING, LetterState.HELD)
_S = ErasureState


def ask(supporter: Supporter) -> Erasure:
    """Begin to erase them, and go as far as can be gone now. Asking again goes on."""
    erasure, made = Erasure.objects.get_or_create(supporter=supporter)
    if made:
        log.info("erasure asked", erasure=str(erasure.pk))
    return carry_on(erasure)


def of(supporter: Supporter) -> Erasure | None:
    return Erasure.objects.filter(supporter=supporter).first()


def carry_on_all() -> int:
    """Go on with every erasure that is not done; how many got done. May run as often as one likes.

    One that fails stops no other.
    """
    done = 0
    for erasure in Erasure.objects.exclude(state=_S.DONE).order_by("asked_at"):
        try:
            done += carry_on(erasure).state == _S.DONE
        except Exception as trouble:  # noqa: BLE001 - whatever it is, the others are waiting
            # No traceback: it may quote what is being erased.
            log.error("erasure stuck", erasure=str(erasure.pk), error=type(trouble).__name__)
    return done


def carry_on(erasure: Erasure) -> Erasure:
    """Take the next steps, as far as they can be taken now. Call it outside any transaction."""
    while True:
        before = erasure.state
        step = _STEPS.get(_S(before))
        if step is None:
            return erasure
        step(erasure)
        erasure.refresh_from_db()
        if erasure.state == before:
            return erasure
        log.info("erasure moved", erasure=str(erasure.pk), state=erasure.state)


def _end(erasure: Erasure) -> None:
    if leaving.end_all(erasure.supporter):
        _move(erasure, _S.ENDING, _S.CLEARING)


def _clear(erasure: Erasure) -> None:
    if leaving.forget(erasure.supporter):
        with transaction.atomic():
            _begin_to_tell(erasure)


def _begin_to_tell(erasure: Erasure) -> None:
    """Queue the last letter. From here on the address finds nobody: who joins again is new."""
    supporter = Supporter.objects.select_for_update().get(pk=erasure.supporter_id)
    if not leaving.is_over(supporter):
        # They joined again while Stripe was still forgetting them.
        _move(erasure, _S.CLEARING, _S.ENDING)
        return
    now = timezone.now()
    signin.end_all(supporter, now=now)
    # Found by the address alone, so now or never.
    JoinLink.objects.filter(email_hash=supporter.email_hash).delete()
    supporter.email_hash = tombstone()
    supporter.save(update_fields=["email_hash", "signed_out_at"])
    letters.queue(
        kind="erased", key=str(erasure.pk), supporter_id=supporter.pk, cause=Cause.supporter()
    )
    _move(erasure, _S.CLEARING, _S.TELLING, told_from=now)


def _wipe(erasure: Erasure) -> None:
    now = timezone.now()
    unsent = Letter.objects.filter(kind="erased", key=str(erasure.pk), state__in=_UNSENT)
    waited = erasure.told_from is not None and erasure.told_from <= now - TOLD_WITHIN
    if unsent.exists() and not waited:
        return
    with transaction.atomic():
        supporter = Supporter.objects.select_for_update().get(pk=erasure.supporter_id)
        if not leaving.is_over(supporter):
            # A page to pay on was opened in the very moment: it is closed, or ended, first.
            _move(erasure, _S.TELLING, _S.ENDING)
            return
        wipe(supporter)
        _move(erasure, _S.TELLING, _S.DONE, done_at=now)


def _move(erasure: Erasure, old: ErasureState, new: ErasureState, **more: object) -> None:
    """Take the step by compare-and-set: of two at once, one takes it."""
    Erasure.objects.filter(pk=erasure.pk, state=old).update(state=new, **more)


_STEPS: Final[dict[ErasureState, Callable[[Erasure], None]]] = {
    _S.ENDING: _end,
    _S.CLEARING: _clear,
    _S.TELLING: _wipe,
}
