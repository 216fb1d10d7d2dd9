"""Lists that staff take out: the least that is needed, by two where they name people, for a day."""

import csv
import io
import logging
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from billing.models import Membership, Plan
from billing.states import EndReason, MembershipState
from members import resealing, retention, tasks
from members.exports import asking, making
from members.exports.handing import guarded
from members.models import AccessLog, ListPart, StaffList, StaffMember, Supporter
from members.models.access import Action, Purpose
from members.models.listing import ListState
from members.models.staff import Role
from members.privacy.parts import PARTS
from members.staff import accounts
from tests import rows
from tests.staff_desk import ask_for_list, colleague, entered, signed_in, staff, taken
from tests.supporter_desk import signed_in as supporter_in
from tests.supporter_desk import text_of

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
NAMES = ["membership", "name", "email"]

pytestmark = [pytest.mark.django_db, pytest.mark.real]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def read(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))


def crowd(count: int) -> None:
    """So many members, made by the database itself."""
    plan = rows.plan()
    people = [
        Supporter(email_sealed=b"", email_hash=f"gone:{n:059d}", created_at=rows.START)
        for n in range(count)
    ]
    Supporter.objects.bulk_create(people, batch_size=2000)
    Membership.objects.bulk_create(
        (
            Membership(
                supporter=person,
                plan=plan,
                amount_cents=199,
                interval=plan.interval,
                state=MembershipState.ACTIVE,
                stripe_subscription_id=f"sub_crowd{n}",
                started_at=rows.START,
                created_at=rows.START,
            )
            for n, person in enumerate(people)
        ),
        batch_size=2000,
    )


# What is in it


def test_it_proposes_the_least_and_nobodys_name() -> None:
    client = signed_in(Role.FINANCE)
    member = rows.membership(rows.alice())
    wanted = ask_for_list(client)
    assert not wanted.names
    (row,) = read(taken(client, wanted))
    assert list(row) == [
        "membership", "plan", "interval", "amount", "currency", "state", "joined", "taken_by",
    ]  # fmt: skip
    assert row["membership"] == str(member.pk)
    assert str(member.supporter_id) not in str(row)


def test_it_writes_iso_dates_of_dublin_and_exact_cents() -> None:
    # 23:30 UTC in summer is half an hour into the next day in Dublin.
    late = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)
    rows.membership(slug="yearly", started_at=late, created_at=late)
    client = signed_in(Role.FINANCE)
    (row,) = read(taken(client, ask_for_list(client)))
    assert (row["joined"], row["amount"], row["currency"]) == ("2026-07-01", "23.88", "EUR")


def test_it_takes_of_which_was_chosen_alone() -> None:
    rows.membership(rows.alice())
    ended = rows.membership(
        rows.bob(), state=MembershipState.ENDED, ended_at=NOW, end_reason=EndReason.REQUESTED
    )
    client = signed_in(Role.FINANCE)
    assert client.get("/staff/lists/new/memberships/?state=ended").context["form"]["state"].value()
    [row] = read(taken(client, ask_for_list(client, state="ended")))
    assert row["membership"] == str(ended.pk)
    assert len(read(taken(client, ask_for_list(client)))) == 2
    day = f"{rows.START:%Y-%m-%d}"
    assert len(read(taken(client, ask_for_list(client, first=day, last=day)))) == 2
    assert read(taken(client, ask_for_list(client, first="2026-03-03"))) == []


def test_it_lists_payments_and_supporters_too() -> None:
    gift = rows.payment(amount_cents=20, fee_cents=28, net_cents=-8)
    rows.membership(rows.alice())
    rows.charlie()
    client = signed_in(Role.FINANCE)
    columns = ["payment", "amount", "fee", "net", "paid_on"]
    [row] = read(taken(client, ask_for_list(client, "payments", columns=columns, kind="gift")))
    # An amount that is less than nothing is a number, and no formula.
    assert (row["payment"], row["fee"], row["net"]) == (str(gift.pk), "0.28", "-0.08")
    everybody = read(taken(client, ask_for_list(client, "supporters")))
    theirs = {str(rows.alice().pk), str(rows.bob().pk)}
    assert {each["supporter"] for each in everybody} == theirs
    [now] = read(taken(client, ask_for_list(client, "supporters", standing="live")))
    assert now["supporter"] == str(rows.alice().pk)


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_it_keeps_a_spreadsheet_from_running_a_cell(start: str) -> None:
    Plan.objects.filter(slug="monthly").update(name=f'{start}HYPERLINK("https://charlie.example")')
    rows.membership()
    client = signed_in(Role.FINANCE)
    (row,) = read(taken(client, ask_for_list(client)))
    assert row["plan"].startswith(f"'{start}")
    assert guarded(["1.99", "active", ""]) == ["1.99", "active", ""]


