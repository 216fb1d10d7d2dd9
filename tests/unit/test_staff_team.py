"""The team: who lets whom in, what is written down of it, and the house locked down."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from members import signin, tasks
from members.models import ListPart, SignIn, StaffMember, TeamAct
from members.models.staff import Role
from members.models.team import TeamDeed
from members.staff import enrolment
from tests import rows
from tests.staff_desk import ask_for_list, give_password, signed_in, staff, taken
from tests.supporter_desk import signed_in as supporter_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
NEW = {"email": "Fionn@example.org", "name": "Fionn", "role": "support"}

pytestmark = [pytest.mark.django_db]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def acts() -> list[tuple[str, str, str]]:
    """What was done, to whom, by whom; the oldest first."""
    return [
        (act.deed, act.subject.email if act.subject else "", act.actor.email if act.actor else "")
        for act in TeamAct.objects.order_by("at", "pk")
    ]


def test_an_admin_lets_somebody_in_and_the_key_is_shown_once() -> None:
    client = signed_in()
    page = client.post("/staff/team/", NEW)
    password = page.context["password"]
    assert password in page.content.decode()
    assert "no-store" in page["Cache-Control"]
    assert password not in client.get("/staff/team/").content.decode()
    member = StaffMember.objects.get(email="fionn@example.org")
    assert (member.role, member.name) == (Role.SUPPORT, "Fionn")
    newcomer = Client()
    assert give_password(newcomer, member, password).status_code == 302
    assert newcomer.get("/staff/members/")["Location"] == "/staff/second-factor/enrol/"
    assert acts()[-1] == ("enrolled", "fionn@example.org", "dara@example.org")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"email": "dara@example.org"}, "Somebody on the list below has this address already."),
        ({"email": "nobody"}, "Enter an address like"),
        ({"name": ""}, "Enter a name"),
        ({"role": ""}, "Choose a role."),
        ({"role": "owner"}, "owner"),
    ],
)
def test_it_says_what_is_missing_and_lets_nobody_in(form: dict[str, str], said: str) -> None:
    page = signed_in().post("/staff/team/", NEW | form)
    assert page.status_code == 400
    assert said in page.content.decode()
    assert StaffMember.objects.count() == 1


def test_two_admins_who_let_the_same_person_in_at_once_make_one_colleague() -> None:
    """The second was told of a server error."""
    todo = [partial(staff, Role.VIEWER, email="fionn@example.org")]

    def meanwhile(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        # Once the form has looked whether somebody has this address.
        if todo and "LIMIT 1" in sql and 'FROM "members_staffmember"' in sql:
            todo.pop()()
        return answer

    client = signed_in()
    with connection.execute_wrapper(meanwhile):
        page = client.post("/staff/team/", NEW)
    assert page.status_code == 400
    assert "A colleague let them in at this moment." in page.content.decode()
    assert StaffMember.objects.get(email="fionn@example.org").role == Role.VIEWER


def test_a_role_is_changed_from_the_next_click_on_and_written_down() -> None:
    admin, other = signed_in(), signed_in(Role.VIEWER, email="fionn@example.org")
    fionn = StaffMember.objects.get(email="fionn@example.org")
    assert other.get("/staff/members/").status_code == 403
    admin.post(f"/staff/team/{fionn.pk}/", {"act": "role", "role": "support"})
    assert other.get("/staff/members/").status_code == 200
    admin.post(f"/staff/team/{fionn.pk}/", {"act": "role", "role": "owner"})
    admin.post(f"/staff/team/{fionn.pk}/", {"act": "role", "role": "support"})
    assert [act[0] for act in acts()] == ["enrolled", "enrolled", "role"]
    assert TeamAct.objects.get(deed=TeamDeed.ROLE).role == Role.SUPPORT


def test_an_admin_has_the_weekly_figures_sent_again_to_who_stopped_them() -> None:
    admin, fionn = signed_in(), staff(Role.VIEWER, email="fionn@example.org")
    path = f"/staff/team/{fionn.pk}/"
    assert "Send them again" not in admin.get(path).content.decode()
    StaffMember.objects.filter(pk=fionn.pk).update(wants_digest=False)
    assert "Send them again" in admin.get(path).content.decode()
    admin.post(path, {"act": "digest"})
    fionn.refresh_from_db()
    assert fionn.wants_digest


def test_somebody_who_lost_the_phone_gets_a_new_key_from_a_colleague() -> None:
    admin, other = signed_in(), signed_in(Role.SUPPORT, email="fionn@example.org")
    fionn = StaffMember.objects.get(email="fionn@example.org")
    page = admin.post(f"/staff/team/{fionn.pk}/", {"act": "reset"})
    assert other.get("/staff/")["Location"].startswith("/staff/sign-in/")
    assert not Authenticator.objects.filter(user=fionn).exists()
    assert give_password(Client(), fionn, page.context["password"]).status_code == 302
    assert acts()[-1] == ("reset", "fionn@example.org", "dara@example.org")


def test_nobody_gives_a_new_key_to_themselves() -> None:
    admin = signed_in()
    me = StaffMember.objects.get()
    assert b"A new key" not in admin.get(f"/staff/team/{me.pk}/").content
    admin.post(f"/staff/team/{me.pk}/", {"act": "reset"})
    assert admin.get("/staff/").status_code == 200
    assert Authenticator.objects.filter(user=me).exists()


def test_somebody_who_is_let_go_is_out_at_once_and_can_come_back() -> None:
    admin, other = signed_in(), signed_in(Role.SUPPORT, email="fionn@example.org")
    fionn = StaffMember.objects.get(email="fionn@example.org")
    admin.post(f"/staff/team/{fionn.pk}/", {"act": "remove"})
    assert other.get("/staff/")["Location"].startswith("/staff/sign-in/")
    assert "1 not here any more" in admin.get("/staff/team/").content.decode()
    admin.post(f"/staff/team/{fionn.pk}/", {"act": "reset"})
    fionn.refresh_from_db()
    assert fionn.is_active
    assert [act[0] for act in acts()[2:]] == ["removed", "reset"]


@pytest.mark.parametrize("form", [{"act": "remove"}, {"act": "role", "role": "support"}])
def test_the_last_admin_stays(form: dict[str, str]) -> None:
    client = signed_in()
    staff(Role.FINANCE, email="fionn@example.org")
    me = StaffMember.objects.get(email="dara@example.org")
    page = client.post(f"/staff/team/{me.pk}/", form, follow=True)
    assert "make another admin first" in page.content.decode()
    me.refresh_from_db()
    assert (me.role, me.is_active) == (Role.ADMIN, True)
    # With another one there, somebody may go.
    staff(Role.ADMIN, email="ciara@example.org")
    client.post(f"/staff/team/{me.pk}/", form)
    me.refresh_from_db()
    assert (me.role, me.is_active) != (Role.ADMIN, True)


def test_two_who_let_each_other_go_at_once_leave_one() -> None:
    one, other = staff(email="dara@example.org"), staff(email="fionn@example.org")
    enrolment.deactivate(member=other, by=one)
    # The other had pressed already, and comes a moment later.
    with pytest.raises(enrolment.LastAdmin):
        enrolment.deactivate(member=one, by=other)
    assert StaffMember.objects.filter(is_active=True).get() == one


def test_the_console_is_written_down_too() -> None:
    for arguments in (["--role", "finance"], ["--role", "viewer"], ["--reset"], ["--deactivate"]):
        call_command("enrol_staff", "dara@example.org", *arguments, stdout=StringIO())
    assert [act[0] for act in acts()] == ["enrolled", "role", "reset", "removed"]
    assert {act[2] for act in acts()} == {""}
    page = signed_in(email="fionn@example.org").get("/staff/team/").content.decode()
    assert page.count("at the console") == 5


@pytest.mark.parametrize(
    "sql", ["UPDATE members_teamact SET deed = 'role'", "DELETE FROM members_teamact"]
)
def test_the_database_refuses_to_change_an_act_or_to_forget_it(sql: str) -> None:
    staff()
    with (
        pytest.raises(DatabaseError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
    act = TeamAct.objects.get()
    for refused in (act.save, act.delete):
        with pytest.raises(TypeError):
            refused()


def test_it_wants_a_fresh_code_before_it_shows_the_team(clock: time_machine.Traveller) -> None:
    client = signed_in()
    clock.shift(timedelta(minutes=10))
    for path in ("/staff/team/", f"/staff/team/{StaffMember.objects.get().pk}/"):
        assert client.get(path)["Location"].startswith("/staff/second-factor/confirm/")
        assert client.post(path, NEW)["Location"].startswith("/staff/second-factor/confirm/")
    assert client.post("/staff/team/lock/", {"to": "lock", "sure": "yes"}).status_code == 302
    assert TeamAct.objects.count() == 1


# The house locked down


def test_locking_the_house_down_ends_what_leads_in_and_hides_what_leads_out(
    settings: Settings,
) -> None:
    settings.METER_GOAL_MEMBERS = 100
    rows.membership(rows.alice())
    admin, alice = signed_in(), supporter_in(rows.alice())
    sent = signin.ask(email="alice@example.org")
    ready, waiting = ask_for_list(admin), ask_for_list(admin)
    taken(admin, ready)
    admin.post("/staff/team/lock/", {"to": "lock", "sure": "yes"})
    assert alice.get("/account/")["Location"] == "/sign-in/"
    assert not signin.opens(signin_id=sent.pk, token=signin.token_of(sent))
    for path in ("/embed/meter.svg", "/embed/meter.json"):
        assert Client().get(path).status_code == 404
    assert admin.post(f"/staff/lists/{ready.pk}/file/").status_code == 302
    tasks.make_list(str(waiting.pk))
    assert not ListPart.objects.filter(of=waiting).exists()
    form = {"columns": ["plan"], "purpose": "books", "format": "csv"}
    press = admin.get("/staff/lists/new/payments/").context["press"]
    answer = admin.post("/staff/lists/new/payments/", form | {"press": press}, follow=True)
    assert "The house is locked down" in answer.content.decode()
    # Who wants to come in still can, and who lives here gets a new key.
    assert Client().get("/").status_code == 200
    signin.ask(email="alice@example.org")
    assert SignIn.objects.filter(expires_at__gt=NOW).count() == 1


def test_an_admin_opens_the_house_again_and_it_goes_on(settings: Settings) -> None:
    settings.METER_GOAL_MEMBERS = 100
    rows.membership(rows.alice())
    admin = signed_in()
    waiting = ask_for_list(admin)
    for form in ({"to": "lock", "sure": "yes"}, {"to": "lock", "sure": "yes"}, {"to": "open"}):
        admin.post("/staff/team/lock/", form)
    assert taken(admin, waiting)
    assert Client().get("/embed/meter.json").status_code == 200
    done = [act for act in acts() if act[0] in {"locked", "opened"}]
    assert done == [("locked", "", "dara@example.org"), ("opened", "", "dara@example.org")]


def test_nobody_locks_it_by_a_slip_and_only_an_admin_may() -> None:
    signed_in().post("/staff/team/lock/", {"to": "lock"})
    finance = signed_in(Role.FINANCE, email="fionn@example.org")
    assert finance.post("/staff/team/lock/", {"to": "lock", "sure": "yes"}).status_code == 403
    assert not TeamAct.objects.filter(deed=TeamDeed.LOCKED).exists()
