"""Money that goes back: refunds and disputes, each a signed line, and the sum always right."""

import pytest
from django.core import mail
from django.db import transaction
from pytest_django.fixtures import Settings

from billing import balance, reconcile, refunds
from billing.documents.receipt import facts, statement
from billing.models import Dispute, LedgerLine, Membership, Payment, Receipt, Refund
from billing.refunds import NothingLeft
from billing.states import DisputeState, EndReason, MembershipState, PaymentState
from members.reports import report
from tests import rows, truth
from tests.cases.acts import (
    at_stripes_time,
    close,
    dashboard,
    dispute,
    let_pass,
    letters,
    movements,
    paid,
    refund_there,
    settle,
    stripes_now,
)
from tests.doors.conftest import Desk
from tests.supporter_desk import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def renewed(desk: Desk) -> tuple[Membership, Payment]:
    """Alice, who joined for €5.00 a month, and her second payment."""
    member = desk.join("monthly", 500)
    let_pass(desk, member)
    return member, member.payments.latest("paid_at")


def first_payment(desk: Desk) -> tuple[Membership, Payment]:
    """Alice, and the payment with which she joined."""
    member = desk.join()
    return member, member.payments.get()


def books_balance() -> bool:
    found = balance.prove()
    assert found.problems == []
    return found.balances


# Refunds
@pytest.mark.case("E10", "F7")
def test_a_renewal_refunded_in_parts_is_one_signed_line_and_one_letter_for_each_part(
    desk: Desk,
) -> None:
    member, second = renewed(desk)
    mail.outbox.clear()
    with at_stripes_time(desk):
        for cents, left in ((100, 400), (150, 250)):
            refund_there(desk, second, amount=cents)
            events = desk.postman.fetch()
            desk.postman.carry(events)
            desk.postman.carry(events)
            settle(desk)
            assert refunds.left_of(second) == left
        assert member.state == MembershipState.ACTIVE
        assert "Refunded: €1.00" in text_of(signed_in(rows.alice()))
        refund_there(desk, second)
        settle(desk)
        assert refunds.left_of(second) == 0
        with pytest.raises(NothingLeft):
            refunds.request(payment=second, amount_cents=None, press="once more")
        assert books_balance()
        assert report.build(now=stripes_now(desk)).running.refund_cents == 500
    assert movements(second) == [
        ("payment", 500, 33),
        ("refund", -250, 0),
        ("refund", -150, 0),
        ("refund", -100, 0),
    ]
    assert len(mail.outbox) == Receipt.objects.filter(series="C").count() == 3
    member.refresh_from_db()
    second.refresh_from_db()
    assert (member.state, second.state) == (MembershipState.ACTIVE, PaymentState.SUCCEEDED)
    let_pass(desk, member)
    assert paid(member) == [500, 500, 500]


@pytest.mark.case("F7")
def test_a_refund_is_the_same_line_whether_an_event_or_the_night_told_of_it(desk: Desk) -> None:
    gift = desk.give(500)
    refund_there(desk, gift, amount=200)

    def lines() -> list[tuple[str, int, int]]:
        assert [each.amount_cents for each in Refund.objects.all()] == [200]
        return movements(gift)

    before = transaction.savepoint()
    carried = set(desk.postman.carried)
    desk.catch_up()
    told = lines()
    transaction.savepoint_rollback(before)
    desk.postman.carried = carried
    assert not Refund.objects.exists()
    reconcile.run(apply=True)
    assert lines() == told == [("payment", 500, 33), ("refund", -200, 0)]


@pytest.mark.case("E10")
def test_a_refund_that_failed_is_taken_back_and_can_be_made_again(desk: Desk) -> None:
    gift = desk.give(500)
    told = refund_there(desk, gift)
    desk.catch_up()
    desk.stripe.tell(f"refunds/{told['id']}/fail")
    desk.catch_up()
    assert refunds.left_of(gift) == 500
    assert sum(net for _, net, _ in movements(gift)) == 500
    assert letters() == ["credit-note", "debit-note", "receipt"]
    refunds.request(payment=gift, amount_cents=None, press="again")
    settle(desk)
    assert refunds.left_of(gift) == 0
    assert books_balance()


