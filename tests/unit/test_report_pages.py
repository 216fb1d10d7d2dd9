"""The reports as staff see them: a year made by hand, its figures on the page and in files.

Twelve give 5.00 a month from January, six more 3.00 from February and two 2.00 from March. Six of
the twelve leave in April; the payments of five of the six fail in June. Six gifts of 10.00 in May,
and one of 250.00 in July.
"""

import csv
import io
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from xml.etree import ElementTree

import pytest
import time_machine
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from billing import figures
from billing.models import Campaign, Membership, Payment
from billing.models.ledger import LineKind
from billing.states import EndReason, MembershipState, PaymentState
from members import lockdown
from members.models import Supporter
from members.models.staff import Role
from members.reports.definitions import FIGURES
from members.staff.reports.charts import NONE
from members.staff.reports.shelf import REPORTS
from tests import rows
from tests.staff_desk import signed_in, staff

NOW = datetime(2026, 10, 15, 10, tzinfo=UTC)
SPREADSHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def on(month: int, day: int = 10) -> datetime:
    return datetime(2026, month, day, 12, tzinfo=UTC)


def _join(count: int, month: int, cents: int) -> list[Membership]:
    """So many join in a month, each with a first payment of which Stripe keeps 0.30."""
    found = []
    plan = rows.plan()
    for number in range(count):
        who = Supporter.objects.create(email_sealed=b"-", email_hash=f"{month:032}{number:032}")
        stay = Membership.objects.create(
            supporter=who, plan=plan, amount_cents=cents, interval=plan.interval,
            state=MembershipState.ACTIVE, stripe_subscription_id=f"sub_{month}_{number}",
            started_at=on(month), period_start=on(month), created_at=on(month),
        )  # fmt: skip
        _pay(stay, month, cents)
        found.append(stay)
    return found


def _pay(stay: Membership, month: int, cents: int) -> None:
    Payment.objects.create(
        supporter=stay.supporter, plan=stay.plan, membership=stay, amount_cents=cents,
        state=PaymentState.SUCCEEDED, stripe_payment_intent_id=f"pi_{stay.pk}_{month}",
        paid_at=on(month), fee_cents=30, net_cents=cents - 30,
    )  # fmt: skip


def _end(stays: list[Membership], month: int, reason: EndReason) -> None:
    Membership.objects.filter(pk__in=[each.pk for each in stays]).update(
        state=MembershipState.ENDED, ended_at=on(month, 20), end_reason=reason
    )


@pytest.fixture
def year(db: None) -> None:
    twelve, six = _join(12, 1, 500), _join(6, 2, 300)
    _join(2, 3, 200)
    _end(twelve[:6], 4, EndReason.REQUESTED)
    _end(six[:5], 6, EndReason.PAYMENT_FAILED)
    for number, (month, cents) in enumerate([*[(5, 1000)] * 6, (7, 25000)]):
        who = Supporter.objects.create(email_sealed=b"-", email_hash=f"{number:064}")
        rows.payment(supporter=who, amount_cents=cents, paid_at=on(month), fee_cents=50,
                     net_cents=cents - 50)  # fmt: skip
    for stay in twelve[6:]:
        _pay(stay, 7, 500)
    figures.rebuild()


def _csv(client: Client, slug: str, query: str = "") -> list[list[str]]:
    text = client.get(f"/staff/reports/{slug}.csv{query}").content.decode()
    return list(csv.reader(io.StringIO(text)))


def _line(lines: list[list[str]], head: str) -> list[str]:
    return next(line[1:] for line in lines if line and line[0] == head)


def _page(client: Client, slug: str, query: str = "") -> str:
    return client.get(f"/staff/reports/{slug}/{query}").content.decode()


def _answer(client: Client, slug: str, query: str = "") -> str:
    page = _page(client, slug, query)
    found = re.search(r'<p class="answer">(.*?)</p>', page)
    assert found is not None
    return unescape(found[1])


