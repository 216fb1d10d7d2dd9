"""I don't recognise this charge: a report of three facts, answered alike whatever it hits."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from billing.models import Intent, Letter, Payment
from members import charges, limits, retention
from members.models import ChargeReport
from members.models.charge import Finding
from members.models.staff import Role
from members.models.withdrawal import StatementIsFinal
from members.privacy.parts import PARTS
from members.statement_forms import ChargeForm
from tests import rows
from tests.staff_desk import signed_in
from tests.supporter_desk import folded, press_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PAGE = "/charge/"
DAY = timedelta(days=1)
RIGHT = {"day": "2/3/2026", "amount": "4.99", "last4": "4242"}


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still a week after START, until a test moves it; no limit is used up."""
    limits.storage.cache_clear()
    with time_machine.travel(rows.START + 7 * DAY, tick=False) as stopped:
        yield stopped


def report(client: Client, press: str = "", **typed: str) -> Any:
    press = press or press_in(text_of(client, PAGE), PAGE)
    return client.post(PAGE, RIGHT | {"press": press} | typed)


def paid(**more: Any) -> Payment:
    """A payment of Alice's that RIGHT fits."""
    member = rows.membership(amount_cents=499)
    return rows.payment(member, **more)


def found(client: Client, **typed: str) -> Finding:
    assert report(client, **typed).status_code == 200
    row = ChargeReport.objects.latest("received_at", "pk")
    charges.settle(row.pk)
    return Finding(ChargeReport.objects.get(pk=row.pk).finding)


def test_it_stands_at_the_foot_of_every_page(client: Client) -> None:
    for path in ("/", "/sign-in/", "/privacy/", "/withdraw/", PAGE):
        assert f'href="{PAGE}"' in text_of(client, path), path


@pytest.mark.parametrize(
    "typed",
    [{"day": "26/2/2026"}, {"day": "6/3/2026"}, {"amount": "4.98"}, {"last4": "4243"}],
)
def test_what_is_wrong_in_one_of_three_hits_nothing(client: Client, typed: dict[str, str]) -> None:
    paid()
    assert found(client, **typed) == Finding.UNKNOWN
    assert not Intent.objects.exists()
    assert not Letter.objects.exists()


def test_a_payment_of_long_ago_is_its_banks_matter(
    client: Client, clock: time_machine.Traveller
) -> None:
    paid()
    clock.shift(charges.RECENT)
    assert found(client) == Finding.UNKNOWN


@pytest.mark.parametrize("more", [{"state": "failed", "paid_at": None}, {"state": "expired"}])
def test_what_was_never_paid_is_not_hit(client: Client, more: dict[str, Any]) -> None:
    paid(**more)
    assert found(client) == Finding.UNKNOWN


def test_two_that_fit_wait_for_a_person(client: Client) -> None:
    paid()
    rows.payment(amount_cents=499, paid_at=rows.START + 2 * DAY)
    assert found(client) == Finding.SEVERAL
    assert not Intent.objects.exists()
    assert ChargeReport.objects.get().payment is None


@pytest.mark.parametrize("ceiling", [498, 0])
def test_above_the_ceiling_it_waits_for_a_person(
    client: Client, settings: Any, ceiling: int
) -> None:
    settings.CHARGE_REFUND_CEILING_CENTS = ceiling
    payment = paid()
    assert found(client) == Finding.ABOVE
    assert not Intent.objects.exists()
    assert ChargeReport.objects.get().payment == payment
    assert len(charges.for_staff(now=rows.START + 8 * DAY)) == 1


def test_it_says_so_where_nothing_is_given_back_by_itself(client: Client, settings: Any) -> None:
    assert "€25.00" in text_of(client, PAGE)
    settings.CHARGE_REFUND_CEILING_CENTS = 0
    assert "give it back" not in text_of(client, PAGE)


def test_a_day_gives_back_no_more_than_its_number(
    client: Client, clock: time_machine.Traveller, settings: Any
) -> None:
    settings.CHARGE_REFUNDS_PER_DAY = 2
    for cents in (501, 502, 503):
        rows.payment(amount_cents=cents, stripe_payment_intent_id=f"pi_{cents}")
    outcomes = [found(client, amount=f"5.0{each}") for each in (1, 2, 3)]
    assert outcomes == [Finding.REFUNDED, Finding.REFUNDED, Finding.HELD_BACK]
    assert Intent.objects.count() == 2
    clock.shift(DAY)
    rows.payment(amount_cents=504)
    assert found(client, amount="5.04") == Finding.REFUNDED


def test_one_given_back_already_is_not_given_back_again(client: Client) -> None:
    rows.refund(paid())
    assert found(client) == Finding.OVER
    assert not Intent.objects.exists()


def test_one_press_is_one_report_however_often_it_comes(client: Client) -> None:
    press = press_in(text_of(client, PAGE), PAGE)
    first, again = (report(client, press) for _ in range(2))
    assert first.content == again.content
    assert ChargeReport.objects.count() == 1


