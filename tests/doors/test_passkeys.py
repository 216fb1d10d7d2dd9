"""Passkeys at the door, and those who try them: each guard that a code has, a passkey has too."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from members.models import StaffMember, TeamAct
from members.models.listing import ListState
from members.models.team import TeamDeed
from members.staff.accounts import reseal_factors
from members.staff.enrolment import reset
from tests.passkeys import ADD, CODE, CONFIRM, HERE, SecurityKey, add, asked, broken_key, show
from tests.staff_desk import (
    PASSWORD,
    ask_for_list,
    code_of,
    colleague,
    entered,
    give_code,
    give_password,
    staff,
)

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
TEAM = "/staff/team/"
# Whoever holds these is not us, though a browser might let them ask for our passkeys.
ELSEWHERE = (
    "https://newsroom.example",
    "https://more.support.newsroom.example",
    f"{HERE}:8443",
    "http://support.newsroom.example",
)
_CREDENTIAL = '{"id":"AA","rawId":"AA","type":"public-key","response":%s}'
ODD = (
    *("", "{", "1", '"x"', "[]", "{}", "null", "[" * 5000, '{"id":"\\u0000"}', "1" * 30_000),
    *(_CREDENTIAL % each for each in ("[]", '{"clientDataJSON":"AA"}')),
)

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def clock(settings: Settings) -> Iterator[time_machine.Traveller]:
    settings.PASSKEY_ORIGIN = HERE
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def with_passkey(member: StaffMember) -> tuple[Client, SecurityKey]:
    """A browser in which this member made a passkey as their first second factor."""
    client, key = Client(), SecurityKey()
    give_password(client, member)
    assert add(client, key)["Location"] == "/staff/second-factor/recovery/"
    return client, key


def path_of(client: Client, name: str) -> str:
    """Where the passkey of this name is removed."""
    page = client.get("/staff/second-factor/")
    [own] = [each for each in page.context["authenticators"]["webauthn"] if each.name == name]
    return f"/staff/second-factor/{own.instance.pk}/remove/"


def only(member: StaffMember) -> str:
    [factor] = member.factors
    return f"/staff/second-factor/{factor}/remove/"


def test_it_opens_with_password_and_passkey_and_writes_down_who_made_it() -> None:
    member = staff()
    client, key = with_passkey(member)
    assert client.get("/staff/").status_code == 200
    act = TeamAct.objects.get(deed=TeamDeed.FACTOR_MADE)
    assert (act.actor_id, act.subject_id) == (member.pk, member.pk)
    other = Client()
    assert give_password(other, member)["Location"] == CODE
    assert other.get(TEAM).status_code == 302
    assert show(other, key)["Location"] == "/staff/"
    assert other.get(TEAM).status_code == 200


def test_a_recovery_code_stands_in_for_a_lost_passkey() -> None:
    member = staff()
    client, _key = with_passkey(member)
    one = client.get("/staff/second-factor/recovery/recovery-codes.txt").content.split()[0]
    other = Client()
    give_password(other, member)
    assert give_code(other, one.decode())["Location"] == "/staff/"


def test_the_passkey_is_asked_for_again_before_a_dear_act(clock: time_machine.Traveller) -> None:
    client, key = with_passkey(staff())
    clock.shift(timedelta(minutes=30))
    led = client.get(TEAM)["Location"]
    assert led == f"{CONFIRM}?next=%2Fstaff%2Fteam%2F"
    client.post("/staff/password/confirm/", {"password": PASSWORD})
    assert client.get(TEAM).status_code == 302, "a password is no fresh proof"
    assert client.get(ADD).status_code == 302
    assert show(client, key, led)["Location"] == TEAM
    assert client.get(TEAM).status_code == 200


def test_it_takes_no_passkey_of_another_page_or_without_its_person() -> None:
    member, newcomer = staff(), staff(email="fionn@example.org")
    _client, key = with_passkey(member)
    adding, opening = Client(), Client()
    give_password(adding, newcomer)
    give_password(opening, member)
    elsewhere: list[dict[str, Any]] = [{"origin": each} for each in ELSEWHERE]
    for how in (*elsewhere, {"person": False}):
        refused = add(adding, SecurityKey(), **how), show(opening, key, **how)
        assert all(b"was not taken" in each.content for each in refused), how
        cache.clear()
    assert adding.get("/staff/")["Location"] == "/staff/second-factor/enrol/"
    assert opening.get("/staff/").status_code == 302
    assert show(opening, key)["Location"] == "/staff/"


def test_what_was_shown_once_opens_nothing_again() -> None:
    member = staff()
    client, key = with_passkey(member)
    first, second = Client(), Client()
    for each in (first, second):
        give_password(each, member)
    said = {"credential": key.shown(asked(first, CODE))}
    assert first.post(CODE, said).status_code == 302
    second.get(CODE)
    assert b"was not taken" in second.post(CODE, said).content
    assert second.get("/staff/").status_code == 302
    assert b"was not taken" in client.post(CONFIRM, said).content


def test_nobody_opens_with_the_passkey_of_somebody_else() -> None:
    fionn = staff(email="fionn@example.org")
    _client, dara_key = with_passkey(staff())
    _other, _key = with_passkey(fionn)
    client = Client()
    give_password(client, fionn)
    assert b"was not taken" in show(client, dara_key).content
    assert client.get("/staff/").status_code == 302


def test_a_passkey_is_no_way_in_without_the_password() -> None:
    _client, key = with_passkey(staff())
    stranger = Client()
    said = {"credential": key.shown({"rpId": "support.newsroom.example", "challenge": "AAAA"})}
    for path in (CODE, CONFIRM, ADD, "/staff/sign-in/", "/staff/second-factor/login/"):
        answer = stranger.post(path, said, headers={"accept": "application/json"})
        assert answer.status_code in {302, 400, 404}, path
        assert "_auth_user_id" not in stranger.session


def test_it_stops_listening_after_too_many_wrong_passkeys() -> None:
    member = staff()
    _client, key = with_passkey(member)
    client = Client()
    give_password(client, member)
    for _ in range(5):
        show(client, SecurityKey())
    assert b"Too many failed" in show(client, key).content
    assert client.get("/staff/").status_code == 302


def test_a_password_alone_makes_no_passkey_beside_a_factor() -> None:
    """Neither on the page, nor with what it was asked before the first factor was there."""
    member, thief, key = staff(), Client(), SecurityKey()
    give_password(thief, member)
    made = {"name": "mine", "credential": key.made(asked(thief, ADD))}
    TOTP.activate(member, generate_totp_secret())
    for answer in (thief.post(ADD, made), thief.get(ADD), thief.get("/staff/second-factor/enrol/")):
        assert answer["Location"].startswith(CONFIRM)
    late = Client()
    give_password(late, member)
    assert late.get(ADD)["Location"].startswith("/staff/sign-in/")
    assert not Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()


def make_an_app(member: StaffMember) -> None:
    TOTP.activate(member, generate_totp_secret())


def give_a_new_key(member: StaffMember) -> None:
    reset(member=StaffMember.objects.get(pk=member.pk), password="another-long-evening")


@pytest.mark.parametrize("meanwhile", [make_an_app, give_a_new_key])
def test_whoever_comes_too_late_with_the_first_password_makes_no_factor(
    meanwhile: Callable[[StaffMember], None],
) -> None:
    member, client = staff(), Client()
    give_password(client, member)
    made = {"name": "mine", "credential": SecurityKey().made(asked(client, ADD))}
    asking: list[str] = []

    def another_comes_first(execute: Any, sql: str, *rest: Any) -> Any:
        if "mfa_authenticator" in sql:
            asking.append(sql)
            if len(asking) == 2:  # the gate has looked and let them in
                meanwhile(member)
        return execute(sql, *rest)

    with connection.execute_wrapper(another_comes_first):
        assert client.post(ADD, made)["Location"] == "/staff/second-factor/"
    assert not Authenticator.objects.filter(type=Authenticator.Type.WEBAUTHN).exists()
    assert client.get("/staff/").status_code == 302


def test_who_has_just_made_a_factor_is_nobodys_second_person() -> None:
    """Else whoever sits at an open desk for a moment could agree in its owner's name."""
    asker, second = colleague(email="ciara@example.org"), colleague()
    wanted = ask_for_list(asker, columns=["membership", "name"])
    answering = f"/staff/lists/{wanted.pk}/answer/"
    assert second.get(answering).context["may_agree"]
    add(second, SecurityKey())
    assert not second.get(answering).context["may_agree"]
    second.post(answering, {"word": "agree"})
    wanted.refresh_from_db()
    assert wanted.state == ListState.ASKED


