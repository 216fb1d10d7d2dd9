"""Direct debits: slow to come, quick to go back, and never called money before they are."""

import pytest
from django.core import mail

from billing import balance, dunning, refunds
from billing.models import Dispute, Membership, Payment, Receipt
from billing.refunds import NothingLeft
from billing.states import DisputeState, EndReason, MembershipState
from members.reports import report
from tests.cases.acts import (
    at_stripes_time,
    dashboard,
    let_pass,
    letters,
    movements,
    paid,
    refund_there,
    settle,
    stripes_now,
)
from tests.doors.conftest import Desk
from tests.doors.test_duplicates import open_invoices
from tests.doors.test_event_path import IBAN_FAILS, IBAN_PAYS
from tests.doors.test_grace import customer_of
from tests.local_stripe import GOOD_CARD

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def debited(desk: Desk) -> tuple[Membership, Payment]:
    """Alice, whose first yearly debit has arrived."""
    member = desk.join("yearly", 2388, iban=IBAN_PAYS)
    desk.stripe.advance(days=6)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    return member, member.payments.get()


def said_last() -> str:
    """The text of the last letter that went out, on one line."""
    return " ".join(str(mail.outbox[-1].body).split())


def mandate_of(desk: Desk, payment: Payment) -> str:
    charge = dashboard(desk).charges.retrieve(payment.stripe_charge_id)
    return str(charge.payment_method_details.sepa_debit.mandate)


@pytest.mark.case("E13")
@pytest.mark.parametrize("first", ["active", "incomplete"])
@pytest.mark.parametrize(("iban", "arrives"), [(IBAN_PAYS, True), (IBAN_FAILS, False)])
def test_a_debit_that_runs_is_not_paid_whatever_stripe_calls_the_plan(
    first: str, iban: str, arrives: bool, desk: Desk
) -> None:
    desk.stripe.tell("settings", sepa_first=first)
    member = desk.join("yearly", 2388, iban=iban)
    assert member.started_at is None
    assert not Receipt.objects.exists()
    assert "receipt" not in letters()
    with at_stripes_time(desk):
        assert report.build(now=stripes_now(desk)).running.gross_cents == 0
    desk.stripe.advance(days=60)
    with at_stripes_time(desk):
        settle(desk)
    member.refresh_from_db()
    assert member.live is arrives
    assert paid(member) == ([2388] if arrives else [])
    assert Receipt.objects.count() == letters().count("receipt") == (1 if arrives else 0)


@pytest.mark.case("E13")
def test_a_first_debit_that_the_bank_returns_is_told_while_it_can_be_mended(desk: Desk) -> None:
    """Nobody was on Stripe's page to see it: the welcome had gone out days before."""
    member = desk.join("monthly", 500, iban=IBAN_FAILS)
    assert letters() == ["welcome"]
    assert "begins when the bank has confirmed it" in said_last()
    desk.stripe.advance(days=6)
    with at_stripes_time(desk):
        settle(desk)
        assert letters() == ["payment-failed", "welcome"]
        assert "the direct debit was not authorised" in said_last()
        assert "please choose another way to pay" in said_last()
        desk.stripe.tell(f"customers/{customer_of(member)}/card", card=GOOD_CARD)
        settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    assert paid(member) == [500]
    assert letters() == ["payment-failed", "receipt", "recovered", "welcome"]


@pytest.mark.case("E13", "E8")
def test_a_mandate_taken_back_is_told_once_and_never_tried_in_a_loop(desk: Desk) -> None:
    member, first = debited(desk)
    desk.stripe.tell(f"mandates/{mandate_of(desk, first)}/inactivate")
    let_pass(desk, member)
    desk.stripe.advance(days=8)
    with at_stripes_time(desk) as now:
        settle(desk)
        member.refresh_from_db()
        assert member.state == MembershipState.PAST_DUE
        assert letters().count("payment-failed") == 1
        asked = desk.stripe.ask("requests?method=POST&path=/v1/invoices/*")["data"]
        assert [each["path"] for each in asked if each["path"].endswith("/pay")] == []
        assert dunning.end_graces(now=now) == 0
    desk.stripe.advance(days=14)
    with at_stripes_time(desk) as now:
        dunning.end_graces(now=now)
        settle(desk)
    member.refresh_from_db()
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.PAYMENT_FAILED)
    assert open_invoices(member) == []
    assert letters().count("ended") == 1


@pytest.mark.case("E13", "E5")
def test_a_card_in_place_of_a_lost_mandate_pays_what_is_open_at_once(desk: Desk) -> None:
    member, first = debited(desk)
    desk.stripe.tell(f"mandates/{mandate_of(desk, first)}/inactivate")
    let_pass(desk, member)
    desk.stripe.advance(days=1)
    with at_stripes_time(desk):
        settle(desk)
        member.refresh_from_db()
        assert member.state == MembershipState.PAST_DUE
        desk.stripe.tell(f"customers/{customer_of(member)}/card", card=GOOD_CARD)
        settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    assert paid(member) == [2388, 2388]
    assert member.payments.latest("paid_at").method_label == "Visa ending 4242"


@pytest.mark.case("E12")
def test_a_debit_returned_after_its_refund_is_a_loss_that_everybody_sees(desk: Desk) -> None:
    member, payment = debited(desk)
    refund_there(desk, payment)
    with at_stripes_time(desk):
        settle(desk)
    mail.outbox.clear()
    desk.stripe.tell(f"debits/{payment.stripe_charge_id}/return")
    with at_stripes_time(desk):
        settle(desk)
    assert Dispute.objects.get().state == DisputeState.LOST
    assert [(kind, amount) for kind, amount, _ in movements(payment)] == [
        ("dispute", -2388),
        ("payment", 2388),
        ("refund", -2388),
    ]
    notes = Receipt.objects.filter(series="C")
    assert sorted(notes.values_list("amount_cents", flat=True)) == [2388, 2388]
    member.refresh_from_db()
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.DISPUTED)
    assert "credit-note" not in [each.subject for each in mail.outbox]
    with pytest.raises(NothingLeft):
        refunds.request(payment=payment, amount_cents=None, press="a third time")
    assert balance.prove().problems == []