@pytest.mark.case("F8", "E16")
def test_money_of_another_product_stands_in_the_ledger_and_is_nobodys(desk: Desk) -> None:
    """The balance of the account has to come out; whose the money is stays unknown."""
    desk.give(500)
    api = dashboard(desk)
    paid_there = api.payment_intents.create(
        {
            "amount": 900,
            "currency": "eur",
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    settle(desk)
    assert Payment.objects.count() == 1
    assert books_balance()
    [line] = LedgerLine.objects.filter(source_id=paid_there.latest_charge)
    assert (line.amount_cents, line.payment) == (900, None)
    assert report.build(now=stripes_now(desk)).running.gross_cents == 500


# Disputes
@pytest.mark.case("E12")
def test_an_open_dispute_ends_the_membership_and_holds_the_money(desk: Desk) -> None:
    member, payment = first_payment(desk)
    mail.outbox.clear()
    dispute(desk, payment)
    member.refresh_from_db()
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.DISPUTED)
    assert movements(payment) == [("dispute", -199, 2000), ("payment", 199, 28)]
    assert books_balance()
    with pytest.raises(NothingLeft, match="the bank holds"):
        refunds.request(payment=payment, amount_cents=None, press="too late")
    desk.stripe.advance(months=2)
    settle(desk)
    assert paid(member) == [199]
    # One letter says that it ended; none asks for money or speaks of the dispute.
    assert [each.subject for each in mail.outbox] == ["Your support has ended"]


@pytest.mark.case("E12")
def test_a_dispute_that_is_won_brings_the_money_back_without_its_fee(desk: Desk) -> None:
    _, payment = first_payment(desk)
    close(desk, dispute(desk, payment), "won")
    assert Dispute.objects.get().state == DisputeState.WON
    assert movements(payment)[:2] == [("dispute", -199, 2000), ("dispute", 199, 0)]
    line = report.build(now=stripes_now(desk)).running
    assert (line.gross_cents, line.dispute_cents, line.net_cents) == (199, 2000, 171 - 2000)
    assert not Receipt.objects.filter(series="C").exists()
    refunds.request(payment=payment, amount_cents=None, press="a kindness")
    settle(desk)
    assert refunds.left_of(payment) == 0
    assert books_balance()


@pytest.mark.case("E12")
def test_a_dispute_that_is_lost_is_a_documented_loss_and_final(desk: Desk) -> None:
    _, payment = first_payment(desk)
    mail.outbox.clear()
    lost = dispute(desk, payment)
    close(desk, lost, "lost")
    [note] = Receipt.objects.filter(series="C")
    assert (note.amount_cents, note.dispute_id) == (199, Dispute.objects.get().pk)
    assert "credit-note" not in letters()
    assert sum(amount - fee for _, amount, fee in movements(payment)) == -28 - 2000
    line = report.build(now=stripes_now(desk)).running
    assert (line.gross_cents, line.dispute_cents, line.net_cents) == (199, 2199, -28 - 2000)
    with pytest.raises(NothingLeft):
        refunds.request(payment=payment, amount_cents=None, press="twice")
    # An older answer that comes late does not open it again.
    settle(desk)
    assert Dispute.objects.get().state == DisputeState.LOST
    assert books_balance()


@pytest.mark.case("E12")
def test_a_dispute_that_is_lost_and_won_on_appeal_takes_its_credit_note_back(desk: Desk) -> None:
    _, payment = first_payment(desk)
    lost = dispute(desk, payment)
    close(desk, lost, "lost")
    [credit] = Receipt.objects.filter(series="C")
    before = letters()
    close(desk, lost, "won")
    settle(desk)  # the same news once more
    assert Dispute.objects.get().state == DisputeState.WON
    [debit] = Receipt.objects.filter(series="D")
    assert (debit.amount_cents, debit.refers_to, debit.refund) == (199, credit, None)
    back = LedgerLine.objects.get(source_id=lost, amount_cents=199)
    assert debit.paid_at == back.booked_at
    assert letters() == before
    assert "the bank gave the money back to us" in statement(debit)
    assert ("Returned to us", "€1.99") in facts(debit)
    assert books_balance()
    assert truth.problems(desk.stripe) == []


@pytest.mark.case("E12")
def test_an_appeal_that_was_won_before_we_heard_of_the_loss_leaves_no_papers(desk: Desk) -> None:
    _, payment = first_payment(desk)
    lost = dispute(desk, payment)
    for status in ("lost", "won"):
        desk.stripe.tell(f"disputes/{lost}/close", status=status)
    settle(desk)
    assert Dispute.objects.get().state == DisputeState.WON
    assert not Dispute.objects.get().documents.exists()
    assert books_balance()
    assert truth.problems(desk.stripe) == []


@pytest.mark.case("E12")
def test_a_question_of_the_bank_ends_nothing_until_it_becomes_a_dispute(desk: Desk) -> None:
    member, payment = first_payment(desk)
    asked = dispute(desk, payment, inquiry=True)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    assert movements(payment) == [("payment", 199, 28)]
    desk.stripe.tell(f"disputes/{asked}/escalate")
    settle(desk)
    member.refresh_from_db()
    assert member.end_reason == EndReason.DISPUTED
    assert books_balance()


@pytest.mark.case("E12")
def test_a_warning_of_fraud_is_refunded_before_it_is_disputed(
    desk: Desk, settings: Settings
) -> None:
    member, payment = first_payment(desk)
    settings.REFUND_FRAUD_WARNINGS = True
    desk.stripe.tell("fraud_warning", payment_intent=payment.stripe_payment_intent_id)
    settle(desk)
    member.refresh_from_db()
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.FRAUD)
    assert refunds.left_of(payment) == 0
    assert books_balance()
