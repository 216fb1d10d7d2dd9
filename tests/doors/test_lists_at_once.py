"""While a list is made its worker is killed by the machine, or somebody in it is erased."""

import subprocess
import sys
from datetime import timedelta
from signal import SIGKILL
from threading import Event, Thread, Timer
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from members.exports import making
from members.models import AccessLog, ListPart, StaffList
from members.models.listing import ListState
from members.models.staff import Role
from members.privacy.parts import PARTS
from tests import rows
from tests.house import _database_url
from tests.processes import ROOT, clean_environment
from tests.staff_desk import ask_for_list, signed_in, taken

pytestmark = pytest.mark.django_db(transaction=True)

# Dies without a word after the third part and its lines were written, before that was committed.
WORKER = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from members.exports import making

making.STEP = 2
seen = []

def die(execute, sql, *args):
    answer = execute(sql, *args)
    if sql.startswith("INSERT INTO members_accesslog"):
        seen.append(sql)
        if len(seen) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return answer

with connection.execute_wrapper(die):
    making.carry_on(sys.argv[1])
"""


def test_a_list_whose_worker_was_killed_is_carried_on_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    members = [rows.membership(rows.alice(), created_at=rows.START) for _ in range(7)]
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client)
    killed = subprocess.run(
        [sys.executable, "-c", WORKER, str(wanted.pk)],
        cwd=ROOT,
        env=clean_environment(ENV_FILE="tests/test.env", DATABASE_URL=_database_url()),
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -SIGKILL, killed.stderr[-2000:]
    wanted.refresh_from_db()
    assert (wanted.state, wanted.rows_done, wanted.parts.count()) == (ListState.MAKING, 4, 2)
    assert AccessLog.objects.count() == 2
    monkeypatch.setattr(making, "STEP", 2)
    assert making.carry_on(wanted.pk), "its lease holds still, so another leaves it alone"
    assert ListPart.objects.count() == 2
    lease = timezone.now() - timedelta(seconds=1)
    StaffList.objects.filter(pk=wanted.pk).update(lease_until=lease)
    lines = taken(client, wanted).decode().splitlines()[1:]
    assert [line.partition(",")[0] for line in lines] == sorted(str(each.pk) for each in members)
    assert [part.lines for part in wanted.parts.all()] == [2, 2, 2, 1]
    assert AccessLog.objects.count() == 4


@pytest.mark.servers
def test_a_step_that_is_under_way_leaves_nothing_of_who_is_erased_meanwhile() -> None:
    rows.membership(rows.alice())
    wanted = ask_for_list(signed_in(Role.ADMIN), columns=["membership", "name"])
    StaffList.objects.update(state=ListState.MAKING)
    written, erasing = Event(), Event()

    def wait(execute: Any, sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        if sql.startswith("INSERT INTO members_accesslog"):
            written.set()
            erasing.wait(10)
        return answer

    def work() -> None:
        with connection.execute_wrapper(wait):
            making.carry_on(wanted.pk)
        connection.close()

    def note(execute: Any, sql: str, *args: Any) -> Any:
        # It has come to the lists: from here on it waits for the step, which may end.
        if "members_stafflist" in sql or "members_listpart" in sql:
            Timer(0.3, erasing.set).start()
        return execute(sql, *args)

    worker = Thread(target=work)
    worker.start()
    assert written.wait(10)
    [wipe] = [part.wipe for part in PARTS if part.name == "person"]
    assert wipe is not None
    with transaction.atomic(), connection.execute_wrapper(note):
        wipe(rows.alice())
    worker.join(10)
    assert not ListPart.objects.exists()
    assert StaffList.objects.get().state == ListState.OVER
