"""The post: many letters over one line, and what becomes of each when the server misbehaves."""

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import requests
import urllib3
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from billing import letters, sweeper
from billing.cause import Cause
from billing.ids import new_id
from billing.letters import draft, sender
from billing.letters.mail import message_id
from billing.models import Letter, Suppression
from billing.models.letter import LetterState, SuppressionReason
from members.models import Supporter
from tests import rows
from tests.flood.sink import Sink, sink
from tests.processes import ROOT, clean_environment

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Settings) -> Iterator[Sink]:
    with sink() as served:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", served.port
        yield served


def _letter(supporter: Supporter | None = None, *, kind: str = "ended") -> Letter:
    membership = rows.membership(
        supporter, state="ended", ended_at=rows.NEXT_MONTH, end_reason="requested"
    )
    letters.queue(
        kind=kind,
        key=str(membership.pk),
        supporter_id=membership.supporter_id,
        cause=Cause.clock(),
    )
    return Letter.objects.get(kind=kind, key=str(membership.pk))


def _states() -> Counter[tuple[str, int]]:
    return Counter(Letter.objects.values_list("state", "attempts"))


def test_it_sends_what_waits_over_one_line(server: Sink) -> None:
    waiting = [_letter() for _ in range(7)]
    assert letters.deliver_waiting(waiting[3].pk) == 7
    assert server.lines == 1
    order = [str(each["Message-ID"]) for each in server.messages]
    first, *rest = [waiting[3], *waiting[:3], *waiting[4:]]
    assert order == [message_id(first), *[message_id(each) for each in rest]], "oldest first"
    assert _states() == {(LetterState.SENT, 1): 7}


def test_it_goes_on_with_the_rest_when_the_letter_it_was_rung_for_is_gone(server: Sink) -> None:
    waiting = _letter()
    assert letters.deliver_waiting(new_id()) == 1
    waiting.refresh_from_db()
    assert waiting.state == LetterState.SENT


