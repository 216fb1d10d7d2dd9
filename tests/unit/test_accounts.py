"""The books: every month to the cent, journals that balance, months that are closed for ever."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from billing.accounts import chart, closing, journal, months, pack, years
from billing.accounts.closing import NotYet
from billing.accounts.months import BookMonth
from billing.accounts.pack import Pack
from billing.models import LedgerLine, Payment, Payout, Period, Plan, StripeEvent, Walk
from billing.models.ledger import LineKind
from billing.models.plan import BenefitClass
from members.models.staff import Role
from tests import rows
from tests.staff_desk import signed_in

NOW = datetime(2026, 6, 10, 10, 0, 5, tzinfo=UTC)
MARCH = datetime(2026, 3, 10, 12, tzinfo=UTC)
APRIL, MAY = MARCH.replace(month=4), MARCH.replace(month=5)
BY = "a-colleague"

pytestmark = [pytest.mark.django_db, pytest.mark.real]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def _paid(cents: int = 500, fee: int = 33, *, at: datetime = MARCH, **more: object) -> Payment:
    """A gift of Bob's with its line in the ledger; `of` makes it a membership's."""
    member, line = more.pop("of", None), more.pop("line", {})
    paid = rows.payment(
        member,  # type: ignore[arg-type]  # a membership or none
        amount_cents=cents,
        fee_cents=fee,
        net_cents=cents - fee,
        paid_at=at,
        **more,
    )
    _line(paid, cents, fee, at=at, kind=LineKind.PAYMENT, **line)  # type: ignore[arg-type]  # columns
    return paid


def _line(
    of: Payment | None, cents: int, fee: int = 0, *, at: datetime, kind: LineKind, **more: object
) -> LedgerLine:
    return rows.line(
        of or Payment(), amount_cents=cents, fee_cents=fee, booked_at=at, kind=kind, currency="eur",
        **({"payment": None} if of is None else {}) | more,
    )  # fmt: skip


def _payout(cents: int, *, at: datetime, lines: list[str]) -> Payout:
    payout = Payout.objects.create(
        id=f"po_{at:%m%d}", status="paid", amount_cents=cents, currency="eur", arrives_on=at,
        created=at,
    )  # fmt: skip
    _line(None, -cents, at=at, kind=LineKind.PAYOUT, source_id=payout.pk)
    LedgerLine.objects.filter(pk__in=lines).update(payout_id=payout.pk)
    return payout


def _month(name: str) -> Pack:
    found = pack.of_month(months.read_month(name) or date.max)
    assert found is not None
    return found


def _proven(at: datetime = NOW) -> None:
    """The nightly comparison with Stripe has just found nothing."""
    Walk.objects.update_or_create(name="balance", defaults={"started_at": at, "finished_at": at})


def _close(*names: str) -> None:
    _proven()
    for name in names:
        closing.close(month=months.read_month(name) or date.max, by=BY)


def _journal(found: Pack) -> dict[str, list[tuple[str, int]]]:
    """The journal's groups: account and cents, a debit is positive."""
    told = journal.entries(found, chart.current())
    return {
        name: [(each.account, each.cents) for each in group]
        for name, group in groupby(told, key=lambda each: each.narration)
    }


# The pack


def test_a_month_adds_up_from_its_opening_balance_to_its_closing_one() -> None:
    first = _paid(500, 33)
    second = _paid(2388, 61, of=rows.membership(slug="yearly"))
    _line(first, -200, at=MARCH, kind=LineKind.REFUND)
    _line(second, -2388, 2000, at=APRIL, kind=LineKind.DISPUTE)
    _line(second, 2388, at=MAY, kind=LineKind.DISPUTE)
    _line(None, -70, at=MARCH, kind=LineKind.FEE)
    _line(None, -1000, at=APRIL, kind=LineKind.PAYOUT, source_id="po_1")
    march, april, may = map(_month, ("2026-03", "2026-04", "2026-05"))
    assert (march.opening, march.charges, march.refunds, march.fees) == (0, 2888, 200, 33 + 61 + 70)
    assert march.closing == 2888 - 200 - 164 == april.opening
    assert (april.disputes, april.fees, april.paid_out) == (2388, 2000, 1000)
    assert april.closing == 2524 - 2388 - 2000 - 1000 == may.opening
    assert (may.disputes, may.closing) == (-2388, -2864 + 2388)


