"""Somebody on the staff who means ill, or whose key was stolen: what they try, and what of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from limits import parse
from pytest_django.fixtures import Settings

from billing.letters import links, suppression
from billing.letters.links import Purpose as Link
from billing.models import Campaign, Letter
from billing.models.letter import SuppressionReason
from members import addresses, limits, lockdown, search, signin, tasks
from members.exports import making
from members.exports.asking import NotAllowed
from members.exports.handing import guarded
from members.models import AccessLog, Search, StaffAct, StaffList, StaffMember, Supporter
from members.models.listing import ListState
from members.models.name import NameToken
from members.models.staff import Role
from members.models.supporter import supporter_for
from members.privacy import copies, parts
from members.reading import Why, unusual_since
from members.staff import enrolment
from tests import rows
from tests.staff_desk import (
    LONG,
    PASSWORD,
    ask_for_list,
    code_of,
    colleague,
    entered,
    give_code,
    signed_in,
    staff,
    taken,
)
from tests.staff_helping import choose, confirm, open_record

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
NAMES = ["membership", "name", "email"]

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def answered(client: Client, wanted: StaffList, word: str = "agree") -> str:
    """What became of a list once this colleague gave their word."""
    client.post(f"/staff/lists/{wanted.pk}/answer/", {"word": word})
    wanted.refresh_from_db()
    return wanted.state


def member_of(email: str) -> StaffMember:
    return StaffMember.objects.get(email=email)


# An admin gone bad, who wants the list of everybody


@pytest.mark.parametrize(
    "form", [{"act": "remove"}, {"act": "reset"}, {"act": "role", "role": "viewer"}]
)
def test_who_has_just_shut_the_others_out_is_not_the_only_one(form: dict[str, str]) -> None:
    asker, _other = colleague(email="dara@example.org"), colleague()
    asker.post(f"/staff/team/{member_of('fionn@example.org').pk}/", form)
    assert ask_for_list(asker, columns=NAMES).state == ListState.ASKED


def test_who_was_let_in_by_the_asker_is_no_second_person_the_next_day(
    clock: time_machine.Traveller, settings: Settings
) -> None:
    settings.STAFF_IDLE_SECONDS = settings.STAFF_SESSION_SECONDS = 10**7
    dara = member_of_old("dara@example.org")
    puppet = enrolment.enrol(email="fionn@example.org", role=Role.ADMIN, password=PASSWORD, by=dara)
    clock.shift(timedelta(days=2))
    asker, other = entered(dara), entered(puppet)
    wanted = ask_for_list(asker, columns=NAMES)
    assert (wanted.state, answered(other, wanted)) == (ListState.ASKED, ListState.ASKED)
    # Nor the other way about: the one who let them in, for what they ask.
    theirs = ask_for_list(other, columns=NAMES)
    assert answered(asker, theirs) == ListState.ASKED
    clock.shift(timedelta(days=6))
    assert answered(fresh(puppet), wanted) == ListState.MAKING


def member_of_old(email: str) -> StaffMember:
    """Somebody who has been on the team for long."""
    with time_machine.travel(timezone.now() - LONG, tick=False):
        return staff(Role.ADMIN, email=email)


def fresh(member: StaffMember) -> Client:
    """The same person, with a second factor shown just now."""
    Authenticator.objects.filter(user=member).delete()
    return entered(member)


def test_a_password_alone_is_no_fresh_proof(clock: time_machine.Traveller) -> None:
    rows.membership()
    client = signed_in(Role.ADMIN)
    wanted = ask_for_list(client)
    tasks.make_list(str(wanted.pk))
    clock.shift(timedelta(minutes=30))
    again = client.post("/staff/password/confirm/", {"password": PASSWORD})
    assert again.status_code == 302
    for path in (
        f"/staff/lists/{wanted.pk}/file/",
        "/staff/team/",
        "/staff/second-factor/recovery/",
    ):
        answer = client.post(path) if "file" in path else client.get(path)
        assert answer.status_code == 302, path
        assert answer["Location"].startswith("/staff/second-factor/confirm/"), path


# A support person with somebody else's card in mind


def test_a_strangers_mailbox_is_not_filled_from_the_desk() -> None:
    client = signed_in(Role.SUPPORT)
    open_record(client, rows.alice())
    mailbox = "charlie@example.org"
    pages = [choose(client, rows.alice(), "address", email=mailbox) for _ in range(4)]
    assert [page.status_code for page in pages] == [200, 200, 200, 400]


def test_two_of_support_together_give_back_no_more_than_one_may(settings: Settings) -> None:
    settings.STAFF_REFUND_CEILING_CENTS = 1000
    payment = rows.payment(rows.membership(rows.alice()), amount_cents=2500)
    codes = []
    for name in ("dara", "fionn"):
        client = signed_in(Role.SUPPORT, email=f"{name}@example.org")
        open_record(client, rows.alice())
        page = choose(client, rows.alice(), "refund", payment.pk, amount="8.00")
        codes.append(confirm(client, page).status_code if page.status_code == 200 else 400)
    assert codes == [302, 400]
    assert [each.amount_cents for each in StaffAct.objects.all()] == [800]


def test_two_presses_at_once_stay_under_the_ceiling(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STAFF_REFUND_CEILING_CENTS = 1000
    payment = rows.payment(rows.membership(rows.alice()), amount_cents=2500)
    client = signed_in(Role.SUPPORT)
    open_record(client, rows.alice())
    pages = [choose(client, rows.alice(), "refund", payment.pk, amount="8.00") for _ in range(2)]
    inner: list[int] = []

    def meanwhile(execute: Any, sql: str, *args: Any) -> Any:
        # The second press is through between the first one's look and its line.
        answer = execute(sql, *args)
        if "SUM(" in sql and "members_staffact" in sql and not inner:
            inner.append(0)
            inner[0] = confirm(client, pages[1]).status_code
        return answer

    with connection.execute_wrapper(meanwhile):
        outer = confirm(client, pages[0]).status_code
    assert sorted([*inner, outer]) == [302, 409]
    assert StaffAct.objects.count() == 1


def test_an_address_typed_on_the_page_of_refused_ones_is_a_search_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    alice = rows.alice()
    suppression.suppress(alice.email_hash, reason=SuppressionReason.BOUNCED)
    monkeypatch.setattr(limits, "DESK_SEARCHES_PER_MEMBER", parse("1/hour"))
    client, path = signed_in(Role.FINANCE), "/staff/letters/suppressed/"
    page = client.post(path, {"address": "Alice@example.org"})
    assert page.context["found"] is not None
    found = Search.objects.get()
    assert (found.sought, found.purpose, found.hits) == ("email", "mail", 1)
    assert AccessLog.objects.get().supporter_id == alice.pk
    assert client.post(path, {"address": "bob@example.org"}).status_code == 429
    assert Search.objects.count() == 1


def test_a_stolen_session_reads_no_more_names_than_an_hour_at_the_desk_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "DESK_NAMES_PER_MEMBER", parse("2/hour"))
    client, shown = signed_in(Role.SUPPORT), []
    for who in (rows.alice(), rows.bob(), rows.charlie()):
        open_record(client, who)
        answer = client.post(f"/staff/desk/{who.pk}/who/")
        shown.append((answer.status_code, who.email in answer.content.decode()))
    assert shown == [(200, True), (200, True), (429, False)]


@pytest.mark.parametrize(("role", "shown"), [(Role.SUPPORT, True), (Role.FINANCE, False)])
def test_no_letter_tells_who_it_is_for_to_who_may_not_see_that(role: Role, shown: bool) -> None:
    signin.ask(email=rows.alice().email)
    letter, client = Letter.objects.get(), signed_in(role)
    for path in ("", f"{letter.pk}/", f"{letter.pk}/hold/", f"{letter.pk}/html/"):
        text = client.get(f"/staff/letters/{path}").content.decode()
        assert "lice" not in text
        assert ("a•••@" in text) is (shown and "html" not in path), path


def test_who_guesses_at_people_and_finds_nobody_is_seen_by_admins() -> None:
    guesser = signed_in(Role.SUPPORT, email="fionn@example.org")
    for n in range(12):
        guesser.post("/staff/desk/", {"term": f"guess{n}@example.org", "purpose": "asked"})
    [sign] = unusual_since(NOW.date())
    assert (sign.why, sign.count, sign.staff) == (Why.GUESS, 12, member_of("fionn@example.org").pk)
    assert "found nobody 12 times" in signed_in().get("/staff/reading/").content.decode()


# Files


@pytest.mark.parametrize(
    "start", ["\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", " =", "\u00a0+", "\t="]
)
def test_a_spreadsheet_runs_no_cell_that_hides_its_first_sign(start: str) -> None:
    assert guarded([f"{start}1+1"]) == [f"'{start}1+1"]
    assert guarded(["Ó Súilleabháin", "1.99", "", " ", "a=b"]) == [
        "Ó Súilleabháin", "1.99", "", " ", "a=b",
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["locked", "removed", "role", "stopped", "erased"])
def test_a_file_on_its_way_out_is_cut_off(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "STEP", 1)
    for who in (rows.alice(), rows.bob(), rows.charlie()):
        rows.membership(who)
    asker, second = signed_in(Role.FINANCE), colleague()
    wanted = ask_for_list(asker, columns=NAMES)
    assert answered(second, wanted) == ListState.MAKING
    tasks.make_list(str(wanted.pk))
    file = asker.post(f"/staff/lists/{wanted.pk}/file/")
    pieces = iter(file)
    assert [next(pieces).count(b"\n") for _ in range(2)] == [1, 1]
    dara = member_of("dara@example.org")
    if what == "locked":
        lockdown.begin(by=dara, now=NOW)
    elif what == "removed":
        enrolment.deactivate(member=dara)
    elif what == "role":
        enrolment.change_role(member=dara, role=Role.VIEWER)
    elif what == "stopped":
        asker.post(f"/staff/lists/{wanted.pk}/stop/")
    else:
        [wipe] = [part.wipe for part in parts.PARTS if part.name == "person"]
        assert wipe is not None
        wipe(rows.bob())
    # Cut, and not ended: what arrived must not look whole.
    with pytest.raises(NotAllowed):
        next(pieces)


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_the_last_day_of_all_is_no_accident(day: str) -> None:
    rows.membership()
    client = signed_in(Role.FINANCE)
    wanted = ask_for_list(client, first="0001-01-01", last=day)
    assert taken(client, wanted).count(b"\n") == (2 if day > "2" else 1)


def test_an_average_of_fewer_than_five_is_not_told() -> None:
    client = signed_in(Role.VIEWER)
    for n in range(5):
        text = b"".join(client.get("/staff/reports/gifts.csv")).decode()
        assert text.count('A member a month, on average",hidden') == (n > 0)
        assert "12.34" not in text
        rows.membership(supporter_for(email=f"a{n}@example.org"), amount_cents=1234, started_at=NOW)
    assert "12.34" in b"".join(client.get("/staff/reports/gifts.csv")).decode()


def test_the_sentence_above_a_table_does_not_tell_what_the_table_hides() -> None:
    stall, letter = (Campaign.objects.create(slug=name, name=name) for name in ("stall", "letter"))
    for campaign, number in ((stall, 3), (letter, 9), (None, 6)):
        for _each in range(number):
            rows.membership(rows.alice(), campaign=campaign, started_at=NOW, created_at=NOW)
    told = signed_in(Role.VIEWER).get("/staff/reports/campaigns/").context["told"]
    assert told.answer.startswith("Campaigns brought 12 members")
    cells = {row.head: row.cells[0].plain for row in told.tables[0].rows}
    # With the nine told beside the twelve, three would be what is left.
    assert cells == {"stall": "hidden", "letter": "hidden", "No campaign named": "6"}


# The house locked down


def test_links_in_letters_that_were_sent_open_nothing_any_more(
    clock: time_machine.Traveller,
) -> None:
    alice = rows.alice()
    member = rows.membership(alice)
    change = addresses.ask(alice, email="charlie@example.org")
    copy = copies.ask(alice, press="press")
    sent = {
        Link.ADDRESS: (change.pk, change.new_hash),
        Link.EXPORT: (copy.pk, alice.email_hash),
        Link.CANCEL: (member.pk, alice.email_hash),
        Link.STOP: (alice.pk, alice.email_hash),
    }
    old = {each: links.url(each, row, holder=holder) for each, (row, holder) in sent.items()}
    assert {Client().get(url).status_code for url in old.values()} == {200}
    clock.shift(timedelta(minutes=1))
    lockdown.begin(by=staff(), now=timezone.now())
    codes = {each: Client().get(url).status_code for each, url in old.items()}
    # To want no more letters is all that such a link is for.
    assert codes == dict.fromkeys(sent, 404) | {Link.STOP: 200}
    assert Client().post(old[Link.ADDRESS]).status_code == 404
    clock.shift(timedelta(minutes=1))
    new = links.url(Link.CANCEL, member.pk, holder=alice.email_hash)
    assert Client().get(new).status_code == 200
    lockdown.end(by=StaffMember.objects.get())
    assert Client().get(old[Link.EXPORT]).status_code == 404


def test_the_file_of_large_givers_is_a_list_of_people_too() -> None:
    rows.payment(amount_cents=30_000, paid_at=NOW)
    admin, path = signed_in(), "/staff/books/year/2026/scheme.csv"
    assert str(rows.bob().pk) in b"".join(admin.get(path)).decode()
    line = AccessLog.objects.get()
    assert (line.supporter_id, line.action, line.purpose) == (rows.bob().pk, "exported", "books")
    lockdown.begin(by=StaffMember.objects.get(), now=NOW)
    assert admin.get(path).status_code == 403


def test_a_search_shows_no_part_of_a_name_while_the_house_is_locked_down() -> None:
    alice = supporter_for(email="alice@example.org", name="Zoë Ní")
    rows.payment(rows.membership(alice))
    client = signed_in(Role.SUPPORT)
    form = {"term": "alice@example.org", "purpose": "asked"}
    assert "Zoë" in client.post("/staff/desk/", form).content.decode()
    lockdown.begin(by=StaffMember.objects.get(), now=timezone.now())
    page = client.post("/staff/desk/", form).content.decode()
    assert "Zoë" not in page
    assert str(alice.pk)[-12:] in page


# The index of names, and somebody who goes


def test_a_name_is_not_indexed_after_its_owner_was_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    bob = rows.bob()
    Supporter.objects.filter(pk=bob.pk).update(name_indexed=False)
    [wipe] = [part.wipe for part in parts.PARTS if part.name == "person"]
    assert wipe is not None
    erased: list[bool] = []

    def meanwhile(execute: Any, sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        if "name_indexed" in sql and sql.startswith("SELECT") and not erased:
            erased.append(True)
            wipe(bob)
        return answer

    with connection.execute_wrapper(meanwhile):
        search.index_names()
    assert erased
    assert not NameToken.objects.filter(supporter=bob).exists()


def test_a_name_that_no_key_opens_holds_up_nobody_else() -> None:
    bob, alice = rows.bob(), rows.alice()
    Supporter.objects.filter(pk=bob.pk).update(name_sealed=b"\x01broken", name_indexed=False)
    tasks.look_after_people()
    assert NameToken.objects.filter(supporter=alice).exists()
    assert not Supporter.objects.filter(name_indexed=False).exists()


# The way in


def test_nobody_is_led_away_from_the_house_and_a_new_password_ends_other_sessions() -> None:
    away = "https://charlie.example/"
    member = staff()
    here, there, secret = Client(), Client(), generate_totp_secret()
    TOTP.activate(member, secret)
    form = {"login": member.email, "password": PASSWORD, "next": away}
    for client in (here, there):
        assert client.post(f"/staff/sign-in/?next={away}", form)["Location"].startswith("/staff/")
        answer = give_code(client, code_of(secret))
        cache.clear()  # the same code again, as if half a minute had gone by
        assert answer["Location"] == "/staff/"
    proof = {"code": code_of(secret), "next": away}
    assert here.post("/staff/second-factor/confirm/", proof)["Location"].startswith("/")
    new = "another-long-and-quiet-evening"
    changed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
    assert here.post("/staff/password/", changed).status_code == 302
    assert here.get("/staff/").status_code == 200
    assert there.get("/staff/")["Location"].startswith("/staff/sign-in/")


def test_no_cache_keeps_a_page_or_a_file_of_the_staff() -> None:
    rows.membership(rows.alice())
    client = signed_in()
    open_record(client, rows.alice())
    wanted = ask_for_list(client)
    taken(client, wanted)
    for answer in (
        client.get(f"/staff/desk/{rows.alice().pk}/"),
        client.post(f"/staff/desk/{rows.alice().pk}/who/"),
        client.post(f"/staff/lists/{wanted.pk}/file/"),
        client.get("/staff/reports/income.csv"),
        client.get("/staff/admin/members/supporter/"),
        Client().get("/staff/sign-in/"),
    ):
        assert "no-store" in answer["Cache-Control"]
        assert "private" in answer["Cache-Control"]
