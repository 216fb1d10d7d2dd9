"""The sender: takes a letter from the outbox and mails it, each letter once (DESIGN 6).

One window stays open: a sender killed between the mail server's "250 accepted" and our commit. The
letter then goes out again under the same Message-ID, by which mail programs know it.
"""

import contextlib
import smtplib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db.models import F
from django.utils import timezone

from billing.letters import languages, mail
from billing.letters.draft import KINDS, Draft, Gather, Outcome, Postpone, Skip
from billing.letters.outbox import takeable
from billing.models import Letter
from billing.models.letter import LetterState

log = structlog.get_logger(__name__)

_SHORTEST_WAIT: Final = timedelta(minutes=1)
# As long as mail servers themselves keep trying (RFC 5321, 4.5.4.1).
_PATIENCE: Final = timedelta(days=5)
_LONGEST_WAIT: Final = timedelta(hours=1)


class _Unreachable(Exception):
    """The mail server was not there to talk to: nothing was said, so nothing was sent."""


class _LostClaim(Exception):
    """Another sender took the letter over before anything was sent."""


def deliver(letter_id: UUID, *, now: datetime | None = None) -> LetterState:
    """Send one letter if it is due and no other sender holds it; return the state it is in then.

    Call it outside any transaction: it talks to the mail server and may ask Stripe. It may be
    called any number of times, by any number of senders at once.
    """
    now = now or timezone.now()
    letter = _take(letter_id, now=now)
    if letter is not None:
        changes = _attempt(letter, now=now)
        kept = _settle(letter, **changes)
        log.info(
            "letter tried",
            letter=str(letter.id),
            kind=letter.kind,
            outcome=str(changes["state"]) if kept else "claim lost",
            reason=changes.get("reason", ""),
        )
    state = Letter.objects.filter(pk=letter_id).values_list("state", flat=True).first()
    # Gone with its supporter: nobody needs it any more.
    return LetterState(state) if state else LetterState.SKIPPED


def _take(letter_id: UUID, *, now: datetime) -> Letter | None:
    """Claim the letter by compare-and-set: of many senders exactly one gets it."""
    claim = uuid4()
    Letter.objects.filter(takeable(now), pk=letter_id).update(
        state=LetterState.SENDING,
        claim=claim,
        lease_until=_lease_from(now),
        attempts=F("attempts") + 1,
    )
    return Letter.objects.select_related("supporter").filter(pk=letter_id, claim=claim).first()


def _lease_from(now: datetime) -> datetime:
    # `now` may be a moment that `run_due` or a test moved us to; a lease measures real time.
    return max(now, timezone.now()) + timedelta(seconds=settings.LEASE_SECONDS)


def _attempt(letter: Letter, *, now: datetime) -> dict[str, object]:
    """Try once and say what to write of it. No reason is a server's text: that may name people."""
    if letter.attempts > settings.LETTER_ATTEMPTS:
        # Only senders that died with the letter in hand leave it with no attempt to spare.
        return {"state": LetterState.FAILED, "reason": "SenderDied"}
    try:
        outcome = languages.whole(mail.language(letter), lambda: _written(letter))
        if isinstance(outcome, Skip):
            return {"state": LetterState.SKIPPED, "reason": outcome.reason[:200]}
        if isinstance(outcome, Gather):
            return {"state": LetterState.GATHERED, "reason": ""}
        if isinstance(outcome, Postpone):
            return _again(letter, outcome.reason, now=now)
        _send(letter, outcome, now=now)
    except _LostClaim:
        return {"state": LetterState.SENDING}
    except _Unreachable as trouble:
        return _again(letter, str(trouble), now=now)
    except smtplib.SMTPResponseException as answer:
        if _not_now(answer) and now - letter.created_at < _PATIENCE:
            return _again(letter, type(answer).__name__, now=now)
        return _failure(letter, type(answer).__name__, now=now)
    except Exception as trouble:  # noqa: BLE001 - whatever went wrong, the row must say what is next
        return _failure(letter, type(trouble).__name__, now=now)
    return {"state": LetterState.SENT, "sent_at": now, "reason": ""}


def _not_now(answer: smtplib.SMTPResponseException) -> bool:
    """Whether the server asks us to come back: greylisting, a full disk (RFC 5321, 4.2.1)."""
    return 400 <= answer.smtp_code < 500


def _written(letter: Letter) -> EmailMessage | Skip | Postpone | Gather:
    """The mail, in the language that is active; or why there is none."""
    outcome = _compose(letter)
    if isinstance(outcome, Draft):
        return mail.write(letter, outcome, outcome.to or mail.recipient(letter))
    return outcome


def _compose(letter: Letter) -> Outcome:
    kind = KINDS[letter.kind]
    if letter.supporter is None and not kind.to_staff:
        return Skip("nobody to send it to")
    return kind.compose(letter)


def _send(letter: Letter, message: EmailMessage, *, now: datetime) -> None:
    connection = get_connection()
    try:
        connection.open()
    except OSError as trouble:
        raise _Unreachable(type(trouble).__name__) from None
    try:
        _renew(letter, now=now)
        connection.send_messages([message])
    finally:
        # What a server says at parting changes nothing of what was sent.
        with contextlib.suppress(OSError):
            connection.close()


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