def test_it_tells_where_mrr_came_from_and_went_to_the_cent(year: None) -> None:
    lines = _csv(signed_in(Role.VIEWER), "growth", "?period=y2026")
    assert _line(lines, "Month")[:2] == ["Start (EUR)", "New (EUR)"]
    no = "0.00"
    # start, new, returned, resumed, more, less, paused, withdrawn, left, failed, disputed, end
    assert _line(lines, "2026-01") == [no, "60.00", *[no] * 9, "60.00"]
    # March hides its two who joined, so February's six are hidden with them; beside them nobody's
    # of a column in which somebody is, in another month: of the others the year's sum tells.
    assert _line(lines, "2026-02") == ["60.00", "hidden", *[no] * 7, "hidden", no, "78.00"]
    assert _line(lines, "2026-04")[-5:] == [no, "-30.00", no, no, "52.00"]
    assert _line(lines, "2026-06") == ["52.00", *[no] * 8, "-15.00", no, "37.00"]
    for line in lines[2:12]:
        if "hidden" not in line:
            *moved, end = (int(cell.replace(".", "")) for cell in line[1:])
            assert sum(moved) == end, line


def test_it_tells_the_churn_of_monthly_and_yearly_memberships_apart(year: None) -> None:
    lines = _csv(signed_in(Role.VIEWER), "leaving", "?period=y2026")
    apart = lines[lines.index(["Monthly and yearly memberships"]) :]
    assert _line(apart, "2026-04") == ["20", "6", "30.00", "0", "0", ""]
    assert _line(apart, "2026-06") == ["14", "5", "35.71", "0", "0", ""]
    # One of the yearly ones would be told by all who left, so neither number is.
    rows.membership(rows.charlie(), slug="yearly", started_at=on(3), period_start=on(3))
    lines = _csv(signed_in(Role.VIEWER, email="two@example.org"), "leaving", "?period=y2026")
    apart = lines[lines.index(["Monthly and yearly memberships"]) :]
    assert _line(apart, "2026-04") == ["hidden"] * 6


def test_it_tells_what_of_mrr_is_given_on_top_and_hides_few_who_do(year: None) -> None:
    Payment.objects.filter(amount_cents=500, paid_at=on(1)).update(extra_cents=100)
    figures.rebuild()
    lines = _csv(signed_in(Role.VIEWER), "growth", "?period=y2026")
    on_top = lines[lines.index(["What is given on top, so that more arrives"]) :]
    assert _line(on_top, "2026-01") == ["60.00", "12.00"]
    assert _line(on_top, "2026-04") == ["52.00", "6.00"]
    Payment.objects.update(extra_cents=0)
    one = Payment.objects.filter(amount_cents=500, paid_at=on(1)).first()
    assert one is not None
    Payment.objects.filter(pk=one.pk).update(extra_cents=100)
    figures.rebuild()
    lines = _csv(signed_in(Role.VIEWER, email="two@example.org"), "growth", "?period=y2026")
    assert ["2026-01", "60.00", "hidden"] in lines


def test_it_hides_two_who_joined_and_what_would_tell_of_them(year: None) -> None:
    lines = _csv(signed_in(), "growth", "?period=y2026")
    march = _line(lines, "2026-03")
    assert (march[0], march[-1]) == ("78.00", "82.00")
    assert (march[1], march.count("hidden") > 1) == ("hidden", True)
    # Nor can it be worked out from the other months and all of them together.
    news = [line[2] for line in lines[2:13]]
    assert news.count("hidden") > 1


