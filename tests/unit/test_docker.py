"""docker/: no engine here, so what can be seen without one: files, commands, variables, scripts."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.processes import ROOT, clean_environment

DOCKER = ROOT / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()


@pytest.fixture
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text())
    return loaded


def test_the_compose_file_has_all_parts_each_with_a_health_check_or_a_reason(
    compose: dict[str, Any],
) -> None:
    assert set(compose["services"]) == {"web", "worker", "beat", "postgres", "redis", "mailpit"}
    assert "name" not in compose
    for name in ("postgres", "redis", "mailpit"):
        assert compose["services"][name]["healthcheck"]["test"]
    assert "HEALTHCHECK" in DOCKERFILE
    assert "healthcheck" not in compose["services"]["web"]


def test_every_port_it_publishes_is_published_to_this_machine_only(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:")


def test_every_path_that_is_named_exists(compose: dict[str, Any]) -> None:
    build = compose["services"]["web"]["build"]
    context = (DOCKER / build["context"]).resolve()
    assert context == ROOT
    assert (context / build["dockerfile"]).is_file()
    named = [
        source
        for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE)
        for source in line.split()[:-1]
    ]
    assert named
    for source in [*named, "docker/healthcheck.py", "docker/entrypoint.sh"]:
        assert (ROOT / source).exists(), source
        assert f"!{source}" in (DOCKER / "Dockerfile.dockerignore").read_text().replace("./", "")


def test_every_command_that_is_named_is_installed(compose: dict[str, Any]) -> None:
    scripts = str(Path(sys.executable).parent)
    commands = [compose["services"][name]["command"].split() for name in ("worker", "beat")]
    commands.append(re.findall(r'"([^"]+)"', DOCKERFILE.rsplit("CMD [", 1)[1]))
    for command in commands:
        assert shutil.which(command[0], path=scripts), command
        checked = subprocess.run(
            [f"{scripts}/{command[0]}", *command[1:], *_only_parse(command)],
            cwd=ROOT,
            env=clean_environment(ENV_FILE="tests/test.env", SITE_URL="http://127.0.0.1:8000"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked.stderr[-2000:]


def _only_parse(command: list[str]) -> list[str]:
    return ["--check-config"] if command[0] == "gunicorn" else ["--help"]


def test_every_variable_it_sets_is_one_that_the_settings_read(compose: dict[str, Any]) -> None:
    known = set(re.findall(r'env\.\w+\(\s*"([A-Z_]+)"', (ROOT / "config/settings.py").read_text()))
    sample = re.findall(r"^([A-Z_]+)=", (DOCKER / "sample.env").read_text(), re.MULTILINE)
    used = {*sample, *compose["services"]["web"]["environment"]} - {"POSTGRES_PASSWORD"}
    assert used <= known, used - known


def test_the_last_stage_has_no_build_tools_no_root_and_no_syntax_line() -> None:
    last = DOCKERFILE.rsplit("FROM ", 1)[1]
    assert not re.search(r"pip|apt|gcc", last)
    assert re.search(r"^USER \d+$", last, re.MULTILINE)
    assert "# syntax" not in DOCKERFILE
    assert "--require-hashes" in DOCKERFILE


def test_the_web_server_migrates_and_the_worker_waits_for_that(tmp_path: Path) -> None:
    database = tmp_path / "entry.sqlite3"
    assert "python" in _enter(database, "python", "-V").lower()
    assert not database.exists()
    waiting = subprocess.Popen(
        [DOCKER / "entrypoint.sh", "celery", "--version"],
        env=_entry_environment(database),
        stdout=subprocess.PIPE,
        text=True,
    )
    with pytest.raises(subprocess.TimeoutExpired):
        waiting.communicate(timeout=4)
    assert "gunicorn" in _enter(database, "gunicorn", "--version")
    said, _ = waiting.communicate(timeout=60)
    assert waiting.returncode == 0
    assert said.startswith("5.")


def _enter(database: Path, *command: str) -> str:
    """What a command says that the image is started with."""
    done = subprocess.run(
        [str(DOCKER / "entrypoint.sh"), *command],
        env=_entry_environment(database),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


def _entry_environment(database: Path) -> dict[str, str]:
    env = clean_environment(ENV_FILE="tests/test.env", DATABASE_URL=f"sqlite:///{database}")
    return env | {"PATH": f"{Path(sys.executable).parent}:{env['PATH']}"}


@pytest.fixture
def health_page() -> Iterator[HTTPServer]:
    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ours = (self.path, self.headers["Host"]) == ("/healthz", "support.newsroom.example")
            self.send_response(200 if ours else 400)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_the_health_check_asks_under_the_name_of_the_site(health_page: HTTPServer) -> None:
    assert _health(health_page.server_port, "https://support.newsroom.example") == 0
    assert _health(health_page.server_port, "https://other.example") == 1


def test_the_health_check_fails_where_nobody_answers() -> None:
    assert _health(1, "https://support.newsroom.example") == 1


def _health(port: int, site: str) -> int:
    env = clean_environment(HEALTH_PORT=str(port), SITE_URL=site)
    return subprocess.run(
        [sys.executable, DOCKER / "healthcheck.py"], env=env, check=False
    ).returncode