def test_each_line_and_the_name_of_the_file_say_whose_it_is_and_why() -> None:
    rows.membership()
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client, purpose="law")
    (row,) = read(taken(client, wanted))
    assert row["taken_by"] == f"dara@example.org 2026-11-04 law {wanted.reference}"
    name = client.post(f"/staff/lists/{wanted.pk}/file/")["Content-Disposition"]
    assert f'"memberships-2026-11-04-law-{wanted.reference}.csv"' in name


def test_irish_letters_come_through_with_and_without_the_mark_for_excel() -> None:
    sean = rows.alice()
    sean.name = "Seán Ó Súilleabháin"
    sean.save()
    rows.membership(sean)
    asker, second = signed_in(Role.FINANCE), colleague()
    for kind, mark in (("csv", b""), ("excel-csv", b"\xef\xbb\xbf")):
        wanted = ask_for_list(asker, columns=NAMES, format=kind)
        second.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"})
        body = taken(asker, wanted)
        assert body.startswith(mark + b"membership,")
        assert read(body)[0]["name"] == "Seán Ó Súilleabháin"


def test_a_workbook_has_typed_cells_and_texts_that_do_not_run() -> None:
    Plan.objects.filter(slug="monthly").update(name="=1+1")
    rows.membership()
    client = signed_in(Role.FINANCE)
    body = taken(client, ask_for_list(client, format="xlsx"))
    sheet = zipfile.ZipFile(io.BytesIO(body)).read("xl/worksheets/sheet1.xml").decode()
    assert "<v>1.99</v>" in sheet
    assert "<f>" not in sheet
    assert "=1+1" in sheet
    # 2 March 2026, as spreadsheets count days.
    assert "<v>46083</v>" in sheet


def test_a_workbook_is_not_for_what_it_cannot_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_IN_XLSX", 1)
    rows.membership(rows.alice())
    rows.membership(rows.bob())
    client = signed_in(Role.FINANCE)
    page = client.get("/staff/lists/new/memberships/")
    form = {"columns": ["plan"], "purpose": "books", "press": page.context["press"]}
    answer = client.post("/staff/lists/new/memberships/", form | {"format": "xlsx"})
    assert answer.status_code == 400
    assert b"too long for a workbook" in answer.content


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"columns": []}, "Choose at least one column."),
        ({"purpose": ""}, "Say what it is for"),
        ({"purpose": "curious"}, "Choose one of the purposes."),
        ({"first": "2026-02-01", "last": "2026-01-01"}, "lies before the first"),
        ({"first": "then"}, "Enter the first day like"),
    ],
)
def test_it_says_what_is_missing(form: dict[str, Any], said: str) -> None:
    client = signed_in(Role.FINANCE)
    values = {"columns": ["plan"], "format": "csv", "purpose": "books"}
    answer = client.post("/staff/lists/new/memberships/", values | form)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not StaffList.objects.exists()


# Who may have it


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_who_does_not_keep_the_books_takes_nothing_out(role: Role) -> None:
    client = signed_in(role)
    for path in ("", "new/memberships/"):
        assert client.get(f"/staff/lists/{path}").status_code == 403
    assert client.post("/staff/lists/new/memberships/", {"columns": "plan"}).status_code == 403


def test_a_double_press_is_one_list() -> None:
    client = signed_in(Role.FINANCE)
    press = client.get("/staff/lists/new/memberships/").context["press"]
    first, second = (ask_for_list(client, press=press) for _ in range(2))
    assert first == second
    assert StaffList.objects.count() == 1


def test_it_is_for_the_one_who_asked_alone() -> None:
    rows.membership()
    wanted = ask_for_list(signed_in(Role.FINANCE))
    tasks.make_list(str(wanted.pk))
    other = colleague(Role.ADMIN)
    for path in ("", "file/", "stop/"):
        assert other.post(f"/staff/lists/{wanted.pk}/{path}").status_code in {404, 405}
    assert other.get(f"/staff/lists/{wanted.pk}/").status_code == 404


