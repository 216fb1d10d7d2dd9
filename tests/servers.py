"""Private PostgreSQL and Redis for the suite: own folder, own socket, gone afterwards.

Never a server that happens to run on this machine, and each is ended by its own process id.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import psycopg
import redis

READY_SECONDS: Final = 30
STOP_SECONDS: Final = 10
# PostgreSQL refuses to run as root; Debian's package makes this user.
POSTGRES_USER: Final = "postgres"
INITDB_OPTIONS: Final = [
    "--no-sync",
    "-A",
    "trust",
    "-U",
    "tests",
    "-E",
    "UTF8",
    "--locale",
    "C.UTF-8",
]
# A database of one suite: durability only costs time.
POSTGRES_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}


def packages_missing() -> dict[str, str]:
    """What this machine lacks of PostgreSQL, Redis and a browser: name -> Debian package."""
    parts = {
        "PostgreSQL": ("postgresql", postgres_folder()),
        "Redis": ("redis-server", redis_binary()),
        "Chromium": ("chromium", chromium_binary()),
    }
    return {name: package for name, (package, found) in parts.items() if not found}


def postgres_folder() -> Path | None:
    """The folder that holds initdb and postgres: the newest Debian has, else where PATH says."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda found: float(found.parent.name)
    )
    found = [folder for folder in debian if (folder / "initdb").exists()]
    on_path = shutil.which("initdb")
    if found:
        return found[-1]
    return Path(on_path).resolve().parent if on_path else None


def redis_binary() -> str | None:
    return shutil.which("redis-server")


def chromium_binary() -> str | None:
    """The browser: CHROMIUM, else the system's, else the one that Playwright installed."""
    named = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if named:
        return named
    stored = Path.home().glob(".cache/ms-playwright/chromium-*/chrome-linux*/chrome")
    return next((str(path) for path in sorted(stored, reverse=True)), None)


@contextmanager
def postgres(more: Mapping[str, str] = POSTGRES_SETTINGS) -> Iterator[str]:
    """A fresh PostgreSQL on a unix socket, with `more` settings; yields its DATABASE_URL."""
    binaries = postgres_folder()
    if binaries is None:
        raise FileNotFoundError("initdb")
    who: dict[str, Any] = (
        {"user": POSTGRES_USER, "group": POSTGRES_USER, "extra_groups": []}
        if os.geteuid() == 0
        else {}
    )
    with _folder(owner=who.get("user")) as folder:
        subprocess.run(
            [binaries / "initdb", *INITDB_OPTIONS, "-D", folder / "data"],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            **who,
        )
        values = POSTGRES_SETTINGS | dict(more)
        settings = [f"--{name}={value}" for name, value in values.items()]
        command: list[str | Path] = [
            binaries / "postgres",
            "-D",
            folder / "data",
            "-k",
            folder,
            *settings,
        ]
        # SIGINT: end the sessions that are left, then stop.
        with _running(command, folder, stop=signal.SIGINT, who=who) as process:
            _await(process, lambda: _postgres_answers(folder))
            yield f"postgres://tests@/{folder}/tests"


@contextmanager
def redis_server() -> Iterator[Mapping[str, str]]:
    """A fresh Redis on a unix socket; yields the variables that lead the service to it."""
    binary = redis_binary()
    if binary is None:
        raise FileNotFoundError("redis-server")
    with _folder(owner=None) as folder:
        socket = folder / "redis.sock"
        command: list[str | Path] = [binary, "--port", "0", "--unixsocket", socket]
        command += ["--save", "", "--appendonly", "no", "--dir", folder]
        with _running(command, folder, stop=signal.SIGTERM, who={}) as process:
            _await(process, lambda: _redis_answers(socket))
            yield {
                "REDIS_URL": f"unix://{socket}?db=1",
                "CELERY_BROKER_URL": f"redis+socket://{socket}?virtual_host=0",
            }


@contextmanager
def _folder(*, owner: str | None) -> Iterator[Path]:
    # Short: a unix socket's path may have about a hundred characters.
    folder = Path(tempfile.mkdtemp(prefix="meitheal-"))
    try:
        if owner:
            shutil.chown(folder, owner, owner)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(
    command: list[str | Path], folder: Path, *, stop: signal.Signals, who: Mapping[str, Any]
) -> Iterator[subprocess.Popen[bytes]]:
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C must reach the suite, which then ends the server
            **who,
        )
    try:
        yield process
    except BaseException:
        print(log.read_text(errors="replace")[-2000:])
        raise
    finally:
        process.send_signal(stop)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await(process: subprocess.Popen[bytes], answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not answers():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"{process.args!r} did not start")
        time.sleep(0.02)


def _postgres_answers(folder: Path) -> bool:
    with suppress(psycopg.OperationalError):
        where = f"host={folder} user=tests dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute("CREATE DATABASE tests")
        return True
    return False


def _redis_answers(socket: Path) -> bool:
    with suppress(redis.ConnectionError):
        client = redis.Redis(unix_socket_path=str(socket))
        return bool(client.ping())
    return False