def test_a_bent_press_stores_nothing_and_says_so(client: Client) -> None:
    answer = report(client, "bent")
    assert answer.status_code == 400
    assert "Nothing was stored" in answer.content.decode()
    assert not ChargeReport.objects.exists()


def test_another_site_cannot_press(client: Client) -> None:
    assert Client(enforce_csrf_checks=True).post(PAGE, RIGHT).status_code == 403


def test_it_limits_a_network_and_everybody_together(client: Client) -> None:
    presses = [press_in(text_of(client, PAGE), PAGE) for _ in range(6)]

    def codes(*addresses: str) -> list[int]:
        return [
            client.post(PAGE, RIGHT | {"press": presses[-1]}, REMOTE_ADDR=each).status_code
            for each in addresses
        ]

    own = limits.CHARGES_PER_NETWORK.amount
    assert codes(*["192.0.2.7"] * (own + 1)) == [200] * own + [429]
    others = limits.CHARGES_OF_ALL.amount - own
    assert codes(*(f"2001:db8:{n:x}::1" for n in range(others))) == [200] * others
    assert codes("198.51.100.1") == [429]


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("day", ""),
        ("day", "31/2/2026"),
        ("day", "11/3/2026"),
        ("day", "1/1/2025"),
        ("day", "31/12/9999"),
        ("amount", ""),
        ("amount", "0"),
        ("amount", "12345678"),
        ("last4", "42424"),
        ("last4", "\u0664\u0662\u0664\u0662"),
    ],
)
def test_it_says_what_each_field_takes(client: Client, field: str, typed: str) -> None:
    answer = report(client, **{field: typed})
    assert answer.status_code == 400
    assert f'href="#id_{field}"' in answer.content.decode()
    assert not ChargeReport.objects.exists()


@pytest.mark.parametrize("typed", ["2/3/2026", "02.03.2026", "2026-03-02", " 2-3-2026 "])
def test_it_takes_a_day_as_people_write_it(typed: str) -> None:
    form = ChargeForm(RIGHT | {"day": typed})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["day"] == rows.START.date()


@given(day=st.text(max_size=40), amount=st.text(max_size=40), last4=st.text(max_size=10))
def test_whatever_is_typed_is_a_report_or_a_message(day: str, amount: str, last4: str) -> None:
    form = ChargeForm({"day": day, "amount": amount, "last4": last4})
    if form.is_valid():
        assert form.cleaned_data["amount"] > 0
    else:
        assert all(form.errors.values())


@given(
    days=st.integers(0, 399),
    cents=st.integers(1, 99_999),
    digits=st.integers(0, 9999),
    minus=st.booleans(),
)
def test_a_report_in_good_shape_is_read_to_the_cent(
    days: int, cents: int, digits: int, minus: bool
) -> None:
    day = (rows.START + 7 * DAY).date() - days * DAY
    typed = {
        "day": f"{day:%d/%m/%Y}",
        "amount": f"{'-' if minus else ''}{cents // 100}.{cents % 100:02d}",
        "last4": f"{digits:04d}",
    }
    form = ChargeForm(typed)
    assert form.is_valid(), form.errors
    assert form.cleaned_data == {"day": day, "amount": cents, "last4": f"{digits:04d}"}


def test_the_database_does_not_let_a_report_be_changed(client: Client) -> None:
    report(client)
    row = ChargeReport.objects.get()
    for change in ({"amount_cents": 1}, {"day": rows.START.date() - DAY}, {"last4": "0000"}):
        with pytest.raises(DatabaseError), transaction.atomic():
            ChargeReport.objects.update(**change)
    with pytest.raises(StatementIsFinal):
        row.save()


def test_staff_see_what_waits_for_them_and_no_name(client: Client, settings: Any) -> None:
    settings.CHARGE_REFUND_CEILING_CENTS = 0
    payment = paid()
    assert found(client) == Finding.ABOVE
    assert found(client, last4="0000") == Finding.UNKNOWN
    page = folded(signed_in(Role.SUPPORT).get("/staff/inbox/").content.decode())
    assert "€4.99 on 2 Mar 2026, ending 4242" in page
    assert str(payment.pk) in page
    assert "0000" not in page
    assert "alice" not in page.casefold()


def test_one_that_hit_nothing_goes_after_a_week(client: Client) -> None:
    assert found(client) == Finding.UNKNOWN
    week = rows.START + 14 * DAY
    assert retention.tidy(now=week).statements == 0
    assert retention.tidy(now=week + timedelta(seconds=1)).statements == 1


def test_a_supporter_gets_a_copy_of_what_was_said_of_their_payment(client: Client) -> None:
    paid()
    assert found(client, amount="4.99") == Finding.REFUNDED
    (part,) = [each for each in PARTS if each.name == "charge_reports"]
    (line,) = part.copy(rows.alice())
    assert line["last4"] == "4242"
    assert "press" not in line
    assert part.copy(rows.bob()) == []
