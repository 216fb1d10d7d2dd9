"""The sweeper finds what waits: a lost ring or a dead worker loses nothing."""

from datetime import datetime
from uuid import UUID

import structlog
from django.utils import timezone

from billing import doorbell, fulfilment, inbox, intents, letters, reconcile, tickets
from billing.models import Intent
from billing.stripe_api import StripeProblem

log = structlog.get_logger(__name__)


def ring_what_waits(*, now: datetime) -> None:
    """Ring for every event and letter that is due, and carry out what Stripe did not answer.

    And for a reconcile of the night's that was cut short, to go on where it was.
    """
    for event_id in inbox.due(now=now):
        doorbell.ring("billing.tasks.process_event", event_id)
    # A sender that is rung goes on with what else waits: one ring for each round is enough, and a
    # mail server that is away is not called once for every letter.
    for letter_id in letters.due(now)[:: letters.ROUND_LETTERS]:
        doorbell.ring("billing.tasks.deliver_letter", str(letter_id))
    resume_intents(now=now)
    if reconcile.stranded():
        doorbell.ring("billing.tasks.reconcile")
    tickets.sweep()


def do_what_waits(*, now: datetime) -> dict[str, int]:
    """Do it here and now, without a worker; how many of each were taken up."""
    done = {"intents": resume_intents(now=now), "events": 0, "letters": 0}
    while event_ids := inbox.due(now=now):
        done["events"] += sum(inbox.process(each, now=now) is not None for each in event_ids)
    # What the events called for just now is due a moment after `now`.
    later = max(now, timezone.now())
    while dealt_with := letters.deliver_waiting(now=later):
        done["letters"] += dealt_with
    return done


def carry_out(intent_id: UUID) -> bool:
    """Do what a fact has called for; whether it came to an answer."""
    intent = Intent.objects.filter(pk=intent_id).first()
    return intent is not None and _resume(intent)


def resume_intents(*, now: datetime) -> int:
    """Carry out the intents whose answer was never heard; how many came to an answer."""
    return sum(_resume(intent) for intent in intents.unanswered(now=now))


def _resume(intent: Intent) -> bool:
    try:
        fulfilment.fulfil(intent)
    except StripeProblem as error:
        log.warning("intent still waits", intent=str(intent.pk), error=str(error))
        return False
    return True
