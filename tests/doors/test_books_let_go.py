"""What was let go with its year is not brought back from Stripe, nor called a difference."""

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from billing import balance, figures, keeping, reconcile
from billing.dates import dublin_date
from billing.models import Intent, LedgerLine, Membership, Payment, Payout, Receipt, StripeCustomer
from billing.reconcile import promises
from members import retention
from members.models import Supporter
from tests.cases.acts import close, dashboard, dispute, refund_there, settle
from tests.doors.conftest import Desk
from tests.unit.test_bygones import of_reports

pytestmark = [pytest.mark.django_db, pytest.mark.real]


def let_go_day() -> datetime:
    return keeping.begins(dublin_date(timezone.now()).year + 7)


def test_neither_the_night_nor_the_balance_misses_what_was_let_go(desk: Desk) -> None:
    ended, gift = desk.join(), desk.give()
    refund_there(desk, gift, amount=100)
    close(desk, dispute(desk, ended.payments.get()), "lost")
    lives = desk.join("yearly", 2388)
    desk.stripe.advance(days=10)
    settle(desk)
    assert balance.prove().problems == []
    assert Payout.objects.exists()
    before = of_reports()
    with time_machine.travel(let_go_day() - timedelta(seconds=1), tick=False):
        assert retention.tidy(now=timezone.now()).payments == 0
    with time_machine.travel(let_go_day(), tick=False):
        gone = retention.tidy(now=timezone.now())
        assert (gone.payments, gone.nameless) == (3, 1)
        assert not any(each.objects.exists() for each in (Payment, Receipt, LedgerLine, Payout))
        desk.work()
        for _ in range(2):
            found = balance.prove()
            assert (found.problems, found.posted, found.lines) == ([], 0, 0)
            told = reconcile.run(apply=True)
            assert (told.found, told.remaining) == (0, 0)
    assert not any(each.objects.exists() for each in (Payment, Receipt, LedgerLine, Payout))
    assert {each.pk for each in Membership.objects.all()} == {ended.pk, lives.pk}
    assert Supporter.objects.get() == lives.supporter, "Bob's row went with his gift"
    assert of_reports() == before
    assert figures.compare().equal


def test_who_lapsed_is_forgotten_at_stripe_too_and_money_that_moves_later_finds_its_payment(
    desk: Desk,
) -> None:
    desk.join()
    member = Membership.objects.get()
    customer = StripeCustomer.objects.get().stripe_customer_id
    dashboard(desk).subscriptions.cancel(member.stripe_subscription_id or "")
    settle(desk)
    with time_machine.travel(timezone.now() + timedelta(days=732)):
        assert retention.tidy(now=timezone.now()).forgotten == 1
        Intent.objects.filter(kind="delete_customer").update(state="refused", error="busy")
        assert any("its deletion was refused" in each for each in promises.unkept())
        retention.tidy(now=timezone.now())
        desk.work(timezone.now() + timedelta(minutes=2))
        assert promises.unkept() == []
        assert dashboard(desk).customers.retrieve(customer).deleted
        refund_there(desk, member.payments.get())
        settle(desk)
        assert member.payments.get().refunds.count() == 1
        assert balance.prove().problems == []
        assert reconcile.run(apply=True).remaining == 0
    assert Supporter.objects.get().erased
