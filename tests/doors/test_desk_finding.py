"""Finding one supporter: by what they can tell, never by browsing, and never unseen."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from limits import parse
from pytest_django.fixtures import Settings

from billing import receipts
from billing.cause import Cause
from billing.money import decimal_amount
from members import limits, lockdown, search, tasks
from members.models import AccessLog, NameToken, Search, StaffAct, StaffMember, Supporter
from members.models.access import Field
from members.models.desk import Act, Reason
from members.models.name import words
from members.models.staff import Role
from members.models.supporter import supporter_for
from members.privacy import parts
from members.search import recognise
from tests import rows
from tests.staff_desk import signed_in
from tests.staff_helping import open_record

pytestmark = [pytest.mark.django_db, pytest.mark.real]
DESK = "/staff/desk/"


def joined(email: str, name: str) -> Supporter:
    """Somebody who joined, once a worker has come by."""
    someone = supporter_for(email=email, name=name)
    search.index_names()
    return someone


def find(client: Client, term: str, **more: str) -> str:
    page = client.post(DESK, {"term": term, "purpose": "asked", **more})
    assert page.status_code == 200, page.content
    return page.content.decode()


def path_of(supporter: Supporter) -> str:
    return f"{DESK}{supporter.pk}/"


def test_it_finds_one_supporter_by_each_thing_that_they_can_tell() -> None:
    client, alice = signed_in(Role.SUPPORT), joined(email="alice@example.org", name="Zoë Ní")
    rows.bob()
    member = rows.membership(alice)
    payment = rows.payment(member, stripe_invoice_id="in_alice")
    refund = rows.refund(payment)
    alice.customers.create(stripe_customer_id="cus_alice")
    with transaction.atomic():
        receipt = receipts.issue(payment, cause=Cause.clock())
    told = [
        *("Alice@Example.org ", "zoe", "NI ZOE", receipt.label, receipt.label.lower()),
        *(str(receipt.pk), str(alice.pk), str(member.pk), str(payment.pk), "cus_alice", "in_alice"),
        *(str(member.stripe_subscription_id), str(payment.stripe_payment_intent_id)),
        *(payment.stripe_charge_id, refund.stripe_refund_id),
    ]
    for term in told:
        assert find(client, term).count(path_of(alice)) == 1, term
    for term in ("alice@example.com", "zo", "ali", "R-2025-000001", "sub_nobody", "?", "z"):
        assert path_of(alice) not in find(client, term), term


def test_it_finds_a_payment_by_a_line_of_a_bank_statement() -> None:
    client, member = signed_in(Role.FINANCE), rows.membership(rows.alice())
    payment = rows.payment(member)
    assert payment.paid_at is not None
    amount = decimal_amount(payment.amount_cents)
    asked = {"last4": "4242", "amount": amount, "purpose": "payment"}
    day = payment.paid_at.date()
    for late, found in ((0, True), (3, True), (4, False), (-1, False)):
        page = client.post(DESK, asked | {"day": str(day + timedelta(days=late))})
        assert (path_of(rows.alice()) in page.content.decode()) is found, late
    assert client.post(DESK, asked | {"day": str(day), "last4": "42"}).status_code == 400


def test_every_hit_is_written_down_and_shows_no_more_than_is_needed() -> None:
    client, alice = signed_in(Role.SUPPORT), joined(email="alice@example.org", name="Alice")
    text = find(client, "alice")
    assert "a•••@e•••.org" in text
    assert "alice@example.org" not in text
    look = AccessLog.objects.get()
    assert (look.action, look.supporter_id, look.purpose) == ("found", alice.pk, "asked")
    assert set(look.fields) == {Field.NAME, Field.EMAIL}


def test_a_search_that_finds_nobody_leaves_its_trace_and_nothing_in_clear(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = signed_in(Role.SUPPORT)
    with caplog.at_level(logging.DEBUG):
        find(client, "charlie@example.org")
    search = Search.objects.get()
    assert (search.sought, search.hits) == ("email", 0)
    assert "charlie" not in str(Search.objects.values_list())
    assert "charlie" not in caplog.text
    assert search.term_hash != rows.charlie().email_hash
    assert not AccessLog.objects.exists()


def test_more_than_ten_are_not_shown_but_to_be_narrowed() -> None:
    client = signed_in(Role.SUPPORT)
    for number in range(11):
        joined(email=f"mary{number}@example.org", name=f"Mary Number{number}")
    text = find(client, "mary")
    assert "Narrow it" in text
    assert not AccessLog.objects.exists()
    assert find(client, "mary number3").count('class="hit"') == 1


def test_a_term_is_never_taken_from_an_address() -> None:
    client = signed_in(Role.SUPPORT)
    assert rows.alice()
    assert (
        path_of(rows.alice()) not in client.get(f"{DESK}?term=alice&purpose=asked").content.decode()
    )
    assert not Search.objects.exists()
    assert client.post(DESK, {"term": "alice"}).status_code == 400  # without a purpose
    assert not Search.objects.exists()


def test_finance_finds_no_names_and_sees_none() -> None:
    client, alice = signed_in(Role.FINANCE), rows.alice()
    assert "Names are for the support team" in find(client, "alice")
    text = find(client, "alice@example.org")
    assert path_of(alice) in text
    assert "•••" not in text
    assert AccessLog.objects.get().fields == [Field.MEMBERSHIP]


def test_a_member_of_staff_who_guesses_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DESK_SEARCHES_PER_MEMBER", parse("1/hour"))
    client = signed_in(Role.SUPPORT)
    find(client, "alice")
    assert client.post(DESK, {"term": "bob", "purpose": "asked"}).status_code == 429
    assert Search.objects.count() == 1


def test_the_index_of_names_follows_a_rename_an_erasure_and_a_new_key(settings: Settings) -> None:
    client, alice = signed_in(Role.SUPPORT), rows.alice()
    alice.name = "Róisín O'Neill"
    alice.save(update_fields=["name_sealed"])
    assert path_of(alice) not in find(client, "alice")
    assert path_of(alice) in find(client, "roisin ONEILL")
    settings.VAULT_LOOKUP_KEY = "bmV3LWxvb2t1cC1uZXctbG9va3VwLW5ldy1sb29rdXA="
    assert path_of(alice) not in find(client, "roisin")
    call_command("vault_rehash", verbosity=0)
    assert path_of(alice) in find(client, "roisin")
    for part in parts.PARTS:
        if part.wipe is not None:
            part.wipe(alice)
    assert not NameToken.objects.exists()
    assert path_of(alice) not in find(client, "roisin")


def test_the_index_holds_no_word_that_can_be_read() -> None:
    rows.alice()
    assert "alice" not in str(list(NameToken.objects.values_list())).lower()
    assert words("Zoë O\u2019Shea-Byrne") == ["zoe", "oshea", "byrne"]
    assert words("Ái Ó x") == ["ai"]


@pytest.mark.parametrize(
    ("term", "sought"),
    [
        ("a@b", "email"), ("R-2026-000123", "receipt"), ("c 2026 7", "receipt"),
        ("cus_123", "stripe"), ("foo_123", "name"), ("Siân", "name"),
        ("...", "nothing"), ("", "nothing"), ("x", "nothing"),
    ],
)  # fmt: skip
def test_it_recognises_what_it_is_given(term: str, sought: str) -> None:
    assert recognise(term) == sought


def test_the_database_keeps_what_staff_did() -> None:
    signed_in(Role.SUPPORT)
    alice = rows.alice()
    act: dict[str, Any] = {"supporter": alice, "subject": alice.pk, "press": "desk:1"}
    StaffAct.objects.create(
        staff=StaffMember.objects.get(),
        role="support",
        act=Act.SIGN_OUT,
        reason=Reason.CALLED,
        **act,
    )
    for sql in ("UPDATE members_staffact SET reason = 'law'", "DELETE FROM members_staffact"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    assert StaffAct.objects.get().reason == Reason.CALLED


def test_a_name_typed_on_the_join_page_is_found_once_a_worker_has_indexed_it() -> None:
    """Joining costs the same for a new address and a known one, so it indexes nothing."""
    joined = supporter_for(email="zoe@example.org", name="Zoe Byrne")
    assert not joined.name_tokens.exists()
    tasks.look_after_people()
    assert NameToken.objects.filter(supporter=joined).count() == 2
    again = supporter_for(email="zoe@example.org", name="Aoife")
    tasks.look_after_people()
    assert NameToken.objects.filter(supporter=again).count() == 1
    tasks.look_after_people()
    assert not Supporter.objects.filter(name_indexed=False).exists()


def test_nobody_is_shown_in_clear_while_the_house_is_locked_down() -> None:
    client, alice = signed_in(Role.SUPPORT), rows.alice()
    open_record(client, alice)
    assert b"alice@example.org" in client.post(f"{path_of(alice)}who/").content
    lockdown.begin(by=StaffMember.objects.get(), now=timezone.now())
    answer = client.post(f"{path_of(alice)}who/")
    assert answer.status_code == 403
    assert b"alice@example.org" not in answer.content
