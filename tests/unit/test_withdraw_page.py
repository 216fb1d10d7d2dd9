"""Withdraw from contract here: nobody signs in, and no page tells whose a statement was."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.core import mail
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from billing import letters, receipts
from billing.cause import Cause
from billing.models import Intent, Letter, Payment, Receipt
from members import limits, resealing, retention, tasks, vault, withdrawals
from members.models import Withdrawal
from members.models.withdrawal import Outcome, StatementIsFinal
from members.privacy.parts import PARTS
from members.statement_forms import WithdrawalForm
from tests import rows
from tests.supporter_desk import folded, press_in, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PAGE, CONFIRM = "/withdraw/", "/withdraw/confirm/"
NOTHING = "019aa1b2-c3d4-7e5f-8a6b-9c0d1e2f3a4b"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at START, until a test moves it; and nobody has asked for anything yet."""
    limits.storage.cache_clear()
    with time_machine.travel(rows.START, tick=False) as stopped:
        yield stopped


def fill_in(
    client: Client, reference: object, email: str = "alice@example.org", name: str = ""
) -> Any:
    return client.post(PAGE, {"email": email, "reference": str(reference), "name": name})


def pressed(client: Client, reference: object, **more: str) -> str:
    return press_in(folded(fill_in(client, reference, **more).content.decode()), CONFIRM)


def withdraw(client: Client, reference: object, **more: str) -> Any:
    """Both steps."""
    return client.post(CONFIRM, {"press": pressed(client, reference, **more)})


def receipt_of(payment: Payment) -> Receipt:
    with transaction.atomic():
        receipts.issue(payment, cause=Cause.clock())
    return Receipt.objects.get(payment=payment)


def settled() -> Outcome:
    (statement,) = Withdrawal.objects.all()
    withdrawals.settle(statement.pk)
    return Outcome(Withdrawal.objects.get().outcome)


def test_it_stands_at_the_foot_of_every_page(client: Client) -> None:
    rows.membership()
    for path in ("/", "/sign-in/", "/privacy/", "/terms/", "/withdraw/"):
        assert f'href="{PAGE}"' in text_of(client, path), path
    assert f'href="{PAGE}"' in text_of(signed_in(rows.alice()))


def test_the_welcome_and_the_receipt_tell_the_page() -> None:
    member = rows.membership()
    row = receipt_of(rows.payment(member))
    letters.queue(
        kind="welcome", key=str(member.pk), supporter_id=member.supporter_id, cause=Cause.clock()
    )
    for kind, key in (("welcome", member.pk), ("receipt", row.pk)):
        letters.deliver(Letter.objects.get(kind=kind).pk)
        body = str(mail.outbox[-1].body)
        assert "/withdraw/\n" in body, kind
        assert str(key) in body, "the reference that the page asks for"


def test_it_shows_the_statement_before_anything_is_stored(client: Client) -> None:
    member = rows.membership()
    page = folded(fill_in(client, member.pk, name="A. Person").content.decode())
    for word in ("Confirm withdrawal", str(member.pk), "A. Person", "alice@example.org"):
        assert word in page
    assert not Withdrawal.objects.exists()


def test_a_confirmed_statement_is_stored_sealed_with_its_moment(client: Client) -> None:
    member = rows.membership()
    answer = withdraw(client, member.pk, name="A. Person")
    assert "2 March 2026, 12:00 Irish time (12:00 UTC)" in folded(answer.content.decode())
    (row,) = Withdrawal.objects.all()
    assert (row.reference, row.received_at) == (member.pk, rows.START)
    assert (row.email, row.name) == ("alice@example.org", "A. Person")
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM members_withdrawal")
        kept = repr([bytes(x) if isinstance(x, memoryview) else x for x in cursor.fetchone()])
    assert "alice" not in kept
    assert "Person" not in kept


