"""Repairs: what they claim is what stands afterwards, and an import is no news to anybody."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing import reconcile
from billing.dates import dublin_date
from billing.models import LedgerLine, Letter, Membership, Payment, Receipt
from billing.states import MembershipState, PaymentState
from members.reports import report
from tests import rows
from tests.cases.acts import at_stripes_time, dashboard, paid, refund_there, settle, stripes_now
from tests.doors.conftest import Desk
from tests.doors.test_reconcile import told

pytestmark = pytest.mark.django_db


@pytest.mark.case("E19", "F9")
def test_a_history_brought_in_months_later_writes_to_nobody_and_grows_nothing_today(
    desk: Desk,
) -> None:
    began = dublin_date(stripes_now(desk)).replace(day=1)
    alice = desk.open(rows.alice(), "monthly", 300)
    desk.stripe.pay(alice.url)
    desk.stripe.advance(months=3, seconds=7200)
    with at_stripes_time(desk) as now:
        code, _ = told("--apply", "--quiet")
        settle(desk)
        found = report.build(now=timezone.now(), count=5)
    assert code == 0
    assert mail.outbox == []
    assert set(Letter.objects.values_list("state", "reason")) == {("skipped", "imported")}
    lines = {line.month.first: line for line in found.lines}
    assert [(line.new, line.returned) for line in lines.values() if line.new] == [(1, 0)]
    assert lines[began].new == 1
    assert found.running.mrr_cents == 300
    assert [line.gross_cents for line in found.lines] == [0, 300, 300, 300, 300]
    # Each date is Stripe's: none is the day on which we learnt of it.
    charges = dashboard(desk).charges.list({"limit": 100}).data
    booked = {each.id: each.created for each in charges}
    for payment in Payment.objects.all():
        assert payment.paid_at is not None
        assert int(payment.paid_at.timestamp()) == booked[payment.stripe_charge_id]
        assert (now - payment.paid_at).days in {0, 29, 30, 31, 58, 59, 60, 61, 62, 89, 90, 91, 92}
    member = Membership.objects.get()
    assert member.started_at == Payment.objects.earliest("paid_at").paid_at


@pytest.mark.case("E25", "F2", "F15", "F10")
def test_what_heals_and_what_resists_add_up_and_the_exit_code_says_so(desk: Desk) -> None:
    """Alice's and Bob's payments can be taken in; Charlie's row is gone, and nobody makes it up."""
    for who, slug in ((rows.alice(), "monthly"), (rows.bob(), "once")):
        desk.stripe.pay(desk.open(who, slug, 500).url)
    lost = desk.open(rows.charlie(), "monthly", 500)
    desk.stripe.pay(lost.url)
    Membership.objects.filter(pk=lost.subject).delete()
    report_ = reconcile.run(apply=True)
    assert report_.found == report_.healed + report_.remaining
    assert report_.remaining == len(report_.errors) == 1
    assert "Unclaimed" in report_.errors[0]
    # The state it claims is the state there is.
    assert Membership.objects.get().state == MembershipState.ACTIVE
    assert Payment.objects.filter(state=PaymentState.SUCCEEDED).count() == 2
    assert Receipt.objects.count() == 2
    code, said = told("--apply")
    assert code == 1
    assert "0 were healed" in said
    assert "1 differences remain" in said


@pytest.mark.case("E25", "F2")
def test_a_repair_that_is_only_looked_at_changes_nothing_and_says_the_same_as_the_real_one(
    desk: Desk,
) -> None:
    member = desk.join()
    Membership.objects.filter(pk=member.pk).update(amount_cents=1, applied_ticket=0)
    looked, code = told("--dry-run")[1], told("--dry-run")[0]
    assert code == 1
    assert Membership.objects.get().amount_cents == 1
    healed_code, healed = told("--apply")
    assert healed_code == 0
    [difference] = [line for line in looked.splitlines() if line.startswith("differs:")]
    assert difference in healed
    assert Membership.objects.get().amount_cents == 199
    assert told()[0] == 0


@pytest.mark.case("E25", "F15")
def test_books_that_do_not_balance_are_never_called_balanced(desk: Desk) -> None:
    gift = desk.give(500)
    refund_there(desk, gift, amount=200)
    desk.catch_up()
    said = StringIO()
    call_command("balance", stdout=said)
    assert "The books balance." in said.getvalue()
    assert "Stripe €2.67, ledger €2.67" in said.getvalue()
    line = LedgerLine.objects.get(amount_cents=-200)
    LedgerLine.objects.filter(pk=line.pk).update(amount_cents=200, net_cents=200)
    with pytest.raises(CommandError, match="do not balance"):
        call_command("balance", stdout=said)
    line.refresh_from_db()
    assert line.amount_cents == 200, "a line that differs is named, not changed"
    assert f"{line.pk} (refund) differs from its line" in said.getvalue()


@pytest.mark.case("F4", "F14")
def test_a_row_that_nothing_at_stripe_belongs_to_is_closed_and_one_that_is_paid_is_not(
    desk: Desk,
) -> None:
    """Opened days ago; one was paid unheard, and one never came as far as a checkout."""
    unborn = rows.membership(
        rows.bob(), state="pending", stripe_subscription_id=None, started_at=None
    )
    left, kept = (desk.open(who, "monthly", 199) for who in (rows.alice(), rows.charlie()))
    desk.stripe.pay(kept.url)
    desk.stripe.advance(days=2)
    Membership.objects.update(created_at=timezone.now() - timedelta(days=3))
    with at_stripes_time(desk):
        assert reconcile.run(apply=True).remaining == 0
    for nothing in (left.subject, unborn.pk):
        assert Membership.objects.get(pk=nothing).state == MembershipState.EXPIRED
    member = Membership.objects.get(pk=kept.subject)
    assert (member.state, paid(member)) == (MembershipState.ACTIVE, [199])