ANSWERS = {
    "growth": "Yes: MRR grew by €37.00 in 2026 so far, to €37.00, given by 9 members (+9).",
    "leaving": "11 members left in 2026 so far: 6 by their own wish, 5 because payments failed, "
    "none by a dispute.",
    "income": "€422.00 came in in 2026 so far, and €410.70 was left after fees and what went back. "
    "Stripe kept 2.7% of it.",
    "gifts": "A member gives €4.11 a month on average, a single gift in 2026 so far came to "
    "€44.29.",
    "fees": "Stripe kept 2.7% of what was paid in 2026 so far: €11.30 of €422.00.",
    "failures": "No membership payment failed in 2026 so far.",
    "renewals": "No paid year ran out in 2026 so far.",
    "campaigns": "Campaigns brought nobody in 2026 so far.",
    "donors": "27 people gave in 2026 so far, the first year.",
    "tenure": "Half of the members have been with us for 9 months or longer; those who left had "
    "stayed 3 months.",
    "retention": "Of those who join, 70% are still members after 3 months, 45% after 6 months.",
    "forecast": "€444.00 in the next twelve months, before fees, if nobody leaves but who has said "
    "so and nobody joins.",
    "upcoming": "0 yearly memberships will have to be renewed in the next twelve months.",
    "at-risk": "Nothing is overdue.",
    "duplicates": "Nobody is a member twice.",
}


@pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMIN])
def test_who_may_take_out_the_rows_may_have_small_figures_shown(role: Role, year: None) -> None:
    client = signed_in(role)
    assert "small=shown" in client.get("/staff/reports/growth/?period=y2026").content.decode()
    lines = _csv(client, "growth", "?period=y2026&small=shown")
    assert _line(lines, "2026-03")[1] == "4.00"  # the two who joined
    for line in lines[2:12]:
        *moved, end = (int(cell.replace(".", "")) for cell in line[1:])
        assert sum(moved) == end, line
    for slug in REPORTS:
        assert "hidden" not in str(_csv(client, slug, "?small=shown")), slug
        assert "fewer than five people are shown" in _page(client, slug, "?small=shown"), slug
    workbook = client.get("/staff/reports/growth.xlsx?period=y2026&small=shown")
    assert "-in-full.xlsx" in workbook["Content-Disposition"]
    # It is a wish of one page, not of the one who wishes.
    assert _line(_csv(client, "growth", "?period=y2026"), "2026-03")[1] == "hidden"


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_nobody_else_has_small_figures_shown(role: Role, year: None) -> None:
    client = signed_in(role)
    assert "small=shown" not in _page(client, "growth", "?period=y2026")
    for slug in REPORTS:
        assert _csv(client, slug, "?small=shown") == _csv(client, slug), slug


def test_small_figures_are_hidden_while_the_house_is_locked(year: None) -> None:
    client = signed_in(Role.FINANCE)
    lockdown.begin(by=staff(email="fionn@example.org"), now=NOW)
    assert _line(_csv(client, "growth", "?period=y2026&small=shown"), "2026-03")[1] == "hidden"


def test_every_question_has_its_answer_in_a_sentence(year: None) -> None:
    client = signed_in(Role.VIEWER)
    assert {slug: _answer(client, slug, "?period=y2026") for slug in REPORTS} == ANSWERS


def test_it_tells_income_by_kind_and_nothing_of_a_single_gift(year: None) -> None:
    client = signed_in()
    lines = _csv(client, "income", "?period=y2026")
    assert _line(lines, "2026-05") == ["6", "60.00", "0.00", "3.00", "0.00", "0.00", "57.00"]
    gifts = _csv(client, "income", "?period=y2026&kind=gift")
    # The year's seven are told, so May's six cannot be, beside July's one.
    assert _line(gifts, "2026-05")[:2] == ["hidden", "hidden"]
    assert _line(gifts, "2026-07") == ["hidden", "hidden", "hidden", "hidden", "0.00", "0.00",
                                       "hidden"]  # fmt: skip
    monthly = _csv(client, "income", "?period=y2026&kind=month")
    assert "hidden" in _line(monthly, "2026-07") or "hidden" in _line(
        _csv(client, "income", "?period=y2026&kind=year"), "2026-07"
    )


