"""The suite's own parts: private servers that go away, and an honest last word."""

import os
from pathlib import Path

import psycopg
import pytest
import redis

from tests import servers
from tests.suite import Count, closing_words


def test_it_names_what_did_not_run_and_the_packages_to_install() -> None:
    missing = {"PostgreSQL": "postgresql", "Chromium": "chromium"}
    words = list(closing_words(Count(passed=7), missing, lacking=False))
    assert words[-1] == "7 passed, 0 failed"
    assert "To run everything: apt-get install chromium postgresql" in words
    assert any("tests/browser" in line for line in words)
    assert any("PostgreSQL" in line and "Did not run" in line for line in words)


def test_it_says_nothing_of_packages_where_all_is_there() -> None:
    assert list(closing_words(Count(3, 1), {}, lacking=False)) == ["", "3 passed, 1 failed"]


def test_a_pass_that_broke_off_is_not_good_and_one_without_tests_is() -> None:
    assert not (Count(passed=9) + Count(code=2)).good
    assert not Count(passed=9, failed=1, code=1).good
    assert (Count(passed=9) + Count(code=5)).good


@pytest.mark.skipif(not servers.postgres_folder(), reason="PostgreSQL is not installed")
def test_its_postgres_is_private_and_leaves_nothing_behind() -> None:
    with servers.postgres() as url:
        folder = Path(url.removeprefix("postgres://tests@/").removesuffix("/tests"))
        with psycopg.connect(f"host={folder} user=tests dbname=tests") as connection:
            row = connection.execute("SHOW listen_addresses").fetchone()
        assert row == ("",)
    assert not folder.exists()


@pytest.mark.skipif(not servers.redis_binary(), reason="Redis is not installed")
def test_its_redis_is_private_and_leaves_nothing_behind() -> None:
    with servers.redis_server() as variables:
        socket = Path(variables["REDIS_URL"].removeprefix("unix://").split("?")[0])
        with redis.Redis(unix_socket_path=str(socket)) as client:
            assert client.config_get("port") == {"port": "0"}
            pid = client.info("server")["process_id"]
    assert not socket.parent.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
