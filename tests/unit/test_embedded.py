"""The embedded process: web, worker and beat in one, for `make run` alone."""

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.processes import ROOT, Service, answers, clean_environment, free_port

STOP_SECONDS = 3


def _environment(folder: Path, **more: str) -> dict[str, str]:
    database = f"sqlite:///{folder / 'embedded.sqlite3'}"
    return clean_environment(
        ENV_FILE="tests/test.env", DATABASE_URL=database, SWEEP_SECONDS="1", **more
    )


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_is_healthy_at_once_and_stops_within_three_seconds(
    tmp_path: Path, migrated_file: Path, how: signal.Signals
) -> None:
    port = free_port()
    # healthz must be answered over plain HTTP under this name.
    env = _environment(tmp_path, SITE_URL=f"http://127.0.0.1:{port}")
    shutil.copy(migrated_file, tmp_path / "embedded.sqlite3")
    command = ["-m", "config.embedded", "--port", str(port)]
    service = Service("web", command, env=env, log=tmp_path / "log")
    try:
        # 200 only once worker and beat have been seen.
        service.await_ready(lambda: answers(f"http://127.0.0.1:{port}/healthz"), seconds=20)
        begun = time.monotonic()
        service.process.send_signal(how)
        service.process.wait(20)
    finally:
        service.kill()
    assert time.monotonic() - begun < STOP_SECONDS
    assert "Traceback" not in service.last_words()


def test_it_refuses_to_start_beside_a_real_broker(tmp_path: Path) -> None:
    env = _environment(tmp_path, CELERY_BROKER_URL="redis://127.0.0.1:1/0")
    command = [sys.executable, "-m", "config.embedded", "--port", str(free_port())]
    refused = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=20, check=False
    )
    assert refused.returncode == 2
    assert "CELERY_BROKER_URL" in refused.stderr
