"""The sink: a mail server that keeps what it takes, and misbehaves as it is told."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.processes import free_port


@dataclass(frozen=True)
class Taken:
    """A letter as it came: whom the server was told to bring it to, and what it says."""

    recipients: list[str]
    message: EmailMessage
    line: int  # the port at the other end of the line that it came over
    answered: bool = True


@dataclass
class Orders:
    """How to misbehave. An answer is what is said instead of 250; "" is no order."""

    at_sender: str = ""
    at_recipient: dict[str, str] = field(default_factory=dict)
    at_data_command: str = ""
    at_letter: str = ""
    letters_per_line: int = 0  # then 421, as some servers do
    drops: int = 0  # so many letters are taken, and the line is closed before the answer
    slowness: float = 0.0  # seconds for each letter


class Sink:
    """The server as aiosmtpd calls it. `orders` may be changed from any thread at any time."""

    def __init__(self, port: int = 0) -> None:
        self.port = port or free_port()
        self.orders = Orders()
        self.taken: list[Taken] = []
        self.dropped = 0
        self._lock = threading.Lock()
        self._lines: set[Any] = set()
        self._on_line: Counter[int] = Counter()
        self._controller: Controller | None = None

    def open(self) -> None:
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def shut(self) -> None:
        """Be away: nobody answers at this port any more."""
        if self._controller is not None:
            self.close_lines()
            self._controller.stop()
            self._controller = None

    def close_lines(self) -> None:
        """Close every line that stands, as servers do with idle ones."""
        assert self._controller is not None
        loop, done = self._controller.loop, threading.Event()

        def close() -> None:
            for line in self._lines:
                if line.transport is not None:  # it has hung up by itself
                    line.transport.close()
            self._lines.clear()
            # After the turn in which they are closed: a loop that stops before it leaves them open.
            loop.call_soon(done.set)

        loop.call_soon_threadsafe(close)
        done.wait(5)

    @property
    def messages(self) -> list[EmailMessage]:
        return [each.message for each in self.taken]

    @property
    def lines(self) -> int:
        """How many lines letters came over."""
        return len({each.line for each in self.taken})

    def times(self) -> Counter[str]:
        """How often each letter came, by its Message-ID."""
        return Counter(str(each.message["Message-ID"]) for each in list(self.taken))

    def begun(self, line: Any) -> None:
        """A line stands, whether or not anything is ever said on it: its worker may be killed."""
        self._lines.add(line)

    # What aiosmtpd calls: the names are its own.
    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        many = self.orders.letters_per_line
        if many and self._on_line[_port(session)] >= many:
            return "421 4.7.0 enough for this line"
        if self.orders.at_sender:
            return self.orders.at_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.orders.at_recipient.get(address) or self.orders.at_recipient.get("*")
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.orders.slowness:
            await asyncio.sleep(self.orders.slowness)
        if self.orders.at_letter:
            return self.orders.at_letter
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        with self._lock:
            drop = self.orders.drops > 0
            self.orders.drops -= drop
            self.dropped += drop
        line = _port(session)
        self._on_line[line] += 1
        self.taken.append(Taken(list(envelope.rcpt_tos), message, line, answered=not drop))
        if drop and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return "250 OK"


def _port(session: Session) -> int:
    """Of the other end of the line: no two lines that stand have the same."""
    peer: Any = session.peer
    return int(peer[1])


class _Line(SMTP):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.event_handler.begun(self)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        sink = self.event_handler
        if sink.orders.at_data_command:
            await self.push(sink.orders.at_data_command)
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Line(self.handler, **self.SMTP_kwargs)


@contextmanager
def sink() -> Iterator[Sink]:
    """A mail server on a port of its own."""
    served = Sink()
    served.open()
    try:
        yield served
    finally:
        with suppress(RuntimeError):
            served.shut()
