"""A charge that is not recognised, through to Stripe: the money goes back exactly once."""

from datetime import timedelta

import pytest
from django.test import Client

from billing.dates import dublin_date
from billing.models import Intent, Letter, Payment, Refund
from billing.models.stripe import IntentKind
from billing.states import MembershipState
from members import charges, tasks
from members.models import ChargeReport
from members.models.charge import Finding
from tests import supporter_desk
from tests.cases.acts import dashboard, settle
from tests.doors.conftest import Desk
from tests.supporter_desk import press_in, signed_in, text_of
from tests.unit.test_charge_page import PAGE

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def report(payment: Payment, *, days_late: int = 0) -> None:
    """Report this payment from a browser that nobody has seen before."""
    client = Client()
    assert payment.paid_at is not None
    day = dublin_date(payment.paid_at) + timedelta(days=days_late)
    typed = {
        "press": press_in(text_of(client, PAGE), PAGE),
        "day": f"{day:%d/%m/%Y}",
        "amount": f"{payment.amount_cents / 100:.2f}",
        "last4": payment.last4,
    }
    for _ in range(2):
        assert client.post(PAGE, typed).status_code == 200


def test_the_money_goes_back_once_and_no_more_is_taken(desk: Desk) -> None:
    member = desk.join()
    for _ in range(2):
        report(member.payments.get(), days_late=1)
    for row in ChargeReport.objects.all():
        for _ in range(2):
            tasks.settle_charge(str(row.pk))
    settle(desk)
    assert Refund.objects.get().amount_cents == 199
    assert len(dashboard(desk).refunds.list().data) == 1
    assert Intent.objects.filter(kind=IntentKind.REFUND).count() == 1
    member.refresh_from_db()
    assert member.ends_on == member.period_end
    assert ChargeReport.objects.filter(finding=Finding.REFUNDED).count() == 2
    kinds = sorted(Letter.objects.values_list("kind", flat=True))
    assert kinds.count("cancelled") == kinds.count("credit-note") == 1


def test_a_gift_goes_back_too(desk: Desk) -> None:
    gift = desk.give()
    report(gift)
    charges.settle_all()
    settle(desk)
    assert Refund.objects.get().payment == gift


def test_it_holds_while_stripe_is_away(desk: Desk) -> None:
    member = desk.join()
    report(member.payments.get())
    desk.stripe.tell("down", seconds=60)
    charges.settle_all()
    desk.stripe.tell("down", seconds=0)
    settle(desk)
    assert Refund.objects.count() == 1
    member.refresh_from_db()
    assert member.ends_on is not None


def test_who_was_hit_by_a_guess_keeps_the_membership_with_one_press(desk: Desk) -> None:
    member = desk.join()
    report(member.payments.get())
    charges.settle_all()
    settle(desk)
    member.refresh_from_db()
    assert member.ends_on is not None
    client = signed_in(member.supporter)
    assert supporter_desk.press(client, member, "keep").status_code == 302
    settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    assert member.ends_on is None
