"""The books of a year go six full years after it, and no figure of any year changes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction

from billing import bygones, figures, keeping, letters, receipts
from billing.accounts import months, pack
from billing.cause import Cause
from billing.figures import names
from billing.figures.sums import Sums
from billing.models import (
    Bygone,
    Dispute,
    Intent,
    LedgerLine,
    Letter,
    Membership,
    Payment,
    Payout,
    Period,
    Receipt,
    Refund,
    StripeEvent,
    YearLetGo,
)
from billing.models.ledger import LineKind
from billing.models.receipt import ReceiptIsFinal
from billing.models.stripe import EventState
from billing.states import DisputeState, MembershipState, RefundState
from members import retention
from members.models import ChargeReport, Consent, Supporter
from members.retention import Tidied
from tests import rows

pytestmark = [pytest.mark.django_db, pytest.mark.real]

SECOND = timedelta(seconds=1)
# 2026 is kept for six full years after it, 2027 to 2032.
LAST = keeping.begins(2033) - SECOND
DAY = keeping.begins(2033)
PAPERS = (Payment, Receipt, Refund, Dispute, LedgerLine, Payout)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at START, until a test moves it."""
    with time_machine.travel(rows.START, tick=False) as stopped:
        yield stopped


def night(now: datetime) -> Tidied:
    """One night; the dry run before it must have said the same."""
    with time_machine.travel(now, tick=False):
        said = retention.due(now=now)
        assert retention.tidy(now=now) == said
        return said


def documented(payment: Payment, *, at: datetime = rows.START) -> Receipt:
    with transaction.atomic(), time_machine.travel(at, tick=False):
        return receipts.issue(payment, cause=Cause.clock(), now=at)


def whole_life() -> Payment:
    """Alice's only payment with everything that can hang on one, and its payout."""
    member = rows.membership(rows.alice(), state="ended", ended_at=rows.NEXT_MONTH)
    payment = rows.payment(member, fee_cents=28, net_cents=171)
    rows.line(payment, amount_cents=199, fee_cents=28, kind=LineKind.PAYMENT, payout_id="po_1")
    payout(created=rows.START, amount_cents=171)
    refund = rows.refund(payment, amount_cents=100)
    rows.line(payment, amount_cents=-100, source_id=refund.stripe_refund_id)
    documented(payment)
    with transaction.atomic():
        receipts.credit(refund, cause=Cause.clock())
        Refund.objects.update(state=RefundState.FAILED)
        refund.refresh_from_db()
        receipts.take_back(refund, cause=Cause.clock())
    lost = Dispute.objects.create(
        payment=payment, stripe_dispute_id="dp_1", state=DisputeState.LOST, amount_cents=199,
        opened_at=rows.START,
    )  # fmt: skip
    with transaction.atomic():
        receipts.credit_dispute(lost, cause=Cause.clock())
    Letter.objects.update(state="sent", sent_at=rows.START)
    Intent.objects.create(kind="refund", press="p", subject=payment.pk, state="done")
    Consent.objects.create(supporter=rows.alice(), text_version="2026-11", locale="en-IE")
    return payment


def payout(*, created: datetime, amount_cents: int, name: str = "po_1") -> Payout:
    return Payout.objects.create(
        id=name, status="paid", amount_cents=amount_cents, currency="eur", arrives_on=created,
        created=created,
    )  # fmt: skip


def of_reports() -> Sums:
    """The rollups without those of open books: what is let go stands in a month that is closed."""
    kept = figures.stored()
    return kept.less(kept.of(names.OF_OPEN_BOOKS))


def test_a_year_goes_when_six_full_years_are_over_and_not_a_second_earlier() -> None:
    whole_life()
    before = of_reports()
    early = night(LAST)
    assert (early.payments, early.documents, early.forgotten) == (0, 0, 1)
    assert [model.objects.count() for model in PAPERS] == [1, 4, 1, 1, 2, 1]
    gone = night(DAY)
    assert (gone.payments, gone.documents, gone.lines, gone.payouts) == (1, 4, 2, 1)
    assert not any(model.objects.exists() for model in PAPERS)
    assert not Intent.objects.filter(subject__isnull=False, kind="refund").exists()
    assert YearLetGo.objects.get().year == 2026
    assert YearLetGo.objects.get().counts == {
        "payments": 1, "documents": 4, "lines": 2, "payouts": 1,
    }  # fmt: skip
    assert of_reports() == before
    assert figures.compare().equal
    assert gone.nameless == 1
    for model in (Supporter, Membership, Letter, Consent):
        assert not model._default_manager.exists(), model
    assert night(DAY) == Tidied(sessions=0, links=0, people=0)


