"""Helping one supporter: each act is said before, done once, written down, and told to them."""

import logging
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from billing import comps
from billing.models import Intent, Letter, Receipt, Refund
from billing.models.stripe import IntentState
from billing.states import EndReason, MembershipState
from members import addresses
from members.models import AccessLog, AddressChange, StaffAct, Supporter
from members.models.staff import Role
from tests import rows, supporter_desk
from tests.doors.conftest import Desk
from tests.letter_desk import sent
from tests.staff_desk import signed_in
from tests.staff_helping import choose, confirm, do, folded, open_record, path_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def at_the_desk(supporter: Supporter, role: Role = Role.SUPPORT) -> Client:
    client = signed_in(role)
    open_record(client, supporter)
    return client


def test_it_refunds_a_part_once_however_often_it_is_pressed(desk: Desk) -> None:
    alice, member = rows.alice(), desk.join(cents=500)
    payment = member.payments.get()
    client = at_the_desk(alice)
    page = choose(client, alice, "refund", payment.pk, amount="2.00")
    text = folded(page.content.decode())
    assert "€2.00 goes back to" in text
    assert "€3.00 of this payment stays with us." in text
    assert "Their membership goes on" in text
    assert not Intent.objects.filter(kind="refund").exists()
    for _press in range(2):
        assert confirm(client, page).status_code == 302
    desk.work(timezone.now() + timedelta(hours=1))
    desk.catch_up()
    assert Refund.objects.get().amount_cents == 200
    act = StaffAct.objects.get()
    assert (act.act, act.reason, act.amount_cents) == ("refund", "called", 200)
    assert Receipt.objects.filter(series="C").count() == 1
    record = folded(client.get(path_of(alice)).content.decode())
    assert "Refund: €2.00" in record
    assert "€3.00 left" in record


def test_support_gives_back_up_to_a_ceiling_a_day_and_finance_beyond(settings: Settings) -> None:
    settings.STAFF_REFUND_CEILING_CENTS = 1000
    member = rows.membership(rows.alice())
    first, second = (rows.payment(member, amount_cents=cents) for cents in (800, 900))
    client = at_the_desk(rows.alice())
    early = choose(client, rows.alice(), "refund", first.pk, amount="8.00")
    late = choose(client, rows.alice(), "refund", second.pk, amount="3.00")
    assert confirm(client, early).status_code == 302
    assert confirm(client, late).status_code == 409  # the two together are too much
    over = choose(client, rows.alice(), "refund", second.pk, amount="9.00")
    assert over.status_code == 400
    assert "Ask somebody of finance" in over.content.decode()
    assert StaffAct.objects.count() == 1
    finance = signed_in(Role.FINANCE, email="fionn@example.org")
    open_record(finance, rows.alice())
    assert do(finance, rows.alice(), "refund", second.pk, amount="9.00").status_code == 302
    assert StaffAct.objects.count() == 2


@pytest.mark.parametrize("amount", ["0", "5.01", "-1", "1.999", "", "all"])
def test_it_refuses_an_amount_that_is_not_there(amount: str) -> None:
    payment = rows.payment(rows.membership(rows.alice()), amount_cents=500)
    client = at_the_desk(rows.alice())
    assert choose(client, rows.alice(), "refund", payment.pk, amount=amount).status_code == 400
    assert not StaffAct.objects.exists()


def test_it_ends_keeps_pauses_resumes_and_ends_now(desk: Desk) -> None:
    alice, member = rows.alice(), desk.join()
    client = at_the_desk(alice)

    def press(act: str, **more: str) -> None:
        assert do(client, alice, act, member.pk, **more).status_code == 302
        desk.catch_up()
        member.refresh_from_db()

    press("cancel")
    assert member.ends_on == member.period_end
    assert "No ending is planned" not in folded(client.get(path_of(alice)).content.decode())
    press("keep")
    assert member.ends_on is None
    press("pause", payments="2")
    assert member.state == MembershipState.PAUSED
    assert choose(client, alice, "pause", member.pk, payments="1").status_code == 409
    press("resume")
    assert member.state == MembershipState.ACTIVE
    unsure = confirm(client, choose(client, alice, "end", member.pk))
    assert unsure.status_code == 400
    assert member.live
    press("end")
    assert (member.state, member.end_reason) == (MembershipState.ENDED, EndReason.REQUESTED)
    done = list(StaffAct.objects.order_by("at").values_list("act", flat=True))
    assert done == ["cancel", "keep", "pause", "resume", "end"]
    told = supporter_desk.text_of(supporter_desk.signed_in(alice), "/account/history/")
    assert "We ended your support at once." in told
    assert "You had called us." in told
    assert "You asked to end" not in told


