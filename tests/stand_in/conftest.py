"""A running local Stripe, emptied for each test."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.stand_in.desk import (
    Desk,
    Listener,
    open_desk,
)


@pytest.fixture(scope="session")
def running() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(running: Desk) -> Desk:
    running.reset()
    return running


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.got.append((body, self.headers["Stripe-Signature"]))
            self.send_response(heard.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        heard.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield heard
        server.shutdown()
