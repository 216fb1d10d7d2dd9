"""The staff's door: password and second factor, at every page, for everyone, at once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.fixtures import Settings

from billing.ids import new_id
from members.models import StaffMember
from members.models.staff import Role
from members.staff import demo
from members.staff.accounts import reseal_factors
from members.staff.gate import OPEN
from tests import rows
from tests.staff_desk import (
    PASSWORD,
    code_of,
    give_code,
    give_password,
    secret_on,
    signed_in,
    staff,
)
from tests.supporter_desk import sign_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)

# Pages and words are the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still, so that a code does not run out between reading and typing it."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def _staff_routes(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _staff_routes(entry.url_patterns, route)
        elif isinstance(entry, URLPattern) and route.startswith("staff/"):
            yield route, entry.name or ""


def test_it_shows_a_stranger_no_staff_page() -> None:
    routes = list(_staff_routes(get_resolver().url_patterns))
    assert len(routes) > 50
    for route, name in routes:
        if name in OPEN:
            continue
        path = "/" + route.replace("<path:object_id>", str(new_id()))
        path = path.replace("<int:content_type_id>/<path:object_id>", "1/1")
        answer = Client().get(path.replace("^", "").replace("$", "").replace("\\", ""))
        # What does not fit its own route's pattern is answered 404, with nothing on it.
        assert answer.status_code in {302, 404}, route
        if answer.status_code == 302:
            assert answer["Location"].startswith("/staff/sign-in/?next="), route


def test_it_lets_a_member_in_with_password_and_code() -> None:
    client = signed_in()
    answer = client.get("/staff/")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_it_shows_nothing_to_a_password_alone() -> None:
    client, member = Client(), staff()
    TOTP.activate(member, generate_totp_secret())
    assert give_password(client, member)["Location"] == "/staff/second-factor/code/"
    for path in ["/staff/", "/staff/members/", "/staff/lists/", "/staff/admin/"]:
        assert client.get(path)["Location"].startswith("/staff/sign-in/")


def test_it_refuses_a_wrong_code_and_a_wrong_password_without_saying_who_is_known() -> None:
    client, member, secret = Client(), staff(), generate_totp_secret()
    TOTP.activate(member, secret)
    wrong = give_password(client, member, "not-the-password")
    stranger = Client().post(
        "/staff/sign-in/", {"login": "charlie@example.org", "password": "not-the-password"}
    )
    for answer in (wrong, stranger):
        assert answer.status_code == 200
        assert b"are not correct" in answer.content
    give_password(client, member)
    assert b"Incorrect code" in give_code(client, "000000").content
    assert client.get("/staff/").status_code == 302


def test_it_takes_a_code_once() -> None:
    member, secret = staff(), generate_totp_secret()
    TOTP.activate(member, secret)
    first, second = Client(), Client()
    for client in (first, second):
        give_password(client, member)
    assert give_code(first, code_of(secret)).status_code == 302
    assert b"Incorrect code" in give_code(second, code_of(secret)).content


def test_it_stops_listening_after_too_many_wrong_codes() -> None:
    client, member, secret = Client(), staff(), generate_totp_secret()
    TOTP.activate(member, secret)
    give_password(client, member)
    for _ in range(5):
        give_code(client, "000000")
    assert b"Too many failed" in give_code(client, code_of(secret)).content


def test_it_leads_a_new_member_to_enrol_and_shows_nothing_else_before(settings: Settings) -> None:
    settings.DEBUG = True
    client, member = Client(), staff()
    give_password(client, member)
    for path in ["/staff/", "/staff/members/", "/staff/admin/", "/staff/second-factor/"]:
        assert client.get(path)["Location"] == "/staff/second-factor/enrol/"
    page = client.get("/staff/second-factor/enrol/")
    code = code_of(secret_on(page))  # type: ignore[arg-type]  # the client's response is one
    assert client.post("/staff/second-factor/enrol/", {"code": "000000"}).status_code == 200
    assert client.get("/staff/").status_code == 302
    answer = client.post("/staff/second-factor/enrol/", {"code": code})
    assert answer["Location"] == "/staff/second-factor/recovery/"
    codes = client.get(answer["Location"])
    assert codes.content.count(b"<li><code>") == 10
    assert b'role="status"' not in codes.content
    assert client.get("/staff/").status_code == 200


def test_it_takes_a_recovery_code_in_place_of_the_phone() -> None:
    client, member = Client(), staff()
    give_password(client, member)
    page = client.get("/staff/second-factor/enrol/")
    client.post("/staff/second-factor/enrol/", {"code": code_of(secret_on(page))})  # type: ignore[arg-type]  # the client's response is one
    one = client.get("/staff/second-factor/recovery/recovery-codes.txt").content.split()[0]
    other = Client()
    give_password(other, member)
    assert give_code(other, one.decode()).status_code == 302
    assert other.get("/staff/").status_code == 200


def test_it_asks_for_the_code_where_the_factor_came_after_the_password() -> None:
    client, member, secret = Client(), staff(), generate_totp_secret()
    give_password(client, member)
    TOTP.activate(member, secret)
    asked = client.get("/staff/members/")["Location"]
    assert asked == "/staff/second-factor/confirm/?next=/staff/members/"
    answer = client.post(asked, {"code": code_of(secret)})
    assert answer["Location"] == "/staff/members/"
    assert client.get("/staff/members/").status_code == 200


def test_it_offers_no_page_that_removes_the_second_factor_or_signs_up() -> None:
    names = {name for _route, name in _staff_routes(get_resolver().url_patterns)}
    assert not names & {
        "account_signup",
        "account_reset_password",
        "mfa_deactivate_totp",
        "account_email",
    }


def test_it_shuts_a_deactivated_member_out_at_once() -> None:
    client = signed_in()
    call_command("enrol_staff", "dara@example.org", "--deactivate", stdout=StringIO())
    assert client.get("/staff/")["Location"].startswith("/staff/sign-in/")
    member = StaffMember.objects.get()
    assert give_password(client, member)["Location"] == "/staff/closed/"
    assert b"closed" in client.get("/staff/closed/").content


def test_it_ends_a_session_twelve_hours_after_the_code(
    clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.STAFF_IDLE_SECONDS = 13 * 60 * 60
    client = signed_in()
    clock.move_to(NOW + timedelta(hours=12))
    assert client.get("/staff/").status_code == 200
    clock.move_to(NOW + timedelta(hours=12, seconds=1))
    assert client.get("/staff/")["Location"].startswith("/staff/sign-in/")
    clock.move_to(NOW)
    assert client.get("/staff/").status_code == 302


def test_it_leaves_a_supporter_signed_in_when_staff_sign_out() -> None:
    client = signed_in()
    sign_in(client, rows.alice())
    assert client.post("/staff/sign-out/")["Location"] == "/staff/sign-in/"
    assert client.session["supporter"] == str(rows.alice().id)
    assert client.get("/staff/").status_code == 302


def test_it_keeps_the_second_factor_sealed_in_the_database() -> None:
    secret = generate_totp_secret()
    TOTP.activate(staff(), secret)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        assert secret not in str(cursor.fetchall())


def test_it_reseals_second_factors_when_the_vault_key_changes(settings: Settings) -> None:
    secret = generate_totp_secret()
    TOTP.activate(staff(), secret)
    assert reseal_factors() == 0
    old = settings.VAULT_KEYS
    settings.VAULT_KEYS = ["bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0=", *old]
    assert reseal_factors() == 1
    settings.VAULT_KEYS = settings.VAULT_KEYS[:1]
    assert Authenticator.objects.get().wrap().validate_code(code_of(secret))


def test_it_prints_the_first_password_of_a_new_member() -> None:
    out = StringIO()
    call_command("enrol_staff", "Dara@example.org", "--role", "finance", stdout=out)
    member = StaffMember.objects.get()
    assert (member.email, member.role) == ("dara@example.org", Role.FINANCE)
    password = out.getvalue().split("Password: ")[1].strip()
    assert give_password(Client(), member, password).status_code == 302


def test_it_takes_the_password_from_the_environment_unless_it_is_weak(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = StringIO()
    monkeypatch.setenv("MEITHEAL_STAFF_PASSWORD", "short")
    with pytest.raises(CommandError, match="too short"):
        call_command("enrol_staff", "dara@example.org", stdout=out)
    monkeypatch.setenv("MEITHEAL_STAFF_PASSWORD", PASSWORD)
    call_command("enrol_staff", "dara@example.org", stdout=out)
    assert StaffMember.objects.get().check_password(PASSWORD)
    assert PASSWORD not in out.getvalue()


def test_it_resets_a_member_who_lost_the_phone() -> None:
    client = signed_in()
    call_command("enrol_staff", "dara@example.org", "--reset", stdout=StringIO())
    assert client.get("/staff/")["Location"].startswith("/staff/sign-in/")
    assert not Authenticator.objects.exists()


@pytest.mark.parametrize("arguments", [[], ["nobody"], ["a@example.org\r\nBcc: b@example.org"]])
def test_it_wants_an_address(arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="address"):
        call_command("enrol_staff", *arguments)


def test_it_does_not_take_a_known_address_twice_but_changes_its_role() -> None:
    staff(Role.VIEWER)
    with pytest.raises(CommandError, match="taken"):
        call_command("enrol_staff", "dara@example.org")
    call_command("enrol_staff", "dara@example.org", "--role", "support", stdout=StringIO())
    assert StaffMember.objects.get().role == Role.SUPPORT


def test_it_signs_the_demo_in_with_the_code_that_its_page_shows(settings: Settings) -> None:
    settings.DEBUG = True
    out = StringIO()
    for _ in range(2):
        call_command("enrol_staff", "--demo", stdout=out)
    assert demo.EMAIL in out.getvalue()
    assert demo.PASSWORD in out.getvalue()
    client = Client()
    give_password(client, StaffMember.objects.get(), demo.PASSWORD)
    shown = client.get("/staff/demo-code/").context["code"]
    assert give_code(client, shown)["Location"] == "/staff/"
    assert client.get("/staff/members/").status_code == 200


def test_it_has_no_demo_outside_of_debug(settings: Settings) -> None:
    with pytest.raises(CommandError, match="DEBUG"):
        call_command("enrol_staff", "--demo")
    assert Client().get("/staff/demo-code/").status_code == 404
    settings.DEBUG = True
    call_command("enrol_staff", "--demo", stdout=StringIO())
    client = Client()
    give_password(client, StaffMember.objects.get(), demo.PASSWORD)
    give_code(client, demo.current_code()[0])
    assert client.get("/staff/").status_code == 200
    settings.DEBUG = False
    assert client.get("/staff/").status_code == 302
    answer = give_password(Client(), StaffMember.objects.get(), demo.PASSWORD)
    assert answer["Location"] == "/staff/closed/"
