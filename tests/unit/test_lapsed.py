"""Who lapsed is forgotten: 24 months after the last payment, at that moment and not before."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from billing import checkout, comps, figures, lapse, letters
from billing.cause import Cause
from billing.letters import suppression
from billing.models import Dispute, Intent, Letter, Payment, Receipt, StripeCustomer, Suppression
from billing.models.comp import CompReason
from billing.models.letter import SuppressionReason
from billing.models.stripe import IntentKind
from billing.states import DisputeState, MembershipState, PaymentState, RefundState
from members import retention, search, signin
from members.models import Consent, Erasure, JoinLink, NameToken, SignIn, Supporter
from members.models.privacy import ErasureCause, ErasureState
from members.models.staff import Role
from members.models.supporter import supporter_for
from members.privacy import copies, lapsed
from members.shield import orders
from tests import rows
from tests.letter_desk import sent
from tests.staff_desk import signed_in as staff_signed_in
from tests.supporter_desk import signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.real]

DAY = rows.START.replace(year=rows.START.year + 2)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands still at START, until a test moves it."""
    with time_machine.travel(rows.START, tick=False) as stopped:
        yield stopped


def gone(now: datetime) -> int:
    """How many the night forgets; the dry run before it must have said the same."""
    with time_machine.travel(now, tick=False):
        said = retention.due(now=now).forgotten
        assert retention.tidy(now=now).forgotten == said
        return said


def left_alice() -> Supporter:
    """Alice, whose membership ended a month after its only payment."""
    alice = rows.alice()
    paid = rows.membership(alice, state=MembershipState.ENDED, ended_at=rows.NEXT_MONTH)
    rows.payment(paid)
    return alice


def test_it_forgets_who_paid_last_24_months_ago_and_not_a_second_earlier() -> None:
    alice = left_alice()
    bob = rows.payment(paid_at=rows.START + SECOND).supporter
    assert gone(DAY - SECOND) == 0
    assert gone(DAY) == 1
    alice.refresh_from_db()
    bob.refresh_from_db()
    assert (alice.erased, bob.erased) == (True, False)
    assert not Supporter.objects.with_email("alice@example.org").exists()
    assert gone(DAY) == 0
    assert gone(DAY + SECOND) == 1
    told = Erasure.objects.get(supporter=alice)
    assert (told.cause, told.state, told.done_at) == (
        ErasureCause.LAPSED,
        ErasureState.DONE,
        DAY,
    )


def test_the_money_stays_to_the_cent_and_so_do_the_figures() -> None:
    left_alice()
    with time_machine.travel(DAY):
        before = figures.stored()
        assert gone(DAY) == 1
        assert figures.stored() == before
        assert figures.compare().equal
    assert Payment.objects.get().amount_cents == 199


def test_nothing_in_their_rows_says_who_they_were(clock: time_machine.Traveller) -> None:
    alice = left_alice()
    search.index_names()
    rows.payment(supporter=alice, paid_at=rows.START)
    Consent.objects.create(supporter=alice, text_version="2026-11", locale="en-IE")
    clock.move_to(DAY)
    copies.ask(alice, press="p")
    signin.ask(email="alice@example.org")
    assert gone(DAY) == 1
    alice.refresh_from_db()
    assert (bytes(alice.email_sealed), bytes(alice.name_sealed)) == (b"", b"")
    assert not NameToken.objects.exists()
    assert not alice.exports.exists()
    assert not SignIn.objects.filter(supporter=alice).exists()
    assert alice.consents.count() == 1, "the proof of consent names nobody"
    assert not Letter.objects.filter(kind="erased").exists(), "nobody is written to on the day"


def live(alice: Supporter) -> None:
    rows.membership(alice, state=MembershipState.PAUSED)


def overdue(alice: Supporter) -> None:
    rows.membership(alice, state=MembershipState.PAST_DUE, past_due_since=rows.START)


def waits_for_a_first_payment(alice: Supporter) -> None:
    rows.membership(alice, state=MembershipState.PENDING, stripe_subscription_id=None)


def debit_on_its_way(alice: Supporter) -> None:
    rows.payment(supporter=alice, state=PaymentState.PENDING, paid_at=None)


def refund_on_its_way(alice: Supporter) -> None:
    rows.refund(alice.payments.get(), state=RefundState.PENDING)