def test_it_asks_for_the_second_factor_again_before_it_hands_out(
    clock: time_machine.Traveller,
) -> None:
    rows.membership()
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client)
    tasks.make_list(str(wanted.pk))
    clock.shift(timedelta(minutes=10))
    answer = client.post(f"/staff/lists/{wanted.pk}/file/")
    assert answer["Location"].startswith("/staff/second-factor/confirm/?next=")
    assert not StaffList.objects.get().times_taken
    # From there the browser comes back with a GET, and finds the page with the button.
    assert client.get(f"/staff/lists/{wanted.pk}/")["Content-Type"].startswith("text/html")


def test_it_is_gone_after_a_day(clock: time_machine.Traveller, settings: Settings) -> None:
    settings.STAFF_IDLE_SECONDS = settings.STAFF_SESSION_SECONDS = 10**6
    rows.membership()
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client)
    assert taken(client, wanted)
    clock.shift(timedelta(hours=24))
    asker = entered_again()
    assert asker.post(f"/staff/lists/{wanted.pk}/file/").status_code == 302
    assert "It is gone" in asker.get(f"/staff/lists/{wanted.pk}/").content.decode()
    tasks.look_after_people()
    assert not ListPart.objects.exists()
    wanted.refresh_from_db()
    assert (wanted.state, wanted.times_taken) == (ListState.OVER, 1)


def entered_again() -> Client:
    """The one who asked, with a second factor shown just now."""
    member = StaffMember.objects.get(email="dara@example.org")
    Authenticator.objects.filter(user=member).delete()
    return entered(member)


def test_who_is_let_go_while_it_is_made_gets_nothing() -> None:
    rows.membership()
    wanted = ask_for_list(signed_in(Role.FINANCE))
    StaffMember.objects.update(role=Role.SUPPORT)
    tasks.make_list(str(wanted.pk))
    wanted.refresh_from_db()
    assert wanted.state == ListState.STOPPED
    assert not ListPart.objects.exists()
    assert not AccessLog.objects.exists()


# Two persons


def test_a_list_with_names_waits_for_a_second_person() -> None:
    rows.membership(rows.alice())
    asker, second = signed_in(Role.FINANCE), colleague(Role.FINANCE)
    wanted = ask_for_list(asker, columns=NAMES)
    tasks.make_list(str(wanted.pk))
    assert wanted.state == ListState.ASKED
    assert not ListPart.objects.exists()
    assert asker.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"}).status_code == 302
    assert "with names" in second.get("/staff/lists/").content.decode()
    assert second.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"}).status_code == 302
    [row] = read(taken(asker, wanted))
    assert (row["name"], row["email"]) == ("Alice", "alice@example.org")
    wanted.refresh_from_db()
    assert wanted.answered_by == StaffMember.objects.get(email="fionn@example.org")


def test_a_list_of_nearly_everybody_waits_for_a_second_person_without_names_too() -> None:
    crowd(asking.A_CROWD)
    early = f"{rows.START - timedelta(days=1):%Y-%m-%d}"
    asker = signed_in(Role.FINANCE)
    assert ask_for_list(asker).state == ListState.RESTING
    colleague(Role.FINANCE)
    # However it is narrowed, it is what comes out that counts.
    assert ask_for_list(asker, first=early).state == ListState.ASKED
    assert ask_for_list(asker, state="active").state == ListState.ASKED
    Membership.objects.filter(pk__in=Membership.objects.values("pk")[: asking.A_CROWD // 2]).update(
        state=MembershipState.ENDED, ended_at=NOW, end_reason=EndReason.REQUESTED
    )
    assert ask_for_list(asker, state="active").state == ListState.MAKING
    assert not AccessLog.objects.exists()


def test_a_second_person_may_refuse() -> None:
    asker, second = signed_in(Role.FINANCE), colleague(Role.FINANCE)
    wanted = ask_for_list(asker, columns=NAMES)
    second.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "refuse"})
    second.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"})
    tasks.make_list(str(wanted.pk))
    assert "A colleague refused" in asker.get(f"/staff/lists/{wanted.pk}/").content.decode()
    assert not ListPart.objects.exists()


