"""The third door: what was never told is found, and what is found is proven mended."""

from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.error import HTTPError

import pytest
import stripe
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from billing import reconcile, stripe_api, walks
from billing.models import (
    Dispute,
    LedgerLine,
    Letter,
    Membership,
    Payment,
    Payout,
    Receipt,
    Refund,
    Walk,
)
from billing.states import MembershipState, PaymentState
from members import retention
from tests import rows
from tests.doors.conftest import Desk
from tests.doors.test_backfill import Crash, dropped, started
from tests.house import House
from tests.local_stripe import LocalStripe

pytestmark = [pytest.mark.django_db, pytest.mark.real]


CLEAN = (0, "0 differences remain")


def told(*flags: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    said = StringIO()
    try:
        call_command("reconcile", *flags, stdout=said, stderr=said)
    except SystemExit as left:
        return int(str(left.code)), said.getvalue()
    return 0, said.getvalue()


def run(*flags: str) -> tuple[int, str]:
    """The command's exit code and its last line."""
    code, said = told(*flags)
    return code, said.strip().splitlines()[-1]


def live_unseen(desk: Desk) -> None:
    """Alice joins, renews and is refunded, Bob gives, Charlie walks away: and no event arrives."""
    alice = desk.open(rows.alice(), "monthly", 300)
    desk.stripe.pay(alice.url)
    bob = desk.open(rows.bob(), "once", 700)
    desk.stripe.pay(bob.url)
    desk.open(rows.charlie(), "monthly", 199)
    desk.stripe.advance(months=1, seconds=7200)
    paid = desk.stripe.ask("events?type=payment_intent.succeeded")["data"]
    desk.stripe.tell("refund", payment_intent=paid[-1]["data"]["object"]["id"], amount=300)


def facts() -> list[object]:
    return [
        sorted(Membership.objects.values_list("supporter_id", "state", "period_end", "started_at")),
        sorted(
            Payment.objects.values_list("stripe_payment_intent_id", "state", "net_cents"), key=str
        ),
        sorted(Refund.objects.values_list("stripe_refund_id", "state", "amount_cents")),
        sorted(Receipt.objects.values_list("series", "amount_cents")),
        sorted(Letter.objects.values_list("kind", flat=True)),
    ]


@pytest.mark.case("E3", "E25", "F1", "F2")
def test_it_finds_and_heals_everything_that_no_event_told(desk: Desk) -> None:
    live_unseen(desk)
    assert run()[0] == 1
    assert not Receipt.objects.exists()
    code, said = run("--apply")
    assert (code, said) == CLEAN
    assert set(Membership.objects.values_list("state", flat=True)) == {
        MembershipState.ACTIVE,
        MembershipState.EXPIRED,
    }
    assert Payment.objects.filter(state=PaymentState.SUCCEEDED).count() == 3
    assert run() == CLEAN


@pytest.mark.case("F7")
def test_it_comes_to_the_same_end_as_the_events_do(desk: Desk) -> None:
    live_unseen(desk)
    run("--apply")
    healed = facts()
    desk.catch_up()
    assert facts() == healed


def test_the_events_leave_nothing_to_reconcile(desk: Desk) -> None:
    live_unseen(desk)
    desk.catch_up()
    assert run() == CLEAN


@pytest.mark.case("E19")
def test_it_takes_an_import_in_without_a_letter(desk: Desk) -> None:
    live_unseen(desk)
    assert run("--apply", "--quiet")[0] == 0
    desk.work()
    assert set(Letter.objects.values_list("state", "reason")) == {("skipped", "imported")}


@pytest.mark.case("E25", "F15")
def test_it_tells_what_it_could_not_heal(desk: Desk) -> None:
    started = desk.open(rows.alice(), "monthly", 300)
    desk.stripe.pay(started.url)
    Membership.objects.filter(pk=started.subject).delete()
    code, said = told("--apply")
    assert code == 1
    assert "remains: subscription sub_" in said


@pytest.mark.case("F10")
def test_it_names_what_stripe_does_not_know(desk: Desk) -> None:
    """A backup of another day was put back, or the key is another account's."""
    membership = rows.membership(stripe_subscription_id="sub_lost")
    rows.payment(membership, stripe_payment_intent_id="pi_lost")
    for flags in ((), ("--apply",)):
        code, said = told(*flags)
        assert code == 1
        assert "subscription sub_lost is not at Stripe" in said
        assert "payment pi_lost is not at Stripe" in said


def test_it_does_not_miss_at_stripe_who_joined_while_it_read(desk: Desk) -> None:
    joined: list[Membership] = []
    kept = 0

    def join_when_the_subscriptions_were_read(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal kept
        kept += sql.startswith('UPDATE "billing_walk"')
        # It is taken, then the place is kept twice for the invoices, then for the subscriptions.
        if kept == 4:
            kept += 1
            joined.append(rows.membership(stripe_subscription_id="sub_of_just_now"))
        return execute(sql, *rest)

    with connection.execute_wrapper(join_when_the_subscriptions_were_read):
        report = reconcile.run(apply=False)
    assert joined
    assert report.differences == []


def test_it_says_so_when_stripe_cannot_be_read(desk: Desk, stripe: LocalStripe) -> None:
    stripe.tell("down", seconds=60)
    code, said = told("--apply")
    assert code == 2
    assert "could not be read" in said
    stripe.tell("down", seconds=0)


@pytest.mark.case("E25", "F2", "F10")
def test_it_mends_a_row_that_was_changed_by_hand(desk: Desk) -> None:
    membership = desk.join()
    Membership.objects.filter(pk=membership.pk).update(amount_cents=99999, applied_ticket=0)
    Payment.objects.update(fee_cents=None, net_cents=None)
    assert len(reconcile.run(apply=True).differences) == 2
    membership.refresh_from_db()
    assert membership.amount_cents == 199
    assert Payment.objects.get().fee_cents == 28


def test_it_misses_nobody_who_was_forgotten_because_they_never_paid(desk: Desk) -> None:
    bob = desk.open(rows.bob(), "once", 700)
    with pytest.raises(HTTPError):
        desk.stripe.pay(bob.url, card="4000000000000002")
    desk.stripe.advance(days=2)
    assert run("--apply")[0] == 0
    assert Payment.objects.get().state == PaymentState.EXPIRED
    assert retention.tidy(now=timezone.now() + timedelta(days=8)).people == 1
    assert run("--apply") == CLEAN


# Cut short, and gone on with ---------------------------------------------------------------------
@pytest.fixture
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists come two at a time, so that a few objects make several pages."""
    monkeypatch.setattr(stripe_api.client, "_PAGE", 2)


def die_while_keeping_its_place(number: int, *, quiet: bool = False, nightly: bool = False) -> None:
    """Run, and die when the place is kept for this time; nothing is tidied up."""
    kept = 0

    def die(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal kept
        kept += sql.startswith('UPDATE "billing_walk"')
        if kept > number:  # the first one takes the walk
            raise Crash
        return execute(sql, *rest)

    with connection.execute_wrapper(die), pytest.raises(Crash):
        reconcile.run(apply=True, quiet=quiet, nightly=nightly)


def lease_runs_out() -> None:
    moment = timezone.now() - walks.LEASE - timedelta(seconds=1)
    Walk.objects.update(lease_until=moment, started_at=moment)


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("number", [1, 2, 3, 5, 8, 12])
def test_a_killed_run_goes_on_where_it_was_and_comes_to_the_same_end(
    desk: Desk, number: int
) -> None:
    live_unseen(desk)
    lost = rows.membership(rows.bob(), stripe_subscription_id="sub_lost")
    rows.payment(lost, stripe_payment_intent_id="pi_lost")
    die_while_keeping_its_place(number)
    assert run("--apply") == (0, "Another run is at work. Nothing was done here.")
    lease_runs_out()
    report = reconcile.run(apply=True)
    assert report.resumed == (number > 1)
    # Whoever was called before the kill has answered, and who is missing is missed once.
    assert report.remains == [
        "subscription sub_lost is not at Stripe",
        "payment pi_lost is not at Stripe",
    ]
    assert not report.errors
    healed = facts()
    assert reconcile.run(apply=False).found == 2
    desk.catch_up()
    assert facts() == healed


@pytest.mark.usefixtures("short_pages")
@pytest.mark.parametrize("killed", [False, True])
def test_no_list_is_read_twice_while_all_that_we_hold_answers(desk: Desk, killed: bool) -> None:
    live_unseen(desk)
    desk.catch_up()
    if killed:
        die_while_keeping_its_place(7)
        lease_runs_out()
    desk.stripe.tell("requests/clear")
    assert reconcile.run(apply=True).remaining == 0
    whole = [
        each["path"]
        for each in desk.stripe.ask("requests")["data"]
        if each["path"] in {"/v1/subscriptions", "/v1/payment_intents"}
        and "starting_after" not in each["params"]
    ]
    assert len(whole) == len(set(whole))


@pytest.mark.usefixtures("short_pages")
def test_what_the_killed_run_read_is_not_read_again(desk: Desk) -> None:
    live_unseen(desk)
    die_while_keeping_its_place(7)
    lease_runs_out()
    kept = Walk.objects.get(name="reconcile").place["place"]
    desk.stripe.tell("requests/clear")
    reconcile.run(apply=True)
    lists = [
        each
        for each in desk.stripe.ask("requests")["data"]
        if each["path"] == "/v1/invoices" and "subscription" not in each["params"]
    ]
    assert "invoices" in kept["done"]
    assert not lists


@pytest.mark.usefixtures("short_pages")
def test_a_place_that_stripe_has_forgotten_is_looked_for_from_the_top(desk: Desk) -> None:
    live_unseen(desk)
    die_while_keeping_its_place(2)
    lease_runs_out()
    walk = Walk.objects.get(name="reconcile")
    walk.place["place"]["after"] = "in_a_draft_that_was_deleted"
    walk.save()
    report = reconcile.run(apply=True)
    assert report.resumed
    assert report.remaining == 0
    assert run() == CLEAN


def test_an_import_that_was_cut_short_goes_on_without_letters(desk: Desk) -> None:
    live_unseen(desk)
    die_while_keeping_its_place(3, quiet=True)
    lease_runs_out()
    assert reconcile.run(apply=True).resumed
    desk.work()
    assert set(Letter.objects.values_list("state", "reason")) == {("skipped", "imported")}


def test_a_place_of_yesterday_is_old_news(desk: Desk) -> None:
    live_unseen(desk)
    die_while_keeping_its_place(3)
    lease_runs_out()
    walk = Walk.objects.get(name="reconcile")
    walk.place["saved"] = (timezone.now() - timedelta(hours=13)).isoformat()
    walk.save()
    assert not reconcile.run(apply=True).resumed
    assert run() == CLEAN


def test_only_comparing_does_not_go_on_where_healing_stopped(desk: Desk) -> None:
    live_unseen(desk)
    die_while_keeping_its_place(3)
    lease_runs_out()
    assert not reconcile.run(apply=False).resumed


def test_the_sweeper_knows_a_night_that_was_cut_short(desk: Desk) -> None:
    live_unseen(desk)
    die_while_keeping_its_place(3)
    lease_runs_out()
    assert not reconcile.stranded(), "an operator is there to start it again"
    Walk.objects.update(place={})
    die_while_keeping_its_place(3, nightly=True)
    assert not reconcile.stranded(), "it may only be slow"
    lease_runs_out()
    assert reconcile.stranded()
    reconcile.run(apply=True, nightly=True)
    assert not reconcile.stranded()


def test_a_second_run_says_so_and_does_nothing(desk: Desk) -> None:
    live_unseen(desk)
    with walks.alone(reconcile.NAME):
        assert run("--apply") == (0, "Another run is at work. Nothing was done here.")
    assert not Receipt.objects.exists()


@pytest.mark.servers
def test_two_commands_at_once_and_one_of_them_killed_do_no_harm(house: House) -> None:
    dropped(house)
    both = [started(house, "reconcile", "--apply") for _ in range(2)]
    house.wait_for(lambda: Walk.objects.filter(name="reconcile", claim__isnull=False).exists())
    both[0].kill()
    for each in both:
        each.wait(timeout=60)
    Walk.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    house.manage("reconcile", "--apply")
    assert Membership.objects.filter(state=MembershipState.ACTIVE).count() == 2
    house.wait_for(lambda: len(house.letters(subject="receipt")) == 2)
    assert Receipt.objects.count() == 2


# What is claimed is so ----------------------------------------------------------------------------
def test_it_says_what_differs_and_writes_nothing_unless_told_to(desk: Desk) -> None:
    membership = desk.join()
    Membership.objects.filter(pk=membership.pk).update(amount_cents=99999, applied_ticket=0)
    for flags in ((), ("--dry-run",)):
        code, said = told(*flags)
        assert code == 1
        assert "membership amount_cents 999.99 -> 1.99" in said
    membership.refresh_from_db()
    assert membership.amount_cents == 99999
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("reconcile", "--apply", "--dry-run")


def test_a_repair_that_changed_nothing_is_an_error_and_not_a_success(desk: Desk) -> None:
    """F2 and F15: a tool that repaired nothing said that it had repaired all."""
    membership = desk.join()
    # A ticket from the future: whatever is asked of Stripe now counts as older, and is not applied.
    Membership.objects.filter(pk=membership.pk).update(amount_cents=500, applied_ticket=10**12)
    code, said = told("--apply")
    assert code == 1
    assert "resists: subscription" in said
    assert "membership amount_cents 5.00 -> 1.99" in said
    assert "0 were healed" in said
    walk = Walk.objects.get(name="reconcile")
    assert (walk.healed, walk.remaining) == (0, 1)


def test_it_finds_cash_disputes_and_payouts_that_no_event_told(desk: Desk) -> None:
    membership = desk.join()
    api = stripe.StripeClient("sk_test_local", base_addresses={"api": desk.stripe.url}).v1
    assert membership.customer is not None
    card = "4000000000000341"
    desk.stripe.tell(f"customers/{membership.customer.stripe_customer_id}/card", card=card)
    desk.stripe.advance(months=1, seconds=7200)
    [invoice] = api.invoices.list({"status": "open"}).data
    api.invoices.pay(invoice.id, {"paid_out_of_band": True})
    paid = Payment.objects.get()
    desk.stripe.tell("dispute", payment_intent=paid.stripe_payment_intent_id)
    desk.stripe.advance(days=10)
    assert run("--apply") == CLEAN
    assert Payment.objects.filter(outside_stripe=True, state=PaymentState.SUCCEEDED).count() == 1
    assert Dispute.objects.get().payment == paid
    assert Payout.objects.exists()
    assert LedgerLine.objects.filter(kind="dispute").exists()
    # The dispute ends the membership; then there is nothing left to find.
    desk.work()
    assert run() == CLEAN


def test_it_tells_section_by_section_how_far_it_is(desk: Desk) -> None:
    live_unseen(desk)
    said = told("--apply")[1]
    for section in ("invoices", "subscriptions", "payments", "refunds", "disputes", "payouts"):
        assert f"{section}: " in said
    assert "objects looked at" in said
    walk = Walk.objects.get(name="reconcile")
    assert walk.seen > 5
    assert walk.healed > 3
    assert (walk.remaining, walk.place) == (0, {})
