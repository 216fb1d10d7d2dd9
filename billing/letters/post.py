"""The post: one line to the mail server for many letters, and what its answers mean.

A line that the server closed meanwhile is opened anew before the next letter, at no cost to it. One
that breaks while a letter is being handed over leaves it open whether the server took it; see
billing.letters.sender.
"""

import contextlib
import re
import smtplib
from enum import Enum, auto
from typing import Any, Final, Self

import requests
from anymail.exceptions import AnymailAPIError, AnymailRecipientsRefused
from django.core.mail import EmailMessage, get_connection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

# What speaks of the address (RFC 3463, 3.2): no such mailbox or domain, moved, switched off. Not
# 5.1.7 and 5.1.8, which speak of the sender, nor 5.2.2, a full mailbox.
_OF_THE_ADDRESS: Final = frozenset(f"5.1.{digit}" for digit in (0, 1, 2, 3, 4, 6, 10)) | {"5.2.1"}
# The same without such a code (RFC 5321, 4.2.3). 554 may be said of us just as well.
_CODES_OF_THE_ADDRESS: Final = (550, 551, 553)
# Without that code a server may as well refuse us, whomever we write to: no address is to blame.
_OF_US: Final = re.compile(
    rb"relay|auth|denied|prohibit|permitted|polic|spam|black|block|sender|spf|dkim|dmarc|reputation"
    rb"|rcpthosts|limit|too many",
    re.IGNORECASE,
)
_ENHANCED: Final = re.compile(rb"\s*(5\.\d{1,3}\.\d{1,3})\b")
_CLOSING: Final = 421
_TOO_MANY_REQUESTS: Final = 429


class Unreachable(Exception):
    """The mail server was not there to talk to: nothing was said, so nothing was sent."""


class NobodyTookIt(Exception):
    """The mail service says neither yes nor no: there was nobody to send it to."""


class Verdict(Enum):
    """What to do after the answer that a letter met."""

    LATER = auto()  # we are asked to come back: greylisting, a full disk
    NO_SUCH_ADDRESS = auto()  # never again: the address itself was refused
    TRY_AGAIN = auto()  # anything else; a person looks when it has been tried often enough


class Post:
    """A line to the mail server. Use it as a context: it is hung up at the end."""

    def __init__(self) -> None:
        self._server: Any = get_connection()
        self._open = False
        self._carried = False
        self.away = False  # whether nobody answered when we last called

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_trouble: object) -> None:
        self.hang_up()

    def ready(self) -> None:
        """See that there is a line and that the server is still at its end. Raises Unreachable."""
        if self._open and not self._answers():
            self.hang_up()
        if self._open:
            return
        try:
            self._server.open()
        except OSError as trouble:
            self.away = True
            raise Unreachable(type(trouble).__name__) from None
        self._open, self._carried, self.away = True, False, False

    def carry(self, message: EmailMessage) -> None:
        """Hand a letter over; raises what the mail service says against it.

        Call `ready` before. Raises Unreachable where certainly nothing was handed over.
        """
        used = self._carried
        try:
            self._hand_over(message)
        except smtplib.SMTPSenderRefused as answer:
            if not (used and answer.smtp_code == _CLOSING):
                raise
            # The server had enough of this line and took nothing: some count letters per line.
            self.ready()
            self._hand_over(message)

    def hang_up(self) -> None:
        """Close the line. What a server says at parting changes nothing of what was sent."""
        self._open = False
        with contextlib.suppress(OSError):
            self._server.close()

    def _hand_over(self, message: EmailMessage) -> None:
        try:
            if not self._server.send_messages([message]):
                raise NobodyTookIt
        except Exception as trouble:
            # On the same line the next letter would find the rest of this one: its recipient.
            self.hang_up()
            if _never_connected(trouble):
                self.away = True
                raise Unreachable(type(trouble).__name__) from None
            raise
        self._carried = True

    def _answers(self) -> bool:
        line = getattr(self._server, "connection", None)
        if not isinstance(line, smtplib.SMTP):
            return True  # a mail service that is asked over HTTP, or one of ours
        with contextlib.suppress(OSError):
            return line.noop()[0] == 250
        return False


def verdict(trouble: Exception) -> Verdict:
    """What a mail service meant by this."""
    if isinstance(trouble, AnymailRecipientsRefused):
        return Verdict.NO_SUCH_ADDRESS
    if isinstance(trouble, AnymailAPIError):
        status = trouble.status_code or 0
        return Verdict.LATER if status == _TOO_MANY_REQUESTS or status >= 500 else Verdict.TRY_AGAIN
    if isinstance(trouble, smtplib.SMTPRecipientsRefused):
        # A letter of ours has one recipient.
        code, words = next(iter(trouble.recipients.values()), (0, b""))
        if _speaks_of_the_address(code, words):
            return Verdict.NO_SUCH_ADDRESS
    elif isinstance(trouble, smtplib.SMTPResponseException):
        code = trouble.smtp_code
    else:
        return Verdict.TRY_AGAIN
    return Verdict.LATER if 400 <= code < 500 else Verdict.TRY_AGAIN  # RFC 5321, 4.2.1


def _speaks_of_the_address(code: int, words: bytes | str) -> bool:
    """Whether a refusal of the recipient is final and of the address, not of us or of the moment.

    Servers say 550 also to what they take for spam; the enhanced code tells them apart.
    """
    if not 500 <= code < 600:
        return False
    said = words if isinstance(words, bytes) else words.encode()
    enhanced = _ENHANCED.match(said)
    if enhanced:
        return enhanced[1].decode() in _OF_THE_ADDRESS
    return code in _CODES_OF_THE_ADDRESS and not _OF_US.search(said)


def _never_connected(trouble: Exception) -> bool:
    """Whether a mail service that is asked over HTTP was not even reached."""
    cause = trouble.__cause__
    if not isinstance(trouble, AnymailAPIError) or not isinstance(cause, requests.ConnectionError):
        return False
    why = getattr(next(iter(cause.args), None), "reason", None)
    return isinstance(why, NewConnectionError | ConnectTimeoutError)
