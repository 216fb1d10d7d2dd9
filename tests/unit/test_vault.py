"""The vault: a stolen dump names nobody, keys can be changed, wrong keys are noticed."""

import base64
import sqlite3
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.checks import run_checks
from django.core.management import call_command
from django.db import connection
from django.test import Client

from members import canary, vault
from members.models import Supporter
from members.models.staff import Role
from tests import rows
from tests.staff_desk import code_of, give_code, give_password, staff
from tests.supporter_desk import sign_in

OLD = "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk="
NEW = base64.b64encode(b"n" * 32).decode()


def run(command: str) -> str:
    told = StringIO()
    call_command(command, stdout=told)
    return told.getvalue()


def complaints() -> list[str]:
    return [each.msg for each in run_checks(databases=["default"]) if each.id == "members.E001"]


def test_it_opens_what_it_sealed_and_only_in_its_place() -> None:
    row = uuid4()
    blob = vault.seal("alice@example.org", row=row, column="supporter.email")
    assert vault.unseal(blob, row=row, column="supporter.email") == "alice@example.org"
    assert b"alice" not in blob
    for other in ({"row": uuid4(), "column": "supporter.email"}, {"row": row, "column": "x"}):
        with pytest.raises(vault.VaultError):
            vault.unseal(blob, **other)  # type: ignore[arg-type]  # the two kinds of place


@pytest.mark.parametrize(
    "spoil", [lambda b: b[:-1], lambda _: b"", lambda b: b[:9] + b"xx" + b[11:]]
)
def test_it_refuses_a_damaged_value(spoil: Any) -> None:
    row = uuid4()
    blob = vault.seal("Alice", row=row, column="supporter.name")
    with pytest.raises(vault.VaultError):
        vault.unseal(spoil(blob), row=row, column="supporter.name")


def test_it_never_seals_the_same_text_to_the_same_value() -> None:
    row = uuid4()
    sealed = {vault.seal("Alice", row=row, column="supporter.name") for _ in range(50)}
    assert len(sealed) == 50


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "sqlite", reason="dumps the SQLite file")
def test_it_leaves_no_name_and_no_address_in_a_dump(client: Client) -> None:
    client.post("/sign-in/", {"email": "alice@example.org"})
    rows.membership(rows.alice())
    client.post("/sign-in/", {"email": "alice@example.org"})
    sign_in(client, rows.alice())
    client.post("/account/name/", {"name": "Alice Wonder"})
    with sqlite3.connect(connection.settings_dict["NAME"]) as copy:
        dump = "\n".join(copy.iterdump()).lower()
    copy.close()
    assert str(rows.alice().id).replace("-", "") in dump  # it is the right dump
    for text in ("alice@", "alice", "wonder"):
        assert text not in dump
        assert text.encode().hex() not in dump
        assert base64.b64encode(text.encode()).decode().lower()[:-2] not in dump


@pytest.mark.django_db
def test_it_moves_everything_to_the_newest_key_and_then_the_old_one_can_go(settings: Any) -> None:
    alice, bob = rows.alice(), rows.bob()
    settings.VAULT_KEYS = [NEW, OLD]
    rows.charlie()
    assert run("vault_rotate").startswith("2 re-sealed, 1 under the newest key already, 0 ")
    assert run("vault_rotate").startswith("0 re-sealed, 3 under")
    settings.VAULT_KEYS = [NEW]
    names = {Supporter.objects.get(pk=each.pk).name for each in (alice, bob)}
    assert names == {"Alice", "Bob"}
    assert Supporter.objects.with_email("alice@example.org").get().email == "alice@example.org"


@pytest.mark.django_db
def test_it_goes_on_past_a_row_that_no_key_opens_and_says_so(settings: Any) -> None:
    rows.alice()
    settings.VAULT_KEYS = [NEW]
    rows.bob()
    told = StringIO()
    with pytest.raises(SystemExit):
        call_command("vault_rotate", stdout=told)
    assert told.getvalue().startswith(
        "0 re-sealed, 1 under the newest key already, 1 that no key opens.\n"
    )


@pytest.mark.django_db
def test_it_finds_people_again_after_the_lookup_key_was_changed(settings: Any) -> None:
    rows.alice()
    settings.VAULT_LOOKUP_KEY = NEW
    assert not Supporter.objects.with_email("alice@example.org").exists()
    assert run("vault_rehash").startswith("1 rehashed, 0 right already, 0 left")
    assert Supporter.objects.with_email("Alice@example.org").exists()
    assert run("vault_rehash").startswith("0 rehashed, 1 right already")


@pytest.mark.django_db
def test_it_leaves_a_row_whose_address_came_again_meanwhile(settings: Any) -> None:
    first = rows.alice()
    settings.VAULT_LOOKUP_KEY = NEW
    second = rows.alice()
    assert first.pk != second.pk
    with pytest.raises(SystemExit):
        run("vault_rehash")
    assert Supporter.objects.with_email("alice@example.org").get() == second


@pytest.mark.django_db
def test_the_canary_sings_only_while_the_keys_fit(settings: Any) -> None:
    assert complaints() == []
    rows.alice()
    assert complaints() == []
    settings.VAULT_LOOKUP_KEY = NEW
    assert complaints() == ["VAULT_LOOKUP_KEY does not fit this database."]
    settings.VAULT_LOOKUP_KEY = "bG9va3VwLWxvb2t1cC1sb29rdXAtbG9va3VwLWxvb2s="
    settings.VAULT_KEYS = [NEW]
    assert complaints() == ["VAULT_KEYS does not fit this database."]
    rows.bob()  # newest opens, oldest does not
    assert canary.complaint() == "VAULT_KEYS"
    settings.VAULT_KEYS = [NEW, OLD]
    assert complaints() == []


def test_it_reads_keys_in_both_alphabets_and_refuses_short_ones() -> None:
    key = bytes(range(224, 256))
    plain, url_safe = base64.b64encode(key).decode(), base64.urlsafe_b64encode(key).decode()
    assert plain != url_safe
    assert vault.decode_key(plain) == vault.decode_key(url_safe.rstrip("=")) == key
    with pytest.raises(ValueError, match="32 bytes"):
        vault.decode_key("c2hvcnQ=")


@pytest.mark.django_db
def test_a_rotation_takes_the_second_factors_of_staff_along(settings: Any) -> None:
    member, secret = staff(Role.VIEWER), generate_totp_secret()
    TOTP.activate(member, secret)
    settings.VAULT_KEYS = [NEW, *settings.VAULT_KEYS]
    assert "1 second factors of staff" in run("vault_rotate")
    settings.VAULT_KEYS = [NEW]
    browser = Client()
    give_password(browser, member)
    assert give_code(browser, code_of(secret)).status_code == 302
    assert browser.get("/staff/").status_code == 200
