"""The courier threads: one per endpoint, in order, ten seconds a try, no redirects followed."""

from __future__ import annotations

import http.client
import ipaddress
import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .log import body
from .signature import signed

if TYPE_CHECKING:
    from ..world import World

PATIENCE = 10.0


class Courier:
    """Starts a thread for each endpoint as it appears and delivers until told to stop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rounds: dict[str, threading.Thread] = {}
        self._stop = False
        threading.Thread(target=self._watch, name="courier", daemon=True).start()

    def stop(self) -> None:
        """Let the threads end after the try they are in."""
        with self._world.lock:
            self._stop = True
            self._world.outbox.bell.notify_all()

    def _watch(self) -> None:
        world = self._world
        with world.lock:
            while not self._stop:
                for endpoint in world.store.oldest("webhook_endpoint"):
                    self._employ(endpoint["id"])
                world.outbox.bell.wait(0.5)

    def _employ(self, endpoint: str) -> None:
        if endpoint not in self._rounds:
            run = threading.Thread(target=self._deliver, args=(endpoint,), daemon=True)
            self._rounds[endpoint] = run
            run.start()

    def _deliver(self, ident: str) -> None:
        world = self._world
        while not self._stop:
            with world.lock:
                endpoint = world.store.find(ident)
                if endpoint is None:
                    del self._rounds[ident]
                    return
                outbox = world.outbox
                job = outbox.due(ident)
                if not isinstance(job, dict):
                    outbox.bell.wait(min(job, 1.0) if job else 0.5)
                    continue
                secret = world.store.peek(ident)["secret"]
                payload = body(outbox.events[job["id"]])
            status, error = post(endpoint["url"], payload, secret)
            with world.lock:
                outbox.settle(job, status, error)
                world.changed.set()


def post(url: str, payload: bytes, secret: str) -> tuple[int | None, str | None]:
    """Post one signed event; return its HTTP status, or None and why nothing came back."""
    parts = urlsplit(url)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        return None, "refused: the local stand-in only calls this machine, by http"
    link = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=PATIENCE)
    path = parts.path or "/"
    try:
        link.request(
            "POST",
            f"{path}?{parts.query}" if parts.query else path,
            body=payload,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Stripe-Signature": signed(payload, secret),
                "User-Agent": "Stripe/1.0 (local stand-in)",
            },
        )
        answer = link.getresponse()
        answer.read(2000)
        return answer.status, None if answer.status < 300 else answer.reason
    except (OSError, http.client.HTTPException) as failure:
        return None, f"{type(failure).__name__}: {failure}"
    finally:
        link.close()


def is_loopback(host: str | None) -> bool:
    """Tell whether the host names this machine."""
    if host == "localhost" or (host or "").endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
