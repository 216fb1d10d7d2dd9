"""Receipts: one for each payment, numbered without gaps, never changed."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from django.db import DatabaseError, connection, transaction
from pytest_django import Settings

from billing import ledger, receipts
from billing.cause import Cause
from billing.dates import DUBLIN
from billing.models import Letter, Payment, Receipt, Refund
from billing.models.letter import LetterState
from billing.models.receipt import ReceiptIsFinal, Series
from billing.snapshots import BookedSnapshot
from billing.states import PaymentState, RefundState
from tests import rows

CLOCK = Cause.clock()
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LAST_SECOND = datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)
NEW_YEAR = datetime(2027, 1, 1, 0, 0, tzinfo=UTC)
WORKERS = 50


def _issue(payment: Payment, now: datetime = NOON) -> Receipt:
    return receipts.issue(payment, cause=CLOCK, now=now)


@pytest.mark.django_db
def test_it_issues_one_receipt_and_one_letter_however_often_it_is_asked() -> None:
    payment = rows.payment()
    first = _issue(payment)
    assert [_issue(payment).pk for _ in range(5)] == [first.pk] * 5
    assert Receipt.objects.count() == 1
    assert list(Letter.objects.values_list("kind", "key")) == [("receipt", str(first.pk))]


@pytest.mark.django_db
def test_it_keeps_what_was_true_when_it_was_issued(settings: Settings) -> None:
    membership = rows.membership()
    payment = rows.payment(membership)
    receipt = _issue(payment)
    payment.plan.name = "Something else"
    payment.plan.save()
    settings.CHARITY = settings.CHARITY | {"office": "1 New Street, Dublin"}
    receipt = Receipt.objects.get(pk=receipt.pk)
    assert receipt.label == "R-2026-000001"
    assert receipt.amount_cents == 199
    assert receipt.method == "Visa ending 4242"
    assert (receipt.plan_name, receipt.interval) == ("Monthly support", "month")
    assert receipt.benefit_class == "none"
    assert (receipt.period_start, receipt.period_end) == (rows.START, rows.NEXT_MONTH)
    assert receipt.paid_at == rows.START
    assert receipt.charity["legal_name"] == "National LGBT Federation CLG"
    assert receipt.charity["rcn"] == "20034580"
    assert receipt.charity["office"] == ""


@pytest.mark.django_db
def test_it_cannot_be_changed_or_deleted() -> None:
    receipt = _issue(rows.payment())
    receipt.amount_cents = 1
    with pytest.raises(ReceiptIsFinal):
        receipt.save()
    with pytest.raises(ReceiptIsFinal):
        receipt.delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        Receipt.objects.update(amount_cents=1)


@pytest.mark.django_db
def test_it_refuses_a_receipt_without_the_legal_name(settings: Settings) -> None:
    settings.CHARITY = settings.CHARITY | {"legal_name": " "}
    payment = rows.payment()
    with pytest.raises(receipts.NoLegalName):
        _issue(payment)
    settings.CHARITY = settings.CHARITY | {"legal_name": "Example CLG"}
    assert _issue(payment).number == 1, "the number went back with the transaction"


@pytest.mark.django_db
@pytest.mark.parametrize("state", [PaymentState.PENDING, PaymentState.FAILED])
def test_it_refuses_a_receipt_for_money_that_did_not_come(state: PaymentState) -> None:
    with pytest.raises(receipts.NotPaid):
        _issue(rows.payment(state=state, paid_at=None))


@pytest.mark.django_db
def test_it_leaves_no_gap_where_a_transaction_was_rolled_back() -> None:
    _issue(rows.payment())
    lost = rows.payment()
    with transaction.atomic():
        _issue(lost)
        transaction.set_rollback(True)
    _issue(rows.payment())
    _issue(lost)
    assert sorted(Receipt.objects.values_list("number", flat=True)) == [1, 2, 3]


@pytest.mark.case("E1")
@pytest.mark.django_db(transaction=True)
def test_it_numbers_without_gap_or_double_when_fifty_workers_issue_at_once() -> None:
    payments = [rows.payment() for _ in range(WORKERS)]
    together = Barrier(WORKERS, timeout=60)

    def work(turn: int) -> None:
        # Every payment is issued by two workers; every third transaction is rolled back.
        together.wait()
        try:
            for payment in (payments[turn], payments[turn - 1]):
                with transaction.atomic():
                    _issue(Payment.objects.get(pk=payment.pk))
                    transaction.set_rollback(turn % 3 == 0)
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    given = sorted(Receipt.objects.values_list("number", flat=True))
    assert given == list(range(1, len(given) + 1)), "what was rolled back left no gap"
    for payment in payments:
        _issue(payment)
    numbers = sorted(Receipt.objects.values_list("number", flat=True))
    assert numbers == list(range(1, len(payments) + 1))
    assert Letter.objects.count() == len(payments)


@pytest.mark.case("E1")
@pytest.mark.django_db(transaction=True)
def test_it_opens_a_year_once_when_many_workers_issue_its_first_receipts() -> None:
    payments = [rows.payment() for _ in range(8)]
    together = Barrier(len(payments), timeout=60)

    def work(turn: int) -> None:
        together.wait()
        moment = NEW_YEAR if turn % 2 else LAST_SECOND
        try:
            with transaction.atomic():
                _issue(Payment.objects.get(pk=payments[turn].pk), now=moment)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(payments)) as pool:
        list(pool.map(work, range(len(payments))))
    for year in (2026, 2027):
        numbers = Receipt.objects.filter(year=year).values_list("number", flat=True)
        assert sorted(numbers) == [1, 2, 3, 4]


@pytest.mark.case("E14")
@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "label"),
    [
        (LAST_SECOND, "R-2026-000001"),
        (NEW_YEAR, "R-2027-000001"),
        (LAST_SECOND.astimezone(DUBLIN), "R-2026-000001"),
        (NEW_YEAR.astimezone(DUBLIN), "R-2027-000001"),
        # The new year has begun in Helsinki, and not yet in New York.
        (LAST_SECOND.astimezone(ZoneInfo("Europe/Helsinki")), "R-2026-000001"),
        (NEW_YEAR.astimezone(ZoneInfo("America/New_York")), "R-2027-000001"),
    ],
)
def test_it_begins_a_new_series_at_midnight_in_dublin(moment: datetime, label: str) -> None:
    assert _issue(rows.payment(), now=moment).label == label


@pytest.mark.django_db
def test_it_counts_each_year_and_series_for_itself() -> None:
    for year in (2026, 2026, 2027, 2026):
        _issue(rows.payment(), now=NOON.replace(year=year))
    receipts.credit(rows.refund(Payment.objects.all()[0]), cause=CLOCK, now=NOON)
    assert sorted(str(each) for each in Receipt.objects.all()) == [
        "C-2026-000001",
        "R-2026-000001",
        "R-2026-000002",
        "R-2026-000003",
        "R-2027-000001",
    ]


@pytest.mark.django_db
def test_it_credits_a_refund_once_and_refers_to_the_receipt() -> None:
    payment = rows.payment(rows.membership(slug="yearly"))
    original = _issue(payment)
    refund = rows.refund(payment, amount_cents=1000)
    note = receipts.credit(refund, cause=CLOCK, now=NOON)
    assert receipts.credit(refund, cause=CLOCK, now=NOON).pk == note.pk
    assert (note.series, note.amount_cents, note.refers_to) == (
        Series.CREDIT_NOTE,
        1000,
        original,
    )
    assert note.paid_at == refund.refunded_at
    assert set(Letter.objects.values_list("kind", "key")) == {
        ("receipt", str(original.pk)),
        ("credit-note", str(note.pk)),
    }
    second = receipts.credit(rows.refund(payment, amount_cents=1388), cause=CLOCK, now=NOON)
    assert second.label == "C-2026-000002"


@pytest.mark.django_db
def test_it_issues_the_missing_receipt_before_the_credit_note() -> None:
    note = receipts.credit(rows.refund(rows.payment()), cause=CLOCK, now=NOON)
    assert str(note.refers_to) == "R-2026-000001"
    assert Receipt.objects.count() == 2


@pytest.mark.django_db
@pytest.mark.parametrize("state", [RefundState.PENDING, RefundState.FAILED])
def test_it_credits_nothing_that_has_not_gone_back(state: RefundState) -> None:
    refund: Refund = rows.refund(rows.payment(), state=state)
    with pytest.raises(receipts.NotPaid):
        receipts.credit(refund, cause=CLOCK)
    assert not Receipt.objects.exists()


@pytest.mark.django_db
def test_it_dates_a_debit_note_by_the_day_on_which_the_money_came_back() -> None:
    refund = rows.refund(rows.payment())
    receipts.credit(refund, cause=CLOCK, now=NOON)
    refund.state = RefundState.FAILED
    booked = BookedSnapshot(
        id="txn_back",
        category="refund_failure",
        amount_cents=refund.amount_cents,
        fee_cents=0,
        net_cents=refund.amount_cents,
        currency="eur",
        source_id=refund.stripe_refund_id,
        booked_at=LAST_SECOND,
        available_on=NEW_YEAR,
    )
    ledger.post([booked], payment=refund.payment)
    debit = receipts.take_back(refund, cause=CLOCK, now=NEW_YEAR)
    assert debit
    assert (debit.paid_at, debit.issued_at) == (LAST_SECOND, NEW_YEAR)


@pytest.mark.case("E19")
@pytest.mark.django_db
def test_it_issues_imported_receipts_without_a_letter_going_out() -> None:
    receipts.issue(rows.payment(), cause=Cause.reconcile(quiet=True), now=NOON)
    assert Letter.objects.get().state == LetterState.SKIPPED
