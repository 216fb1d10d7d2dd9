"""The outbox and its sender: every letter goes out, none goes out twice."""

import smtplib
import socket
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from billing import letters
from billing.cause import Cause
from billing.letters import draft
from billing.models import Letter, Membership
from billing.models.letter import LetterState
from billing.receipts import issue
from tests import rows


class Refuses(BaseEmailBackend):
    """A mail service that takes the call and then says no, quoting the address as they do."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        raise RuntimeError(f"no such person: {email_messages[0].to}")


class HangsUp(BaseEmailBackend):
    """A mail service that takes the letter and quarrels only over the good-bye."""

    taken: list[EmailMessage] = []

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.taken += email_messages
        return len(email_messages)

    def close(self) -> None:
        raise ConnectionResetError


class Server:
    """A mail server on a port of its own, which keeps what it takes."""

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.refusal = ""

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusal:
            return self.refusal
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    handler = Server()
    controller = Controller(handler, hostname="127.0.0.1", port=_closed_port())
    controller.start()
    _mail_through(settings, controller.port)
    yield handler
    controller.stop()


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _mail_through(settings: Settings, port: int) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port


def _gone() -> Membership:
    return rows.membership(state="ended", ended_at=rows.NEXT_MONTH, end_reason="requested")


def _ask(membership: Membership, *, cause: Cause | None = None) -> None:
    letters.queue(
        kind="ended",
        key=str(membership.pk),
        supporter_id=membership.supporter_id,
        cause=cause or Cause.clock(),
    )


def _letter() -> Letter:
    """A letter of the plainest kind, to Alice, waiting."""
    membership = _gone()
    _ask(membership)
    return Letter.objects.get(key=str(membership.pk))


@pytest.mark.django_db
def test_it_sends_one_letter_however_often_it_is_asked_for_and_delivered() -> None:
    membership = _gone()
    for _ in range(10):
        _ask(membership)
    letter = Letter.objects.get()
    for _ in range(10):
        assert letters.deliver(letter.pk) == LetterState.SENT
        _ask(membership)
    assert [message.to for message in mail.outbox] == [["alice@example.org"]]
    letter.refresh_from_db()
    assert letter.sent_at is not None
    assert letter.claim is None


@pytest.mark.django_db
def test_it_rings_for_a_new_letter_only(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    membership = _gone()
    with django_capture_on_commit_callbacks() as rings:
        _ask(membership)
        _ask(membership)
    assert len(rings) == 1


@pytest.mark.case("E19")
@pytest.mark.django_db
def test_it_writes_to_nobody_about_history_that_is_brought_in(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks() as rings:
        _ask(_gone(), cause=Cause.reconcile(quiet=True))
    letter = Letter.objects.get()
    assert (letter.state, letter.reason) == (LetterState.SKIPPED, "imported")
    assert not rings
    assert letters.deliver(letter.pk) == LetterState.SKIPPED
    assert not mail.outbox


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "key"), [("", "1"), ("ended", "")])
def test_it_refuses_a_letter_about_nothing(kind: str, key: str) -> None:
    with pytest.raises(ValueError):
        letters.queue(kind=kind, key=key, supporter_id=None, cause=Cause.clock())


@pytest.mark.django_db(transaction=True)
def test_it_forgets_a_letter_whose_cause_was_rolled_back() -> None:
    membership = _gone()
    with transaction.atomic():
        _ask(membership)
        transaction.set_rollback(True)
    assert not Letter.objects.exists()


@pytest.mark.django_db
def test_it_waits_until_a_letter_is_due() -> None:
    now = timezone.now()
    membership = _gone()
    letters.queue(
        kind="ended",
        key=str(membership.pk),
        supporter_id=membership.supporter_id,
        cause=Cause.clock(),
        due_at=now + timedelta(days=1),
    )
    letter = Letter.objects.get()
    assert letters.due(now) == []
    assert letters.deliver(letter.pk, now=now) == LetterState.QUEUED
    tomorrow = now + timedelta(days=1)
    assert letters.due(tomorrow) == [letter.pk]
    assert letters.deliver(letter.pk, now=tomorrow) == LetterState.SENT


@pytest.mark.case("E15")
@pytest.mark.django_db
def test_it_sends_what_a_dead_sender_held_once_its_lease_is_over() -> None:
    now = timezone.now()
    letter = _letter()
    lease = now + timedelta(seconds=300)
    Letter.objects.update(state=LetterState.SENDING, claim=uuid4(), lease_until=lease, attempts=1)
    assert letters.due(now) == []
    assert letters.deliver(letter.pk, now=now) == LetterState.SENDING
    assert not mail.outbox
    later = lease + timedelta(seconds=1)
    assert letters.due(later) == [letter.pk]
    assert letters.deliver(letter.pk, now=later) == LetterState.SENT
    assert len(mail.outbox) == 1


@pytest.mark.django_db
def test_it_gives_up_a_letter_that_every_sender_dies_of(settings: Settings) -> None:
    letter = _letter()
    Letter.objects.update(
        state=LetterState.SENDING,
        claim=uuid4(),
        lease_until=timezone.now() - timedelta(seconds=1),
        attempts=settings.LETTER_ATTEMPTS,
    )
    assert letters.deliver(letter.pk) == LetterState.FAILED
    assert not mail.outbox


@pytest.mark.case("E1", "E15")
@pytest.mark.django_db(transaction=True)
def test_it_sends_one_letter_when_many_senders_come_at_once() -> None:
    letter_ids = [_letter().pk for _ in range(4)]

    def send(letter_id: UUID) -> LetterState:
        try:
            return letters.deliver(letter_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(send, letter_ids * 6))
    assert len(mail.outbox) == len(letter_ids)
    assert set(Letter.objects.values_list("state", "attempts")) == {(LetterState.SENT, 1)}


def _slow(letter: Letter) -> letters.Draft:
    """Composes so slowly that the lease runs out and another sender comes."""
    Letter.objects.filter(pk=letter.pk).update(claim=uuid4())
    return letters.Draft()


@pytest.mark.django_db
def test_it_leaves_a_letter_alone_that_was_taken_over_while_it_was_composed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(draft.KINDS, "slow", draft.Kind(_slow))
    for part in ("subject.txt", "body.txt", "body.html"):
        (tmp_path / "letters" / "slow").mkdir(parents=True, exist_ok=True)
        (tmp_path / "letters" / "slow" / part).write_text("Slow")
    settings.TEMPLATES = [settings.TEMPLATES[0] | {"DIRS": [tmp_path]}]
    letter = _letter()
    Letter.objects.update(kind="slow")
    assert letters.deliver(letter.pk) == LetterState.SENDING
    letter.refresh_from_db()
    assert letter.claim is not None
    assert not mail.outbox


@pytest.mark.django_db
def test_it_keeps_a_letter_for_as_long_as_the_mail_server_is_away(
    settings: Settings,
) -> None:
    letter = _letter()
    _mail_through(settings, _closed_port())
    now = letter.created_at
    waits = []
    for _ in range(settings.LETTER_ATTEMPTS + 12):
        assert letters.deliver(letter.pk, now=now) == LetterState.QUEUED
        letter.refresh_from_db()
        waits.append((letter.due_at - now).total_seconds())
        now = letter.due_at
    assert letter.attempts == 0
    assert letter.reason == "ConnectionRefusedError"
    assert waits[:5] == [60, 60, 120, 240, 480]
    assert waits[-1] == 3600
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert letters.deliver(letter.pk, now=now) == LetterState.SENT


@pytest.mark.django_db
def test_it_gives_up_a_letter_that_is_refused_again_and_again(settings: Settings) -> None:
    letter = _letter()
    settings.EMAIL_BACKEND = f"{__name__}.Refuses"
    now = letter.created_at
    for _ in range(settings.LETTER_ATTEMPTS - 1):
        assert letters.deliver(letter.pk, now=now) == LetterState.QUEUED
        letter.refresh_from_db()
        now = letter.due_at
    assert letters.deliver(letter.pk, now=now) == LetterState.FAILED
    letter.refresh_from_db()
    assert letter.reason == "RuntimeError", "a server's words may name people"
    assert letters.due(now + timedelta(days=365)) == []


@pytest.mark.case("E15")
@pytest.mark.django_db
def test_it_does_not_send_again_for_a_quarrel_after_the_letter_was_taken(
    settings: Settings,
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.HangsUp"
    assert letters.deliver(_letter().pk) == LetterState.SENT
    assert len(HangsUp.taken) == 1


@pytest.mark.django_db
def test_it_tries_a_refused_letter_again_under_the_same_message_id(server: Server) -> None:
    letter = _letter()
    server.refusal = "451 alice@example.org: try again"
    assert letters.deliver(letter.pk) == LetterState.QUEUED
    letter.refresh_from_db()
    assert letter.reason == "SMTPDataError"
    server.refusal = ""
    assert letters.deliver(letter.pk, now=letter.due_at) == LetterState.SENT
    Letter.objects.update(
        state=LetterState.QUEUED
    )  # killed between the server's 250 and our commit
    assert letters.deliver(letter.pk, now=letter.due_at) == LetterState.SENT
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert str(letter.key) not in first["Message-ID"]


@pytest.mark.django_db
def test_it_says_that_a_machine_wrote_and_where_a_person_answers(server: Server) -> None:
    letters.deliver(_letter().pk)
    (message,) = server.taken
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"] == "GCN <hello@gcn.example>"
    assert message["Reply-To"] == "hello@gcn.example"
    assert message["To"] == "alice@example.org"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


@pytest.mark.django_db
def test_it_skips_a_letter_to_nobody_and_one_whose_supporter_is_gone() -> None:
    letters.queue(kind="ended", key="x", supporter_id=None, cause=Cause.clock())
    assert letters.deliver(Letter.objects.get().pk) == LetterState.SKIPPED
    assert letters.deliver(uuid4()) == LetterState.SKIPPED
    assert not mail.outbox


@pytest.mark.case("E7")
@pytest.mark.django_db
def test_it_writes_to_the_address_that_the_supporter_has_when_it_is_sent() -> None:
    letter = _letter()
    alice = rows.alice()
    alice.email = "alice.new@example.org"
    alice.save()
    letters.deliver(letter.pk)
    assert mail.outbox[0].to == ["alice.new@example.org"]


@pytest.mark.django_db
def test_it_keeps_a_letter_of_an_unknown_kind_where_staff_can_see_it(
    settings: Settings,
) -> None:
    letter = _letter()
    Letter.objects.update(kind="mystery", attempts=settings.LETTER_ATTEMPTS - 1)
    assert letters.deliver(letter.pk) == LetterState.FAILED
    letter.refresh_from_db()
    assert letter.reason == "KeyError"


class ComeBackLater(BaseEmailBackend):
    """A server that answers, and defers everybody: greylisting, a full disk."""

    def send_messages(self, _messages: object) -> int:
        raise smtplib.SMTPDataError(451, b"try again later")


@pytest.mark.django_db
def test_a_server_that_defers_costs_no_letter_for_days(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.ComeBackLater"
    receipt = issue(rows.payment(), cause=Cause.clock())
    letter = Letter.objects.get(key=str(receipt.pk))
    now = letter.created_at
    for _ in range(30):
        letters.deliver(letter.pk, now=now)
        letter.refresh_from_db()
        assert letter.state == LetterState.QUEUED
        now = letter.due_at
    for _ in range(settings.LETTER_ATTEMPTS + 1):
        now += timedelta(days=6)
        letters.deliver(letter.pk, now=now)
    letter.refresh_from_db()
    assert letter.state == LetterState.FAILED
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert letters.retry([letter.pk]) == 1
    assert letters.deliver(letter.pk) == LetterState.SENT
