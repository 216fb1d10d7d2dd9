"""Processes that the suite and the demo start, and end again: each the head of its own group."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
STOP_SECONDS: Final = 8
POLL_SECONDS: Final = 0.05
# What a process of ours may inherit: nothing that could lead it to somebody's database or account.
INHERITED: Final = (
    "PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "TERM", "COLUMNS", "NO_COLOR",
    "CI", "CHROMIUM", "STRIPE_RECORDINGS", "PYTHONPYCACHEPREFIX",
)  # fmt: skip


class StartError(RuntimeError):
    """The process ended, or said nothing in time."""


def clean_environment(**variables: str) -> dict[str, str]:
    """The variables a process of ours starts with: what is harmless of ours, and these."""
    harmless = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return (
        harmless
        | {"PYTHONUNBUFFERED": "1", "DJANGO_SETTINGS_MODULE": "config.settings"}
        | variables
    )


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether we could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(url: str) -> bool:
    """Whether a GET of this address is answered with 200."""
    try:
        urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - an address of ours
    except OSError:
        return False
    return True


def wait_until(predicate: Callable[[], object], *, seconds: float, what: str) -> object:
    """Poll until the predicate is true and return what it said. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while not (said := predicate()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} s for {what}")
        time.sleep(POLL_SECONDS)
    return said


class Service:
    """One long-running process with its log."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        log: Path,
        folder: Path = ROOT,
    ) -> None:
        self.name = name
        self.log = log
        with log.open("ab") as output:
            # A group of its own: Ctrl-C reaches only us, and stopping reaches what it started too.
            self.process = subprocess.Popen(
                [sys.executable, *arguments],
                cwd=folder,
                env=dict(env),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def await_ready(self, ready: Callable[[], object], *, seconds: float) -> None:
        """Wait until `ready()` is true. Raises StartError with the end of the log."""
        try:
            wait_until(lambda: ready() or not self.alive, seconds=seconds, what=self.name)
        except TimeoutError as late:
            raise StartError(f"{late}\n{self.last_words()}") from None
        if not self.alive:
            raise StartError(f"{self.name} ended at once\n{self.last_words()}")

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def ask_to_stop(self) -> None:
        if self.alive:
            self.process.terminate()

    def stop(self) -> None:
        """End it and whatever it started, politely first."""
        self.ask_to_stop()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the whole group at once, as a crash would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
