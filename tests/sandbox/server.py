"""The HTTP server: keep-alive, one write an answer, a thread a connection, this machine only."""

from __future__ import annotations

import json
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from .api import front
from .control import front as control
from .pages import site
from .wire.message import Reply, Request
from .world import World

LARGEST = 1_000_000


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

    def do_GET(self) -> None:
        """Answer a GET."""
        self._serve()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._serve()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._serve()

    def _serve(self) -> None:
        request = self._read()
        if request is None:
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

    def _read(self) -> Request | None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > LARGEST:
            self.close_connection = True
            self._write(Reply(413, json.dumps({"error": {"message": "Request too large"}})))
            return None
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(size).decode("utf-8", "replace")
        return Request(self.command, parts.path, parts.query, headers, body)

    def _answer(self, request: Request) -> Reply:
        world = self.server.world
        if request.path.startswith("/v1/"):
            return front.answer(world, request)
        if request.path.startswith("/_sandbox/"):
            return control.answer(world, request)
        return site.answer(world, request)

    def _note(self, request: Request, reply: Reply) -> None:
        if request.path.startswith("/v1/"):
            self.server.world.seen.append(
                {
                    "method": request.method,
                    "path": request.path,
                    "idempotency_key": request.headers.get("idempotency-key"),
                    "status": reply.status,
                    "lost": reply.lost,
                }
            )

    def _write(self, reply: Reply) -> None:
        body = reply.body.encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: /_sandbox/requests has the list."""
