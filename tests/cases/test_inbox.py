"""Events: twice, at once, in another shape, about a fault of ours; and clocks that run twice."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from billing import backfill, dunning, inbox, reconcile, reminders, stripe_api, sweeper
from billing.handlers import HANDLERS
from billing.models import Letter, Membership, MembershipEvent, Payment, Receipt, StripeEvent
from billing.models.stripe import EventState
from billing.states import EndReason, MembershipState
from tests import rows
from tests.cases.acts import dashboard, everything, letters, paid, refund_there, settle
from tests.doors.conftest import Desk
from tests.doors.test_grace import fail
from tests.postman import Postman

pytestmark = [pytest.mark.django_db, pytest.mark.real]


def at_once(act: Callable[[], Any], times: int = 2) -> list[Any]:
    """Do it so many times at the same moment, as so many workers; what each came to."""

    def work(_: int) -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as workers:
        return list(workers.map(work, range(times)))


# The same, twice
@pytest.mark.case("E1", "F12")
@pytest.mark.django_db(transaction=True)
def test_two_workers_with_the_same_events_at_once_write_everything_once(desk: Desk) -> None:
    started = desk.open(rows.alice(), "monthly", 199)
    desk.stripe.pay(started.url)
    desk.stripe.advance(months=1, seconds=7200)
    bodies = [json.dumps(each).encode() for each in desk.postman.fetch()]

    def worker() -> set[int]:
        postman = Postman(desk.stripe)
        answers = {postman.post(body) for body in bodies}
        sweeper.do_what_waits(now=timezone.now())
        return answers

    assert at_once(worker) == [{200}, {200}]
    for hours in (0, 2):
        desk.work(timezone.now() + timedelta(hours=hours))
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.DONE}
    assert StripeEvent.objects.count() == len(bodies)
    assert paid(Membership.objects.get()) == [199, 199]
    assert sorted(Receipt.objects.values_list("series", "number")) == [("R", 1), ("R", 2)]
    assert letters() == ["receipt", "receipt", "welcome"]
    assert len(mail.outbox) == 3


@pytest.mark.case("E1")
@pytest.mark.django_db(transaction=True)
def test_of_two_workers_with_one_event_one_takes_it(desk: Desk) -> None:
    member = desk.join()
    desk.stripe.tell(f"subscriptions/{member.stripe_subscription_id}/cancel", at_period_end=True)
    [event] = desk.postman.fetch()
    assert set(at_once(lambda: desk.postman.post(json.dumps(event).encode()), 4)) == {200}
    done = at_once(lambda: inbox.process(event["id"]), 4)
    assert sorted(map(str, done)) == ["None", "None", "None", "done"]


@pytest.mark.case("E22", "F20", "E15")
@pytest.mark.django_db(transaction=True)
def test_two_schedulers_at_once_have_one_effect(desk: Desk) -> None:
    """One yearly renewal to remind of, one grace to end, one payment nobody told of."""
    yearly = desk.join("yearly", 2388)
    started = desk.open(rows.charlie(), "monthly", 199)
    desk.stripe.pay(started.url)
    desk.catch_up()
    overdue = Membership.objects.get(pk=started.subject)
    since = fail(desk, overdue)
    desk.stripe.pay(desk.open(rows.bob(), "once", 500).url)
    assert yearly.period_end is not None
    due = yearly.period_end - timedelta(days=20)

    def scheduler() -> None:
        reminders.plan(now=due)
        dunning.end_graces(now=since + timedelta(days=14))
        backfill.run()
        reconcile.run(apply=True)
        sweeper.do_what_waits(now=due)

    at_once(scheduler, 3)
    scheduler()
    assert letters().count("reminder") == 1
    assert letters().count("ended") == 1
    overdue.refresh_from_db()
    assert (overdue.state, overdue.end_reason) == (
        MembershipState.ENDED,
        EndReason.PAYMENT_FAILED,
    )
    ends = MembershipEvent.objects.filter(membership=overdue, new_state="ended")
    assert ends.count() == 1
    assert Payment.objects.filter(membership=None, state="succeeded").count() == 1
    assert len(mail.outbox) == Letter.objects.filter(state="sent").count()
    numbers = Receipt.objects.filter(series="R").values_list("number", flat=True)
    assert sorted(numbers) == [1, 2, 3]


# A fault of ours
@pytest.mark.case("E3", "F1")
def test_a_fault_of_ours_after_the_200_is_kept_tried_shown_and_made_good(
    desk: Desk, settings: Settings
) -> None:
    """Somebody emptied the charity's name: no receipt can be issued, no payment written."""
    known, settings.CHARITY = settings.CHARITY, settings.CHARITY | {"legal_name": ""}
    gift = desk.open(rows.bob(), "once", 500)
    desk.stripe.pay(gift.url)
    told = [each for each in desk.postman.fetch() if each["type"] == "payment_intent.succeeded"]
    assert desk.postman.carry(told) == [200]
    event, now = StripeEvent.objects.get(), timezone.now()
    waits = []
    while event.state != EventState.PARKED:
        assert event.attempts < settings.EVENT_ATTEMPTS
        before, now = now, max(now, event.next_try_at)
        waits.append(now - before)
        desk.work(now)
        event.refresh_from_db()
        assert event.error == "NoLegalName"
    assert event.attempts == settings.EVENT_ATTEMPTS
    assert waits[-1] > waits[1] > timedelta(seconds=4)
    assert not Receipt.objects.exists()
    settings.CHARITY = known
    assert inbox.retry([event.pk]) == 1
    desk.work()
    event.refresh_from_db()
    assert event.state == EventState.DONE
    assert Payment.objects.get(pk=gift.subject).state == "succeeded"
    assert letters() == ["receipt"]