def test_it_rings_for_the_next_round_when_it_has_done_its_share(
    server: Sink,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    monkeypatch.setattr(sender, "ROUND_LETTERS", 3)
    with django_capture_on_commit_callbacks():
        for _ in range(7):
            _letter()
    with django_capture_on_commit_callbacks() as rings:
        assert letters.deliver_waiting() == 3
    assert len(rings) == 1
    with django_capture_on_commit_callbacks() as rings:
        assert [letters.deliver_waiting() for _ in range(3)] == [3, 1, 0]
    assert len(rings) == 1
    assert len(server.taken) == 7


def test_it_sweeps_with_one_ring_a_round(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks():
        for _ in range(5):
            _letter()
    with django_capture_on_commit_callbacks() as rings:
        sweeper.ring_what_waits(now=timezone.now())
    assert len(rings) == 1


def test_a_line_that_the_server_closed_costs_no_letter_anything(
    server: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lasts(_letter: Letter) -> letters.Skip:
        server.close_lines()
        return letters.Skip("it took so long that the server closed the line")

    monkeypatch.setitem(draft.KINDS, "lasts", draft.Kind(lasts))
    for kind in ("ended", "lasts", "ended"):
        _letter(kind=kind)
    assert letters.deliver_waiting() == 3
    assert server.lines == 2
    assert _states() == {(LetterState.SENT, 1): 2, (LetterState.SKIPPED, 1): 1}


def test_it_calls_anew_when_the_server_has_had_enough_of_the_line(server: Sink) -> None:
    server.orders.letters_per_line = 2
    for _ in range(5):
        _letter()
    assert letters.deliver_waiting() == 5
    assert server.lines == 3
    assert set(server.times().values()) == {1}
    assert _states() == {(LetterState.SENT, 1): 5}


def test_a_line_that_breaks_before_the_answer_costs_an_attempt_and_nothing_else(
    server: Sink,
) -> None:
    first, second = _letter(), _letter()
    server.orders.drops = 1
    assert letters.deliver_waiting() == 2
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, first.attempts, first.reason) == (
        LetterState.QUEUED,
        1,
        "SMTPServerDisconnected",
    )
    assert second.state == LetterState.SENT
    assert letters.deliver(first.pk, now=first.due_at) == LetterState.SENT
    # The server had it all along: the window that the README names, and the same Message-ID.
    assert server.times() == {message_id(first): 2, message_id(second): 1}


def test_a_server_that_always_breaks_there_gets_a_letter_so_often_and_not_for_ever(
    server: Sink, settings: Settings
) -> None:
    letter = _letter()
    server.orders.drops = 100
    for _ in range(settings.LETTER_ATTEMPTS + 5):
        letters.deliver(letter.pk, now=letter.due_at)
        letter.refresh_from_db()
    assert letter.state == LetterState.FAILED
    assert len(server.taken) == settings.LETTER_ATTEMPTS


@pytest.mark.parametrize("where", ["at_sender", "at_data_command", "at_letter"])
def test_what_was_refused_leaves_nothing_to_the_next_letter_on_the_line(
    server: Sink, where: str
) -> None:
    """A transaction begun for Alice and not ended would bring Bob's letter to her."""
    one, two, three = _letter(rows.bob()), _letter(rows.alice()), _letter(rows.bob())
    letters.deliver(one.pk)
    setattr(server.orders, where, "451 4.3.0 not now")
    assert letters.deliver_waiting(two.pk) == 2
    setattr(server.orders, where, "")
    later = timezone.now() + timedelta(hours=1)
    assert letters.deliver_waiting(two.pk, now=later) == 2
    assert [each.recipients for each in server.taken] == [
        ["bob@example.org"],
        ["alice@example.org"],
        ["bob@example.org"],
    ]
    assert server.times()[message_id(three)] == 1
    assert _states() == {(LetterState.SENT, 1): 3}, "asked to come back costs nothing"


def test_a_greylisted_address_costs_a_letter_nothing(server: Sink, settings: Settings) -> None:
    letter = _letter()
    server.orders.at_recipient["alice@example.org"] = "450 4.2.0 alice@example.org: greylisted"
    for _ in range(settings.LETTER_ATTEMPTS + 3):
        assert letters.deliver(letter.pk, now=letter.due_at) == LetterState.QUEUED
        letter.refresh_from_db()
    assert (letter.attempts, letter.reason) == (0, "SMTPRecipientsRefused")
    server.orders.at_recipient.clear()
    assert letters.deliver(letter.pk, now=letter.due_at) == LetterState.SENT
    assert not Suppression.objects.exists()


def test_it_calls_once_a_round_and_not_once_a_letter_while_the_server_is_away(
    server: Sink,
) -> None:
    waiting = [_letter() for _ in range(5)]
    server.shut()
    assert letters.deliver_waiting() == 0
    assert [each.reason for each in Letter.objects.order_by("due_at")].count("") == 4
    server.open()
    assert letters.deliver_waiting() == 4
    put_off = Letter.objects.get(state=LetterState.QUEUED)
    assert (put_off.pk, put_off.attempts) == (waiting[0].pk, 0)


@pytest.mark.parametrize(
    ("answer", "final"),
    [
        ("550 No such user here", True),
        ("551 User not local", True),
        ("553 Mailbox name not allowed", True),
        ("550 Requested action not taken: mailbox unavailable", True),
        ("550 relay not permitted", False),
        ("550 Administrative prohibition", False),
        ("550 Rejected because 192.0.2.1 is in a black list", False),
        ("550 Sender verify failed", False),
        ("553 sorry, that domain isn't in my list of allowed rcpthosts", False),
        ("550 5.1.1 alice@example.org: unknown", True),
        ("550 5.1.10 the domain takes no mail", True),
        ("554 5.1.1 unknown", True),
        ("550 5.2.1 mailbox switched off", True),
        ("552 5.2.2 mailbox full", False),
        ("552 mailbox full", False),
        ("550 5.7.1 blocked, looks like spam", False),
        ("554 policy", False),
        ("553 5.1.8 your domain has no mail server", False),
        ("450 4.1.1 unknown for now", False),
    ],
)
def test_only_a_final_refusal_of_the_address_itself_suppresses_it(
    server: Sink, answer: str, final: bool
) -> None:
    letter = _letter()
    server.orders.at_recipient["alice@example.org"] = answer
    state = letters.deliver(letter.pk)
    assert Suppression.objects.exists() is final
    assert state == (LetterState.SKIPPED if final else LetterState.QUEUED)
    letter.refresh_from_db()
    assert "example.org" not in letter.reason


class ThroughService(BaseEmailBackend):
    """A mail service that is asked over HTTP; what it says is put here."""

    trouble: Exception

    def send_messages(self, _messages: object) -> int:
        raise self.trouble


class _Answer:
    def __init__(self, status_code: int) -> None:
        self.status_code, self.reason, self.text = status_code, "", ""


def _from_service(status: int) -> AnymailAPIError:
    error = AnymailAPIError("no", response=_Answer(status))
    error.status_code = status
    return error


def _not_reached() -> AnymailAPIError:
    pool = urllib3.HTTPSConnectionPool("mail.example")
    reason = urllib3.exceptions.NewConnectionError(pool, "refused")  # type: ignore[arg-type]  # as urllib3 itself calls it
    wrapped = requests.ConnectionError(urllib3.exceptions.MaxRetryError(pool, "/", reason))
    error = AnymailAPIError("no")
    error.__cause__ = wrapped
    return error


@pytest.mark.parametrize(
    ("trouble", "state", "attempts"),
    [
        (_from_service(429), LetterState.QUEUED, 0),
        (_from_service(503), LetterState.QUEUED, 0),
        (_not_reached(), LetterState.QUEUED, 0),
        (_from_service(401), LetterState.QUEUED, 1),
        (AnymailAPIError("broke off"), LetterState.QUEUED, 1),
        (AnymailRecipientsRefused(), LetterState.SKIPPED, 1),
    ],
)
def test_it_understands_a_mail_service_as_it_does_a_server(
    settings: Settings,
    trouble: Exception,
    state: LetterState,
    attempts: int,
) -> None:
    letter = _letter()
    settings.EMAIL_BACKEND = f"{__name__}.ThroughService"
    ThroughService.trouble = trouble
    assert letters.deliver(letter.pk) == state
    letter.refresh_from_db()
    assert letter.attempts == attempts
    refused = Suppression.objects.filter(reason=SuppressionReason.REFUSED)
    assert refused.exists() is (state == LetterState.SKIPPED)


@pytest.mark.once
def test_a_mail_service_is_chosen_by_the_environment_alone(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("made-up")
    asked = "from django.conf import settings as s; print(s.EMAIL_BACKEND, s.ANYMAIL)"
    told = subprocess.run(
        [sys.executable, "-c", asked],
        env=clean_environment(
            ENV_FILE=str(ROOT / "tests/deploy.env"),
            EMAIL_URL="anymail://postmark",
            ANYMAIL_POSTMARK_SERVER_TOKEN_FILE=str(tmp_path / "token"),
            ANYMAIL_WEBHOOK_SECRET="mail:new,mail:old",
        ),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    backend, _, rest = told.strip().partition(" ")
    assert backend == "anymail.backends.postmark.EmailBackend"
    assert ast.literal_eval(rest) == {
        "POSTMARK_SERVER_TOKEN": "made-up",
        "WEBHOOK_SECRET": ["mail:new", "mail:old"],
    }


class NobodyThere(BaseEmailBackend):
    def send_messages(self, _messages: object) -> int:
        return 0


def test_it_does_not_call_a_letter_sent_that_nobody_took(settings: Settings) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.NobodyThere"
    letter = _letter()
    assert letters.deliver(letter.pk) == LetterState.QUEUED
    letter.refresh_from_db()
    assert letter.reason == "NobodyTookIt"


@pytest.mark.once
@pytest.mark.django_db(transaction=True)
@pytest.mark.case("E1")
@pytest.mark.parametrize("many", [200, pytest.param(1000, marks=pytest.mark.long)])
def test_letters_in_parallel_each_reach_their_own_address_only(server: Sink, many: int) -> None:
    """Whom the server is told to bring it to, the To line, and the supporter of its row."""
    for number in range(many):
        someone = Supporter(language="en")
        someone.email = f"supporter-{number}@example.org"
        someone.save()
        letters.queue(
            kind="ended",
            key=str(rows.membership(someone, state="ended", ended_at=rows.NEXT_MONTH).pk),
            supporter_id=someone.pk,
            cause=Cause.clock(),
        )

    def send(_sender: int) -> int:
        try:
            return sum(letters.deliver_waiting() for _ in range(20))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(send, range(8))) == many
    whose = {
        message_id(each): each.supporter.email
        for each in Letter.objects.select_related("supporter")
        if each.supporter
    }
    assert len(server.taken) == len(whose) == many
    for each in server.taken:
        address = whose.pop(str(each.message["Message-ID"]))
        assert each.recipients == [address] == [str(each.message["To"])]
        assert each.message["Cc"] is None
        assert each.message["Bcc"] is None
    assert server.lines <= 8 * 20
    assert _states() == {(LetterState.SENT, 1): many}