def test_it_tells_kinds_of_income_and_what_was_given_on_top_apart() -> None:
    Plan.objects.filter(slug="yearly").update(benefit_class=BenefitClass.MATERIAL)
    _paid(500)
    _paid(227, extra_cents=28, of=rows.membership())
    back = _paid(2450, extra_cents=62, of=rows.membership(rows.bob(), slug="yearly"))
    _line(back, -2450, at=MARCH, kind=LineKind.REFUND)
    march = _month("2026-03")
    gross = {
        of: march.cents(LineKind.PAYMENT, of=of)
        for of in ("gift", "donation", "membership_material", "extra")
    }
    assert gross == {"gift": 500, "donation": 199, "membership_material": 2388, "extra": 90}
    refunds = {
        of: march.cents(LineKind.REFUND, of=of) for of in ("membership_material", "extra", "gift")
    }
    assert refunds == {"membership_material": -2388, "extra": -62, "gift": 0}
    assert (march.charges, march.refunds) == (3177, 2450)


def test_an_amount_that_does_not_fit_32_bits_when_multiplied_is_split_exactly() -> None:
    _paid(9_000_000, extra_cents=1)
    march = _month("2026-03")
    assert march.cents(LineKind.PAYMENT, of="gift") == 8_999_999


def test_what_was_paid_to_us_directly_stands_apart_from_the_balance() -> None:
    _paid(500, 33)
    rows.payment(
        rows.membership(), amount_cents=199, paid_at=MARCH, outside_stripe=True,
        stripe_payment_intent_id=None, stripe_invoice_id="in_cash",
    )  # fmt: skip
    march = _month("2026-03")
    assert (march.charges, march.gross_outside, march.closing) == (500, 199, 467)
    assert _journal(march)["Paid to us directly, March 2026"] == [("1210", 199), ("4020", -199)]


def test_lines_of_no_payment_of_ours_are_named_and_posted_to_suspense() -> None:
    line = _line(None, 900, 38, at=MARCH, kind=LineKind.PAYMENT)
    march = _month("2026-03")
    assert (march.strays, [each.id for each in march.named]) == (1, [line.pk])
    assert _journal(march)["Income through Stripe, March 2026"] == [("1250", 900), ("9998", -900)]


def test_a_line_of_nobody_is_named_by_the_day_of_dublin_on_which_it_counts() -> None:
    # In UTC it is still March: the page and the frozen pack said so of a line of April.
    late = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    line = _line(None, 900, 38, at=late, kind=LineKind.PAYMENT)
    [named] = _month("2026-04").named
    assert (named.id, named.day) == (line.pk, "2026-04-01")


def test_a_yearly_membership_with_a_benefit_is_earned_a_twelfth_a_month() -> None:
    Plan.objects.filter(slug="yearly").update(benefit_class=BenefitClass.MATERIAL)
    january = datetime(2026, 1, 15, 12, tzinfo=UTC)
    _paid(2388, 61, at=january, of=rows.membership(slug="yearly"))
    with time_machine.travel(datetime(2027, 2, 1, 12, tzinfo=UTC), tick=False):
        names = [*(f"2026-{n:02d}" for n in range(1, 13)), "2027-01"]
        packs = [_month(name) for name in names]
    earned = [each.cents(LineKind.PAYMENT) - each.newly_deferred for each in packs]
    assert earned == [199] * 12 + [0]
    assert _journal(packs[1])["Deferred memberships, February 2026"] == [
        ("4040", -199), ("2150", 199),
    ]  # fmt: skip


def test_what_goes_back_of_a_yearly_membership_is_no_longer_deferred() -> None:
    Plan.objects.filter(slug="yearly").update(benefit_class=BenefitClass.TOKEN)
    paid = _paid(2000, at=MARCH, of=rows.membership(slug="yearly"))
    _line(paid, -2000, at=MAY, kind=LineKind.REFUND)
    left = [sum(_month(name).deferred_after.values()) for name in ("2026-03", "2026-04", "2026-05")]
    assert left == [2000 - 166, 2000 - 333, 0]