def test_where_there_is_no_second_person_it_waits_a_day(
    clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.STAFF_IDLE_SECONDS = settings.STAFF_SESSION_SECONDS = 10**6
    rows.membership(rows.alice())
    client = signed_in(Role.ADMIN)
    wanted = ask_for_list(client, columns=NAMES)
    assert wanted.state == ListState.RESTING
    clock.shift(timedelta(hours=24, seconds=-1))
    tasks.look_after_people()
    tasks.make_list(str(wanted.pk))
    assert not ListPart.objects.exists()
    clock.shift(timedelta(seconds=1))
    tasks.look_after_people()
    assert read(taken(entered_again(), wanted))[0]["name"] == "Alice"


def test_a_colleague_made_for_it_a_moment_ago_is_no_second_person() -> None:
    asker, other = signed_in(Role.ADMIN), colleague(Role.ADMIN)
    assert ask_for_list(asker, columns=NAMES).state == ListState.ASKED
    # The admin gives the colleague a new key, and comes in as them.
    them = StaffMember.objects.get(email="fionn@example.org")
    asker.post(f"/staff/team/{them.pk}/", {"act": "reset"})
    TOTP.activate(them, generate_totp_secret())
    entered(staff(Role.ADMIN, email="new@example.org"))
    wanted = ask_for_list(asker, columns=NAMES)
    assert wanted.state == ListState.ASKED
    newcomer = signed_in(Role.ADMIN, email="newer@example.org")
    answer = newcomer.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"})
    assert answer.status_code == 403
    assert newcomer.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "refuse"})["Location"]
    assert StaffList.objects.get(pk=wanted.pk).state == ListState.REFUSED
    assert other.get("/staff/")["Location"].startswith("/staff/sign-in/")


def test_the_database_itself_wants_two_or_a_day() -> None:
    wanted = ask_for_list(signed_in(Role.ADMIN), columns=NAMES)
    for change in (
        {"rests_until": None, "state": ListState.MAKING},
        {"answered_by": wanted.by_id},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            StaffList.objects.update(**change)


def test_it_is_put_away_where_nobody_answers_for_a_week(clock: time_machine.Traveller) -> None:
    asker, _second = signed_in(Role.FINANCE), colleague(Role.FINANCE)
    wanted = ask_for_list(asker, columns=NAMES)
    clock.shift(timedelta(days=7))
    tasks.look_after_people()
    wanted.refresh_from_db()
    assert wanted.state == ListState.OVER


def test_a_list_with_names_goes_when_somebody_in_it_is_erased() -> None:
    rows.membership(rows.alice(), state=MembershipState.ENDED, ended_at=NOW)
    asker, second = signed_in(Role.FINANCE), colleague(Role.FINANCE)
    wanted = ask_for_list(asker, columns=NAMES)
    second.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"})
    tasks.make_list(str(wanted.pk))
    assert ListPart.objects.exists()
    [wipe] = [part.wipe for part in PARTS if part.name == "person"]
    assert wipe is not None
    wipe(rows.alice())
    assert not ListPart.objects.exists()


# Written down


def test_everybody_in_it_is_written_down_and_can_see_it() -> None:
    for who in (rows.alice(), rows.bob()):
        rows.membership(who)
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client, purpose="law")
    taken(client, wanted)
    lines = AccessLog.objects.all()
    assert {line.supporter_id for line in lines} == {rows.alice().pk, rows.bob().pk}
    [said] = {
        (line.staff.email, line.role, line.action, tuple(line.fields), line.purpose, line.at)
        for line in lines
    }
    assert said == ("dara@example.org", "finance", Action.EXPORTED, ("membership",), "law", NOW)
    text = text_of(supporter_in(rows.alice()), "/account/history/?show=looks")
    assert "Took out in a file: your membership. The law asked for it." in text


def test_it_keeps_who_is_in_it_out_of_the_log_and_the_dump(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows.membership(rows.alice())
    caplog.set_level(logging.DEBUG)
    client = signed_in(Role.ADMIN)
    wanted = ask_for_list(client, columns=NAMES)
    StaffList.objects.update(state=ListState.MAKING)
    taken(client, wanted)
    assert "lice" not in caplog.text
    [part] = ListPart.objects.all()
    assert b"lice" not in bytes(part.body_sealed)
    assert "lice" in str(making.unpack(part.body))
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM members_stafflist")
        assert "lice" not in str(cursor.fetchall())


def test_it_opens_still_after_the_vaults_key_was_changed(settings: Settings) -> None:
    rows.membership()
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client)
    tasks.make_list(str(wanted.pk))
    settings.VAULT_KEYS = ["bmV3LW5ldy1uZXctbmV3LW5ldy1uZXctbmV3LW5ldy0=", *settings.VAULT_KEYS]
    resealing.rotate(batch=10)
    accounts.reseal_factors()
    settings.VAULT_KEYS = settings.VAULT_KEYS[:1]
    assert len(read(taken(client, wanted))) == 1


# A worker dies


def made(wanted: StaffList, client: Client) -> list[dict[str, str]]:
    for _ in range(50):
        if making.carry_on(wanted.pk, seconds=0):
            break
    return read(taken(client, wanted))


