"""Who looked at a record: written down, kept by the database, told to the supporter."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from members import access, retention
from members.models import AccessLog, StaffAct, StaffMember, TeamAct
from members.models.access import Action, Field, Purpose
from members.models.desk import Act, Reason
from members.models.staff import Role
from members.models.team import TeamDeed
from tests import rows
from tests.staff_desk import staff
from tests.supporter_desk import signed_in, text_of

pytestmark = pytest.mark.django_db

PATH = "/account/history/?show=looks"


def look(**more: Any) -> None:
    """Somebody of support looks at Alice's payments, for she asked."""
    values: dict[str, Any] = {
        "staff": staff(Role.SUPPORT),
        "supporter_id": rows.alice().pk,
        "action": Action.SHOWN,
        "fields": [Field.PAYMENTS, Field.NAME],
        "purpose": Purpose.ASKED,
    }
    access.note(**values | more)


def test_it_says_honestly_that_nobody_looked() -> None:
    assert "Nobody has looked." in text_of(signed_in(rows.alice()), PATH)


def test_it_tells_when_who_what_and_why_and_no_name_of_staff() -> None:
    look()
    text = text_of(signed_in(rows.alice()), PATH)
    assert "A member of our support team" in text
    assert "Looked at: your name, your payments. You had asked us for something." in text
    assert "dara" not in text.lower()
    assert "Nobody has looked." in text_of(signed_in(rows.charlie()), PATH)


def test_it_tells_the_role_of_then_and_not_of_now() -> None:
    look()
    member = AccessLog.objects.get().staff
    member.role = Role.FINANCE
    member.save()
    assert "A member of our support team" in text_of(signed_in(rows.alice()), PATH)


def test_a_list_writes_a_line_for_each_who_stood_in_it(
    django_assert_num_queries: Any,
) -> None:
    people = [rows.alice(), rows.bob(), rows.charlie()]
    member = staff(Role.FINANCE)
    with django_assert_num_queries(1):
        access.note_many(
            staff=member,
            supporter_ids=[each.pk for each in [*people, people[0]]],
            action=Action.EXPORTED,
            fields=[Field.EMAIL],
            purpose=Purpose.BOOKS,
        )
    assert set(AccessLog.objects.values_list("supporter", flat=True)) == {
        each.pk for each in people
    }


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"fields": []}, access.NothingLookedAt),
        ({"fields": ["diary"]}, ValueError),
        ({"purpose": "curious"}, ValueError),
        ({"action": "guessed"}, ValueError),
    ],
)
def test_it_takes_words_of_its_lists_only(change: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        look(**change)
    assert not AccessLog.objects.exists()


@pytest.mark.parametrize(
    "sql",
    ["UPDATE members_accesslog SET purpose = 'law'", "DELETE FROM members_accesslog"],
)
def test_the_database_refuses_to_change_a_look_or_to_forget_it(sql: str) -> None:
    look()
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    assert AccessLog.objects.get().purpose == Purpose.ASKED


@pytest.mark.parametrize("table", ["members_accesslog", "members_staffact", "members_teamact"])
def test_what_is_written_down_of_the_staff_is_not_emptied_or_written_over(table: str) -> None:
    look()
    member = StaffMember.objects.get()
    TeamAct.objects.create(deed=TeamDeed.RESET, subject=member)
    StaffAct.objects.create(
        staff=member, supporter=rows.alice(), act=Act.CANCEL, reason=Reason.WROTE,
        subject=rows.alice().pk, press="press",
    )  # fmt: skip
    sql = (
        f"TRUNCATE {table} CASCADE"
        if connection.vendor == "postgresql"
        else f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}"  # noqa: S608 - a name of ours
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # What this transaction has put off would stop it before our trigger does.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            cursor.execute(sql)


def test_the_code_refuses_it_too() -> None:
    look()
    line = AccessLog.objects.get()
    for refused in (line.save, line.delete):
        with pytest.raises(TypeError):
            refused()


def test_a_look_goes_after_24_months_and_not_before() -> None:
    now = timezone.now()
    for days in (733, 729):
        AccessLog.objects.create(
            staff=staff(Role.SUPPORT, email=f"s{days}@example.org"),
            role=Role.SUPPORT,
            supporter_id=rows.alice().pk,
            action=Action.SHOWN,
            fields=[Field.NAME],
            purpose=Purpose.ASKED,
            at=now - timedelta(days=days),
        )
    assert retention.due(now=now).looks == 1
    assert retention.tidy(now=now).looks == 1
    assert AccessLog.objects.get().at == now - timedelta(days=729)


def test_somebody_who_never_paid_is_forgotten_although_they_were_looked_at() -> None:
    alice = rows.alice()
    look()
    type(alice).objects.filter(pk=alice.pk).update(created_at=timezone.now() - timedelta(days=9))
    assert retention.tidy(now=timezone.now()).people == 1
    assert AccessLog.objects.get().supporter_id == alice.pk


@pytest.mark.django_db(transaction=True)
def test_the_suite_can_empty_its_tables_after_a_look() -> None:
    look()
