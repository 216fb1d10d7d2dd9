"""The courier threads: one per endpoint, in order, ten seconds a try, no redirects followed."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..store import Obj
from .parcel import Parcel, parcel
from .patience import Patience

if TYPE_CHECKING:
    from ..world import World

DRIPS = 20


class Courier:
    """Starts a thread for each endpoint as it appears and delivers until told to stop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._rounds: dict[str, threading.Thread] = {}
        self._stop = False
        self._patience = Patience()
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
                if world.store.find(ident) is None:
                    del self._rounds[ident]
                    return
                outbox = world.outbox
                job = outbox.due(ident)
                if not isinstance(job, dict):
                    outbox.bell.wait(min(job, 1.0) if job else 0.5)
                    continue
                packed = self._pack(job, ident)
            if packed is None:
                continue
            attempts = self._post(packed)
            with world.lock:
                outbox.settle(job, attempts)
                world.changed.set()

    def _pack(self, job: Obj, ident: str) -> Parcel | None:
        world = self._world
        endpoint, event = world.store.find(ident), world.log.find(job["event"])
        if endpoint is None or event is None:
            world.outbox.give_up(job, "the event is not kept any more")
            return None
        if endpoint["status"] != "enabled":
            # Stripe does not try again at an endpoint that is disabled when the time has come.
            world.outbox.give_up(job, "the endpoint is disabled")
            return None
        return parcel(world, job, endpoint, event)

    def _post(self, packed: Parcel) -> list[Obj]:
        told: list[Obj] = []
        twins = [
            threading.Thread(target=lambda: told.append(post(packed, self._patience)))
            for _ in range(packed.copies - 1)
        ]
        for twin in twins:
            twin.start()
        first = post(packed, self._patience)
        for twin in twins:
            twin.join()
        return [first, *told]


def post(packed: Parcel, patience: Patience) -> Obj:
    """Post one signed event; return `{"status", "error", "took", "faults"}`.

    The status is None when nothing came back, the error says why; seconds taken.
    """
    started = time.monotonic()
    status, error = _answer(packed, patience)
    took = round(time.monotonic() - started, 3)
    return {"status": status, "error": error, "took": took, "faults": list(packed.faults)}


def _answer(packed: Parcel, patience: Patience) -> tuple[int | None, str | None]:
    parts = urlsplit(packed.url)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        return None, "refused: the local stand-in only calls this machine, by http"
    link = http.client.HTTPConnection(
        parts.hostname or "", parts.port or 80, timeout=packed.timeout
    )
    path, lost = parts.path or "/", threading.Event()
    try:
        link.connect()
        # One write for head and body, and no waiting of either side for the other.
        link.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with patience.over(link, packed.timeout + packed.slow, lost):
            _send(link, f"{path}?{parts.query}" if parts.query else path, packed)
            answer = link.getresponse()
            answer.read(2000)
        # A call that was ended from here may look like an answer that was short.
        if lost.is_set():
            raise TimeoutError
        return answer.status, None if answer.status < 300 else answer.reason
    except (OSError, http.client.HTTPException) as failure:
        if lost.is_set() or isinstance(failure, TimeoutError):
            return None, f"TimeoutError: no answer in {packed.timeout:g} s"
        return None, f"{type(failure).__name__}: {failure}"
    finally:
        with suppress(OSError):
            link.close()


def _send(link: http.client.HTTPConnection, path: str, packed: Parcel) -> None:
    headers = {
        "Accept": "*/*; q=0.5, application/xml",
        "Cache-Control": "no-cache",
        "Content-Length": str(len(packed.payload)),
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": packed.signature,
        "User-Agent": "Stripe/1.0 (local stand-in)",
    }
    body = _drips(packed) if packed.slow else packed.payload
    link.request("POST", path, body=body, headers=headers)


def _drips(packed: Parcel) -> Iterator[bytes]:
    size = max(len(packed.payload) // DRIPS, 1)
    for start in range(0, len(packed.payload), size):
        yield packed.payload[start : start + size]
        time.sleep(packed.slow / DRIPS)


def is_loopback(host: str | None) -> bool:
    """Tell whether the host names this machine."""
    if host == "localhost" or (host or "").endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
