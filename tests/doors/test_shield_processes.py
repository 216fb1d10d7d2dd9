"""Limits and levels are those of the service, not of one process: two of them beside one Redis."""

import json
import os
import subprocess
import sys

import pytest

from tests.house import _database_url
from tests.processes import ROOT, clean_environment
from tests.servers import redis_binary, redis_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]

# What each process does: posts some sign-ins and orders, and says what it was answered.
VISITS = """
import json, os, sys
import django
django.setup()
from django.test import Client
from django.utils import timezone
from members.shield import watch

times = int(sys.argv[1])
form = {"plan": "once", "amount_once": "5", "email": "alice@example.org", "consent": "on"}
form |= {"adult": "on", "made": ""}
asked = [
    Client().post("/sign-in/", {"email": "alice@example.org"}, REMOTE_ADDR="203.0.113.7")
    for _ in range(times)
]
for each in range(times):
    # Of one network only so much presses.
    Client().post("/", form, REMOTE_ADDR=f"2001:db8:{os.getpid() % 9999}:{each}::1")
level = watch.level(now=timezone.now())
print("TOLD " + json.dumps([[each.status_code for each in asked], level]))
"""


def visits(times: int, **variables: str) -> tuple[list[int], str]:
    """What a process of its own was answered, and the level as it sees it."""
    done = subprocess.run(
        [sys.executable, "-c", VISITS, str(times)],
        cwd=ROOT,
        env=clean_environment(ENV_FILE="tests/test.env", **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    told = [line for line in done.stdout.splitlines() if line.startswith("TOLD ")]
    assert told, done.stderr[-3000:]
    codes, level = json.loads(told[0].removeprefix("TOLD "))
    return codes, level


@pytest.mark.skipif(redis_binary() is None and not os.environ.get("CI"), reason="no Redis here")
def test_two_processes_count_together_where_there_is_a_redis() -> None:
    with redis_server() as its:
        shared = dict(its) | {"DATABASE_URL": _database_url(), "SHIELD_HASTY": "5,60"}
        first, before = visits(3, **shared)
        second, after = visits(3, **shared)
    assert first + second == [200] * 5 + [429], "five links an hour for one address"
    assert (before, after) == ("calm", "pressed")