def test_the_rollups_made_anew_say_of_the_old_years_what_they_said() -> None:
    whole_life()
    before = of_reports()
    night(LAST)
    night(DAY)
    figures.rebuild()
    assert of_reports() == before
    assert figures.nightly().equal


def test_what_is_about_a_later_year_keeps_the_payment_and_all_of_its_papers() -> None:
    later = keeping.begins(2027)
    refunded = rows.payment()
    rows.refund(refunded, refunded_at=later)
    reported = rows.payment()
    ChargeReport.objects.create(
        day=rows.START.date(), amount_cents=500, last4="4242", payment=reported, finding="over",
        received_at=later, settled_at=later, press="p",
    )  # fmt: skip
    disputed = rows.payment()
    Dispute.objects.create(
        payment=disputed, stripe_dispute_id="dp_1", state=DisputeState.WON, amount_cents=500,
        opened_at=later,
    )  # fmt: skip
    paid_out = rows.payment()
    payout(created=later, amount_cents=500)
    rows.line(paid_out, amount_cents=500, kind=LineKind.PAYMENT, payout_id="po_1")
    receipted = rows.payment()
    documented(receipted, at=later)
    waits = rows.payment(state="pending", paid_at=None)
    assert night(DAY).payments == 0
    assert Payment.objects.count() == 6
    Payment.objects.filter(pk=waits.pk).update(state="expired")
    assert night(DAY).payments == 1
    assert night(keeping.begins(2034)).payments == 5


def test_the_day_is_dublins() -> None:
    rows.payment(paid_at=datetime.fromisoformat("2026-12-31T23:59:59+00:00"))
    rows.payment(paid_at=datetime.fromisoformat("2027-01-01T00:00:00+00:00"))
    assert night(DAY).payments == 1


def test_a_membership_that_lives_goes_on_as_if_nothing_had_gone() -> None:
    """The same future, with and without the old papers, comes to the same figures."""
    member = rows.membership(rows.alice(), slug="yearly", period_end=rows.NEXT_YEAR)
    for year in range(2026, 2033):
        pay(member, year, 2388 if year < 2029 else 3000)
    kept, gone = future(member, forget=False), future(member, forget=True)
    assert gone == kept


def pay(member: Membership, year: int, cents: int) -> datetime:
    at = rows.START.replace(year=year)
    rows.payment(
        member, paid_at=at, created_at=at, period_start=at, period_end=at.replace(year=year + 1),
        amount_cents=cents, fee_cents=60, net_cents=cents - 60,
    )  # fmt: skip
    return at


def future(member: Membership, *, forget: bool) -> dict[Any, Any]:
    """The figures after the night, another payment and the end of the membership."""
    with transaction.atomic():
        if forget:
            found = night(DAY)
            assert (found.payments, found.forgotten) == (1, 0)
        at = pay(member, 2033, 2000)
        Membership.objects.filter(pk=member.pk).update(
            state=MembershipState.ENDED, ended_at=at + timedelta(days=90)
        )
        figures.recount(member.supporter_id)
        if forget:
            assert night(keeping.begins(2035)).payments == 2
        assert figures.compare().equal
        sums = figures.stored()
        transaction.set_rollback(True)
    return dict(sums)


def test_the_books_are_closed_as_they_stand_and_the_balance_is_carried_on() -> None:
    old = rows.payment(fee_cents=30, net_cents=470)
    rows.line(old, amount_cents=500, fee_cents=30, kind=LineKind.PAYMENT)
    later = datetime.fromisoformat("2032-06-01T12:00:00+00:00")
    new = rows.payment(paid_at=later, fee_cents=30, net_cents=470)
    rows.line(new, amount_cents=500, fee_cents=30, kind=LineKind.PAYMENT, booked_at=later)
    with time_machine.travel(DAY, tick=False):
        before = [found(month) for month in ("2026-03-01", "2026-12-01", "2032-06-01")]
        night(DAY)
        assert [found(month) for month in ("2026-03-01", "2026-12-01", "2032-06-01")] == before
        assert months.first_open().isoformat() == "2028-01-01"
    assert before[2] == (470, 940)
    assert {each.closed_by for each in Period.objects.all()} == {"the clock"}
    assert LedgerLine.objects.get().closed_month is None


