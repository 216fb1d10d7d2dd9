"""Retention: what nobody needs any more goes in the night, and nothing that anybody paid for."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client

from billing import receipts
from billing.cause import Cause
from billing.models import (
    Intent,
    Letter,
    Membership,
    MembershipEvent,
    Payment,
    StripeCustomer,
)
from billing.models.stripe import IntentKind
from billing.states import MembershipState, PaymentState
from members import retention, signin, tasks
from members.models import Consent, SignIn, Supporter
from members.retention import Tidied
from tests import rows

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
NEVER_PAID = {"stripe_payment_intent_id": None, "paid_at": None, "stripe_charge_id": ""}
TABLES = (Supporter, Consent, SignIn, Letter, Membership, MembershipEvent, Payment, Intent)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at START, until a test moves it."""
    with time_machine.travel(rows.START, tick=False) as stopped:
        yield stopped


def intent_about(row: Membership | Payment) -> None:
    Intent.objects.create(kind=IntentKind.CHECKOUT, press=uuid4().hex, subject=row.pk)


def abandoned_membership(supporter: Supporter | None = None, **more: Any) -> Membership:
    """A membership whose checkout ran out, with all that a join leaves behind."""
    membership = rows.membership(
        supporter,
        **{
            "state": MembershipState.EXPIRED,
            "stripe_subscription_id": None,
            "started_at": None,
            **more,
        },
    )
    MembershipEvent.objects.create(
        membership=membership, old_state="pending", new_state="expired", source="reconcile"
    )
    intent_about(membership)
    Consent.objects.get_or_create(
        supporter=membership.supporter,
        text_version="2026-11",
        locale="en-IE",
        given_at=membership.created_at,
    )
    return membership


def abandoned_gift(state: PaymentState = PaymentState.EXPIRED, **more: Any) -> Payment:
    gift = rows.payment(**NEVER_PAID | {"state": state} | more)
    intent_about(gift)
    return gift


def tidied(now: datetime) -> Tidied:
    with time_machine.travel(now, tick=False):
        return retention.tidy(now=now)


def counts() -> list[int]:
    return [model.objects.count() for model in (*TABLES, Session)]


def test_it_forgets_a_join_that_nobody_paid_after_a_week(
    clock: time_machine.Traveller,
) -> None:
    abandoned_membership()
    abandoned_gift()
    abandoned_gift(PaymentState.FAILED, first_failed_at=rows.START)
    clock.move_to(rows.START + WEEK)
    signin.ask(email="alice@example.org")  # asking for a link is not joining
    assert tidied(rows.START + WEEK).people == 0
    assert all(model.objects.exists() for model in TABLES)
    assert tidied(rows.START + WEEK + SECOND).people == 2
    assert not any(model.objects.exists() for model in TABLES)


def test_it_forgets_somebody_for_whom_no_checkout_was_ever_opened() -> None:
    rows.alice()
    assert tidied(rows.START + WEEK).people == 0
    assert tidied(rows.START + WEEK + SECOND).people == 1
    assert not Supporter.objects.exists()


def later_visit(membership: Membership) -> None:
    abandoned_membership(membership.supporter, created_at=rows.START + WEEK)


def later_consent(membership: Membership) -> None:
    Consent.objects.create(
        supporter=membership.supporter,
        text_version="2026-11",
        locale="en-IE",
        given_at=rows.START + WEEK,
    )


def open_checkout(membership: Membership) -> None:
    abandoned_membership(membership.supporter, state=MembershipState.PENDING)


def open_gift(_membership: Membership) -> None:
    abandoned_gift(PaymentState.PENDING)


def paid_gift(_membership: Membership) -> None:
    rows.payment()


def refunded_gift(_membership: Membership) -> None:
    rows.refund(rows.payment())


def receipted_gift(_membership: Membership) -> None:
    gift = rows.payment()
    with transaction.atomic():
        receipts.issue(gift, cause=Cause.reconcile(quiet=True))
    Payment.objects.filter(pk=gift.pk).update(state=PaymentState.FAILED, paid_at=None)


def live_membership(membership: Membership) -> None:
    rows.membership(membership.supporter)


def ended_membership(membership: Membership) -> None:
    rows.membership(membership.supporter, state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)


def subscription(membership: Membership) -> None:
    Membership.objects.filter(pk=membership.pk).update(stripe_subscription_id="sub_incomplete")


def customer(membership: Membership) -> None:
    StripeCustomer.objects.create(supporter=membership.supporter, stripe_customer_id="cus_alice")


