"""The sums of open books: kept up with every line, whichever comes first, and proved from them."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import transaction
from django.db.models import F

from billing import figures, ledger
from billing.accounts import closing, months, pack, years
from billing.accounts.months import BookMonth
from billing.accounts.pack import Pack
from billing.figures import names
from billing.models import LedgerLine, Payment, Payout, Plan, Rollup, Walk
from billing.models.ledger import LineKind
from billing.models.plan import BenefitClass
from billing.snapshots import BookedSnapshot
from tests import rows
from tests.unit.test_accounts import _meanwhile

pytestmark = [pytest.mark.django_db, pytest.mark.real]

NOW: Final = datetime(2026, 6, 10, 10, 0, 5, tzinfo=UTC)
MARCH: Final = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL: Final = MARCH.replace(month=4)
DUBLIN: Final = ZoneInfo("Europe/Dublin")
HISTORIES: Final = 3


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        Walk.objects.create(name="balance", started_at=NOW, finished_at=NOW)
        yield


def _close(month: int) -> None:
    closing.close(month=date(2026, month, 1), by="a-colleague", strays_known=True)


def _month(month: int) -> Pack:
    found = pack.of_month(date(2026, month, 1))
    assert found is not None
    return found


def _read(month: int) -> Pack:
    """The same month from its lines: as after an upgrade, before anything was summed."""
    with transaction.atomic():
        Rollup.objects.filter(figure=names.BOOKS_KEPT).delete()
        Payout.objects.update(parts=None)
        found = _month(month)
        transaction.set_rollback(True)
    return found


def _booked(name: str, cents: int, *, at: datetime = MARCH, source: str = "") -> BookedSnapshot:
    return BookedSnapshot(
        id=name, category="charge", amount_cents=cents, fee_cents=33, net_cents=cents - 33,
        currency="eur", source_id=source, booked_at=at, available_on=at,
    )  # fmt: skip


def _post(booked: BookedSnapshot, payment: Payment | None) -> None:
    with transaction.atomic():
        ids = [payment.pk] if payment else []
        was = figures.before(ids)
        ledger.post([booked], payment=payment)
        figures.settle(ids, was=was)


# What any history comes to, by the definitions of docs/accounting.md and none of our code.


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_any_history_is_summed_as_its_lines_say(seed: int) -> None:
    chance = Random(seed)
    Plan.objects.filter(slug="yearly").update(benefit_class=BenefitClass.MATERIAL)
    paid = [_payment(chance) for _ in range(12)]
    strays = [f"txn_stray{number}" for number in range(4)]
    for number in range(40):
        if number == 20:
            _close(3)
        _happens(chance, paid, strays)
    assert figures.compare().equal
    for month in months.open_months():
        number = month.first.month
        found = _month(number)
        assert found == _read(number)
        assert (found.opening, _sorts(found), found.late) == _by_hand(month)
    year = years.of_year(2026)
    assert year is not None
    for line in year.lines:
        cents = [_month(each).cents(LineKind.PAYMENT, of=line.of) for each in (3, 4, 5, 6)]
        assert line.through_stripe == sum(cents)
    # What is given in return is told by the plan of today.
    Plan.objects.filter(slug="monthly").update(benefit_class=BenefitClass.TOKEN)
    assert _month(4) == _read(4)
    _close(4)
    assert figures.compare().equal
    assert _month(5) == _read(5)


def _payment(chance: Random) -> Payment:
    slug = chance.choice(["once", "monthly", "yearly"])
    member = None if slug == "once" else rows.membership(slug=slug)
    cents = chance.randrange(200, 9000)
    return rows.payment(
        member, amount_cents=cents, extra_cents=chance.choice([0, cents // 7]), fee_cents=33,
        net_cents=cents - 33, paid_at=_moment(chance),
    )  # fmt: skip


def _moment(chance: Random) -> datetime:
    """Between March and June, often near a midnight of Dublin or where a month ends."""
    last_days = (30, 60, 91)
    days = chance.choice((*last_days, chance.randrange(100)))
    day = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=days)
    return day + timedelta(minutes=chance.choice([5, 35, 720, 22 * 60 + 30, 23 * 60 + 30]))


def _happens(chance: Random, paid: list[Payment], strays: list[str]) -> None:
    """One line comes: about a payment, about none, or the payment of one that had none."""
    about = chance.choice(paid)
    act = chance.random()
    if act < 0.2:
        known = about if chance.random() < 0.5 else None
        _post(_booked(chance.choice(strays), 500, at=_moment(chance)), known)
        return
    ours = act < 0.8
    kinds = [*LineKind] if not ours else [
        each for each in LineKind if each not in (LineKind.PAYOUT, LineKind.PAYOUT_FAILED)
    ]  # fmt: skip
    rows.line(
        about, amount_cents=chance.randrange(-9000, 9000), fee_cents=chance.choice([0, 28, 2000]),
        kind=chance.choice(kinds), booked_at=_moment(chance), source_id="po_1",
        currency="eur" if chance.random() < 0.9 else "gbp", **({} if ours else {"payment": None}),
    )  # fmt: skip


Sorts = dict[tuple[str, str, bool], tuple[int, int, int]]


def _sorts(found: Pack) -> Sorts:
    return {
        (each.of, each.kind, each.inward): (each.count, each.cents, each.fee_cents)
        for each in found.moved
    }


def _by_hand(month: BookMonth) -> tuple[int, Sorts, tuple[pack.Late, ...]]:
    """Opening balance, movements and late lines of an open month, line by line."""
    opening = sum(
        each.net_cents
        for each in LedgerLine.objects.filter(currency="eur")
        if each.closed_month or (not month.gathers_late and _first(each.booked_at) < month.first)
    )
    sorts: dict[tuple[str, str, bool], Counter[str]] = defaultdict(Counter)
    late: dict[str, Counter[str]] = defaultdict(Counter)
    for each in LedgerLine.objects.filter(currency="eur", closed_month=None):
        first = _first(each.booked_at)
        if first > month.first or (first < month.first and not month.gathers_late):
            continue
        if first < month.first:
            late[f"{first:%Y-%m}"].update(lines=1, cents=each.net_cents)
        of, on_top = _of(each), _on_top(each)
        sort = (each.kind, each.amount_cents > 0)
        sorts[of, *sort].update(lines=1, cents=each.amount_cents - on_top, fees=each.fee_cents)
        if each.payment and each.payment.extra_cents:
            sorts["extra", *sort].update(lines=1, cents=on_top)
    told = {sort: (each["lines"], each["cents"], each["fees"]) for sort, each in sorts.items()}
    days = [pack.Late(of, each["lines"], each["cents"]) for of, each in sorted(late.items())]
    return opening, told, tuple(days)


def _first(at: datetime) -> date:
    return at.astimezone(DUBLIN).date().replace(day=1)


def _of(line: LedgerLine) -> str:
    if line.payment is None:
        own = (LineKind.FEE, LineKind.PAYOUT, LineKind.PAYOUT_FAILED)
        return "account" if line.kind in own else "unmatched"
    if line.payment.membership is None:
        return "gift"
    return {"none": "donation", "token": "membership_token", "material": "membership_material"}[
        line.payment.plan.benefit_class
    ]


def _on_top(line: LedgerLine) -> int:
    if line.payment is None or not line.payment.extra_cents:
        return 0
    kept = line.payment.amount_cents - line.payment.extra_cents
    whole = abs(line.amount_cents) * kept // line.payment.amount_cents
    return line.amount_cents - (whole if line.amount_cents > 0 else -whole)


# What comes in another order


def test_a_line_that_comes_before_its_payment_is_named_until_the_payment_is_known() -> None:
    _post(_booked("txn_1", 500), None)
    assert (_month(3).strays, _month(3).cents(LineKind.PAYMENT, of="unmatched")) == (1, 500)
    _post(_booked("txn_1", 500), rows.payment(amount_cents=500, paid_at=MARCH))
    march = _month(3)
    assert (march.strays, march.cents(LineKind.PAYMENT, of="gift"), march.charges) == (0, 500, 500)
    assert figures.compare().equal


def test_a_line_that_was_closed_as_unmatched_is_in_no_open_month_once_its_payment_is_known() -> (
    None
):
    _post(_booked("txn_1", 500), None)
    _close(3)
    _post(_booked("txn_1", 500), rows.payment(amount_cents=500, paid_at=MARCH))
    april = _month(4)
    assert (april.opening, april.moved, april.late) == (467, (), ())
    assert figures.compare().equal


def test_a_closing_between_a_workers_look_and_its_line_takes_off_what_it_marks_and_no_more() -> (
    None
):
    paid = rows.payment(amount_cents=500, paid_at=MARCH, fee_cents=33, net_cents=467)
    _post(_booked("txn_1", 500), paid)
    refund = partial(rows.line, paid, amount_cents=-200, booked_at=APRIL)
    with _meanwhile('INSERT INTO "billing_ledgerline"', partial(_close, 3)):
        refund()
    april = _month(4)
    assert (april.opening, april.charges, april.refunds) == (467, 0, 200)
    assert figures.compare().equal


def test_what_comes_while_a_closing_marks_counts_in_the_month_that_follows() -> None:
    paid = rows.payment(amount_cents=500, paid_at=MARCH, fee_cents=33, net_cents=467)
    _post(_booked("txn_1", 500), paid)
    refund = partial(rows.line, paid, amount_cents=-200, booked_at=MARCH)
    with _meanwhile('UPDATE "billing_payment"', refund):
        _close(3)
    march, april = _month(3), _month(4)
    assert (march.charges, march.refunds, april.charges, april.refunds) == (500, 0, 0, 200)
    assert [(each.of, each.cents) for each in april.late] == [("2026-03", -200)]
    assert figures.compare().equal


# What is proved


def test_a_line_that_somebody_doctored_is_found_and_summed_as_it_is() -> None:
    paid = rows.payment(rows.membership(slug="yearly"), paid_at=MARCH)
    _post(_booked("txn_1", 2388), paid)
    LedgerLine.objects.update(amount_cents=F("amount_cents") + 1, net_cents=F("net_cents") + 1)
    told = {each.cell.figure for each in figures.compare().differences}
    assert told == {names.BOOKED, names.BOOKED_YEARLY}
    assert _month(3).charges == 2388
    figures.nightly()
    assert figures.compare().equal
    assert _month(3).charges == 2389 == _read(3).charges


def test_what_a_payout_says_is_in_it_is_proved_too() -> None:
    payout = Payout.objects.create(
        id="po_1", status="paid", amount_cents=467, currency="eur", arrives_on=APRIL, created=APRIL
    )
    paid = rows.payment(amount_cents=500, paid_at=MARCH)
    rows.line(paid, amount_cents=500, fee_cents=33, kind=LineKind.PAYMENT, payout_id="po_1")
    rows.line(paid, payment=None, amount_cents=-467, kind=LineKind.PAYOUT, source_id="po_1",
              payout_id="po_1", booked_at=APRIL)  # fmt: skip
    read = _month(4)
    assert read.payouts[0].earlier_cents == 467
    figures.nightly()
    assert Payout.objects.get().parts is None, "what was never summed is read, and no difference"
    figures.rebuild()
    assert _month(4) == read
    payout.parts = [[names.BOOKED, "2026-03-01", "payment", 1, 501]]
    payout.save()
    [gross, fee] = figures.compare().differences
    assert (gross.cell.key, gross.rolled.value, gross.live.value) == ("po_1 payment", 501, 500)
    assert fee.rolled.number == 0
    figures.nightly()
    assert figures.compare().equal
    assert _month(4) == read


def test_before_anything_was_summed_the_books_read_the_lines_and_the_night_sums_them() -> None:
    Rollup.objects.all().delete()
    with transaction.atomic():
        paid = rows.payment(amount_cents=500, paid_at=MARCH)
        rows.line(paid, amount_cents=500, kind=LineKind.PAYMENT, booked_at=MARCH)
    Rollup.objects.all().delete()
    read = _month(3)
    assert read.charges == 500
    figures.nightly()
    assert Rollup.objects.filter(figure=names.BOOKS_KEPT).exists()
    assert _month(3) == read
