"""The local Stripe as the suite and the demo use it: a process, and its controls."""

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

from tests.processes import Service, answers, clean_environment

GOOD_CARD = "4242424242424242"
# Where every local Stripe of a test run tells, a line each, what it sent that Stripe would not.
PROBLEMS_VARIABLE = "LOCAL_STRIPE_PROBLEMS"
Told = dict[str, Any]


class ProblemFile:
    """The lines that local Stripes add; read by the test run after each test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read = 0
        path.touch()

    def fresh(self) -> str:
        """Return what came since the last call, empty when all is well."""
        if self.path.stat().st_size == self._read:
            return ""
        told = self.path.read_bytes()
        fresh, self._read = told[self._read :], len(told)
        return fresh.decode()


class LocalStripe:
    """A running `python -m tests.sandbox`; in memory, unless it is given a state file."""

    def __init__(self, *, port: int, log: Path, state: Path | None = None) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.state = state
        self.service: Service | None = None

    def start(self) -> Service:
        """Start it and wait until it answers."""
        keep = ["--state", str(self.state)] if self.state else []
        self.service = Service(
            "the local Stripe",
            ["-m", "tests.sandbox", "--port", str(self.port), *keep],
            env=clean_environment(**_problems_told_to()),
            log=self.log,
        )
        self.service.await_ready(lambda: answers(f"{self.url}/_sandbox/clock"), seconds=60)
        return self.service

    def stop(self) -> None:
        """Let it keep its state and end it."""
        if self.service:
            self.service.stop()

    def kill(self) -> None:
        """End it at once."""
        if self.service:
            self.service.kill()

    def ask(self, what: str) -> Told:
        """GET a control: ask("clock")."""
        with urllib.request.urlopen(f"{self.url}/_sandbox/{what}", timeout=60) as answer:  # noqa: S310 - an address of ours
            told: Told = json.load(answer)
        return told

    def tell(self, what: str, **given: object) -> Told:
        """POST a control: tell("advance", months=1). Raises HTTPError, 402 for a declined card."""
        request = urllib.request.Request(  # noqa: S310 - an address of ours
            f"{self.url}/_sandbox/{what}",
            data=json.dumps(given).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310 - the same
            told: Told = json.load(answer)
        return told

    def pay(self, session: str, *, card: str = GOOD_CARD, **more: object) -> Told:
        """Do what the hosted checkout page does. `session` is a session's id or address."""
        return self.tell(f"checkout/{session_id(session)}/pay", card=card, **more)

    def advance(self, **span: int) -> Told:
        """Move the global clock (months, days, seconds, or to), running what is due on the way."""
        return self.tell("advance", **span)

    def flush(self) -> None:
        """Wait until every event is delivered."""
        told = self.tell("deliveries/flush", timeout=30)
        assert told["flushed"], told


def _problems_told_to() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k == PROBLEMS_VARIABLE}


def session_id(session: str) -> str:
    """The id in a checkout's address, or the id itself."""
    return session.split("?")[0].split("#")[0].rstrip("/").rsplit("/", 1)[-1]
