"""`make run`: what it writes, what it leaves alone, and what it says when it cannot start."""

import base64
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.demo import environment, newcomers
from tests.demo.people import SUPPORTERS, WEEKS, everybody
from tests.processes import (
    ROOT,
    Service,
    answers,
    clean_environment,
    free_port,
    is_free,
    wait_until,
)

SITE = "http://127.0.0.1:8000"
STRIPE = "http://127.0.0.1:8010"


def read(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)


def run_demo(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.demo"],
        cwd=ROOT,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


@contextmanager
def listening() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_it_writes_an_environment_that_only_its_owner_can_read(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    environment.write(site=SITE, stripe=STRIPE, file=file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    values = read(file)
    assert values["SITE_URL"] == SITE
    assert values["STRIPE_API_BASE"] == values["STRIPE_PAGE_ORIGINS"] == STRIPE
    assert len(base64.urlsafe_b64decode(values["VAULT_KEYS"])) == 32
    assert values["VAULT_KEYS"] != values["VAULT_LOOKUP_KEY"]


def test_a_second_start_keeps_the_secrets_and_follows_the_ports(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    environment.write(site=SITE, stripe=STRIPE, file=file)
    with file.open("a") as out:
        out.write("STRIPE_WEBHOOK_SECRETS=whsec_kept\n")
    before = read(file)
    environment.write(site="http://127.0.0.1:9000", stripe=STRIPE, file=file)
    moved = {"SITE_URL": "http://127.0.0.1:9000", "NEWS_ORIGINS": "http://127.0.0.1:9000"}
    assert read(file) == before | moved


def test_it_leaves_an_environment_of_somebody_else_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SECRET_KEY=mine\n")
    with pytest.raises(environment.NotOursError):
        environment.write(site=SITE, stripe=STRIPE, file=file)
    assert file.read_text() == "SECRET_KEY=mine\n"


@pytest.mark.parametrize(("name", "other"), [("PORT", "SANDBOX_PORT"), ("SANDBOX_PORT", "PORT")])
def test_a_busy_port_ends_it_with_two_and_names_the_variable(name: str, other: str) -> None:
    with listening() as port:
        refused = run_demo(**{name: str(port), other: str(free_port())})
    assert refused.returncode == 2
    assert f"Set {name}:" in refused.stderr


@pytest.mark.parametrize("text", ["abc", "0", "70000", "-1"])
def test_what_is_no_port_ends_it_with_two(text: str) -> None:
    refused = run_demo(PORT=text)
    assert refused.returncode == 2
    assert "PORT" in refused.stderr


def test_the_same_port_twice_ends_it_with_two() -> None:
    port = str(free_port())
    assert run_demo(PORT=port, SANDBOX_PORT=port).returncode == 2


def test_it_invents_the_same_two_hundred_every_time() -> None:
    people = everybody()
    assert people == everybody()
    assert len(people) == SUPPORTERS
    assert len({person.email for person in people}) == SUPPORTERS
    assert {person.email.rpartition("@")[2] for person in people} == {"example.org"}
    first_half = [person for person in people if person.week < WEEKS / 2]
    assert len(first_half) < SUPPORTERS / 2


@pytest.mark.long
def test_it_serves_a_whole_newsroom_and_keeps_it_over_a_restart(tmp_path: Path) -> None:
    copy = tmp_path / "meitheal"
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)

    first = serve(copy)
    letters = sorted((copy / "var/mailbox").iterdir())
    assert len(letters) >= len(newcomers.NEWCOMERS)
    second = serve(copy)
    assert sorted((copy / "var/mailbox").iterdir()) == letters
    assert "fourteen months" in first
    assert "fourteen months" not in second
    assert stat.S_IMODE((copy / "var").stat().st_mode) == 0o700


def serve(copy: Path) -> str:
    """Run the demo of this copy until it is ready, look in, press Ctrl-C; return what it said."""
    port, stripe_port = free_port(), free_port()
    env = clean_environment(PORT=str(port), SANDBOX_PORT=str(stripe_port))
    log = copy / f"demo-{port}.log"
    demo = Service("the demo", ["-m", "tests.demo"], env=env, log=log, folder=copy)
    try:
        demo.await_ready(lambda: "Ctrl-C" in log.read_text(), seconds=90)
        for path in ("/", "/dev/mailbox", "/healthz"):
            assert answers(f"http://127.0.0.1:{port}{path}"), path
        os.kill(demo.process.pid, signal.SIGINT)
        assert demo.process.wait(15) == 0
        wait_until(lambda: is_free(port) and is_free(stripe_port), seconds=5, what="free ports")
    finally:
        demo.stop()
    return log.read_text()
