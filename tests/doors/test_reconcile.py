"""The third door: what was never told is found, and what is found is proven mended."""

from datetime import timedelta
from io import StringIO
from typing import Any
from urllib.error import HTTPError

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from billing import reconcile
from billing.models import Letter, Membership, Payment, Receipt, Refund
from billing.states import MembershipState, PaymentState
from members import retention
from tests import rows
from tests.doors.conftest import Desk
from tests.local_stripe import LocalStripe

pytestmark = pytest.mark.django_db


def run(*flags: str) -> tuple[int, str]:
    """The command's exit code and what it said."""
    said = StringIO()
    try:
        call_command("reconcile", *flags, stdout=said, stderr=said)
    except SystemExit as left:
        return int(str(left.code)), said.getvalue()
    return 0, said.getvalue()


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


def test_it_finds_and_heals_everything_that_no_event_told(desk: Desk) -> None:
    live_unseen(desk)
    assert run() == (1, run()[1])
    assert not Receipt.objects.exists()
    code, said = run("--apply")
    assert (code, said.strip().splitlines()[-1]) == (0, "0 differences remain")
    assert set(Membership.objects.values_list("state", flat=True)) == {
        MembershipState.ACTIVE,
        MembershipState.EXPIRED,
    }
    assert Payment.objects.filter(state=PaymentState.SUCCEEDED).count() == 3
    assert run() == (0, "0 differences remain\n")


def test_it_comes_to_the_same_end_as_the_events_do(desk: Desk) -> None:
    live_unseen(desk)
    run("--apply")
    healed = facts()
    desk.catch_up()
    assert facts() == healed


def test_the_events_leave_nothing_to_reconcile(desk: Desk) -> None:
    live_unseen(desk)
    desk.catch_up()
    assert run() == (0, "0 differences remain\n")


def test_it_takes_an_import_in_without_a_letter(desk: Desk) -> None:
    live_unseen(desk)
    assert run("--apply", "--quiet")[0] == 0
    desk.work()
    assert set(Letter.objects.values_list("state", "reason")) == {("skipped", "imported")}


def test_it_tells_what_it_could_not_heal(desk: Desk) -> None:
    started = desk.open(rows.alice(), "monthly", 300)
    desk.stripe.pay(started.url)
    Membership.objects.filter(pk=started.subject).delete()
    code, said = run("--apply")
    assert code == 1
    assert "remains: subscription sub_" in said


def test_it_names_what_stripe_does_not_know(desk: Desk) -> None:
    """A backup of another day was put back, or the key is another account's."""
    membership = rows.membership(stripe_subscription_id="sub_lost")
    rows.payment(membership, stripe_payment_intent_id="pi_lost")
    for flags in ((), ("--apply",)):
        code, said = run(*flags)
        assert code == 1
        assert "subscription sub_lost is not at Stripe" in said
        assert "payment pi_lost is not at Stripe" in said


def test_it_does_not_miss_at_stripe_who_joined_while_it_read(desk: Desk) -> None:
    joined: list[Membership] = []

    def join_at_the_first_ticket(execute: Any, sql: str, *rest: Any) -> Any:
        # The first ticket is drawn when the subscriptions have been read.
        if sql.startswith('INSERT INTO "billing_ticket"') and not joined:
            joined.append(rows.membership(stripe_subscription_id="sub_of_just_now"))
        return execute(sql, *rest)

    with connection.execute_wrapper(join_at_the_first_ticket):
        report = reconcile.run(apply=False)
    assert joined
    assert report.differences == []


def test_it_says_so_when_stripe_cannot_be_read(desk: Desk, stripe: LocalStripe) -> None:
    stripe.tell("down", seconds=60)
    code, said = run("--apply")
    assert code == 2
    assert "could not be read" in said
    stripe.tell("down", seconds=0)


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
    assert run("--apply") == (0, "0 differences remain\n")
