"""A statement on the public page, through to Stripe: it ends, the money goes back, and once."""

from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.test import Client

from billing.models import Intent, Letter, Refund
from billing.models.stripe import IntentKind
from members import tasks, withdrawals
from members.models import Withdrawal
from members.models.withdrawal import Outcome
from tests.cases.acts import dashboard, settle
from tests.doors.conftest import Desk
from tests.unit.test_withdraw_page import CONFIRM, pressed, withdraw

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def outcomes() -> list[str]:
    return sorted(Withdrawal.objects.values_list("outcome", flat=True))


def acknowledged() -> str:
    (text,) = [
        str(each.body)
        for each in mail.outbox
        if "I hereby give notice" in str(each.body) and "We have received" in str(each.body)
    ]
    return text


def test_it_ends_at_once_and_gives_all_back_once_for_two_tabs_and_a_reload(desk: Desk) -> None:
    member = desk.join()
    client = Client()
    tabs = [pressed(client, member.pk) for _ in range(2)]
    for press in [*tabs, tabs[0]]:
        assert client.post(CONFIRM, {"press": press}).status_code == 200
    for row in Withdrawal.objects.all():
        for _ in range(2):
            tasks.settle_withdrawal(str(row.pk))
    settle(desk)
    member.refresh_from_db()
    assert (member.state, member.end_reason) == ("ended", "withdrawn")
    assert Refund.objects.get().amount_cents == 199
    assert len(dashboard(desk).refunds.list().data) == 1
    assert outcomes() == [Outcome.WITHDRAWN] * 2
    assert Letter.objects.filter(kind="withdrawal").count() == 1
    assert str(member.pk) in acknowledged()


def test_it_is_found_by_the_reference_of_a_receipt(desk: Desk) -> None:
    member = desk.join()
    withdraw(Client(), member.payments.get().receipts.get().pk)
    withdrawals.settle_all()
    settle(desk)
    member.refresh_from_db()
    assert member.end_reason == "withdrawn"


def test_it_counts_from_the_page_and_not_from_the_worker(desk: Desk) -> None:
    """Both clocks stand in the letter: the moment at which the statement was received."""
    member = desk.join()
    assert member.started_at is not None
    last = member.started_at + timedelta(days=13)
    with time_machine.travel(last, tick=False):
        withdraw(Client(), member.pk)
    with time_machine.travel(last + timedelta(days=9), tick=False):
        withdrawals.settle_all()
        settle(desk)
    assert outcomes() == [Outcome.WITHDRAWN]
    received = Withdrawal.objects.get().received_at
    assert f"({received:%H:%M} UTC)" in acknowledged()
    assert f"{received.day} {received:%B %Y}" in acknowledged()


def test_too_late_it_ends_with_what_is_paid(desk: Desk) -> None:
    member = desk.join()
    assert member.started_at is not None
    with time_machine.travel(member.started_at + timedelta(days=20), tick=False):
        for _ in range(2):
            withdraw(Client(), member.pk)
        withdrawals.settle_all()
        settle(desk)
    member.refresh_from_db()
    assert member.state == "active"
    assert member.ends_on == member.period_end
    assert not Refund.objects.exists()
    assert outcomes() == [Outcome.CANCELLED] * 2
    assert Intent.objects.filter(kind=IntentKind.CANCEL_AT_PERIOD_END).count() == 1
    assert Letter.objects.filter(kind="cancelled").count() == 1
    assert not Letter.objects.filter(kind="withdrawal").exists()


def test_it_gives_a_gift_back_once(desk: Desk) -> None:
    gift = desk.give()
    for _ in range(2):
        withdraw(Client(), gift.receipts.get().pk, email="bob@example.org")
    withdrawals.settle_all()
    settle(desk)
    assert Refund.objects.get().amount_cents == 500
    assert outcomes() == [Outcome.GIFT] * 2


def test_it_holds_while_stripe_is_away(desk: Desk) -> None:
    member = desk.join()
    withdraw(Client(), member.pk)
    desk.stripe.tell("down", seconds=60)
    withdrawals.settle_all()
    desk.stripe.tell("down", seconds=0)
    assert Letter.objects.filter(kind="withdrawal").count() == 1, "it counts from the press"
    settle(desk)
    member.refresh_from_db()
    assert member.end_reason == "withdrawn"
    assert Refund.objects.count() == 1


def test_it_goes_on_where_a_worker_died(desk: Desk) -> None:
    member = desk.join()
    withdraw(Client(), member.pk)
    withdrawals.settle_all()
    settle(desk)
    # As it stood before the last write of a worker that was killed.
    Withdrawal.objects.update(outcome=Outcome.WAITING, supporter=None, settled_at=None)
    withdrawals.settle_all()
    settle(desk)
    assert outcomes() == [Outcome.WITHDRAWN]
    assert Refund.objects.count() == 1
