"""The sender: takes letters from the outbox and mails them, each once (DESIGN 6).

Two windows stay open, in which a letter goes out again under the same Message-ID, by which mail
programs know it: a sender killed between the mail server's "250 accepted" and our commit, and a
line that broke after the letter was handed over and before the answer came. Nobody can tell then
whether the server has it. We would rather send a receipt twice than never; the second costs an
attempt, so that a server which always breaks there gets it LETTER_ATTEMPTS times and not for ever.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import F
from django.utils import timezone

from billing import doorbell
from billing.letters import languages, mail, outbox, pace, suppression
from billing.letters.draft import KINDS, Draft, Gather, Outcome, Postpone, Recipient, Skip
from billing.letters.post import Post, Unreachable, Verdict, verdict
from billing.models import Letter
from billing.models.letter import LetterState, SuppressionReason

log = structlog.get_logger(__name__)

_SHORTEST_WAIT: Final = timedelta(minutes=1)
# As long as mail servers themselves keep trying (RFC 5321, 4.5.4.1).
_PATIENCE: Final = timedelta(days=5)
_LONGEST_WAIT: Final = timedelta(hours=1)
# One round of a sender: then whatever else the worker is for has its turn.
ROUND_LETTERS: Final = 100
_ROUND_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class _Written:
    """A mail that is ready, and whom it goes to."""

    to: Recipient
    message: EmailMessage


class _LostClaim(Exception):
    """Another sender took the letter over before anything was sent."""


def deliver(letter_id: UUID, *, now: datetime | None = None) -> LetterState:
    """Send one letter if it is due and no other sender holds it; return the state it is in then.

    Call it outside any transaction: it talks to the mail server and may ask Stripe. It may be
    called any number of times, by any number of senders at once.
    """
    with Post() as post:
        try:
            _try(letter_id, post, now=now or timezone.now())
        except pace.Full:
            log.info("letter waits for its turn", letter=str(letter_id))
    state = Letter.objects.filter(pk=letter_id).values_list("state", flat=True).first()
    # Gone with its supporter: nobody needs it any more.
    return LetterState(state) if state else LetterState.SKIPPED


def deliver_waiting(first: UUID | None = None, *, now: datetime | None = None) -> int:
    """Send this letter, then what else waits, over one connection; how many were dealt with.

    A round ends after ROUND_LETTERS or some seconds, and rings for the next; it ends too where the
    mail server is away or the pace is reached. Where there is a pace to keep, the most urgent
    letter goes first, whichever was rung for.
    """
    ends, done = time.monotonic() + _ROUND_SECONDS, 0
    waiting = _waiting(None if pace.limited() else first, now=now)
    with Post() as post:
        for letter_id in waiting:
            if done >= ROUND_LETTERS or time.monotonic() > ends:
                doorbell.ring("billing.tasks.deliver_letter", str(letter_id))
                break
            try:
                taken = _try(letter_id, post, now=now or timezone.now())
            except pace.Full:
                break
            if post.away:
                break
            done += taken
    return done


def _waiting(first: UUID | None, *, now: datetime | None) -> Iterator[UUID]:
    """Each once: the one that is wanted first, then what is due, until there is no more."""
    met = {first} if first else set()
    yield from list(met)
    while fresh := [each for each in _due(now) if each not in met]:
        met.update(fresh)
        yield from fresh


def _due(now: datetime | None) -> list[UUID]:
    return outbox.due(now or timezone.now(), at_most=ROUND_LETTERS)


def _try(letter_id: UUID, post: Post, *, now: datetime) -> bool:
    """Try one letter; whether it was there to be taken. Raises pace.Full."""
    letter = _take(letter_id, now=now)
    if letter is None:
        return False
    changes = _attempt(letter, post, now=now)
    kept = _settle(letter, **changes)
    log.info(
        "letter tried",
        letter=str(letter.id),
        kind=letter.kind,
        outcome=str(changes["state"]) if kept else "claim lost",
        reason=changes.get("reason", ""),
    )
    return True


def _take(letter_id: UUID, *, now: datetime) -> Letter | None:
    """Claim the letter by compare-and-set: of many senders exactly one gets it."""
    claim = uuid4()
    with pace.slot(now):
        taken = Letter.objects.filter(outbox.takeable(now), pk=letter_id).update(
            state=LetterState.SENDING,
            claim=claim,
            lease_until=_lease_from(now),
            attempts=F("attempts") + 1,
        )
    if not taken:
        return None
    return Letter.objects.select_related("supporter").filter(pk=letter_id, claim=claim).first()


def _lease_from(now: datetime) -> datetime:
    # `now` may be a moment that `run_due` or a test moved us to; a lease measures real time.
    return max(now, timezone.now()) + timedelta(seconds=settings.LEASE_SECONDS)


def _attempt(letter: Letter, post: Post, *, now: datetime) -> dict[str, object]:
    """Try once and say what to write of it. No reason is a server's text: that may name people."""
    if letter.attempts > settings.LETTER_ATTEMPTS:
        # Only senders that died with the letter in hand leave it with no attempt to spare.
        return {"state": LetterState.FAILED, "reason": "SenderDied"}
    try:
        outcome = languages.whole(mail.language(letter), lambda: _written(letter))
        if isinstance(outcome, _Written):
            return _send(letter, outcome, post, now=now)
    except _LostClaim:
        return {"state": LetterState.SENDING}
    except Unreachable as trouble:
        return _again(letter, str(trouble), now=now)
    except Exception as trouble:  # noqa: BLE001 - whatever went wrong, the row must say what is next
        if verdict(trouble) == Verdict.LATER and now - letter.created_at < _PATIENCE:
            return _again(letter, type(trouble).__name__, now=now)
        return _failure(letter, type(trouble).__name__, now=now)
    if isinstance(outcome, Skip):
        return _skipped(outcome.reason)
    if isinstance(outcome, Postpone):
        return _again(letter, outcome.reason, now=now)
    assert isinstance(outcome, Gather)  # noqa: S101 - there is no fifth outcome
    return {"state": LetterState.GATHERED, "reason": ""}


