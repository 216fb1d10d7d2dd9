"""Links in letters, pressed: Stripe does what the account's buttons do, and each press once."""

import pytest
from django.test import Client

from billing.letters.links import Purpose
from billing.models import Intent, Membership
from billing.models.stripe import IntentKind, IntentState
from billing.states import MembershipState
from tests import rows
from tests.cases.acts import settle
from tests.doors.conftest import Desk
from tests.doors.test_grace import fail
from tests.letter_desk import look, path_of, press
from tests.supporter_desk import folded, press_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def link(member: Membership, purpose: Purpose) -> str:
    return path_of(purpose, member.pk, rows.alice())


def asked(member: Membership) -> int:
    return Intent.objects.filter(subject=member.pk).exclude(kind=IntentKind.CHECKOUT).count()


def test_it_ends_a_membership_from_a_letter_once_for_two_presses(desk: Desk) -> None:
    member = desk.join()
    path = link(member, Purpose.CANCEL)
    client = Client()
    page = look(path, client)
    assert "€1.99" in page
    pressed = press_in(page, path)
    for _ in range(2):
        answer = client.post(path, {"press": pressed})
        assert answer.status_code == 200
        assert "That is done" in answer.content.decode()
    member.refresh_from_db()
    assert member.ends_on == member.period_end
    assert asked(member) == 1
    assert "already ending" in look(path)
    assert "sessionid" not in client.cookies


@pytest.mark.parametrize("purpose", [Purpose.SKIP, Purpose.PAUSE])
def test_it_leaves_payments_out_from_a_letter(desk: Desk, purpose: Purpose) -> None:
    member = desk.join()
    assert press(link(member, purpose), months="1").status_code == 200
    member.refresh_from_db()
    assert member.state == MembershipState.PAUSED
    assert asked(member) == 1


def test_it_asks_for_how_long_before_it_pauses(desk: Desk) -> None:
    member = desk.join()
    assert press(link(member, Purpose.PAUSE)).status_code == 400
    assert asked(member) == 0


def test_it_withdraws_from_a_letter_and_gives_all_back(desk: Desk) -> None:
    member = desk.join()
    path = link(member, Purpose.WITHDRAW)
    assert "€1.99" in look(path)
    assert "You have withdrawn" in press(path).content.decode()
    settle(desk)
    member.refresh_from_db()
    assert (member.state, member.end_reason) == ("ended", "withdrawn")
    assert member.payments.get().refunds.get().amount_cents == 199


def test_it_undoes_a_second_membership_from_a_letter(desk: Desk) -> None:
    first = desk.join()
    second = desk.join(cents=500)
    assert press(link(second, Purpose.UNDO)).status_code == 200
    for each in (first, second):
        each.refresh_from_db()
    assert (first.state, second.end_reason) == ("active", "duplicate")


def test_it_leads_to_the_page_of_what_is_open_and_of_the_card(desk: Desk) -> None:
    member = desk.join()
    fail(desk, member)
    for purpose in (Purpose.PAY, Purpose.CARD):
        answer = press(link(member, purpose))
        assert answer.status_code == 303, purpose
        assert answer.headers["Location"].startswith(desk.stripe.url)
        assert "no-store" in answer.headers["Cache-Control"]
    member = desk.join()
    assert "Nothing is open" in look(link(member, Purpose.PAY))


def test_it_notes_the_wish_while_stripe_is_away(desk: Desk) -> None:
    member = desk.join()
    path = link(member, Purpose.CANCEL)
    client = Client()
    pressed = press_in(look(path, client), path)
    desk.stripe.tell("down", seconds=60)
    text = folded(client.post(path, {"press": pressed}).content.decode())
    desk.stripe.tell("down", seconds=0)
    assert "We have noted it" in text
    assert Intent.objects.filter(subject=member.pk, state=IntentState.OPEN).count() == 1


@pytest.mark.parametrize("purpose", [Purpose.PAY, Purpose.CARD])
def test_it_says_so_when_stripe_gives_no_page(desk: Desk, purpose: Purpose) -> None:
    member = desk.join()
    fail(desk, member)
    path = link(member, purpose)
    client = Client()
    pressed = press_in(look(path, client), path)
    desk.stripe.tell("down", seconds=60)
    answer = client.post(path, {"press": pressed})
    desk.stripe.tell("down", seconds=0)
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.content.decode()