def test_two_payments_that_never_came_in_are_told_by_no_difference(db: None) -> None:
    payments = [each.payments.get().pk for each in _join(8, 1, 500)]
    tried = Payment.objects.filter(pk__in=payments)
    tried.update(first_failed_at=on(1, 5))
    tried.filter(pk__in=payments[6:]).update(state=PaymentState.FAILED, paid_at=None)
    figures.rebuild()
    lines = _csv(signed_in(Role.VIEWER), "failures", "?period=y2026")
    assert _line(lines, "2026-01") == ["8", "8", "40.00", "100.00", *["hidden"] * 3, "0", "0"]
    assert _line(lines, "All of it")[4:] == [*["hidden"] * 3, "0", "0"]


def test_nobody_who_gave_much_stands_out_in_any_report_or_file(year: None) -> None:
    client = signed_in(Role.VIEWER)
    paths = ["/staff/", "/staff/reports/", "/staff/reports/trustees/?month=2026-07"]
    for slug in REPORTS:
        paths += [f"/staff/reports/{slug}/?period=y2026&kind=gift",
                  f"/staff/reports/{slug}.csv?period=y2026&kind=gift",
                  f"/staff/reports/{slug}/?period=y2026&kind=month"]  # fmt: skip
    for path in paths:
        assert "250.00" not in client.get(path).content.decode(), path


@pytest.mark.parametrize("slug", list(REPORTS))
def test_the_csv_and_the_workbook_say_what_the_page_says(slug: str, year: None) -> None:
    client = signed_in(Role.VIEWER)
    page = client.get(f"/staff/reports/{slug}/?period=y2026").content.decode()
    lines = [line for line in _csv(client, slug, "?period=y2026") if len(line) > 1]
    found = re.findall(r"(<thead>)?<tr[^>]*>(.*?)</tr>", page, re.DOTALL)
    assert len(found) == len(lines)
    drawn: list[int] = []
    for (head_of, cells), line in zip(found, lines, strict=True):
        row = _cells(cells)
        if head_of:
            drawn = [i for i, head in enumerate(line) if _unitless(head) in row]
        inside = [line[i] for i in drawn if i < len(line)]
        for said, plain in zip(row[1:], inside[1:], strict=True):
            assert ("hidden" in said) == (plain == "hidden"), (row, line)
            if "€" in said:
                assert re.sub("[€,]", "", said) == plain
        # What the page leaves out is nothing, in every row.
        left_out = [cell for i, cell in enumerate(line) if i not in drawn]
        assert head_of or {*left_out} <= {"0", "0.00"}, line
    content = client.get(f"/staff/reports/{slug}.xlsx?period=y2026").content
    numbers = _numbers(content)
    cells = [cell for line in lines for cell in line[1:] if re.fullmatch(r"-?\d+\.\d\d", cell)]
    for cell in cells:
        assert any(abs(each - float(cell)) < 0.005 or abs(each - float(cell) / 100) < 0.00005
                   for each in numbers), cell  # fmt: skip


def _cells(row: str) -> list[str]:
    return [_bare(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL)]


def _unitless(head: str) -> str:
    return re.sub(r" \((EUR|%)\)$", "", head)


def _bare(cell: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", cell)).split())


def _numbers(content: bytes) -> list[float]:
    """Every cell of the workbook that is a number."""
    found = []
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        for name in book.namelist():
            if name.startswith("xl/worksheets/sheet"):
                tree = ElementTree.fromstring(book.read(name))  # noqa: S314 - we made it
                for cell in tree.iter(f"{SPREADSHEET}c"):
                    value = cell.find(f"{SPREADSHEET}v")
                    if value is not None and cell.get("t") is None:
                        found.append(float(value.text or ""))
    return found


@pytest.mark.django_db
def test_a_name_is_no_formula_in_any_file() -> None:
    campaign = Campaign.objects.create(slug="evil", name='=HYPERLINK("x")')
    rows.payment(campaign=campaign, paid_at=on(5))
    client = signed_in()
    assert any(line[:1] == ['\'=HYPERLINK("x")'] for line in _csv(client, "campaigns"))
    content = client.get("/staff/reports/campaigns.xlsx").content
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if "sheet" in name]
    assert not any("<f>" in each for each in sheets)