def test_where_stripe_is_away_the_wish_is_noted_and_done_later(desk: Desk) -> None:
    alice, member = rows.alice(), desk.join()
    client = at_the_desk(alice)
    page = choose(client, alice, "cancel", member.pk)
    desk.stripe.tell("down", seconds=600)
    answer = confirm(client, page)
    assert "Stripe does not answer just now" in client.get(answer.url).content.decode()
    assert "Waits for Stripe" in client.get(path_of(alice)).content.decode()
    assert Intent.objects.get(press__startswith="desk:").state == IntentState.OPEN
    desk.stripe.tell("down", seconds=0)
    desk.work(timezone.now() + timedelta(hours=1))
    desk.catch_up()
    member.refresh_from_db()
    assert member.ends_on is not None


def test_it_sends_a_receipt_again_and_issues_no_second_one(desk: Desk) -> None:
    bob = desk.give().supporter
    receipt = Receipt.objects.get()
    first = sent("receipt") if not mail.outbox else str(mail.outbox[-1].body)
    client = at_the_desk(bob, Role.FINANCE)
    assert do(client, bob, "resend", receipt.pk).status_code == 302
    assert sent("receipt") == first
    assert mail.outbox[-1].attachments
    assert Receipt.objects.count() == 1
    assert Letter.objects.filter(kind="receipt").count() == 2


def test_a_new_address_counts_only_once_its_owner_confirms_it() -> None:
    alice = rows.alice()
    client = at_the_desk(alice)
    page = choose(client, alice, "address", email="alice@example.com")
    assert "alice@example.com" not in page.wsgi_request.get_full_path()
    assert confirm(client, page).status_code == 302
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    assert addresses.confirm(AddressChange.objects.get().pk)
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"
    assert choose(client, alice, "address", email="ALICE@example.com").status_code == 400


def test_it_signs_them_out_everywhere() -> None:
    alice = rows.alice()
    browser = supporter_desk.signed_in(alice)
    assert do(at_the_desk(alice), alice, "sign-out").status_code == 302
    assert browser.get("/account/").status_code == 302


def test_it_gives_a_free_membership_and_takes_it_back() -> None:
    alice = rows.alice()
    client = at_the_desk(alice)
    assert do(client, alice, "comp", kind="hardship", months="3").status_code == 302
    comp = comps.of(alice, now=timezone.now())
    assert comp is not None
    assert comp.granted_by == str(StaffAct.objects.get().staff_id)
    assert choose(client, alice, "comp", kind="hardship", months="3").status_code == 409
    assert do(client, alice, "uncomp", comp.pk).status_code == 302
    assert comps.of(alice, now=timezone.now()) is None


def test_it_erases_when_they_ask_and_somebody_is_sure(desk: Desk) -> None:
    alice, member = rows.alice(), desk.join()
    client = at_the_desk(alice)
    page = choose(client, alice, "erase")
    assert "It cannot be taken back, by anybody." in page.content.decode()
    assert confirm(client, page).status_code == 400
    assert confirm(client, page, sure="yes").status_code == 302
    desk.catch_up()
    member.refresh_from_db()
    assert member.state == MembershipState.ENDED
    alice.refresh_from_db()
    assert not alice.named
    hits = client.post("/staff/desk/", {"term": "alice", "purpose": "asked"}).content.decode()
    assert path_of(alice) not in hits
    assert StaffAct.objects.get().act == "erase"
    assert "alice" not in client.get(path_of(alice)).content.decode().lower()


def test_a_note_is_one_of_a_few_phrases() -> None:
    alice = rows.alice()
    client = at_the_desk(alice)
    page = choose(client, alice, "note", phrase="proof")
    for _press in range(2):
        assert confirm(client, page).status_code == 302
    assert StaffAct.objects.count() == 1
    assert "They showed that the payment is theirs" in client.get(path_of(alice)).content.decode()
    assert choose(client, alice, "note", phrase="she is angry").status_code == 400
    assert choose(client, alice, "note", phrase="proof", reason="just so").status_code == 400


