"""Patience: ends calls that take too long, also those whose answer comes byte by byte."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import socket
import threading
import time
from collections.abc import Iterator

Call = tuple[float, http.client.HTTPConnection, threading.Event]


class Patience:
    """One thread that watches all calls; a socket's own timeout counts from its last byte only."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        self._lock = threading.Lock()
        self._number = itertools.count()
        threading.Thread(target=self._watch, name="patience", daemon=True).start()

    @contextlib.contextmanager
    def over(
        self, link: http.client.HTTPConnection, seconds: float, lost: threading.Event
    ) -> Iterator[None]:
        """Watch over a call inside the block; `lost` is set when it was ended from here."""
        with self._lock:
            number = next(self._number)
            self._calls[number] = (time.monotonic() + seconds, link, lost)
        try:
            yield
        finally:
            with self._lock:
                del self._calls[number]

    def _watch(self) -> None:
        while True:
            time.sleep(0.1)
            now = time.monotonic()
            with self._lock:
                for deadline, link, lost in self._calls.values():
                    if now > deadline and not lost.is_set():
                        lost.set()
                        with contextlib.suppress(OSError, AttributeError):
                            link.sock.shutdown(socket.SHUT_RDWR)