def test_a_donation_is_never_deferred() -> None:
    _paid(2388, 61, of=rows.membership(slug="yearly"))
    assert _month("2026-03").newly_deferred == 0


_KINDS = st.sampled_from(LineKind)
_LINES = st.lists(
    st.tuples(
        _KINDS, st.integers(-5000, 5000), st.integers(0, 100), st.integers(0, 91), st.booleans()
    ),
    max_size=25,
)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=_LINES, closed=st.integers(0, 3))
def test_every_month_of_any_ledger_agrees_with_plain_python(
    lines: list[tuple[LineKind, int, int, int, bool]], closed: int
) -> None:
    with transaction.atomic():
        paid = rows.payment(amount_cents=500, extra_cents=30, fee_cents=33, net_cents=467)
        booked = [
            _line(paid if ours and "payout" not in kind else None, cents, fee, kind=kind,
                  at=datetime(2026, 3, 1, 23, 30, tzinfo=UTC) + timedelta(days=days))
            for kind, cents, fee, days, ours in lines
        ]  # fmt: skip
        _proven()
        for first in [each.first for each in months.open_months() if each.first < date(2026, 6, 1)][
            :closed
        ]:
            closing.close(month=first, by=BY, strays_known=True)
        balance = 0
        for name in ("2026-03", "2026-04", "2026-05", "2026-06"):
            month = BookMonth(months.read_month(name) or date.max)
            inside = [each for each in booked if month.begins <= each.booked_at < month.ends]
            found = pack.of_month(month.first)
            if found is None:
                assert not inside
                continue
            assert found.opening == balance
            balance += sum(each.net_cents for each in inside)
            assert found.closing == balance
            assert found.charges == sum(x.amount_cents for x in inside if x.kind == "payment")
            own = sum(x.amount_cents for x in inside if x.kind == "fee")
            assert found.fees == sum(x.fee_cents for x in inside) - own
            assert Pack.thawed(found.frozen()) == found
            told = journal.entries(found, chart.current())
            held = sum(each.cents for each in told if each.account == "1250")
            assert held == found.closing - found.opening
        transaction.set_rollback(True)


def test_what_moves_in_another_currency_is_named_once_and_is_in_no_figure() -> None:
    _paid(500, 33)
    rows.line(
        rows.payment(fee_cents=33, net_cents=467),
        amount_cents=700,
        booked_at=MARCH,
        currency="gbp",
        payment=None,
    )
    march = _month("2026-03")
    assert (march.charges, march.strays, march.elsewhere) == (500, 0, (("gbp", 700),))
    _close("2026-03")
    assert _month("2026-03") == march
    assert _month("2026-04").elsewhere == ()
    assert "£7.00 moved in another currency" in (
        signed_in().get("/staff/books/2026-03/").content.decode()
    )


# Payouts


def test_a_payout_is_the_sum_of_its_lines_and_names_what_it_brings_of_the_month_before() -> None:
    late = datetime(2026, 3, 31, 21, 0, tzinfo=UTC)
    old = _paid(500, 33, at=late, line={"id": "txn_old"})
    _paid(700, 36, at=APRIL.replace(day=1), line={"id": "txn_new"})
    _line(old, -200, at=APRIL.replace(day=1), kind=LineKind.REFUND, id="txn_back")
    _payout(931, at=APRIL.replace(day=2), lines=["txn_old", "txn_new", "txn_back"])
    march, april = _month("2026-03"), _month("2026-04")
    assert (march.charges, march.paid_out, march.payouts) == (500, 0, ())
    (payout,) = april.payouts
    assert (payout.charges, payout.refunds, payout.fees) == (1200, -200, 69)
    assert (payout.paid_cents, payout.inside_cents, payout.missing_cents) == (931, 931, 0)
    assert payout.earlier_cents == 467
    assert april.closing == 0