@pytest.mark.django_db
def test_lists_of_memberships_are_for_those_who_work_with_members() -> None:
    two = [rows.membership(rows.alice()), rows.membership(rows.alice(), slug="yearly")]
    overdue = rows.membership(rows.bob(), state=MembershipState.PAST_DUE, past_due_since=NOW)
    for slug, of in (("duplicates", two[0]), ("at-risk", overdue)):
        path = f"/staff/reports/{slug}/"
        for role in Role:
            page = signed_in(role, email=f"{role}-{slug}@example.org").get(path)
            assert page.status_code == 200
            assert (str(of.pk) in page.content.decode()) == (role != Role.VIEWER), (slug, role)


def test_it_asks_as_little_of_the_database_for_many_as_for_one(
    year: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in()
    for slug in REPORTS:
        # Session, member, second factor, the years to choose from, whether the house is locked; at
        # most five for the figures.
        with django_assert_max_num_queries(10):
            client.get(f"/staff/reports/{slug}/?period=36")
    with django_assert_max_num_queries(9):
        client.get("/staff/reports/trustees/")


@pytest.mark.django_db
def test_a_period_that_is_none_reads_as_the_usual_one() -> None:
    client = signed_in()
    for period in ("0", "-1", "y1999", "y2027", "y", "y20x6", "99999", "y\u0662\u0660\u0662\u0666"):
        page = client.get("/staff/reports/growth/", {"period": period})
        assert page.context["asked"].count == 12, period
        assert page.context["asked"].until == NOW
    assert client.get("/staff/reports/nothing/").status_code == 404


def test_a_year_that_is_over_is_told_as_it_ended(year: None) -> None:
    client = signed_in()
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC), tick=False):
        client = signed_in(email="later@example.org")
        assert "in 2026, to €37.00" in _answer(client, "growth", "?period=y2026")


@pytest.mark.django_db
def test_every_report_explains_its_figures_and_draws_nothing_it_hides() -> None:
    client = signed_in()
    rows.payment(rows.membership(), paid_at=on(9))
    for slug, report in REPORTS.items():
        page = " ".join(unescape(client.get(f"/staff/reports/{slug}/").content.decode()).split())
        for key in report.figures:
            assert FIGURES[key].meaning in page
            assert FIGURES[key].formula in page
        assert page.count("<svg") == page.count("<desc"), slug
        assert "style=" not in page
        assert "<script" not in page.partition("<main")[2]


def test_the_trustee_page_has_a_month_on_one_sheet(year: None) -> None:
    client = signed_in(Role.VIEWER)
    page = client.get("/staff/reports/trustees/?month=2026-04").context["page"]
    keys = {each.label: each.value for each in page.keys}
    # 20 at the start of April, 6 of whom left; nothing was paid in April.
    assert keys == {"Supporters": "14", "Net income": "€0.00", "Stayed": "70.0%", "Fees": NONE,
                    "Refunds": "€0.00", "Complaints": "0"}  # fmt: skip
    total = page.year.lines[-1]
    assert [each.value for each in total.cells] == [20, 8200, 0, 600, 0, 0, 7600]
    assert client.get("/staff/reports/trustees/?month=2026-11").status_code == 404
    assert client.get("/staff/reports/trustees/?month=nonsense").status_code == 404


@pytest.mark.django_db
def test_the_trustee_page_spreads_a_yearly_payment_over_its_months() -> None:
    paid = rows.payment(rows.membership(slug="yearly"), amount_cents=2400, paid_at=on(2),
                        fee_cents=60, net_cents=2340)  # fmt: skip
    rows.line(paid, kind=LineKind.REFUND, amount_cents=-400, booked_at=on(4))
    page = signed_in().get("/staff/reports/trustees/?month=2026-04").context["page"]
    assert page.spread[-4:] == [0, 200, 200, 200]
    assert {each.label: each.value for each in page.keys}["Refunds"] == "€4.00"