def test_who_carries_on_leaves_no_line_out_and_writes_none_twice(
    clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "STEP", 10)
    crowd(35)
    client = signed_in(Role.FINANCE)
    whole = made(ask_for_list(client), client)
    before = AccessLog.objects.count()
    wanted = ask_for_list(client)
    making.carry_on(wanted.pk, seconds=0)

    def die(execute: Any, sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        # Killed in the midst of a step, after its part and its lines and before it has come along.
        if sql.startswith("INSERT INTO members_accesslog"):
            raise KeyboardInterrupt
        return answer

    with connection.execute_wrapper(die), pytest.raises(KeyboardInterrupt):
        making.carry_on(wanted.pk)
    wanted.refresh_from_db()
    assert (wanted.rows_done, wanted.parts.count()) == (10, 1)
    # Its lease still holds, so nobody else begins; then it is over.
    assert making.carry_on(wanted.pk)
    assert wanted.parts.count() == 1
    clock.shift(making.LEASE + timedelta(seconds=1))
    again = made(wanted, client)
    keys = [row["membership"] for row in again]
    assert keys == [row["membership"] for row in whole]
    assert len(set(keys)) == 35
    assert AccessLog.objects.count() - before == 35
    assert [part.lines for part in wanted.parts.all()] == [10, 10, 10, 5]


def test_what_came_after_the_asking_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "STEP", 1)
    rows.membership(rows.alice())
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client)
    making.carry_on(wanted.pk, seconds=0)
    rows.membership(rows.bob(), created_at=NOW + timedelta(seconds=1))
    assert len(made(wanted, client)) == 1


def test_the_clock_finds_a_list_that_nobody_was_rung_for(
    django_capture_on_commit_callbacks: Any,
) -> None:
    rows.membership()
    wanted = ask_for_list(signed_in(Role.FINANCE))
    with django_capture_on_commit_callbacks() as rung:
        tasks.look_after_people()
    assert len(rung) == 1
    assert making.carry_on(wanted.pk)


def test_it_shows_how_far_it_is_and_can_be_kept_still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "STEP", 1)
    rows.membership(rows.alice())
    rows.membership(rows.bob())
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client)
    making.carry_on(wanted.pk, seconds=0)
    page = client.get(f"/staff/lists/{wanted.pk}/")
    assert "50 % made" in page.content.decode()
    assert page["Refresh"] == "4"
    assert "Refresh" not in client.get(f"/staff/lists/{wanted.pk}/?still")
    client.post(f"/staff/lists/{wanted.pk}/stop/")
    assert not ListPart.objects.exists()
    assert making.carry_on(wanted.pk)
    assert StaffList.objects.get().state == ListState.STOPPED


# Large


def memory() -> int:
    """What this process holds in memory, in bytes."""
    with open("/proc/self/statm") as file:  # noqa: PTH123 - not a file on any disk
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.once
@pytest.mark.parametrize(
    ("count", "step"),
    [(6_000, 1000), pytest.param(200_000, making.STEP, marks=pytest.mark.long, id="200000")],
)
def test_memory_stays_flat_however_long_it_is(
    count: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "STEP", step)
    crowd(count)
    client, second = signed_in(Role.FINANCE), colleague(Role.FINANCE)
    wanted = ask_for_list(client)
    second.post(f"/staff/lists/{wanted.pk}/answer/", {"word": "agree"})
    making.carry_on(wanted.pk, seconds=0)
    before = most = memory()
    while not making.carry_on(wanted.pk, seconds=0):
        most = max(most, memory())
    lines = 0
    for piece in client.post(f"/staff/lists/{wanted.pk}/file/"):
        lines += piece.count(b"\n")
        most = max(most, memory())
    assert lines == count + 1
    assert AccessLog.objects.count() == count
    assert most - before < 40_000_000, f"{(most - before) / 1e6:.0f} MB more"


def test_old_lists_are_forgotten_after_24_months() -> None:
    wanted = ask_for_list(signed_in(Role.FINANCE))
    for days, left in ((731, True), (733, False)):
        StaffList.objects.filter(pk=wanted.pk).update(asked_at=NOW - timedelta(days=days))
        retention.tidy(now=NOW)
        assert StaffList.objects.exists() is left


def test_the_purposes_are_those_that_supporters_are_told() -> None:
    form = signed_in(Role.FINANCE).get("/staff/lists/new/payments/").context["form"]
    assert [value for value, _label in form.fields["purpose"].choices][1:] == Purpose.values
