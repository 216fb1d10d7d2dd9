"""Keeping a letter back, and letting it go again: who did, when and why stays written."""

from typing import Final
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from billing import doorbell
from billing.models import Letter, LetterHold
from billing.models.letter import HoldReason, LetterState, ReleaseReason

log = structlog.get_logger(__name__)

# Whoever asked for one of these waits for it at a screen, and its link is over within the hour.
NEVER_HELD: Final = frozenset({"sign-in", "join-link"})


class CannotHold(Exception):
    """The letter cannot be kept back; the message says why, in words for staff."""


def hold(letter_id: UUID, *, reason: HoldReason, by: UUID) -> None:
    """Keep a waiting letter from being sent until it is released. `by` is a member of staff.

    Raises CannotHold where it waits no longer, or is of a kind that is never held.
    """
    with transaction.atomic():
        waiting = Letter.objects.filter(pk=letter_id, state=LetterState.QUEUED)
        # A sender takes letters by the same compare-and-set: one of the two comes first.
        if waiting.exclude(kind__in=NEVER_HELD).update(state=LetterState.HELD) != 1:
            raise CannotHold(_why_not(letter_id))
        LetterHold.objects.create(letter_id=letter_id, reason=reason, held_by_id=by)
    log.info("letter held", letter=str(letter_id), staff=str(by), reason=str(reason))


def release(letter_id: UUID, *, reason: ReleaseReason, by: UUID) -> bool:
    """Let a held letter go: it is sent when it is due, or now. False if it was not held."""
    with transaction.atomic():
        held = Letter.objects.filter(pk=letter_id, state=LetterState.HELD)
        if held.update(state=LetterState.QUEUED) != 1:
            return False
        LetterHold.objects.filter(letter_id=letter_id, released_at=None).update(
            released_at=timezone.now(), released_by_id=by, release_reason=reason
        )
        if Letter.objects.filter(pk=letter_id, due_at__lte=timezone.now()).exists():
            doorbell.ring("billing.tasks.deliver_letter", str(letter_id))
    log.info("letter released", letter=str(letter_id), staff=str(by), reason=str(reason))
    return True


def _why_not(letter_id: UUID) -> str:
    letter = Letter.objects.filter(pk=letter_id).first()
    if letter is None:
        return "There is no such letter any more."
    if letter.kind in NEVER_HELD:
        return (
            "A sign-in link is never held, nor is one to the payment page: "
            "somebody waits for it, and it is soon over."
        )
    return _TOO_LATE.get(LetterState(letter.state), "It does not wait any more.")


_TOO_LATE: Final = {
    LetterState.SENDING: "It is being sent at this moment, so it cannot be held any more.",
    LetterState.SENT: "It has been sent already.",
    LetterState.HELD: "It is held already.",
    LetterState.FAILED: "It was given up: there is nothing to hold.",
}