def test_a_payout_that_its_lines_do_not_come_to_is_named_and_keeps_the_month_open() -> None:
    _paid(500, 33, line={"id": "txn_1"})
    _payout(400, at=MARCH, lines=["txn_1"])
    assert [each.missing_cents for each in _month("2026-03").unbanked] == [-67]
    with pytest.raises(NotYet, match=r"differ by -€0\.67"):
        _close("2026-03")


# Journals


def _hundred_members() -> Pack:
    lines = [f"txn_m{n}" for n in range(100)]
    member = rows.membership()
    for name in lines:
        _paid(199, 28, of=member, line={"id": name})
    _payout(17100, at=MARCH.replace(day=20), lines=lines)
    return _month("2026-03")


def test_the_journal_of_a_hundred_members_says_gross_cost_and_bank() -> None:
    # Whose fee is 0.28 each: DOMAIN 6.4, which writes the same of 1.99 for one of them.
    assert _journal(_hundred_members()) == {
        "Income through Stripe, March 2026": [("1250", 19900), ("4020", -19900)],
        "Stripe fees, March 2026": [("7510", 2800), ("1250", -2800)],
        "Payout po_0320": [("1200", 17100), ("1250", -17100)],
    }


def test_a_file_for_xero_balances_and_names_nobody() -> None:
    found = _hundred_members()
    client = signed_in(Role.FINANCE)
    answer = client.get("/staff/books/2026-03/journal/xero/")
    told = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["*Narration"], row["*Date"], row["*AccountCode"], row["*Amount"]) for row in told][
        :2
    ] == [
        ("Income through Stripe, March 2026", "31/03/2026", "1250", "199.00"),
        ("Income through Stripe, March 2026", "31/03/2026", "4020", "-199.00"),
    ]
    assert told[-1]["*Date"] == "20/03/2026"
    groups = groupby(told, key=lambda row: (row["*Narration"], row["*Date"]))
    assert {sum(float(row["*Amount"]) for row in group) for _, group in groups} == {0.0}
    paid = Payment.objects.all()[0]
    for secret in (str(paid.supporter_id), str(paid.pk), "lice", paid.stripe_charge_id):
        assert secret.encode() not in answer.content
    assert found.net == 17100


def test_a_file_for_sage_has_a_side_and_a_size() -> None:
    _hundred_members()
    answer = signed_in(Role.FINANCE).get("/staff/books/2026-03/journal/sage/")
    told = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert [(row["Type"], row["Nominal A/C Ref"], row["Net Amount"]) for row in told][:2] == [
        ("JD", "1250", "199.00"), ("JC", "4020", "199.00"),
    ]  # fmt: skip


def test_a_journal_that_is_too_long_for_a_file_is_cut_between_groups(
    settings: Settings, tmp_path: Path
) -> None:
    _hundred_members()
    shipped = Path(chart.__file__).with_name("chart.toml").read_text()
    own = tmp_path / "books.toml"
    own.write_text(shipped.replace("lines = 300", "lines = 5"))
    settings.BOOKS_FILE = str(own)
    answer = signed_in(Role.FINANCE).get("/staff/books/2026-03/journal/xero/")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        parts = [archive.read(name).decode().splitlines() for name in archive.namelist()]
    assert [len(part) - 1 for part in parts] == [4, 2]
    assert parts[0][0] == parts[1][0]


def test_a_code_that_a_spreadsheet_would_run_is_guarded_and_a_credit_is_not(
    settings: Settings, tmp_path: Path
) -> None:
    _paid()
    own = tmp_path / "books.toml"
    shipped = Path(chart.__file__).with_name("chart.toml").read_text()
    own.write_text(shipped.replace('"1250"', '"=1250"'))
    settings.BOOKS_FILE = str(own)
    text = signed_in(Role.FINANCE).get("/staff/books/2026-03/journal/xero/").content.decode()
    assert ",'=1250," in text
    assert ",-5.00," in text


