"""Reminders: told once, three weeks before, and only if it is still true."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
import time_machine
from django.core import mail
from pytest_django import DjangoAssertNumQueries, Settings

from billing import letters, reminders
from billing.models import Letter, Membership
from billing.models.letter import LetterState
from billing.models.plan import Interval
from billing.reminders import renewals
from billing.states import MembershipState
from tests import rows

pytestmark = pytest.mark.django_db

RENEWS = rows.NEXT_YEAR
DAY_21 = datetime(2027, 2, 9, 9, 0, tzinfo=UTC)
A_DAY_BEFORE = DAY_21 - timedelta(hours=26)


class Subscriptions:
    """Another Stripe at its own address, which says of a subscription what a test tells it to."""

    def __init__(self) -> None:
        self.status = 200
        self.shape: dict[str, Any] = {}

    def tells(self, membership: Membership, **more: object) -> None:
        assert membership.period_end is not None
        end = more.pop("period_end", membership.period_end)
        assert isinstance(end, datetime)
        item = {
            "id": "si_1",
            "quantity": 1,
            "current_period_start": int(rows.START.timestamp()),
            "current_period_end": int(end.timestamp()),
            "price": {
                "id": "price_1",
                "unit_amount": more.pop("unit_amount", membership.amount_cents),
                "currency": "eur",
                "recurring": {"interval": "year"},
            },
        }
        self.shape = {
            "id": membership.stripe_subscription_id,
            "object": "subscription",
            "status": "active",
            "customer": "cus_1",
            "metadata": {"meitheal_ref": str(membership.pk)},
            "items": {"object": "list", "data": [item]},
            "cancel_at": None,
            "cancel_at_period_end": False,
            "pause_collection": None,
            "ended_at": None,
            "canceled_at": None,
            "cancellation_details": {"reason": None, "comment": None},
            "created": int(rows.START.timestamp()),
            "livemode": False,
        } | more


@pytest.fixture
def stripe(settings: Settings) -> Iterator[Subscriptions]:
    known = Subscriptions()

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = (
                known.shape
                if self.path.partition("?")[0].endswith(str(known.shape.get("id")))
                else None
            )
            status = known.status if found or known.status != 200 else 404
            error = {"error": {"code": "resource_missing", "message": "", "type": "x"}}
            body = json.dumps(found if status == 200 else error).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield known
    server.shutdown()
    server.server_close()


def _planned() -> tuple[Membership, Letter]:
    membership = rows.membership(slug="yearly")
    rows.payment(membership)
    assert reminders.plan(now=DAY_21) == 1
    return membership, Letter.objects.get()


def _deliver(letter: Letter) -> LetterState:
    with time_machine.travel(DAY_21, tick=True):
        return letters.deliver(letter.pk, now=DAY_21)


@pytest.mark.case("E15", "E22")
def test_it_plans_one_reminder_for_nine_in_dublin_on_day_21_however_often_it_looks() -> None:
    membership = rows.membership(slug="yearly")
    assert reminders.plan(now=A_DAY_BEFORE - timedelta(seconds=1)) == 0
    assert reminders.plan(now=A_DAY_BEFORE) == 1
    for hours in range(0, 72, 3):
        assert reminders.plan(now=A_DAY_BEFORE + timedelta(hours=hours)) == 0
    letter = Letter.objects.get()
    assert (letter.kind, letter.key) == ("reminder", f"{membership.pk}:2027-03-02")
    assert (letter.state, letter.due_at) == (LetterState.QUEUED, DAY_21)
    assert letter.supporter_id == membership.supporter_id


def test_it_plans_again_for_the_next_year() -> None:
    membership, _first = _planned()
    Membership.objects.update(period_end=RENEWS.replace(year=2028))
    assert reminders.plan(now=DAY_21) == 0
    assert reminders.plan(now=datetime(2028, 2, 10, 9, tzinfo=UTC)) == 1
    assert Letter.objects.filter(key=f"{membership.pk}:2028-03-02").exists()


@pytest.mark.parametrize(
    "more",
    [
        {"state": MembershipState.PAUSED},
        {"state": MembershipState.PAST_DUE, "past_due_since": rows.START},
        {"state": MembershipState.ENDED, "ended_at": rows.START},
        {"ends_on": RENEWS},
        {"interval": Interval.MONTH},
        {"period_end": RENEWS + timedelta(days=2)},
        {"state": MembershipState.PAUSED, "resumes_on": RENEWS + timedelta(hours=3)},
    ],
    ids=["paused", "overdue", "ended", "ends", "monthly", "later", "left out"],
)
def test_it_plans_nothing_for_what_does_not_renew_in_three_weeks(more: dict[str, Any]) -> None:
    rows.membership(slug="yearly", **more)
    assert reminders.plan(now=DAY_21) == 0
    assert not Letter.objects.exists()


@pytest.mark.case("E15")
@pytest.mark.parametrize(
    ("days_before", "state"),
    [(7, LetterState.QUEUED), (6, LetterState.SKIPPED), (-1, LetterState.SKIPPED)],
)
def test_it_says_so_where_a_reminder_would_come_too_late(
    days_before: int, state: LetterState
) -> None:
    rows.membership(slug="yearly")
    assert reminders.plan(now=RENEWS - timedelta(days=days_before)) == 1
    letter = Letter.objects.get()
    assert letter.state == state
    assert bool(letter.reason) == (state == LetterState.SKIPPED)


def test_it_plans_any_number_in_the_same_few_queries(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(40):
        rows.membership(slug="yearly")
    with django_assert_num_queries(2):
        assert renewals.plan(now=DAY_21) == 40
    with django_assert_num_queries(2):
        assert renewals.plan(now=DAY_21) == 0


@pytest.mark.case("E15")
def test_a_pause_that_is_over_before_the_renewal_is_no_reason_to_be_silent(
    stripe: Subscriptions,
) -> None:
    resumes = RENEWS - timedelta(days=3)
    membership = rows.membership(slug="yearly", state=MembershipState.PAUSED, resumes_on=resumes)
    assert renewals.plan(now=DAY_21) == 1
    pause = {"behavior": "void", "resumes_at": int(resumes.timestamp())}
    stripe.tells(membership, pause_collection=pause)
    assert _deliver(Letter.objects.get()) == LetterState.SENT


@pytest.mark.case("E15")
def test_a_clock_that_jumped_ahead_and_back_costs_no_reminder() -> None:
    """By the wrong clock it was too late; by the right one it is not."""
    rows.membership(slug="yearly")
    assert reminders.plan(now=RENEWS - timedelta(days=3)) == 1
    assert Letter.objects.get().state == LetterState.SKIPPED
    assert reminders.plan(now=A_DAY_BEFORE) == 0
    assert Letter.objects.get().state == LetterState.QUEUED
    assert reminders.plan(now=RENEWS - timedelta(days=3)) == 0
    assert Letter.objects.get().state == LetterState.QUEUED


@pytest.mark.case("E15")
def test_a_clock_that_jumped_a_little_puts_no_reminder_off() -> None:
    """By the wrong clock it was to go out two weeks late: too few working days before."""
    rows.membership(slug="yearly")
    assert reminders.plan(now=DAY_21 + timedelta(days=12)) == 1
    assert Letter.objects.get().due_at > DAY_21 + timedelta(days=11)
    assert reminders.plan(now=DAY_21 - timedelta(hours=1)) == 0
    assert Letter.objects.get().due_at <= DAY_21


@pytest.mark.case("E15")
def test_what_staff_or_an_import_kept_back_is_not_taken_up_again() -> None:
    _membership, letter = _planned()
    for state, reason in [("held", ""), ("skipped", "imported"), ("failed", "SMTPDataError")]:
        Letter.objects.update(state=state, reason=reason)
        assert reminders.plan(now=DAY_21 + timedelta(hours=1)) == 0
        letter.refresh_from_db()
        assert letter.state == state


def test_it_tells_amount_day_card_and_how_to_end_it(stripe: Subscriptions) -> None:
    membership, letter = _planned()
    # Raised in Stripe's dashboard a moment ago, which our row has not heard of.
    stripe.tells(membership, unit_amount=3000)
    assert _deliver(letter) == LetterState.SENT
    (message,) = mail.outbox
    assert message.subject == "Your support renews on 2 March 2027"
    for words in (
        "€30.00",
        "2 March 2027",
        "Visa ending 4242",
        "every year, until you end it",
        "http://testserver/account/",
        f"http://testserver/letters/cancel/{membership.pk}/",
    ):
        assert words in str(message.body)


@pytest.mark.case("E15", "E6")
def test_it_tells_the_amount_and_rhythm_that_a_wish_will_bring_with_the_renewal(
    stripe: Subscriptions,
) -> None:
    membership, letter = _planned()
    told = {"meitheal_next_amount": "499", "meitheal_next_interval": "month"}
    begun, end = int(rows.START.timestamp()), int(RENEWS.timestamp())
    schedule = {
        "id": "sub_sched_1",
        "object": "subscription_schedule",
        "status": "active",
        "metadata": told,
        "current_phase": {"start_date": begun, "end_date": end},
        "phases": [
            {"start_date": begun, "end_date": end},
            {"start_date": end, "end_date": 2 * end},
        ],
    }
    stripe.tells(membership, schedule=schedule)
    assert _deliver(letter) == LetterState.SENT
    text = str(mail.outbox[0].body)
    assert "€4.99" in text
    assert "every month, until you end it" in text


@pytest.mark.case("E15")
@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"status": "canceled"}, "the membership is ended"),
        ({"status": "past_due"}, "the membership is past_due"),
        ({"pause_collection": {"behavior": "void"}}, "the membership is paused"),
        ({"cancel_at_period_end": True}, "it ends with this period"),
        ({"cancel_at": int(RENEWS.timestamp())}, "it ends with this period"),
        ({"period_end": RENEWS + timedelta(days=365)}, "it renews on another day"),
        ({"id": "sub_other"}, "there is no such subscription any more"),
    ],
)
def test_it_is_not_sent_where_stripe_knows_better(
    stripe: Subscriptions, more: dict[str, object], reason: str
) -> None:
    membership, letter = _planned()
    stripe.tells(membership, **more)
    assert _deliver(letter) == LetterState.SKIPPED
    letter.refresh_from_db()
    assert letter.reason == reason
    assert not mail.outbox


@pytest.mark.case("E15")
def test_it_waits_for_stripe_as_long_as_stripe_is_down(stripe: Subscriptions) -> None:
    membership, letter = _planned()
    stripe.status = 503
    assert _deliver(letter) == LetterState.QUEUED
    letter.refresh_from_db()
    assert (letter.attempts, letter.reason) == (0, "Stripe did not answer")
    assert not mail.outbox
    stripe.status = 200
    stripe.tells(membership)
    with time_machine.travel(letter.due_at):
        assert letters.deliver(letter.pk) == LetterState.SENT


def test_it_is_not_sent_once_the_day_has_passed(stripe: Subscriptions) -> None:
    membership, letter = _planned()
    stripe.tells(membership)
    with time_machine.travel(RENEWS + timedelta(minutes=1)):
        assert letters.deliver(letter.pk) == LetterState.SKIPPED
    assert not mail.outbox