def test_no_page_of_somebody_else_adds_or_removes_a_passkey() -> None:
    member = staff()
    client, _key = with_passkey(member)
    client.handler.enforce_csrf_checks = True
    made = {"name": "theirs", "credential": SecurityKey().made(asked(client, ADD))}
    assert client.post(ADD, made).status_code == 403
    assert client.post(only(member)).status_code == 403
    assert client.post(CONFIRM, made).status_code == 403


def test_one_removes_a_passkey_of_ones_own_but_never_the_last_factor() -> None:
    member = staff()
    client, _key = with_passkey(member)
    add(client, SecurityKey(), "laptop")
    assert client.post(path_of(client, "laptop"))["Location"] == "/staff/second-factor/"
    assert b"It is removed" in client.get("/staff/second-factor/").content
    assert TeamAct.objects.filter(deed=TeamDeed.FACTOR_REMOVED, actor=member).count() == 1
    last = only(StaffMember.objects.get())
    assert b"only second factor" in client.get(last).content
    client.post(last)
    assert b"only second factor" in client.get("/staff/second-factor/").content
    stranger = entered(staff(email="fionn@example.org"))
    assert stranger.get(last).status_code == stranger.post(last).status_code == 404
    assert StaffMember.objects.get(pk=member.pk).factors