@pytest.mark.parametrize(
    "and_then",
    [
        later_visit,
        later_consent,
        open_checkout,
        open_gift,
        paid_gift,
        refunded_gift,
        receipted_gift,
        live_membership,
        ended_membership,
        subscription,
        customer,
    ],
)
def test_it_touches_nobody_who_has_anything_else(and_then: Any) -> None:
    and_then(abandoned_membership(rows.bob()))
    before = counts()
    later = rows.START + WEEK + HOUR
    assert retention.due(now=later).people == tidied(later).people == 0
    assert counts() == before


def test_it_keeps_the_one_who_paid_while_the_other_goes() -> None:
    paid = rows.payment(rows.membership(rows.alice()))
    abandoned_gift()
    assert tidied(rows.START + timedelta(days=400)).people == 1
    assert Supporter.objects.get() == paid.supporter
    assert Payment.objects.get() == paid


def test_it_looks_again_under_the_lock_before_it_deletes() -> None:
    gift = abandoned_gift(PaymentState.FAILED)

    def pay_late(execute: Any, sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        # A late answer of the bank, after our look at who is abandoned and before the deletion.
        if "members_supporter" in sql and sql.startswith("SELECT") and not late:
            late.append(sql)
            Payment.objects.filter(pk=gift.pk).update(
                state=PaymentState.SUCCEEDED,
                paid_at=rows.START,
                stripe_payment_intent_id="pi_late",
            )
        return answer

    late: list[str] = []
    with connection.execute_wrapper(pay_late):
        assert tidied(rows.START + WEEK + SECOND).people == 0
    assert late
    assert Payment.objects.get().state == PaymentState.SUCCEEDED


def test_it_deletes_a_link_a_day_after_it_closed_and_no_paid_person() -> None:
    rows.payment(rows.membership(rows.alice()))
    signin.ask(email="alice@example.org")
    signin.ask(email="nobody@example.org")
    end = rows.START + HOUR + timedelta(days=1)
    assert tidied(end).links == 0
    assert tidied(end + SECOND).links == 2
    assert not SignIn.objects.exists()
    assert Supporter.objects.get() == rows.alice()


def session_of_a_visitor() -> SessionBase:
    session = Client().session
    session["seen"] = "before"
    session.save()
    return session


def test_it_deletes_a_session_when_it_is_over() -> None:
    session_of_a_visitor()
    end = Session.objects.get().expire_date
    assert tidied(end).sessions == 0
    assert tidied(end + SECOND).sessions == 1
    assert not Session.objects.exists()


def test_it_does_nothing_the_second_time() -> None:
    abandoned_membership()
    session_of_a_visitor()
    later = rows.START + timedelta(days=30)
    assert tidied(later) == Tidied(sessions=1, links=0, people=1)
    assert tidied(later) == Tidied(sessions=0, links=0, people=0)


def test_it_only_counts_in_a_dry_run(clock: time_machine.Traveller) -> None:
    abandoned_membership()
    signin.ask(email="alice@example.org")
    session_of_a_visitor()
    before = counts()
    clock.move_to(rows.START + timedelta(days=30))
    said = StringIO()
    call_command("tidy", "--dry-run", stdout=said)
    assert counts() == before
    words = "1 sessions, 1 sign-in links, 0 statements and 1 people who never paid."
    assert said.getvalue().strip() == f"Would delete {words}"
    said = StringIO()
    call_command("tidy", stdout=said)
    assert said.getvalue().strip() == f"Deleted {words}"
    assert not any(counts())


def test_it_runs_as_a_task(clock: time_machine.Traveller) -> None:
    abandoned_membership()
    clock.move_to(rows.START + WEEK + SECOND)
    tasks.tidy()
    assert not Supporter.objects.exists()


def test_it_knows_every_table_that_hangs_on_a_person() -> None:
    """Whoever adds a table that points here decides in members/retention.py what becomes of it."""
    hanging = {
        relation.related_model._meta.object_name
        for model in (Supporter, Membership, Payment)
        for relation in model._meta.related_objects
    }
    assert hanging == {
        "AccessLog", "AddressChange", "Badge", "Browser", "ChargeReport", "CompMembership",
        "Consent", "Counted", "Dispute", "Erasure", "Export", "Farewell", "LedgerLine", "Letter",
        "Membership", "MembershipEvent", "NameToken", "Payment", "Receipt", "Refund", "SignIn",
        "StaffAct", "StripeCustomer", "Withdrawal",
    }  # fmt: skip


def test_it_promises_on_the_privacy_page_what_it_does(client: Client) -> None:
    page = client.get("/privacy/").content.decode()
    assert f"never pay: {retention.ABANDONED_AFTER.days} days" in page