def disputed(alice: Supporter) -> None:
    Dispute.objects.create(
        payment=alice.payments.get(), stripe_dispute_id="dp_1", state=DisputeState.OPEN,
        amount_cents=199, opened_at=rows.START,
    )  # fmt: skip


def bank_asks(alice: Supporter) -> None:
    disputed(alice)
    Dispute.objects.update(state=DisputeState.INQUIRY)


def comp(alice: Supporter) -> None:
    comps.grant(supporter=alice, reason=CompReason.GOODWILL, ends_on=DAY + SECOND, actor="1")


def refund_asked_for(alice: Supporter) -> None:
    paid = alice.payments.get()
    Intent.objects.create(kind=IntentKind.REFUND, press=uuid4().hex, subject=paid.pk)


def later_gift(alice: Supporter) -> None:
    rows.payment(supporter=alice, paid_at=rows.START + SECOND)


def erasing(alice: Supporter) -> None:
    Erasure.objects.create(supporter=alice)


@pytest.mark.parametrize(
    "binds",
    [live, overdue, waits_for_a_first_payment, debit_on_its_way, refund_on_its_way, disputed,
     bank_asks, comp, refund_asked_for, later_gift, erasing],
)  # fmt: skip
def test_it_forgets_nobody_to_whom_something_binds_us(binds: Any) -> None:
    alice = left_alice()
    binds(alice)
    assert gone(DAY) == 0
    assert rows.alice().email == "alice@example.org"
    lives = binds in {live, overdue, waits_for_a_first_payment, debit_on_its_way, comp}
    assert (lapse.forgets_on(alice, now=DAY) is None) == lives


def test_what_is_settled_binds_no_more() -> None:
    alice = left_alice()
    for binds in (refund_on_its_way, disputed, comp, refund_asked_for):
        binds(alice)
    alice.payments.get().refunds.update(state=RefundState.SUCCEEDED)
    Dispute.objects.update(state=DisputeState.LOST)
    Intent.objects.update(state="done")
    Intent.objects.create(kind=IntentKind.CHECKOUT, press="left", subject=alice.payments.get().pk)
    assert gone(DAY) == 0, "the membership that was given has a second to go"
    assert gone(DAY + SECOND) == 1


def test_who_never_paid_and_is_known_to_stripe_goes_as_well() -> None:
    alice = rows.alice()
    StripeCustomer.objects.create(supporter=alice, stripe_customer_id="cus_alice")
    later = rows.START + timedelta(days=10)
    rows.membership(alice, state=MembershipState.EXPIRED, created_at=later, started_at=None)
    day = lapse.forgets_on(alice, now=rows.START)
    assert day == later.replace(year=2028)
    assert gone(day - SECOND) == 0
    assert gone(day) == 1


def test_stripe_is_asked_to_forget_them_by_a_worker() -> None:
    alice = left_alice()
    customer = StripeCustomer.objects.create(supporter=alice, stripe_customer_id="cus_alice")
    assert gone(DAY) == 1
    wish = Intent.objects.get()
    assert (wish.kind, wish.subject, wish.params) == (
        IntentKind.DELETE_CUSTOMER,
        customer.pk,
        {"customer": "cus_alice"},
    )


def test_a_refused_address_stays_refused_and_an_order_under_it_stays_an_order() -> None:
    alice = left_alice()
    suppression.suppress(alice.email_hash, reason=SuppressionReason.BOUNCED)
    with time_machine.travel(DAY, tick=False):
        orders.write(press="p1", order={"email": "alice@example.org"}, language="en")
    assert gone(DAY) == 1
    assert Suppression.objects.get().address_hash == alice.email_hash
    assert JoinLink.objects.get().email == "alice@example.org"
    again = supporter_for(email="alice@example.org", name="Alice")
    assert again.pk != alice.pk


def test_who_begins_again_at_this_very_moment_is_either_seen_or_somebody_new() -> None:
    alice = left_alice()

    def begin(execute: Any, sql: str, *args: Any) -> Any:
        answer = execute(sql, *args)
        # After the look at who lapsed, before the row is looked at again.
        if not begun and sql.startswith("SELECT") and "members_erasure" in sql:
            begun.append(sql)
            rows.membership(alice, state=MembershipState.PENDING, stripe_subscription_id=None)
        return answer

    begun: list[str] = []
    with connection.execute_wrapper(begin):
        assert lapsed.forget_all(now=DAY) == 0
    assert begun
    assert not rows.alice().erased
    alice.memberships.filter(state=MembershipState.PENDING).delete()
    stale = rows.alice()
    assert gone(DAY) == 1
    with pytest.raises(checkout.Forgotten):
        checkout.start(supporter=stale, plan=rows.plan(), amount_cents=199, press=uuid4().hex)
    assert not stale.memberships.filter(state=MembershipState.PENDING).exists()