@pytest.mark.parametrize(
    ("was", "is_now", "told"),
    [
        ('bank = "1200"', "", "accounts.bank is missing"),
        ('bank = "1200"', "bank = 1200", "must stand in quotes"),
        ('bank = "1200"', 'bank = ""', "accounts.bank is empty"),
        ('["*Amount", "amount"],', "", "does not say the amount"),
        ('["Description", "description"],', '["Who", "supporter"],', "a column of 'supporter'"),
        ('date = "%d/%m/%Y"', 'date = "day"', "date is no pattern"),
        ('date = "%d/%m/%Y"', 'date = "%d/%m"', "date is no pattern"),
        ("lines = 300", "lines = true", "lines is missing, or no int"),
        ('["*Date", "date"],', '["*Date", ["date"]],', "not pairs of a heading and a field"),
        ("[layouts.xero]", "[layouts]\nsaga = 1\n[layouts.xero]", "layouts.saga is no table"),
        ("[layouts.xero]", "[tracking]\noptions = 3\n[layouts.xero]", "tracking.options"),
        ("[accounts]", "[accounts", "cannot be read"),
    ],
)
def test_a_chart_of_accounts_that_is_wrong_is_refused_by_name(
    was: str, is_now: str, told: str, tmp_path: Path
) -> None:
    own = tmp_path / "books.toml"
    shipped = Path(chart.__file__).with_name("chart.toml").read_text()
    assert was in shipped
    own.write_text(shipped.replace(was, is_now, 1))
    with pytest.raises(ImproperlyConfigured, match=told):
        chart.read(own)


# Closing


def test_a_closed_month_stays_byte_for_byte_whatever_comes_later(
    settings: Settings, tmp_path: Path
) -> None:
    paid = _paid(2388, 61, of=rows.membership(slug="yearly"))
    _paid(500, at=APRIL)
    _close("2026-03")
    client = signed_in(Role.FINANCE)
    files = ("pack.csv", "pack.xlsx", "payouts.csv", "journal/xero/", "journal/sage/")
    before = [client.get(f"/staff/books/2026-03/{name}").content for name in files]
    late = _line(paid, -2388, 2000, at=MARCH.replace(day=30), kind=LineKind.DISPUTE)
    _line(paid, 2388, at=MAY, kind=LineKind.DISPUTE)
    Plan.objects.update(benefit_class=BenefitClass.MATERIAL)
    own = tmp_path / "books.toml"
    own.write_text(Path(chart.__file__).with_name("chart.toml").read_text().replace("4020", "4999"))
    settings.BOOKS_FILE = str(own)
    with time_machine.travel(NOW + timedelta(days=300), tick=False):
        client = signed_in(Role.FINANCE, email="later@example.org")
        assert [client.get(f"/staff/books/2026-03/{name}").content for name in files] == before
    assert late.closed_month is None


def test_what_comes_for_a_closed_month_counts_in_the_open_one_and_says_so() -> None:
    paid = _paid(500, 33)
    _close("2026-03")
    _line(paid, -500, 2000, at=MARCH.replace(day=30), kind=LineKind.DISPUTE)
    april = _month("2026-04")
    assert (april.opening, april.disputes, april.fees, april.closing) == (467, 500, 2000, -2033)
    assert [(each.of, each.count, each.cents) for each in april.late] == [("2026-03", 1, -2500)]
    page = signed_in().get("/staff/books/2026-04/").content.decode()
    assert "Belongs to March 2026: 1 line, -€25.00 net" in page
    _close("2026-04")
    assert _month("2026-04") == april
    assert _month("2026-05").opening == april.closing == -2033
    assert _month("2026-05").late == ()


def test_a_payout_that_is_told_late_is_posted_in_the_open_month() -> None:
    _paid(500, 33, line={"id": "txn_1"})
    _close("2026-03")
    _payout(467, at=MARCH.replace(day=30), lines=["txn_1"])
    april = _month("2026-04")
    days = {each.day for each in journal.entries(april, chart.current())}
    assert days == {date(2026, 4, 1)}
    assert [each.day for each in april.payouts] == ["2026-03-30"]


def test_who_closes_a_moment_after_a_colleague_is_shown_the_closed_month() -> None:
    _paid()
    _proven()
    client = signed_in(Role.FINANCE)
    with _meanwhile('FROM "billing_walk"', lambda: _close("2026-03")):
        answer = client.post("/staff/books/2026-03/close/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/books/2026-03/")
    assert Period.objects.count() == 1