@pytest.mark.case("E3", "F1")
def test_what_no_event_ever_told_is_asked_for_and_arrives(desk: Desk) -> None:
    """The endpoint was gone for a day: nobody who paid stays "waiting for the bank"."""
    gift = desk.open(rows.bob(), "once", 500)
    desk.stripe.pay(gift.url)
    desk.postman.carried |= {each["id"] for each in desk.postman.fetch()}
    assert Payment.objects.get(pk=gift.subject).state == "pending"
    assert backfill.run()
    desk.work()
    assert Payment.objects.get(pk=gift.subject).state == "succeeded"
    assert letters() == ["receipt"]
    assert backfill.run() == 0


# Other shapes
@pytest.mark.once
@pytest.mark.case("E20", "F18")
@pytest.mark.parametrize("shape", ["legacy", "thin"])
def test_an_event_of_another_version_or_shape_says_the_same(shape: str, desk: Desk) -> None:
    started = desk.open(rows.alice(), "monthly", 300)
    paid_there = desk.stripe.pay(started.url)
    desk.stripe.advance(months=1, seconds=7200)
    first = desk.stripe.ask("events?type=payment_intent.succeeded")["data"][0]
    desk.stripe.tell("refund", payment_intent=first["data"]["object"]["id"], amount=100)
    desk.stripe.tell(f"subscriptions/{paid_there['subscription']}/cancel", at_period_end=True)
    desk.stripe.advance(months=1, seconds=7200)
    [endpoint] = stripe_api.webhook_endpoints()
    for event in desk.postman.fetch():
        asked = f"signed?event={event['id']}&endpoint={endpoint['id']}&as={shape}"
        body = desk.stripe.ask(asked)["body"].encode()
        assert json.loads(body) != event
        assert desk.postman.post(body) == 200
    desk.work()
    told = everything()
    member = Membership.objects.get()
    assert member.state == MembershipState.ENDED
    assert paid(member) == [300, 300]
    assert letters() == ["credit-note", "ended", "receipt", "receipt"]
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.DONE}
    # The same events in today's shape have nothing to add.
    desk.catch_up()
    assert reconcile.run(apply=False).differences == []
    assert len(told["Payment"]) == len(everything()["Payment"])


@pytest.mark.case("E24")
def test_an_endpoint_that_was_changed_by_hand_is_brought_back_to_what_is_handled(
    desk: Desk, tmp_path: Path
) -> None:
    api = dashboard(desk)
    [endpoint] = stripe_api.webhook_endpoints()
    drifted = {"enabled_events": ["invoice.paid", "customer.tax_id.created"], "disabled": True}
    api.webhook_endpoints.update(endpoint["id"], drifted)
    api.webhook_endpoints.create({"url": endpoint["url"], "enabled_events": ["*"]})
    call_command("stripe_setup", verbosity=0, env_file=tmp_path / "again")
    [endpoint] = stripe_api.webhook_endpoints()
    assert sorted(endpoint["enabled_events"]) == sorted(HANDLERS)
    assert endpoint["status"] == "enabled"


@pytest.mark.once
@pytest.mark.case("F18")
def test_all_that_we_ask_of_stripe_is_what_its_own_types_allow(desk: Desk) -> None:
    """The local Stripe checks every request and every answer against the SDK's types."""
    from tests.doors.lives import ACTS, Life

    life = Life(desk.stripe, desk.postman, seed=1)
    for name in ("join", *ACTS):
        life.act(name, 1)
        desk.catch_up()
    settle(desk)
    refund_there(desk, Payment.objects.filter(membership=None, state="succeeded").earliest("pk"))
    told = desk.stripe.ask("problems")
    assert told["data"] == []
    assert sum(told["checked"].values()) > 200
