"""What pages weigh and how long the server takes for them.

    .venv/bin/python -m tests.page_figures

Serves the product by gunicorn, as in production, on SQLite and (where there is one) on PostgreSQL,
and says of each page: all bytes of a first visit, packed as a browser asks for them and unpacked,
and the milliseconds of 200 requests, one after the other: the middle one and the 95th of 100.
"""

import gzip
import http.client
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from tests import servers
from tests.processes import ROOT, Service, answers, clean_environment, free_port

TURNS: Final = 200
WARM_UP: Final = 20
PAGES: Final = ("/", "/?lang=ga", "/sign-in/", "/terms/", "/account/")
SEED: Final = "seed"
_COOKIE: Final = "sessionid"
# What a browser fetches by itself with a page of ours.
_PARTS: Final = re.compile(r'<(?:link|script|img)\b[^>]*?\b(?:href|src)="([^"]+)"')


def main() -> None:
    print(f"{'':10} {'page':12} {'first visit':>12} {'unpacked':>10} {'median':>10} {'95th':>10}")
    with tempfile.TemporaryDirectory(prefix="meitheal-figures-") as folder:
        _tell("SQLite", f"sqlite:///{folder}/figures.sqlite3", Path(folder))
    if servers.postgres_folder():
        with servers.postgres() as url, tempfile.TemporaryDirectory() as folder:
            _tell("PostgreSQL", url, Path(folder))


def _tell(database: str, url: str, folder: Path) -> None:
    with served(url, folder) as (port, session):
        for path in PAGES:
            visitor = Visit(port, session if path.startswith("/account/") else "")
            packed, plain = visitor.weight(path)
            spans = visitor.spans(path)
            late = statistics.quantiles(spans, n=20)[-1]
            print(
                f"{database:10} {path:12} {packed / 1024:9.1f} kB {plain / 1024:7.1f} kB "
                f"{statistics.median(spans):7.1f} ms {late:7.1f} ms",
                flush=True,
            )


@contextmanager
def served(url: str, folder: Path) -> Iterator[tuple[int, str]]:
    """The product on this database with Alice in it: its port, and the key of her session."""
    port = free_port()
    env = clean_environment(
        ENV_FILE="tests/test.env",
        DATABASE_URL=url,
        SITE_URL=f"http://127.0.0.1:{port}",
        STATIC_MANIFEST="1",
        STATIC_ROOT=str(folder / "static"),
    )
    for command in (["migrate"], ["collectstatic", "--noinput"]):
        _run(["manage.py", *command, "-v0"], env)
    session = _run(["-m", "tests.page_figures", SEED], env).split()[-1]
    gunicorn = f"-m gunicorn config.wsgi -b 127.0.0.1:{port} -k gthread --threads 8"
    arguments = [*gunicorn.split(), "--no-control-socket", "--keep-alive", "60"]
    web = Service("web", arguments, env=env, log=folder / "log")
    try:
        web.await_ready(lambda: answers(f"http://127.0.0.1:{port}/terms/"), seconds=40)
        yield port, session
    finally:
        web.stop()


def _run(arguments: list[str], env: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=env, check=True, capture_output=True, text=True
    )
    return done.stdout


class Visit:
    """One connection of one browser, which has never been here before."""

    def __init__(self, port: int, session: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self._headers = {"Accept-Encoding": "gzip"}
        if session:
            self._headers["Cookie"] = f"{_COOKIE}={session}"

    def _get(self, path: str) -> tuple[bytes, bytes]:
        """The body as it was sent, and as it is. Raises AssertionError unless it is a page."""
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        sent = answer.read()
        assert answer.status == 200, (path, answer.status)
        packed = answer.headers.get("Content-Encoding") == "gzip"
        return sent, gzip.decompress(sent) if packed else sent

    def weight(self, path: str) -> tuple[int, int]:
        """The bytes of a page and of all that it fetches by itself: as sent, and unpacked."""
        sent, plain = self._get(path)
        bodies = [(sent, plain)]
        for part in sorted(set(_PARTS.findall(plain.decode()))):
            where = urlsplit(part)
            if not where.netloc and where.path.startswith("/static/"):
                bodies.append(self._get(where.path))
        return sum(len(each) for each, _ in bodies), sum(len(each) for _, each in bodies)

    def spans(self, path: str) -> list[float]:
        """Milliseconds from the request to the last byte, without the first ones."""
        found = []
        for turn in range(WARM_UP + TURNS):
            began = time.perf_counter()
            self._get(path)
            if turn >= WARM_UP:
                found.append((time.perf_counter() - began) * 1000)
        return found


def seed() -> None:
    """Alice with two years of monthly payments and their receipts; says the key of her session."""
    import django

    django.setup()
    from tests.belongings import receipt_of, running
    from tests.rows import alice
    from tests.supporter_desk import signed_in

    member = running()
    for _ in range(24):
        receipt_of(member)
    print(signed_in(alice()).cookies[_COOKIE].value)


if __name__ == "__main__":
    seed() if SEED in sys.argv else main()