def test_what_comes_while_a_month_is_closed_and_must_be_explained_keeps_it_open() -> None:
    _paid()
    _proven()
    stray = partial(_line, None, 900, at=MARCH, kind=LineKind.PAYMENT)
    with (
        _meanwhile('FROM "billing_stripeevent"', stray),
        pytest.raises(NotYet, match="at this moment"),
    ):
        _close("2026-03")
    assert not LedgerLine.objects.exclude(closed_month=None).exists()
    assert _month("2026-03").strays == 1


def test_what_comes_too_late_to_be_marked_is_income_and_deferred_in_one_month() -> None:
    Plan.objects.filter(slug="yearly").update(benefit_class=BenefitClass.MATERIAL)
    _paid()
    member = rows.membership(slug="yearly")
    with _meanwhile('UPDATE "billing_payment"', lambda: _paid(2388, 61, of=member)):
        _close("2026-03")
    march, april = _month("2026-03"), _month("2026-04")
    assert (march.charges, march.newly_deferred) == (500, 0)
    assert (april.charges, april.newly_deferred) == (2388, 2388 - 2 * 199)


@contextmanager
def _meanwhile(words: str, act: Callable[[], object]) -> Iterator[None]:
    """Let something happen once, just before the first statement in which these words are."""
    todo = [act]

    def wrapper(execute: Callable[..., Any], sql: str, *args: Any) -> Any:
        if todo and words in sql:
            todo.pop()()
        return execute(sql, *args)

    with connection.execute_wrapper(wrapper):
        yield


def test_cash_that_is_told_late_counts_in_the_open_month_too() -> None:
    _paid()
    _close("2026-03")
    rows.payment(
        rows.membership(), amount_cents=199, paid_at=MARCH, outside_stripe=True,
        stripe_payment_intent_id=None, stripe_invoice_id="in_cash",
    )  # fmt: skip
    assert (_month("2026-03").gross_outside, _month("2026-04").gross_outside) == (0, 199)
    _close("2026-04")
    assert _month("2026-05").gross_outside == 0


def test_months_are_closed_in_order_and_not_before_they_are_over() -> None:
    _paid()
    with pytest.raises(NotYet, match="March 2026 comes first"):
        _close("2026-04")
    with pytest.raises(NotYet, match="runs until the end of 30 June 2026"):
        _close("2026-03", "2026-04", "2026-05", "2026-06")
    with pytest.raises(NotYet, match="closed already"):
        _close("2026-03")
    assert [str(each) for each in Period.objects.all()] == ["2026-05", "2026-04", "2026-03"]


def test_a_month_is_not_closed_until_everything_in_it_is_explained() -> None:
    _paid()
    march = date(2026, 3, 1)
    with pytest.raises(NotYet, match="not compared with Stripe"):
        closing.close(month=march, by=BY)
    _proven(datetime(2026, 3, 31, 22, 59, tzinfo=UTC))
    with pytest.raises(NotYet, match="not compared with Stripe"):
        closing.close(month=march, by=BY)
    _proven()
    Walk.objects.update(remaining=2)
    with pytest.raises(NotYet, match="differ from Stripe 2 times"):
        closing.close(month=march, by=BY)
    _proven()
    Walk.objects.update(remaining=0)
    StripeEvent.objects.create(
        id="evt_1", type="refund.created", object_id="re_1", created=MARCH, livemode=False
    )
    rows.payment(paid_at=MARCH)
    with pytest.raises(NotYet) as refused:
        closing.close(month=march, by=BY)
    assert [reason.split(":")[0] for reason in refused.value.reasons] == [
        "News of Stripe from before its end is not taken in yet",
        "Stripe has not yet booked 1 of its payments.",
    ]
    assert not Period.objects.exists()