def test_who_came_in_by_a_removed_passkey_is_asked_for_another() -> None:
    member = staff()
    client, first = with_passkey(member)
    second = SecurityKey()
    add(client, second, "laptop")
    thief = Client()
    give_password(thief, member)
    assert show(thief, second)["Location"] == "/staff/"
    client.post(path_of(client, "laptop"))
    assert thief.get("/staff/")["Location"].startswith(CONFIRM)
    assert b"was not taken" in show(thief, second, CONFIRM).content
    late = Client()
    give_password(late, member)
    assert b"was not taken" in show(late, second).content
    assert show(late, first)["Location"] == "/staff/"


def test_a_new_key_forgets_passkeys_and_a_removed_member_has_none_that_opens(
    capsys: pytest.CaptureFixture[str],
) -> None:
    admin, member = colleague(), staff()
    client, key = with_passkey(member)
    pending = Client()
    give_password(pending, member)
    said = {"credential": key.shown(asked(pending, CODE))}
    admin.post(f"{TEAM}{member.pk}/", {"act": "reset"})
    assert not Authenticator.objects.filter(user=member).exists()
    for browser in (client, pending):
        browser.post(CODE, said)
        assert browser.get("/staff/")["Location"].startswith("/staff/sign-in/")
    call_command("enrol_staff", member.email, "--deactivate")
    capsys.readouterr()
    assert pending.post(CODE, said).status_code == 302
    assert "_auth_user_id" not in pending.session


def test_a_member_shut_out_between_password_and_passkey_stays_out() -> None:
    member = staff()
    _client, key = with_passkey(member)
    other = Client()
    give_password(other, member)
    StaffMember.objects.update(is_active=False)
    show(other, key)
    assert other.get("/staff/")["Location"].startswith("/staff/sign-in/")


def test_an_app_is_added_to_a_passkey_and_a_passkey_to_an_app() -> None:
    member = staff()
    client, _key = with_passkey(member)
    page = client.get("/staff/second-factor/enrol/")
    code = code_of(page.context["form"].secret)
    answer = client.post("/staff/second-factor/enrol/", {"code": code})
    assert answer["Location"] == "/staff/second-factor/"
    fionn = staff(email="fionn@example.org")
    other, key = entered(fionn), SecurityKey()
    assert add(other, key)["Location"] == "/staff/second-factor/recovery/"
    again = Client()
    give_password(again, fionn)
    assert show(again, key)["Location"] == "/staff/"


def _changed(said: str, **changes: Any) -> str:
    told = json.loads(said)
    told["response"] |= changes
    return json.dumps(told)


def test_what_no_browser_says_is_refused_in_words() -> None:
    client, key = with_passkey(staff())
    made, shown = key.made(asked(client, ADD)), key.shown(asked(client, CONFIRM))
    odd = [*ODD, *_broken(made, "attestationObject"), *_broken(made, "clientDataJSON")]
    assert b"was not taken" in add(client, broken_key()).content
    for said in (*odd, *_broken(shown, "authenticatorData"), *_broken(shown, "signature")):
        for path in (ADD, CONFIRM):
            cache.clear()
            answer = client.post(path, {"name": "odd", "credential": said})
            assert answer.status_code == 200, (path, said[:80])
            assert b"passkey was" in answer.content, (path, said[:80])
    assert len(StaffMember.objects.get().factors) == 1


def _broken(said: str, part: str) -> list[str]:
    """The same with odd bytes in one of its parts."""
    told = json.loads(said)
    return [
        json.dumps(told | {"response": told["response"] | {part: each}})
        for each in ("", "AA", None, 1, told["response"][part][:40])
    ]


def test_only_what_fido2_read_is_kept_of_a_passkey() -> None:
    client, member = Client(), staff()
    give_password(client, member)
    key = SecurityKey()
    said = json.loads(key.made(asked(client, ADD)))
    said |= {"clientExtensionResults": {"x": "\x00"}, "more": "y" * 9000}
    made = {"name": "ring", "credential": json.dumps(said)}
    assert client.post(ADD, made).status_code == 302
    [kept] = Authenticator.objects.filter(pk__in=member.factors).values_list("data", flat=True)
    assert len(json.dumps(kept)) < 1200
    assert kept["credential"]["clientExtensionResults"] == {}
    assert b"You have this passkey already" in add(client, key).content
    assert reseal_factors() == 0, "a public key is not sealed"