def _written(letter: Letter) -> _Written | Skip | Postpone | Gather:
    """The mail, in the language that is active; or why there is none."""
    outcome = compose(letter)
    if not isinstance(outcome, Draft):
        return outcome
    to = outcome.to or mail.recipient(letter)
    suppressed = suppression.in_force(to.email_hash)
    if suppressed and not (KINDS[letter.kind].owed and suppressed == SuppressionReason.COMPLAINED):
        return Skip(suppression.stated(suppressed))
    return _Written(to, mail.write(letter, outcome, to))


def compose(letter: Letter) -> Outcome:
    """What its kind makes of it now, in the language that is active; nothing for nobody."""
    kind = KINDS[letter.kind]
    if letter.supporter is None and not kind.to_staff and kind.speaks is None:
        return Skip("nobody to send it to")
    if letter.supporter is not None and letter.supporter.erased:
        return Skip("they were erased: nobody is known to send it to")
    return kind.compose(letter)


def _send(letter: Letter, written: _Written, post: Post, *, now: datetime) -> dict[str, object]:
    """Mail it, unless the mail server says now that there is no such address."""
    began = timezone.now()
    post.ready()
    _renew(letter, now=now)
    try:
        post.carry(written.message)
    except Exception as trouble:
        address_hash = written.to.email_hash
        if verdict(trouble) != Verdict.NO_SUCH_ADDRESS or not address_hash:
            raise
        suppression.suppress(address_hash, reason=SuppressionReason.REFUSED)
        return _skipped(suppression.stated(SuppressionReason.REFUSED))
    # Of the moment that `now` says: when it was accepted, for the pace counts from there.
    accepted = now + (timezone.now() - began)
    return {"state": LetterState.SENT, "sent_at": accepted, "reason": ""}


def _skipped(reason: str) -> dict[str, object]:
    return {"state": LetterState.SKIPPED, "reason": reason[:200]}


def _renew(letter: Letter, *, now: datetime) -> None:
    """Begin the lease anew right before the mail goes out, since composing may have used it up."""
    mine = Letter.objects.filter(pk=letter.pk, claim=letter.claim)
    if not mine.update(lease_until=_lease_from(now)):
        raise _LostClaim


def _again(letter: Letter, reason: str, *, now: datetime) -> dict[str, object]:
    """Back to the outbox at no cost: it was not the letter's fault, however long it lasts."""
    return _wait(letter, reason, now=now) | {"attempts": letter.attempts - 1}


def _failure(letter: Letter, reason: str, *, now: datetime) -> dict[str, object]:
    """Back to the outbox, or given up once the attempts are used up."""
    if letter.attempts >= settings.LETTER_ATTEMPTS:
        return {"state": LetterState.FAILED, "reason": reason}
    return _wait(letter, reason, now=now)


def _wait(letter: Letter, reason: str, *, now: datetime) -> dict[str, object]:
    """Wait as long again as it has waited already: a doubling, between a minute and an hour."""
    waited = now - letter.created_at
    pause = min(max(waited, _SHORTEST_WAIT), _LONGEST_WAIT)
    return {"state": LetterState.QUEUED, "reason": reason, "due_at": now + pause}


def _settle(letter: Letter, **changes: object) -> bool:
    """Write the outcome and let go, if we still hold the letter."""
    mine = Letter.objects.filter(pk=letter.pk, claim=letter.claim)
    return mine.update(claim=None, lease_until=None, **changes) == 1
