"""The HTTP server: keep-alive, one write an answer, a thread a connection, this machine only."""

from __future__ import annotations

import dataclasses
import json
import sys
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from .api import front
from .control import front as control
from .pages import site
from .wire.message import Reply, Request
from .world import World

LARGEST = 1_000_000
DRAINED = 16_000_000


class _Unreadable(Exception):
    """What cannot be read as a request; answered with `status` before the connection is closed."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Server(ThreadingHTTPServer):
    """A threading server that knows its world."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, world: World) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.world = world
        world.base = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, *_: object) -> None:
        """Stay quiet about callers who hang up."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            traceback.print_exc(file=sys.stderr)


class Handler(BaseHTTPRequestHandler):
    """Turns bytes into a Request and a Reply into bytes."""

    protocol_version = "HTTP/1.1"
    # Without these an SDK call takes 40 ms more: Nagle waits for the delayed ACK.
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def __getattr__(self, name: str) -> Callable[[], None]:
        """Return the answer to a method like `do_PUT`; the routes know which ones there are."""
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _serve(self) -> None:
        try:
            request = self._read()
        except _Unreadable as wrong:
            self._refuse(wrong)
            return
        try:
            reply = self._answer(request)
        except Exception:  # noqa: BLE001 - one bad request must not end the connection's thread
            traceback.print_exc(file=sys.stderr)
            reply = Reply(500, "The local stand-in has a bug.", "text/plain")
        self._note(request, reply)
        if reply.lost:
            self.close_connection = True
            return
        self._write(reply)

    def _read(self) -> Request:
        told = self.headers.get("Content-Length") or "0"
        if not told.isdecimal() or "Transfer-Encoding" in self.headers:
            raise _Unreadable(400, "A Content-Length is needed.")
        if int(told) > LARGEST:
            # Read to the end, or the caller would see a broken connection and no answer.
            left = min(int(told), DRAINED)
            while left > 0 and (chunk := self.rfile.read(min(left, 65_536))):
                left -= len(chunk)
            raise _Unreadable(413, "Request too large")
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        # The API refuses what is not UTF-8 by itself; a page takes it as it is.
        errors = "surrogateescape" if parts.path.startswith("/v1/") else "replace"
        body = self.rfile.read(int(told)).decode("utf-8", errors)
        return Request(self.command, parts.path, parts.query, headers, body)

    def _refuse(self, wrong: _Unreadable) -> None:
        self.close_connection = True
        error = {"type": "invalid_request_error", "message": str(wrong)}
        self._write(Reply(wrong.status, json.dumps({"error": error})))

    def _answer(self, request: Request) -> Reply:
        world = self.server.world
        if request.path.startswith(("/v1/", "/v2/")):
            return front.answer(world, request)
        if request.path.startswith("/_sandbox/"):
            return control.answer(world, request)
        if request.method == "HEAD":
            request = dataclasses.replace(request, method="GET")
        return site.answer(world, request)

    def _note(self, request: Request, reply: Reply) -> None:
        if request.path.startswith(("/v1/", "/v2/")):
            world = self.server.world
            world.seen.append(
                {
                    "n": next(world.requests),
                    "at": int(time.time()),
                    "method": request.method,
                    "path": request.path,
                    "idempotency_key": request.headers.get("idempotency-key"),
                    "status": reply.status,
                    "lost": reply.lost,
                    "replayed": "Idempotent-Replayed" in reply.headers,
                    "request": reply.headers.get("Request-Id"),
                    "form": "&".join(part for part in (request.query, request.body) if part),
                }
            )

    def _write(self, reply: Reply) -> None:
        body = reply.body.encode("utf-8", "replace")
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: /_sandbox/requests has the list."""
