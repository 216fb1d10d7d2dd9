"""Letters as staff see them: who may look, what is masked, what a hold does, who gets none."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import structlog
import time_machine
from django.core import mail
from django.test import Client

from billing import letters, receipts
from billing.cause import Cause
from billing.letters import holds, suppression
from billing.letters.draft import KINDS
from billing.models import Letter, LetterHold, Membership, Suppression
from billing.models.letter import HoldReason, LetterState, ReleaseReason, SuppressionReason
from billing.states import MembershipState
from members import addresses, signin, vault
from members.letters import sign_in as _sign_in
from members.models import StaffMember
from members.models.staff import Role
from members.staff.letters import masks, words
from tests import rows
from tests.staff_desk import signed_in, staff
from tests.supporter_desk import sign_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
HELPERS = [Role.SUPPORT, Role.FINANCE, Role.ADMIN]

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def queued(kind: str = "welcome", *, hours: float = 1, **more: Any) -> Letter:
    """A letter to Alice about a membership of hers, due in so many hours."""
    member = Membership.objects.first() or rows.membership(rows.alice(), period_end=rows.NEXT_YEAR)
    values: dict[str, Any] = {
        "kind": kind,
        "key": str(member.pk),
        "supporter": rows.alice(),
        "due_at": NOW + timedelta(hours=hours),
        "created_at": NOW - timedelta(hours=2),
    }
    return Letter.objects.create(**values | more)


def receipt_letter() -> Letter:
    receipts.issue(rows.payment(rows.membership(rows.alice())), cause=Cause.clock(), now=rows.START)
    return Letter.objects.get(kind="receipt")


def suppressed(email: str = "alice@example.org", **more: Any) -> Suppression:
    values: dict[str, Any] = {
        "address_hash": vault.lookup_hash(email),
        "reason": SuppressionReason.BOUNCED,
        "since": NOW - timedelta(days=3),
    }
    return Suppression.objects.create(**values | more)


def told(client: Client, path: str = "/staff/letters/") -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


# Who may see what -------------------------------------------------------------------------------
def _guarded(letter: Letter, entry: Suppression) -> list[str]:
    one = f"/staff/letters/{letter.pk}/"
    pages = ["/staff/letters/", one, f"{one}html/", f"{one}hold/", f"{one}release/"]
    return [*pages, "/staff/letters/suppressed/", f"/staff/letters/suppressed/{entry.pk}/"]


OPEN_TO_STAFF = [
    "/staff/letters/kinds/",
    "/staff/letters/kinds/welcome/",
    "/staff/letters/kinds/welcome/html/",
]


@pytest.mark.parametrize("role", HELPERS)
def test_those_who_help_or_keep_the_books_see_every_page(role: Role) -> None:
    paths = _guarded(queued(), suppressed())
    client = signed_in(role)
    for path in [*paths, *OPEN_TO_STAFF]:
        assert client.get(path).status_code == 200, path


def test_a_viewer_sees_samples_and_no_letter_of_anybody() -> None:
    letter, entry = queued(), suppressed()
    viewer = signed_in(Role.VIEWER)
    for path in _guarded(letter, entry):
        assert viewer.get(path).status_code == 403, path
        assert viewer.post(path, {"reason": "wrong", "address": "a@b.ie"}).status_code in {403, 405}
    assert viewer.post("/staff/letters/retry/", {"letter": letter.pk}).status_code == 403
    for path in OPEN_TO_STAFF:
        assert viewer.get(path).status_code == 200, path
    assert 'href="/staff/letters/"' not in told(viewer, "/staff/letters/kinds/")
    letter.refresh_from_db()
    entry.refresh_from_db()
    assert (letter.state, entry.lifted_at) == (LetterState.QUEUED, None)


def test_a_stranger_and_a_signed_in_supporter_are_sent_to_the_staff_door() -> None:
    letter, entry = queued(), suppressed()
    stranger, supporter = Client(), Client()
    sign_in(supporter, rows.alice())
    paths = [*_guarded(letter, entry), *OPEN_TO_STAFF, "/staff/letters/retry/"]
    for client in (stranger, supporter):
        for path in paths:
            for answer in (client.get(path), client.post(path, {"reason": "wrong"})):
                assert answer.status_code == 302, path
                assert answer["Location"].startswith("/staff/sign-in/"), path
    letter.refresh_from_db()
    assert letter.state == LetterState.QUEUED


def test_no_link_and_no_other_site_holds_releases_lifts_or_retries() -> None:
    letter, entry = queued(), suppressed()
    client = signed_in()
    for path in _guarded(letter, entry):
        client.get(path, {"reason": "wrong"})
    assert client.get("/staff/letters/retry/", {"letter": str(letter.pk)}).status_code == 405
    forged = Client(enforce_csrf_checks=True)
    forged.cookies["sessionid"] = client.cookies["sessionid"].value
    one = f"/staff/letters/{letter.pk}/"
    lift = f"/staff/letters/suppressed/{entry.pk}/"
    for path in (f"{one}hold/", f"{one}release/", lift, "/staff/letters/retry/"):
        assert forged.post(path, {"reason": "wrong"}).status_code == 403, path
    letter.refresh_from_db()
    entry.refresh_from_db()
    assert (letter.state, entry.lifted_at) == (LetterState.QUEUED, None)


# Tomorrow's mail --------------------------------------------------------------------------------
def test_it_shows_exactly_what_is_due_until_this_time_tomorrow_and_what_waits_already() -> None:
    for name, hours in (("late", -5), ("soon", 1), ("last", 24), ("after", 24.001)):
        queued(key=name, hours=hours)
    queued(key="held", hours=2, state=LetterState.HELD)
    LetterHold.objects.create(
        letter=Letter.objects.get(key="held"), reason=HoldReason.WRONG, held_by=staff()
    )
    lease = NOW + timedelta(minutes=5)
    queued(key="sending", hours=0, state=LetterState.SENDING, lease_until=lease)
    queued(key="sent", hours=1, state=LetterState.SENT, sent_at=NOW)
    queued(key="skipped", hours=1, state=LetterState.SKIPPED)
    answer = signed_in(email="eile@example.org").get("/staff/letters/")
    shown = [line.letter.key for line in answer.context["lines"]]
    assert shown == ["late", "sending", "soon", "held", "last"]
    assert answer.context["ahead"].count == 5
    assert answer.context["ahead"].states == {"queued": 3, "held": 1, "sending": 1}


def test_it_counts_by_hour_of_dublin_and_by_kind() -> None:
    summer = datetime(2026, 7, 1, 10, 30, tzinfo=UTC)
    with time_machine.travel(summer, tick=False):
        queued(key="1", due_at=summer - timedelta(days=1))
        for key in ("2", "3"):
            queued(key=key, due_at=summer + timedelta(hours=2))
        queued("ended", key="4", due_at=summer + timedelta(hours=2, minutes=20))
        client = signed_in()
        figures = client.get("/staff/letters/").context["ahead"]
        hours = [(each.begins, each.count) for each in figures.hours]
        assert hours == [(None, 1), (summer.replace(hour=12, minute=0), 3)]
        assert "Wed 13:00" in told(client)
        assert {each.kind: each.count for each in figures.kinds} == {"welcome": 3, "ended": 1}
        begins = figures.hours[1].begins.isoformat()
        lines = client.get("/staff/letters/", {"hour": begins}).context["lines"]
        assert {line.letter.key for line in lines} == {"2", "3", "4"}
        assert "Waits already" in told(client)


def test_it_names_nobody_and_shows_enough_of_the_address_to_know_it_again() -> None:
    letter = queued()
    client = signed_in()
    for path in ("/staff/letters/", f"/staff/letters/{letter.pk}/"):
        page = told(client, path)
        assert "a•••@e•••.org" in page
        assert "alice" not in page.casefold(), path
        assert rows.alice().email_hash not in page


@pytest.mark.parametrize(
    ("email", "shown"),
    [
        ("alice@example.org", "a•••@e•••.org"),
        ("a@example.org", "•••@e•••.org"),
        ("al@x.ie", "a•••@•••.ie"),
        ("alice@mail.example.co.uk", "a•••@m•••.uk"),
        ("nothing", "•••"),
    ],
)
def test_it_masks_an_address(email: str, shown: str) -> None:
    assert masks.address(email) == shown


def test_it_filters_by_kind_and_state_and_reads_nonsense_as_all() -> None:
    queued(key="1")
    queued("ended", key="2")
    client = signed_in()
    for query, count in (
        ({"kind": "ended"}, 1),
        ({"state": "queued", "kind": "welcome"}, 1),
        ({"state": "held"}, 0),
        ({"kind": "nonsense", "state": "sent", "hour": "noon", "after": "x,y"}, 2),
    ):
        assert len(client.get("/staff/letters/", query).context["lines"]) == count, query


def test_it_leads_through_many_letters_of_the_same_moment_and_misses_none(
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(120):
        queued("ended", key=f"{number:03}", hours=-1)
    queued(key="last", hours=3)
    client = signed_in()
    query, seen = "?", []
    for _ in range(3):
        with django_assert_max_num_queries(16):
            answer = client.get(f"/staff/letters/{query}")
        seen += [line.letter.key for line in answer.context["lines"]]
        query = answer.context["later"]
    assert query == ""
    assert len(seen) == 121
    assert set(seen) == {f"{number:03}" for number in range(120)} | {"last"}
    assert seen[-1] == "last"


def test_it_tells_what_the_last_day_sent_left_out_and_gave_up() -> None:
    yesterday, long_ago = NOW - timedelta(hours=23), NOW - timedelta(hours=25)
    queued(key="1", hours=-23, state=LetterState.SENT, sent_at=yesterday)
    queued(key="2", hours=-25, state=LetterState.SENT, sent_at=long_ago)
    queued("payment-failed", key="3", hours=-2, state=LetterState.SKIPPED, reason="paid meanwhile")
    queued("receipt", key="4", hours=-2, state=LetterState.GATHERED)
    queued(key="5", hours=-99, state=LetterState.FAILED, reason="SMTPRecipientsRefused")
    answer = signed_in().get("/staff/letters/")
    assert answer.context["sent_total"] == 1
    assert ("Payment failed", "Paid meanwhile.", 1) in answer.context["not_sent"]
    assert ("Receipt", "Goes with the next collected letter.", 1) in answer.context["not_sent"]
    [stuck] = answer.context["stuck"]
    assert (stuck.reason, stuck.count) == ("SMTPRecipientsRefused", 1)
    assert "The mail server refused the address." in answer.content.decode()


def test_it_tries_again_what_was_given_up_one_or_all_for_a_reason() -> None:
    for key, reason in (("1", "SMTPDataError"), ("2", "SMTPDataError"), ("3", "SenderDied")):
        queued(key=key, hours=-30, state=LetterState.FAILED, reason=reason, attempts=8)
    client = signed_in()
    page = client.post("/staff/letters/retry/", {"reason": "SMTPDataError"}, follow=True)
    assert "2 wait again" in page.content.decode()
    assert set(Letter.objects.filter(state="queued").values_list("key", flat=True)) == {"1", "2"}
    last = Letter.objects.get(key="3")
    assert "Try it again" in told(client, f"/staff/letters/{last.pk}/")
    client.post("/staff/letters/retry/", {"letter": last.pk})
    assert not Letter.objects.filter(state=LetterState.FAILED).exists()
    page = client.post("/staff/letters/retry/", {"letter": last.pk}, follow=True)
    assert "Nothing was put back" in page.content.decode()


# One letter -------------------------------------------------------------------------------------
def test_it_shows_a_letter_as_its_supporter_will_get_it_but_for_the_name() -> None:
    letter = receipt_letter()
    client = signed_in()
    page = told(client, f"/staff/letters/{letter.pk}/")
    assert "Dear •••," in page
    assert "Your receipt" in page
    assert "receipt-2026-000001.pdf" in page
    assert "hello@gcn.example" in page
    html = told(client, f"/staff/letters/{letter.pk}/html/")
    letters.deliver(letter.pk)
    [message] = mail.outbox
    assert isinstance(message, mail.EmailMultiAlternatives)
    sent = masks.dead_links(str(message.alternatives[0][0]))
    by_name = html.replace("Dear •••,", "Dear Alice,")
    assert by_name.replace("not all", "(prefers-color-scheme: dark)") == sent.replace(
        'content="light dark"', 'content="light"'
    )
    assert "Alice" not in html


def test_looking_changes_nothing() -> None:
    letter = receipt_letter()
    before = list(Letter.objects.values())
    client = signed_in()
    told(client, f"/staff/letters/{letter.pk}/")
    told(client, f"/staff/letters/{letter.pk}/html/")
    assert list(Letter.objects.values()) == before
    assert not mail.outbox
    assert rows.alice().email == "alice@example.org"


@pytest.mark.django_db(transaction=True)
def test_a_composer_that_writes_is_stopped_while_one_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    def writes(letter: Letter) -> letters.Outcome:
        Letter.objects.filter(pk=letter.pk).update(reason="seen")
        return letters.Draft()

    letter = queued()
    monkeypatch.setitem(KINDS, "welcome", type(KINDS["welcome"])(writes))
    page = told(signed_in(), f"/staff/letters/{letter.pk}/")
    assert "It wants to write something" in page
    letter.refresh_from_db()
    assert letter.reason == ""


def test_no_name_and_no_address_is_opened_however_a_composer_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def reads(letter: Letter) -> letters.Outcome:
        who = Membership.objects.get(pk=letter.key).supporter
        draft = KINDS_WELCOME(letter)
        assert isinstance(draft, letters.Draft)
        draft.context["facts"] += [("Name", who.name), ("Address", who.email)]
        return draft

    KINDS_WELCOME = KINDS["welcome"].compose  # noqa: N806
    letter = queued()
    monkeypatch.setitem(KINDS, "welcome", type(KINDS["welcome"])(reads, states_identity=True))
    client = signed_in()
    for path in ("", "html/"):
        page = told(client, f"/staff/letters/{letter.pk}/{path}")
        assert "•••" in page
        assert "alice" not in page.casefold()


def test_links_are_bound_to_a_hash_that_is_nobodys(monkeypatch: pytest.MonkeyPatch) -> None:
    holders = []

    def binds(letter: Letter) -> letters.Outcome:
        assert letter.supporter
        holders.append(letter.supporter.email_hash)
        return letters.Skip("enough was seen")

    letter = queued()
    monkeypatch.setitem(KINDS, "welcome", type(KINDS["welcome"])(binds))
    told(signed_in(), f"/staff/letters/{letter.pk}/")
    assert len(holders) == 1
    assert rows.alice().email_hash not in holders


def test_no_link_on_the_page_opens_anything() -> None:
    rows.payment(rows.membership(rows.alice()))
    asked = signin.ask(email="alice@example.org")
    letter = Letter.objects.get(kind="sign-in")
    client = signed_in()
    draft = _sign_in(letter)
    assert isinstance(draft, letters.Draft)
    assert signin.token_of(asked) in draft.context["link"]
    for path in ("", "html/"):
        page = told(client, f"/staff/letters/{letter.pk}/{path}")
        assert f"/sign-in/{asked.pk}/…" in page
        assert signin.token_of(asked)[:12] not in page


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://testserver/account/", "http://testserver/account/"),
        ("http://testserver/account/?token=secret", "http://testserver/account/"),
        ("http://testserver/nowhere/secret/", "http://testserver/…"),
        ("https://invoice.stripe.example/i/secret?s=ap", "https://invoice.stripe.example/…"),
        ("https://gcn.ie", "https://gcn.ie"),
    ],
)
def test_a_link_is_shown_without_what_is_secret_in_it(url: str, shown: str) -> None:
    assert masks.dead_links(f'<a href="{url}">{url}</a>') == f'<a href="{shown}">{shown}</a>'


def test_the_frame_runs_loads_and_posts_nothing() -> None:
    client = signed_in()
    letter = queued()
    for path in (f"/staff/letters/{letter.pk}/html/", "/staff/letters/kinds/welcome/html/"):
        answer = client.get(path)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "sandbox" in policy.split("; ")
        assert "form-action 'none'" in policy
        assert "script-src" not in policy
        assert answer["X-Frame-Options"] == "SAMEORIGIN"
    page = client.get(f"/staff/letters/{letter.pk}/")
    assert "style-src 'self'" in page["Content-Security-Policy"]
    assert "unsafe" not in page["Content-Security-Policy"]
    assert "frame-src 'self'" in page["Content-Security-Policy"]
    assert page["X-Frame-Options"] == "DENY"
    assert re.search(r"<iframe[^>]* sandbox>", page.content.decode())


def test_it_says_in_words_why_a_letter_would_not_be_sent() -> None:
    letter = queued()
    client = signed_in()
    path = f"/staff/letters/{letter.pk}/"
    Membership.objects.update(state=MembershipState.ENDED, ended_at=NOW)
    page = told(client, path)
    assert "It would not be sent any more. Ended before it was confirmed." in page
    assert "<iframe" not in page
    Membership.objects.update(state=MembershipState.PENDING, ended_at=None)
    assert "It would wait, and be tried again. Stripe " in told(client, path)
    Letter.objects.update(key=str(rows.alice().pk))
    assert "What it is about is not in the database any more." in told(client, path)
    Letter.objects.update(supporter=None)
    assert "Nobody to send it to." in told(client, path)
    Letter.objects.update(kind="of-old-times")
    assert "does not know letters of this kind" in told(client, path)


def test_it_is_in_the_supporters_language_and_as_discreet_as_they_want_it() -> None:
    alice = rows.alice()
    alice.language, alice.discreet = "ga", True
    alice.save()
    letter = queued()
    page = told(signed_in(), f"/staff/letters/{letter.pk}/")
    assert 'lang="ga"' in page
    assert "This supporter wants it discreet" in page
    assert "<iframe" not in page
    assert "Support &lt;" in page


def test_it_says_that_the_address_gets_no_letters() -> None:
    letter, entry = queued(), suppressed()
    client = signed_in()
    page = told(client, f"/staff/letters/{letter.pk}/")
    assert "This address gets no letters" in page
    assert f"/staff/letters/suppressed/{entry.pk}/" in page
    Suppression.objects.update(lifted_at=NOW, lifted_by=StaffMember.objects.get())
    assert "gets no letters" not in told(client, f"/staff/letters/{letter.pk}/")


# Hold and release -------------------------------------------------------------------------------
@pytest.mark.parametrize("role", HELPERS)
def test_a_letter_is_held_with_a_reason_and_not_sent_until_it_is_released(role: Role) -> None:
    letter = queued(hours=-1)
    client = signed_in(role)
    path = f"/staff/letters/{letter.pk}/"
    asked = told(client, f"{path}hold/")
    assert "Hold this letter?" in asked
    assert "confirmation of the contract" in asked
    page = client.post(f"{path}hold/", {"reason": "doubtful"}, follow=True).content.decode()
    assert "It is held." in page
    assert "Something has to be checked first" in page
    assert "dara@example.org" in page
    assert letters.deliver(letter.pk) == LetterState.HELD
    assert not mail.outbox
    hold = LetterHold.objects.get()
    assert (hold.reason, hold.held_by.role, hold.held_at) == ("doubtful", role, NOW)
    assert "Release this letter?" in told(client, f"{path}release/")
    assert client.post(f"{path}release/", {"reason": "because"}).status_code == 400
    page = client.post(f"{path}release/", {"reason": "checked"}, follow=True).content.decode()
    assert "It is released." in page
    assert "It was checked, and is right" in page
    hold.refresh_from_db()
    assert (hold.released_by, hold.released_at) == (hold.held_by, NOW)
    assert hold.release_reason == "checked"
    assert letters.deliver(letter.pk) == LetterState.SENT
    assert len(mail.outbox) == 1


def test_nothing_is_held_without_a_reason_of_the_list() -> None:
    letter = queued()
    client = signed_in()
    for reason in ("", "because", "alice asked"):
        answer = client.post(f"/staff/letters/{letter.pk}/hold/", {"reason": reason})
        assert answer.status_code == 400
        assert "Choose a reason." in answer.content.decode()
    assert not LetterHold.objects.exists()


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"state": "sending", "lease_until": NOW}, "being sent at this moment"),
        ({"state": "sent", "sent_at": NOW}, "sent already"),
        ({"state": "held"}, "held already"),
        ({"state": "failed"}, "given up"),
        ({"state": "skipped"}, "does not wait any more"),
        ({"kind": "sign-in"}, "A sign-in link is never held"),
    ],
)
def test_what_cannot_be_held_is_said(more: dict[str, Any], words: str) -> None:
    letter = queued(**more)
    client = signed_in()
    page = client.post(f"/staff/letters/{letter.pk}/hold/", {"reason": "wrong"}, follow=True)
    assert words in page.content.decode()
    assert "Hold it</a>" not in page.content.decode()
    assert not LetterHold.objects.exists()
    letter.refresh_from_db()
    assert letter.state == more.get("state", LetterState.QUEUED)


def test_a_letter_that_is_not_held_is_not_released() -> None:
    letter = queued(state=LetterState.SKIPPED)
    pressed = {"reason": "checked"}
    page = signed_in().post(f"/staff/letters/{letter.pk}/release/", pressed, follow=True)
    assert "It was not held any more." in page.content.decode()
    letter.refresh_from_db()
    assert letter.state == LetterState.SKIPPED


def test_a_letter_may_be_held_again_and_both_holds_are_told() -> None:
    letter, member = queued(), staff(email="eile@example.org")
    for reason in (HoldReason.WRONG, HoldReason.TIMING):
        holds.hold(letter.pk, reason=reason, by=member.pk)
        assert holds.release(letter.pk, reason=ReleaseReason.CHECKED, by=member.pk)
    page = told(signed_in(), f"/staff/letters/{letter.pk}/")
    assert "What it says is wrong" in page
    assert "This is a bad moment" in page
    assert plain(page).count("eile@example.org") == 4


def test_a_second_hold_while_it_is_held_leaves_one() -> None:
    letter, member = queued(), staff()
    holds.hold(letter.pk, reason=HoldReason.WRONG, by=member.pk)
    with pytest.raises(holds.CannotHold, match="held already"):
        holds.hold(letter.pk, reason=HoldReason.WRONG, by=member.pk)
    assert LetterHold.objects.count() == 1


# Who gets none ----------------------------------------------------------------------------------
def test_the_list_shows_fingerprints_and_how_many_supporters_they_are() -> None:
    rows.alice()
    entry, gone = suppressed(), suppressed("gone@example.org", reason="complained")
    client = signed_in()
    page = told(client, "/staff/letters/suppressed/")
    for each in (entry, gone):
        assert each.address_hash[:8] in page
        assert each.address_hash[:12] not in page
    assert "alice" not in page
    counts = {
        each.row: each.supporters
        for each in client.get("/staff/letters/suppressed/").context["entries"]
    }
    assert counts == {entry: 1, gone: 0}
    assert client.get("/staff/letters/").context["suppressed"] == 2


def test_an_address_is_looked_up_and_written_nowhere() -> None:
    entry = suppressed()
    client = signed_in()
    with structlog.testing.capture_logs() as logged:
        found = client.post("/staff/letters/suppressed/", {"address": " Alice@Example.org "})
        free = client.post("/staff/letters/suppressed/", {"address": "bob@example.org"})
    assert "It is on the list" in found.content.decode()
    assert str(entry.pk) in found.content.decode()
    assert "It is not on the list." in free.content.decode()
    for answer in (found, free):
        assert "lice" not in answer.content.decode()
        assert "bob" not in answer.content.decode()
    looks = [each for each in logged if each["event"] == "suppression looked up"]
    staff_id = str(StaffMember.objects.get().pk)
    assert [(each["staff"], each["found"]) for each in looks] == [
        (staff_id, True),
        (staff_id, False),
    ]
    assert "example" not in str(logged)


def test_an_address_is_taken_off_by_a_press_and_the_row_stays() -> None:
    entry = suppressed()
    client = signed_in(Role.SUPPORT)
    path = f"/staff/letters/suppressed/{entry.pk}/"
    assert "Write to this address again?" in told(client, path)
    entry.refresh_from_db()
    assert entry.lifted_at is None
    assert "It is off the list." in client.post(path, follow=True).content.decode()
    entry = Suppression.objects.get()
    assert (entry.lifted_at, entry.lifted_by) == (NOW, StaffMember.objects.get())
    assert "It was off the list already." in client.post(path, follow=True).content.decode()
    page = client.post("/staff/letters/suppressed/", {"address": "alice@example.org"})
    assert "It is not on the list." in page.content.decode()


def test_what_a_colleague_and_a_new_address_did_not_get_goes_out_as_well() -> None:
    client = signed_in(Role.SUPPORT)
    colleague = StaffMember.objects.get()
    change = addresses.ask(rows.alice(), email=colleague.email)
    common = {"state": LetterState.SKIPPED, "reason": "Letters came back", "due_at": NOW}
    Letter.objects.filter(kind="address-confirm").update(**common)
    for key in (f"w:{colleague.pk}", "w:another"):
        Letter.objects.create(kind="staff-digest", key=key, **common)
    suppression.suppress(vault.lookup_hash(colleague.email), reason=SuppressionReason.BOUNCED)
    client.post(f"/staff/letters/suppressed/{Suppression.objects.get().pk}/")
    back = Letter.objects.filter(state=LetterState.QUEUED).values_list("key", flat=True)
    assert set(back) == {f"w:{colleague.pk}", str(change.pk)}


# Every kind -------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_shown_in_both_languages_usual_and_discreet(kind: str) -> None:
    client = signed_in(Role.VIEWER)
    base = f"/staff/letters/kinds/{kind}/"
    assert f'href="{base}"' in told(client, "/staff/letters/kinds/")
    for language in ("en", "ga"):
        page = told(client, f"{base}?language={language}")
        assert page.count("<iframe") == 4
        assert f'lang="{language}"' in page
        discreet = told(client, f"{base}?language={language}&discreet=1")
        assert "<iframe" not in discreet
        assert "Alice" not in discreet
    light, dark = told(client, f"{base}html/"), told(client, f"{base}html/?dark=1")
    assert "@media not all" in light
    assert "@media all" in dark
    assert client.get("/staff/letters/kinds/nonsense/").status_code == 404
    assert client.get(f"{base}?language=xx&case=nonsense&discreet=2").status_code == 200


def test_a_kind_without_a_sample_says_so_and_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(KINDS, "brand-new", KINDS["welcome"])
    client = signed_in()
    assert "No sample yet" in told(client, "/staff/letters/kinds/")
    assert "There is no sample of this kind yet." in told(client, "/staff/letters/kinds/brand-new/")
    assert client.get("/staff/letters/kinds/brand-new/html/").status_code == 404


def test_the_words_for_staff_are_sentences() -> None:
    for kind, about in words.ABOUT.items():
        assert about.matter in words.MATTERS, kind
        for sentence in filter(None, (about.why, about.binding)):
            assert sentence.endswith("."), kind
    assert words.trouble("paid meanwhile") == "Paid meanwhile."
    assert words.trouble("SomethingOdd") == "The service met an error of its own (SomethingOdd)."