def test_the_record_opens_for_a_purpose_and_every_opening_is_told() -> None:
    alice = rows.alice()
    rows.payment(rows.membership(alice))
    client = signed_in(Role.SUPPORT)
    asked = client.get(path_of(alice))
    assert "Why do you look?" in asked.content.decode()
    assert choose(client, alice, "sign-out").status_code == 302  # not open: asked why first
    assert client.post(path_of(alice, "open"), {"purpose": "curious"}).status_code == 400
    assert not AccessLog.objects.exists()
    text = open_record(client, alice, "payment")
    assert "alice@example.org" not in text
    assert "a•••@e•••.org" in text
    shown = client.post(path_of(alice, "who")).content.decode()
    assert "alice@example.org" in shown
    looks = AccessLog.objects.order_by("at", "pk")
    assert [(each.action, each.purpose) for each in looks] == [("shown", "payment")] * 2
    assert "email" not in looks[0].fields
    assert {"name", "email"} <= set(looks[1].fields)
    told = supporter_desk.text_of(supporter_desk.signed_in(alice), "/account/history/?show=looks")
    assert "A payment needed a person to look at it." in told


def test_every_line_of_the_timeline_says_its_rule_and_its_row(desk: Desk) -> None:
    alice, member = rows.alice(), desk.join()
    text = open_record(signed_in(Role.ADMIN), alice)
    event = member.history.filter(source="stripe").latest("recorded_at").reference
    for words in ("A payment of €1.99 arrived", "Membership: active", "Letter: welcome"):
        assert words in text
    assert f"/staff/inbox/events/{event}/" in text
    lines = text.count("<time ")
    assert lines > 8
    assert text.count("Explain this") == lines


@pytest.mark.parametrize("show", ["money", "states", "letters", "events", "staff", "nonsense"])
def test_the_timeline_is_read_by_topic(show: str) -> None:
    alice = rows.alice()
    client = at_the_desk(alice)
    assert client.get(f"{path_of(alice)}?show={show}&page=9").status_code == 200


_WHOSE = ["refund", "resend", "cancel", "keep", "end", "pause", "resume", "uncomp", "note", "comp"]


@pytest.mark.parametrize("act", _WHOSE)
def test_a_row_of_a_stranger_is_no_row(act: str) -> None:
    rows.membership(rows.alice())
    payment = rows.payment(rows.membership(rows.charlie()))
    assert payment.membership is not None
    client = at_the_desk(rows.alice())
    for about in (payment.pk, payment.membership.pk, rows.charlie().pk):
        assert client.get(path_of(rows.alice(), act, about)).status_code == 404
        assert choose(client, rows.alice(), act, about).status_code == 404


def test_each_role_opens_what_it_needs_and_no_more() -> None:
    alice = rows.alice()
    payment = rows.payment(rows.membership(alice))
    theirs = [path_of(alice), path_of(alice, "refund", payment.pk), "/staff/desk/"]
    viewer = signed_in(Role.VIEWER, email="vera@example.org")
    assert [viewer.get(path).status_code for path in theirs] == [403] * 3
    assert viewer.post(path_of(alice, "open"), {"purpose": "asked"}).status_code == 403
    assert viewer.post(path_of(alice, "who")).status_code == 403
    finance = signed_in(Role.FINANCE, email="fionn@example.org")
    text = open_record(finance, alice)
    assert "Not for your role" in text
    assert "•••" not in text
    assert finance.post(path_of(alice, "who")).status_code == 403
    assert finance.get(path_of(alice, "erase", alice.pk)).status_code == 403
    assert finance.get(path_of(alice, "address", alice.pk)).status_code == 403
    assert finance.get(path_of(alice, "refund", payment.pk)).status_code == 200
    assert Client().get(path_of(alice)).status_code == 302


def test_a_get_changes_nothing_and_no_log_names_anybody(caplog: pytest.LogCaptureFixture) -> None:
    alice = rows.alice()
    with caplog.at_level(logging.DEBUG):
        client = at_the_desk(alice)
        for act in ("sign-out", "erase", "note", "comp", "address"):
            assert client.get(path_of(alice, act, alice.pk)).status_code == 200
        assert not StaffAct.objects.exists()
        page = choose(client, alice, "address", email="alice@example.com")
        confirm(client, page)
    assert "alice@" not in caplog.text
    assert "example.com" not in caplog.text


def test_a_press_of_another_act_or_row_does_nothing() -> None:
    alice = rows.alice()
    client = at_the_desk(alice)
    page = choose(client, alice, "sign-out")
    page.wsgi_request.path = path_of(alice, "comp", alice.pk)
    assert confirm(client, page).status_code == 400
    assert not StaffAct.objects.exists()
