"""Money that comes back and goes again: right in whatever order and however often we hear of it."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import timezone

from billing import balance, figures, inbox, reconcile, refunds
from billing.accounts import years
from billing.documents.listing import signed_cents
from billing.models import Dispute, LedgerLine, Membership, Payment, Refund, StripeEvent
from billing.models.ledger import LineKind
from billing.models.stripe import EventState
from billing.states import DisputeState, EndReason, MembershipState, PaymentState, RefundState
from members.reports import report
from tests import rows, statements, truth
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
from tests.doors.test_event_path import IBAN_FAILS, IBAN_PAYS
from tests.supporter_desk import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def all_is_well(desk: Desk, *, as_booked: bool = True) -> None:
    """Rows as Stripe has them, a ledger that adds up, papers that follow it, figures that agree.

    Of a debit that was booked as it was made Stripe does not tell afterwards that it had arrived.
    """
    with at_stripes_time(desk):
        found = balance.prove()
        assert (found.problems, found.balances) == ([], True)
        assert not as_booked or truth.problems(desk.stripe) == []
        assert list(statements.problems()) == []
        assert list(figures.compare().differences) == []
    assert not StripeEvent.objects.exclude(state=EventState.DONE).exists()


def papers(payment: Payment) -> list[tuple[str, int]]:
    """Its documents, in the order in which the money moved."""
    found = payment.receipts.order_by("paid_at", "turn", "-series")
    return [(each.series, each.amount_cents) for each in found]


def debited(desk: Desk, slug: str = "yearly", cents: int = 2388) -> tuple[Membership, Payment]:
    member = desk.join(slug, cents, iban=IBAN_PAYS)
    desk.stripe.advance(days=6)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()
    return member, member.payments.get()


def bank_returns(desk: Desk, payment: Payment) -> None:
    """Two months later the bank takes the debit back, and calls it no dispute."""
    desk.stripe.tell(f"debits/{payment.stripe_charge_id}/return", as_failure=True)


def by_month(desk: Desk) -> list[tuple[int, int, int, int]]:
    """Gross, fees, disputes and net of the months in which there was any of them."""
    lines = report.build(now=stripes_now(desk)).lines
    told = [(x.gross_cents, x.fee_cents, x.dispute_cents, x.net_cents) for x in lines]
    return [each for each in told if any(each)]


@pytest.mark.case("E12", "E13")
def test_a_debit_that_its_bank_returns_has_a_credit_note_and_ends_what_it_paid(
    desk: Desk,
) -> None:
    member, payment = debited(desk)
    desk.stripe.advance(days=60)
    bank_returns(desk, payment)
    with at_stripes_time(desk):
        settle(desk)
        settle(desk)  # the same news once more
        assert "Taken back by your bank: €23.88" in text_of(signed_in(rows.alice()))
    back = LedgerLine.objects.get(kind=LineKind.PAYMENT_RETURNED)
    assert papers(payment) == [("R", 2388), ("C", 2388)]
    [note] = payment.receipts.filter(series="C")
    assert (note.returned, note.paid_at, note.refund, note.dispute) == (
        back, back.booked_at, None, None,
    )  # fmt: skip
    payment.refresh_from_db()
    assert (payment.state, payment.first_failed_at) == (PaymentState.SUCCEEDED, None)
    assert refunds.left_of(payment) == 0
    member.refresh_from_db()
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.PAYMENT_FAILED)
    assert [each.subject for each in mail.outbox[-2:]] == [
        "Your payment was returned",
        "Your support has ended",
    ]
    assert by_month(desk) == [(2388, 35, 0, 2353), (0, 0, 2388, -2388)]
    all_is_well(desk)


@pytest.mark.case("E2", "E3", "E12", "E13")
@pytest.mark.parametrize("told", ["backwards", "charge.failed alone", "by the night"])
def test_a_returned_debit_is_the_same_whenever_and_however_we_hear_of_it(
    desk: Desk, told: str
) -> None:
    """We were away while it was paid and while it came back: only afterwards do we hear of it."""
    member = desk.join("yearly", 2388, iban=IBAN_PAYS)
    desk.stripe.advance(days=6)
    invoice = dashboard(desk).invoices.list({"limit": 1}).data[0]
    charge = dashboard(desk).charges.list({"limit": 1}).data[0]
    desk.stripe.advance(days=40)
    desk.stripe.tell(f"debits/{charge.id}/return", as_failure=True)
    events = desk.postman.fetch()
    with at_stripes_time(desk):
        if told == "backwards":
            desk.postman.carry(list(reversed(events)))
            desk.postman.carry(events)
        elif told == "charge.failed alone":
            desk.postman.carry([each for each in events if each["type"] == "charge.failed"])
        else:
            reconcile.run(apply=True)
        desk.work(timezone.now() + timedelta(minutes=2))
        settle(desk)
    payment = member.payments.get()
    assert payment.stripe_invoice_id == invoice.id
    assert papers(payment) == [("R", 2388), ("C", 2388)]
    assert by_month(desk) == [(2388, 35, 0, 2353), (0, 0, 2388, -2388)]
    member.refresh_from_db()
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.PAYMENT_FAILED)
    all_is_well(desk)


@pytest.mark.case("E12", "E13")
def test_a_debit_that_fails_on_its_way_never_was_income(desk: Desk) -> None:
    """Stripe may book a debit as it is made, and book it back: nobody was paid in between."""
    desk.stripe.tell("settings", sepa_booked="made")
    member = desk.join("yearly", 2388, iban=IBAN_FAILS)
    desk.stripe.advance(days=6)
    with at_stripes_time(desk):
        settle(desk)
    payment = member.payments.get()
    assert (payment.state, papers(payment)) == (PaymentState.FAILED, [])
    assert movements(payment) == [("payment", 2388, 35), ("payment_returned", -2388, 0)]
    assert letters() == ["payment-failed", "welcome"]
    # What is lost is the fee, in the month in which it failed.
    assert by_month(desk) == [(0, 0, 35, -35)]
    all_is_well(desk)


@pytest.mark.case("E2", "E12", "E13")
@pytest.mark.parametrize(
    ("booked", "heard"),
    [("cleared", "each time"), ("cleared", "at the end"), ("made", "each time")],
)
def test_a_returned_debit_that_is_paid_by_card_stands_again(
    desk: Desk, booked: str, heard: str
) -> None:
    desk.stripe.tell("settings", sepa_booked=booked)
    gift = debited_by_another_program(desk)
    hears = heard == "each time"
    charge = dashboard(desk).charges.list({"limit": 1}).data[0]
    desk.stripe.advance(days=6)
    with at_stripes_time(desk):
        if hears:
            settle(desk)
    desk.stripe.advance(days=40)
    desk.stripe.tell(f"debits/{charge.id}/return", as_failure=True)
    with at_stripes_time(desk):
        if hears:
            settle(desk)
            assert papers(gift) == [("R", 30000), ("C", 30000)]
            assert list(years.candidates(2026)) == []
            assert "took €300.00 back" in text_of(signed_in(rows.bob()), "/account/history/")
    desk.stripe.advance(days=40)
    dashboard(desk).payment_intents.confirm(
        charge.payment_intent, {"payment_method": "pm_card_visa"}
    )
    with at_stripes_time(desk):
        settle(desk)
    gift.refresh_from_db()
    assert (gift.stripe_charge_id, gift.method) == (charge.id, "SEPA direct debit")
    assert gift.first_failed_at is None
    assert papers(gift) == [("R", 30000), ("C", 30000), ("D", 30000)][: 3 if hears else 1]
    assert refunds.left_of(gift) == 30000
    fee = 475
    assert by_month(desk) == [
        (30000, 35, 0, 29965),
        (0, 0, 30000, -30000),
        (30000, fee, 0, 30000 - fee),
    ]
    assert list(years.candidates(2026)) == [(rows.bob().pk, 30000)]
    all_is_well(desk, as_booked=booked == "cleared")


def debited_by_another_program(desk: Desk) -> Payment:
    """Bob's gift, paid over Stripe's API: such an intent may be tried again."""
    gift = Payment.objects.get(pk=desk.open(rows.bob(), "once", 30000).subject)
    api = dashboard(desk)
    account = {
        "type": "sepa_debit",
        "sepa_debit": {"iban": IBAN_PAYS},
        "billing_details": {"name": "Bob", "email": "bob@example.org"},
    }
    agreed = {"type": "online", "online": {"ip_address": "127.0.0.1", "user_agent": "test"}}
    api.payment_intents.create(
        {
            "amount": 30000,
            "currency": "eur",
            "customer": api.customers.create({"email": "bob@example.org"}).id,
            "payment_method": api.payment_methods.create(account).id,
            "mandate_data": {"customer_acceptance": agreed},
            "setup_future_usage": "off_session",
            "confirm": True,
            "metadata": {truth.REF: str(gift.pk)},
        }
    )
    return gift


@pytest.mark.case("E12", "E13")
def test_an_old_month_that_comes_back_leaves_the_membership_that_runs(desk: Desk) -> None:
    member, first = debited(desk, "monthly", 1000)
    let_pass(desk, member)
    desk.stripe.advance(days=6)
    with at_stripes_time(desk):
        settle(desk)
        bank_returns(desk, first)
        settle(desk)
    member.refresh_from_db()
    assert (member.state, paid(member)) == (MembershipState.ACTIVE, [1000, 1000])
    assert papers(first) == [("R", 1000), ("C", 1000)]
    all_is_well(desk)


@pytest.mark.case("E12")
def test_a_dispute_that_is_lost_won_and_lost_again_has_papers_for_each_turn(desk: Desk) -> None:
    gift = desk.give(500)
    asked = dispute(desk, gift)
    turns = ["lost", "won", "lost", "won"]
    wanted = [("R", 500)]
    for i, end in enumerate(turns):
        if i:
            desk.stripe.advance(days=20)
        with at_stripes_time(desk):
            close(desk, asked, end)
            settle(desk)
        wanted.append(("D" if i % 2 else "C", 500))
        assert papers(gift) == wanted
        held = end == "lost"
        assert refunds.left_of(gift) == (0 if held else 500)
        all_is_well(desk)
    assert [note.turn for note in gift.receipts.order_by("paid_at").exclude(series="R")] == [
        1, 1, 2, 2,
    ]  # fmt: skip
    lines = LedgerLine.objects.filter(payment=gift, kind=LineKind.DISPUTE).order_by("booked_at")
    notes = gift.receipts.order_by("paid_at").exclude(series="R")
    assert [(x.booked_at, x.amount_cents) for x in lines] == [
        (each.paid_at, signed_cents(each)) for each in notes
    ]


@pytest.mark.case("E12")
def test_a_question_that_becomes_a_dispute_next_year_is_documented_next_year(desk: Desk) -> None:
    gift = desk.give(500)
    asked = dispute(desk, gift, inquiry=True)
    desk.stripe.advance(days=60)
    desk.stripe.tell(f"disputes/{asked}/escalate")
    desk.stripe.advance(days=1)
    desk.stripe.tell(f"disputes/{asked}/close", status="lost")
    with at_stripes_time(desk):
        settle(desk)
    [note] = gift.receipts.filter(series="C")
    line = LedgerLine.objects.get(payment=gift, kind=LineKind.DISPUTE)
    assert note.paid_at == line.booked_at != Dispute.objects.get().opened_at
    all_is_well(desk)


@pytest.mark.case("E12")
def test_a_question_that_is_closed_changes_nothing(desk: Desk) -> None:
    member = desk.join()
    payment = member.payments.get()
    close(desk, dispute(desk, payment, inquiry=True), "warning_closed")
    member.refresh_from_db()
    assert (member.state, papers(payment)) == (MembershipState.ACTIVE, [("R", 199)])
    assert Dispute.objects.get().state == DisputeState.CLOSED
    assert refunds.left_of(payment) == 199
    all_is_well(desk)


@pytest.mark.case("E12")
@pytest.mark.parametrize("order", ["as it happened", "backwards"])
def test_two_disputes_of_parts_after_a_refund_leave_what_is_left(desk: Desk, order: str) -> None:
    gift = desk.give(1000)
    intent = gift.stripe_payment_intent_id
    refund_there(desk, gift, amount=100)
    first = desk.stripe.tell("dispute", payment_intent=intent, amount=200)["id"]
    desk.stripe.tell(f"disputes/{first}/close", status="won")
    second = desk.stripe.tell("dispute", payment_intent=intent, amount=300)["id"]
    desk.stripe.tell(f"disputes/{second}/close", status="lost")
    events = desk.postman.fetch()
    desk.postman.carry(events if order == "as it happened" else list(reversed(events)))
    desk.postman.carry(events)
    settle(desk)
    assert sorted(papers(gift)) == [("C", 100), ("C", 300), ("R", 1000)]
    assert refunds.left_of(gift) == 600
    line = report.build(now=stripes_now(desk)).running
    assert (line.gross_cents, line.refund_cents, line.dispute_cents) == (1000, 100, 300 + 4000)
    with pytest.raises(refunds.NothingLeft):
        refunds.request(payment=gift, amount_cents=600, press="Stripe would refuse it")
    assert "Given back by your bank: €3.00" in text_of(signed_in(rows.bob()))
    all_is_well(desk)


@pytest.mark.case("E10", "E12")
def test_a_refund_that_fails_and_is_disputed_then_is_lost_once(desk: Desk) -> None:
    gift = desk.give(500)
    told = refund_there(desk, gift)
    desk.catch_up()
    desk.stripe.tell(f"refunds/{told['id']}/fail")
    desk.catch_up()
    close(desk, dispute(desk, gift), "lost")
    assert Refund.objects.get().state == RefundState.FAILED
    assert sorted(papers(gift)) == [("C", 500), ("C", 500), ("D", 500), ("R", 500)]
    assert sum(signed_cents(each) for each in gift.receipts.all()) == 0
    assert refunds.left_of(gift) == 0
    all_is_well(desk)


@pytest.mark.case("E10")
def test_a_refund_that_fails_on_its_way_is_a_persons_to_mend_once_it_was_announced(
    desk: Desk,
) -> None:
    gift = desk.give(500, card="4000000000007726")
    told = refund_there(desk, gift)
    settle(desk)
    assert letters() == ["receipt", "refund"]
    desk.stripe.tell(f"refunds/{told['id']}/fail")
    settle(desk)
    parked = StripeEvent.objects.filter(state=EventState.PARKED)
    assert {each.error for each in parked} == {
        f"NeedsPerson: refund {told['id']} failed, and its money is promised back"
    }
    assert (papers(gift), refunds.left_of(gift)) == ([("R", 500)], 500)
    again = refund_there(desk, gift)
    desk.stripe.tell(f"refunds/{again['id']}/succeed")
    settle(desk)
    inbox.retry(parked.values_list("pk", flat=True))
    settle(desk)
    assert papers(gift) == [("R", 500), ("C", 500)]
    all_is_well(desk)


@pytest.mark.case("E3", "E13", "F1")
def test_a_return_that_the_books_brought_alone_is_documented_at_night(desk: Desk) -> None:
    _, payment = debited(desk)
    bank_returns(desk, payment)
    lost = {each["id"] for each in desk.postman.fetch()}
    desk.postman.carried |= lost
    with at_stripes_time(desk):
        balance.prove()
        assert papers(payment) == [("R", 2388)]
        reconcile.run(apply=True)
        assert papers(payment) == [("R", 2388), ("C", 2388)]
        settle(desk)
    all_is_well(desk)