@pytest.mark.parametrize(
    ("reference", "email"),
    [
        ("member", "bob@example.org"),
        (NOTHING, "alice@example.org"),
        ("supporter", "alice@example.org"),
    ],
)
def test_one_that_is_not_right_in_both_does_nothing_and_writes_to_nobody(
    client: Client, reference: str, email: str
) -> None:
    member = rows.membership()
    rows.payment(member)
    rows.bob()
    ids = {"member": member.pk, "supporter": member.supporter_id}
    withdraw(client, ids.get(reference, reference), email=email)
    assert settled() == Outcome.UNKNOWN
    assert not Intent.objects.exists()
    assert not Letter.objects.exists()
    assert Withdrawal.objects.get().supporter is None


def test_one_press_is_one_statement_however_often_it_comes(client: Client) -> None:
    press = pressed(client, rows.membership().pk)
    first, again = (client.post(CONFIRM, {"press": press}) for _ in range(2))
    assert first.content == again.content
    assert Withdrawal.objects.count() == 1


@pytest.mark.parametrize("press", ["", "bent"])
def test_a_bent_press_stores_nothing_and_says_so(client: Client, press: str) -> None:
    answer = client.post(CONFIRM, {"press": press})
    assert answer.status_code == 400
    assert "Nothing was stored" in answer.content.decode()
    assert not Withdrawal.objects.exists()


def test_a_press_is_over_after_a_day(client: Client, clock: time_machine.Traveller) -> None:
    press = pressed(client, rows.membership().pk)
    clock.shift(DAY + timedelta(seconds=1))
    assert client.post(CONFIRM, {"press": press}).status_code == 400


def test_looking_at_the_second_page_leads_to_the_first(client: Client) -> None:
    assert client.get(CONFIRM).headers["Location"] == PAGE


def test_another_site_cannot_press(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(PAGE, {"email": "a@example.org"}).status_code == 403
    assert strict.post(CONFIRM, {"press": pressed(client, NOTHING)}).status_code == 403


def test_a_signed_in_supporter_need_not_type() -> None:
    member = rows.membership()
    page = text_of(signed_in(rows.alice()), PAGE)
    assert f'value="{member.pk}"' in page
    assert 'value="alice@example.org"' in page


def test_it_limits_a_network_and_no_address(client: Client) -> None:
    presses = [pressed(client, NOTHING) for _ in range(21)]
    codes = [
        client.post(CONFIRM, {"press": each}, REMOTE_ADDR="192.0.2.7").status_code
        for each in presses
    ]
    assert codes == [200] * limits.WITHDRAWALS_PER_NETWORK.amount + [429]
    assert client.post(CONFIRM, {"press": presses[-1]}, REMOTE_ADDR="192.0.2.8").status_code == 200


@pytest.mark.parametrize(
    "typed",
    ["{}", " {} ", "{}\n", "{:X}"],
)
def test_it_takes_a_reference_however_it_was_copied(typed: str) -> None:
    ident = uuid4()
    text = typed.format(str(ident)) if "X" not in typed else ident.hex.upper()
    form = WithdrawalForm({"email": "alice@example.org", "reference": text})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["reference"] == ident


@pytest.mark.parametrize("typed", ["", "R-2026-000123", "{019aa1b2}", "\u0661" * 32, NOTHING + "0"])
def test_it_says_what_a_reference_looks_like(client: Client, typed: str) -> None:
    answer = fill_in(client, typed)
    assert answer.status_code == 400
    assert 'href="#id_reference"' in answer.content.decode()


@given(email=st.text(max_size=300), reference=st.text(max_size=120), name=st.text(max_size=120))
def test_whatever_is_typed_is_a_statement_or_a_message(
    email: str, reference: str, name: str
) -> None:
    form = WithdrawalForm({"email": email, "reference": reference, "name": name})
    if form.is_valid():
        assert isinstance(form.cleaned_data["reference"], UUID)
        assert "@" in form.cleaned_data["email"]
    else:
        assert all(form.errors.values())


@given(
    reference=st.uuids(),
    user=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True),
    name=st.text(alphabet=st.characters(categories=["L", "N", "Zs", "P"]), max_size=60),
)
def test_a_statement_in_good_shape_goes_through_both_steps_unchanged(
    reference: UUID, user: str, name: str
) -> None:
    form = WithdrawalForm(
        {"email": f"{user}@example.org", "reference": str(reference), "name": name}
    )
    assert form.is_valid(), form.errors
    assert form.cleaned_data["reference"] == reference
    assert form.cleaned_data["email"] == f"{user}@example.org"