def found(month: str) -> tuple[int, int]:
    told = pack.of_month(datetime.fromisoformat(month).date())
    assert told is not None
    return told.opening, told.closing


def test_a_receipt_is_never_deleted_before_its_year_is_let_go() -> None:
    receipt = documented(rows.payment())
    with pytest.raises(ReceiptIsFinal):
        Receipt.objects.all().delete()
    YearLetGo.objects.create(year=2025)
    with pytest.raises(ReceiptIsFinal):
        Receipt.objects.filter(pk=receipt.pk).delete()
    if connection.vendor == "postgresql":
        with (
            pytest.raises(DatabaseError, match="is kept until its year"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("DELETE FROM billing_receipt")
    assert Receipt.objects.exists()


def test_a_number_is_not_given_again() -> None:
    documented(rows.payment())
    night(LAST)
    night(DAY)
    with time_machine.travel(DAY, tick=False):
        late = documented(rows.payment(), at=rows.START)
    assert late.label == "R-2026-000002"


def test_lines_of_the_account_and_payouts_go_by_their_own_dates() -> None:
    common = {"fee_cents": 0, "currency": "eur", "available_on": rows.START}
    for name, at in (("a", rows.START), ("b", keeping.begins(2027))):
        LedgerLine.objects.create(
            id=f"txn_{name}", kind=LineKind.FEE, amount_cents=-5, net_cents=-5, booked_at=at,
            **common,
        )  # fmt: skip
        payout(created=at, amount_cents=1, name=f"po_{name}")
    gone = night(DAY)
    assert (gone.lines, gone.payouts) == (1, 1)
    assert (LedgerLine.objects.get().pk, Payout.objects.get().pk) == ("txn_b", "po_b")


def test_a_run_that_was_cut_short_is_gone_on_with() -> None:
    rows.payment()
    rows.payment(rows.membership(rows.alice()))

    def die(execute: Any, sql: str, *args: Any) -> Any:
        if "DELETE" in sql and "billing_payment" in sql:
            deleted.append(sql)
            if len(deleted) > 1:
                raise KeyboardInterrupt
        return execute(sql, *args)

    deleted: list[str] = []
    before = figures.stored()
    with pytest.raises(KeyboardInterrupt), connection.execute_wrapper(die):
        bygones.let_go(now=DAY, held=retention._held)
    assert (Payment.objects.count(), figures.compare().equal) == (1, True)
    assert bygones.let_go(now=DAY, held=retention._held).payments == 1
    assert figures.stored() == before
    assert Bygone.objects.exists()


def test_nothing_is_closed_and_nothing_let_go_where_there_is_nothing_old() -> None:
    rows.payment(paid_at=keeping.begins(2027))
    assert night(DAY).payments == 0
    assert not YearLetGo.objects.exists()
    assert not Period.objects.exists()


def test_rows_of_letters_and_ids_of_events_go_after_their_time() -> None:
    member = rows.membership(rows.alice())
    sent = {"state": "sent", "sent_at": rows.START, "created_at": rows.START}
    for kind in ("sign-in", "welcome", "reminder"):
        Letter.objects.create(kind=kind, key=kind, supporter=member.supporter, **sent)
    Letter.objects.create(kind="staff-digest", key="w", **sent)
    for state in (EventState.DONE, EventState.PARKED):
        StripeEvent.objects.create(
            id=f"evt_{state}", type="invoice.paid", object_id="in_1", livemode=False,
            created=rows.START, received_at=rows.START, state=state,
        )  # fmt: skip
    two_years = rows.START + letters.outbox.KEPT
    early, late = night(two_years), night(two_years + SECOND)
    assert (early.letters, early.events) == (0, 0)
    assert (late.letters, late.events) == (2, 1)
    assert night(LAST).letters == 0
    assert night(DAY).letters == 1
    assert Letter.objects.get().kind == "welcome", "else it would be sent again one day"
    assert StripeEvent.objects.get().state == EventState.PARKED