def test_lines_of_no_payment_must_be_known_to_whoever_closes() -> None:
    _line(None, 900, at=MARCH, kind=LineKind.PAYMENT)
    _proven()
    client = signed_in(Role.FINANCE)
    page = client.post("/staff/books/2026-03/close/")
    assert page.status_code == 409
    assert b"Tick this first" in page.content
    assert not Period.objects.exists()
    answer = client.post("/staff/books/2026-03/close/", {"strays_known": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/books/2026-03/")
    assert Period.objects.get().month == date(2026, 3, 1)


def test_the_database_refuses_to_change_a_closed_month() -> None:
    _paid()
    _close("2026-03")
    with pytest.raises(DatabaseError), transaction.atomic():
        Period.objects.update(closing_cents=0)
    if connection.vendor == "postgresql":
        with pytest.raises(DatabaseError), transaction.atomic():
            Period.objects.all()._raw_delete("default")
    for act in (Period.objects.get().save, Period.objects.get().delete):
        with pytest.raises(TypeError):
            act()


# The year


def test_the_year_in_cash_is_the_sum_of_its_months() -> None:
    paid = _paid(2388, 61, of=rows.membership(slug="yearly"))
    _paid(500, at=APRIL)
    _line(paid, -388, at=MAY, kind=LineKind.REFUND)
    _close("2026-03", "2026-04")
    found = years.of_year(2026)
    assert found is not None
    assert {line.of: line.received for line in found.lines if line.received} == {
        "gift": 500, "donation": 2000,
    }  # fmt: skip
    assert (found.received, found.closed) == (2500, 2)


def test_candidates_of_the_scheme_reach_its_sum_in_the_year_and_have_no_name() -> None:
    alice, bob = rows.membership(rows.alice()), rows.membership(rows.bob())
    for _ in range(12):
        _paid(2084, of=alice)
        _paid(2083, of=bob)
    answer = signed_in(Role.FINANCE).get("/staff/books/year/2026/scheme.csv").getvalue().decode()
    assert answer.splitlines()[1:] == [f"{alice.supporter_id},2026,250.08,EUR"]
    _line(Payment.objects.filter(membership=alice)[0], -2084, at=MAY, kind=LineKind.REFUND)
    assert list(years.candidates(2026)) == []


# The pages


@pytest.fixture
def _march() -> None:
    _hundred_members()
    _line(None, 900, 38, at=APRIL, kind=LineKind.PAYMENT)
    _close("2026-03")


PAGES = [
    "", "accounts/", "year/2026/", "year/2026/income.csv", "year/2026/scheme.csv", "2026-03/",
    "2026-03/pack.csv", "2026-03/pack.xlsx", "2026-03/payouts/", "2026-03/payouts.csv",
    "2026-03/journal/xero/", "2026-04/", "2026-04/close/", "2026-06/payouts/",
]  # fmt: skip


@pytest.mark.once
@pytest.mark.usefixtures("_march")
def test_only_those_who_keep_the_books_open_them() -> None:
    for role, status in {Role.FINANCE: 200, Role.ADMIN: 200, Role.SUPPORT: 403,
                         Role.VIEWER: 403}.items():  # fmt: skip
        client = signed_in(role, email=f"{role}@example.org")
        for page in PAGES:
            assert client.get(f"/staff/books/{page}").status_code == status, (role, page)
    assert Client().get("/staff/books/").status_code == 302


NO_PAGES = [
    "2026-02/", "2026-07/", "2026-13/", "nonsense/", "2026-03/journal/none/", "year/2027/",
    "year/0/", "year/99999/", "year/0/income.csv", "year/99999/scheme.csv",
]  # fmt: skip


@pytest.mark.once
@pytest.mark.usefixtures("_march")
def test_a_month_or_a_year_that_is_none_is_not_found() -> None:
    client = signed_in()
    for page in NO_PAGES:
        assert client.get(f"/staff/books/{page}").status_code == 404, page


@pytest.mark.usefixtures("_march")
def test_reading_the_books_changes_nothing() -> None:
    client = signed_in()
    before = list(LedgerLine.objects.order_by("pk").values())
    for page in PAGES:
        client.get(f"/staff/books/{page}")
    assert list(LedgerLine.objects.order_by("pk").values()) == before
    assert Period.objects.count() == 1