def test_the_database_does_not_let_a_statement_be_changed(client: Client) -> None:
    withdraw(client, NOTHING)
    row = Withdrawal.objects.get()
    for change in (
        {"received_at": rows.START - DAY},
        {"reference": uuid4()},
        {"press": "other"},
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            Withdrawal.objects.update(**change)
    with pytest.raises(StatementIsFinal):
        row.save()


def test_a_worker_finds_one_whose_ring_was_lost(client: Client) -> None:
    withdraw(client, NOTHING)
    tasks.look_after_people()
    assert Withdrawal.objects.get().outcome == Outcome.UNKNOWN


def test_one_that_fails_stops_no_other(client: Client) -> None:
    withdraw(client, rows.membership().pk)  # no Stripe is there to end it
    withdraw(client, NOTHING)
    withdrawals.settle_all()
    assert Withdrawal.objects.filter(outcome=Outcome.UNKNOWN).count() == 1


def test_it_waits_while_the_first_payment_is_with_the_bank(
    client: Client, clock: time_machine.Traveller
) -> None:
    member = rows.membership(state="pending", started_at=None)
    withdraw(client, member.pk)
    assert settled() == Outcome.WAITING
    member.state = "expired"
    member.save()
    assert settled() == Outcome.OVER


def test_a_gift_of_long_ago_stays_given(client: Client, clock: time_machine.Traveller) -> None:
    row = receipt_of(rows.payment())
    clock.shift(15 * DAY)
    withdraw(client, row.pk, email="bob@example.org")
    assert settled() == Outcome.LATE_GIFT
    assert not Intent.objects.exists()


def test_one_of_nobodys_goes_after_a_week_and_proof_after_six_years(
    client: Client, clock: time_machine.Traveller
) -> None:
    withdraw(client, NOTHING)
    withdraw(client, rows.membership(state="ended", ended_at=rows.START, end_reason="other").pk)
    withdrawals.settle_all()
    week = rows.START + 7 * DAY
    assert retention.tidy(now=week).statements == 0
    later = week + timedelta(seconds=1)
    assert retention.due(now=later).statements == 1
    assert retention.tidy(now=later).statements == 1
    assert Withdrawal.objects.get().outcome == Outcome.OVER
    assert retention.tidy(now=datetime(2032, 3, 2, tzinfo=UTC)).statements == 0
    assert retention.tidy(now=datetime(2032, 3, 10, tzinfo=UTC)).statements == 1


def test_erasing_takes_who_and_leaves_what_was_declared(client: Client) -> None:
    member = rows.membership(state="ended", ended_at=rows.START, end_reason="other")
    withdraw(client, member.pk, name="A. Person")
    withdrawals.settle_all()
    (part,) = [each for each in PARTS if each.name == "withdrawals"]
    (line,) = part.copy(rows.alice())
    assert (line["email"], line["name"]) == ("alice@example.org", "A. Person")
    assert not {"press", "email_hash"} & line.keys()
    assert part.wipe is not None
    part.wipe(rows.alice())
    row = Withdrawal.objects.get()
    assert (bytes(row.email_sealed), bytes(row.name_sealed)) == (b"", b"")
    assert row.email_hash.startswith("gone:")
    assert row.reference == member.pk


def test_its_address_is_sealed_anew_with_the_others(client: Client, settings: Any) -> None:
    withdraw(client, NOTHING, name="A. Person")
    settings.VAULT_KEYS = ["A" * 43 + "=", *settings.VAULT_KEYS]
    assert resealing.rotate(batch=10).failed == 0
    row = Withdrawal.objects.get()
    assert vault.sealed_under_newest(row.email_sealed)
    assert (row.email, row.name) == ("alice@example.org", "A. Person")