def test_one_who_cannot_be_forgotten_stops_no_other() -> None:
    left_alice()
    bob = rows.payment().supporter

    def fail(execute: Any, sql: str, params: Any, *args: Any) -> Any:
        if sql.startswith("UPDATE") and "members_supporter" in sql and str(first) in str(params):
            raise RuntimeError
        return execute(sql, params, *args)

    first = min(bob.pk, rows.alice().pk)
    first = first.hex if connection.vendor == "sqlite" else first  # type: ignore[assignment]  # as the database writes it
    with connection.execute_wrapper(fail):
        assert lapsed.forget_all(now=DAY) == 1


@pytest.mark.parametrize(
    ("paid", "day"),
    [
        (datetime(2028, 2, 29, 12, tzinfo=UTC), datetime(2030, 3, 1, tzinfo=UTC)),
        (datetime(2030, 2, 28, 12, tzinfo=UTC), datetime(2032, 2, 28, 12, tzinfo=UTC)),
        (datetime(2030, 2, 28, 23, 59, tzinfo=UTC), datetime(2032, 2, 28, 23, 59, tzinfo=UTC)),
    ],
)
def test_the_day_that_is_told_is_the_day_on_which_it_happens(paid: datetime, day: datetime) -> None:
    bob = rows.payment(paid_at=paid, created_at=paid).supporter
    assert lapse.forgets_on(bob, now=paid) == day
    assert gone(day - SECOND) == 0
    assert gone(day) == 1


def test_the_command_tells_how_many() -> None:
    left_alice()
    with time_machine.travel(DAY, tick=False):
        said = StringIO()
        call_command("tidy", "--dry-run", stdout=said)
        assert "Would forget 1 people, 24 months after they last paid." in said.getvalue()
        assert not rows.alice().erased
        said = StringIO()
        call_command("tidy", stdout=said)
        assert "Forgot 1 people" in said.getvalue()
    assert not Receipt.objects.exists()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "we delete your name and this address on 2 March 2028."),
        ("ga", "scriosfaimid d'ainm agus an seoladh seo ar an 2 Márta 2028."),
    ],
)
def test_the_letter_at_the_end_names_the_day(language: str, words: str) -> None:
    alice = left_alice()
    Supporter.objects.filter(pk=alice.pk).update(language=language)
    member = alice.memberships.get()
    letters.queue(kind="ended", key=str(member.pk), supporter_id=alice.pk, cause=Cause.clock())
    assert words in " ".join(sent("ended").split())


def test_the_letter_names_no_day_while_another_membership_stands() -> None:
    alice = left_alice()
    live(alice)
    member = alice.memberships.get(state=MembershipState.ENDED)
    letters.queue(kind="ended", key=str(member.pk), supporter_id=alice.pk, cause=Cause.clock())
    assert "we delete" not in sent("ended")


def test_the_account_shows_the_day_and_the_way_to_have_it_at_once() -> None:
    client = signed_in(left_alice())
    page = text_of(client)
    assert "we delete your name and your address on <strong>2 March 2028</strong>" in page
    assert 'href="/account/erase/"' in page
    live(rows.alice())
    assert "we delete" not in text_of(client)


def test_the_trustees_read_how_many_were_forgotten_and_never_of_a_few() -> None:
    for number in range(7):
        who = supporter_for(email=f"{number}@example.org")
        rows.payment(supporter=who)
    erasing(rows.payment(supporter=rows.alice()).supporter)
    Erasure.objects.update(state=ErasureState.DONE, done_at=DAY)
    assert gone(DAY) == 7
    with time_machine.travel(DAY, tick=False):
        page = staff_signed_in(Role.VIEWER).get("/staff/reports/trustees/?month=2028-03")
        text = " ".join(page.content.decode().split())
    assert "after their last payment</dt><dd>7</dd>" in text
    assert "at their own wish</dt><dd>under 5</dd>" in text
