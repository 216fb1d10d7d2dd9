"""The board: each line goes red when the thing is so, and the page names nobody."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from billing import backfill, balance, inbox, jobs, letters, reminders
from billing.models import Alarm, Dispute, JobRun, Letter, Pulse, StripeEvent, Suppression, Walk
from billing.models.letter import LetterState, SuppressionReason
from billing.models.stripe import EventState, Intent, IntentKind, IntentState
from billing.models.watch import JobResult
from billing.states import DisputeState, EndReason
from billing.stripe_api import Unavailable
from billing.watch import Level
from config.health import pulse
from members import retention, watch
from members.models import ChargeReport, Erasure, Withdrawal
from members.models.charge import Finding
from members.models.privacy import ErasureState
from members.models.staff import Role
from members.models.withdrawal import Outcome
from members.signs import GROUPS
from tests import rows
from tests.staff_desk import signed_in, staff

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
NIGHTLY = (balance.NAME, "reconcile", "tidy")

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def well() -> None:
    """A service in which everything runs as it should."""
    for part in ("worker", "beat"):
        Pulse.objects.update_or_create(name=part, defaults={"seen_at": NOW})
    watch.look_out(now=NOW)
    for job in (*NIGHTLY, "rollups"):
        for days in range(3):
            ran(job, NOW - days * DAY - timedelta(hours=6))
    for job in (backfill.NAME, reminders.NAME):
        ran(job, NOW - 5 * MINUTE)


def ran(job: str, at: datetime, result: JobResult = JobResult.CLEAN, **more: Any) -> JobRun:
    return JobRun.objects.create(job=job, began_at=at, ended_at=at, result=result, **more)


def event(number: int = 1, **more: Any) -> StripeEvent:
    values: dict[str, Any] = {
        "id": f"evt_{number}",
        "type": "customer.subscription.updated",
        "object_id": f"sub_{number}",
        "livemode": False,
        "created": NOW - MINUTE,
        "received_at": NOW - MINUTE,
        "state": EventState.DONE,
        "done_at": NOW - MINUTE,
    }
    return StripeEvent.objects.create(**values | more)


def levels() -> dict[str, str]:
    return {each.name: each.level.word for each in watch.signs(now=NOW)}


def troubled() -> dict[str, str]:
    return {name: level for name, level in levels().items() if level != "good"}


def value(name: str) -> str:
    return next(each.value for each in watch.signs(now=NOW) if each.name == name)


def board(client: Client) -> str:
    answer = client.get("/staff/board/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_says_that_everything_is_well_and_has_words_for_every_line() -> None:
    well()
    event()
    assert troubled() == {}
    worded = {name for group in GROUPS.values() for name in group}
    assert levels().keys() == worded
    told = board(signed_in())
    assert "Everything is well" in told
    assert "3 days" in told


def test_it_is_red_where_worker_beat_or_watch_are_silent() -> None:
    well()
    with time_machine.travel(NOW + 5 * MINUTE, tick=False):
        later = {each.name: each for each in watch.signs(now=NOW + 5 * MINUTE)}
    assert {name for name, each in later.items() if each.red} == {"worker", "beat", "watch"}
    assert later["worker"].since == NOW
    pulse()
    assert "worker" not in troubled()


def test_an_event_that_waits_is_worth_a_look_after_two_minutes_and_red_after_five() -> None:
    well()
    waiting = {"state": EventState.WAITING, "done_at": None}
    for minutes, level in ((1, "good"), (3, "look"), (6, "red")):
        one = event(minutes, received_at=NOW - minutes * MINUTE, **waiting)
        assert levels()["events-waiting"] == level
        one.delete()


def test_a_parked_event_is_red_until_it_is_retried() -> None:
    well()
    event(state=EventState.PARKED, error="Unclaimed: no membership waits")
    assert troubled() == {"events-parked": "red"}
    inbox.retry(["evt_1"])
    assert troubled() == {}


def test_events_of_others_are_counted_by_type_and_never_red() -> None:
    well()
    for number in range(3):
        event(number, state=EventState.FOREIGN, type="customer.updated")
    sign = next(each for each in watch.signs(now=NOW) if each.name == "events-foreign")
    assert (sign.value, sign.note, sign.level) == ("3", "Most: customer.updated 3.", Level.GOOD)


def test_events_that_are_slow_as_a_rule_are_red_and_a_single_late_one_is_not() -> None:
    well()
    for number in range(3):
        event(number, created=NOW - 2 * MINUTE, received_at=NOW - MINUTE)
    event(9, created=NOW - 10 * DAY)
    sign = next(each for each in watch.signs(now=NOW) if each.name == "webhook-delay")
    assert (sign.level, sign.value) == (Level.LOOK, "60 s")
    assert "worst 9 days" in sign.note
    StripeEvent.objects.update(received_at=NOW - 10 * MINUTE, created=NOW - 16 * MINUTE)
    assert levels()["webhook-delay"] == "red"
    StripeEvent.objects.update(received_at=NOW - 10 * MINUTE, created=NOW - 10 * MINUTE)
    assert levels()["webhook-delay"] == "red"  # nine minutes until it was done


def test_letters_that_do_not_leave_and_letters_given_up_are_red() -> None:
    well()
    member = rows.membership()
    letter = Letter.objects.create(
        kind="ended", key=str(member.pk), supporter=rows.alice(), due_at=NOW - 16 * MINUTE
    )
    assert troubled() == {"letters-due": "red"}
    Letter.objects.update(state=LetterState.FAILED, reason="SMTPDataError")
    assert troubled() == {"letters-failed": "red"}
    assert letters.retry([letter.pk]) == 1
    assert troubled() == {}


def test_with_a_pace_letters_may_wait_for_hours(settings: Settings) -> None:
    well()
    settings.LETTERS_PER_MINUTE = 10
    due = {"kind": "ended", "key": "1", "supporter": rows.alice()}
    Letter.objects.create(due_at=NOW - timedelta(hours=2), **due)
    assert troubled() == {}


def test_complaints_are_red_by_their_share_of_what_was_sent() -> None:
    well()
    sent = {"kind": "ended", "state": LetterState.SENT, "sent_at": NOW - DAY, "due_at": NOW - DAY}
    Letter.objects.bulk_create([Letter(key=str(each), **sent) for each in range(500)])
    row = Suppression.objects.create(
        address_hash="x", reason=SuppressionReason.COMPLAINED, since=NOW - DAY
    )
    assert troubled() == {"mail-returns": "look"}
    Suppression.objects.create(
        address_hash="y", reason=SuppressionReason.COMPLAINED, since=NOW - DAY
    )
    assert troubled() == {"mail-returns": "red"}
    Suppression.objects.exclude(pk=row.pk).update(since=NOW - 8 * DAY)
    Suppression.objects.filter(pk=row.pk).update(reason=SuppressionReason.BOUNCED)
    assert troubled() == {}


def test_stripe_that_does_not_answer_twice_is_red_since_the_first(settings: Settings) -> None:
    well()
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    for _ in range(2):
        with pytest.raises(Unavailable):
            backfill.run()
    told = {each.name: each for each in watch.signs(now=NOW)}
    assert told["stripe"].red
    assert told["job-backfill"].red
    assert told["stripe"].value == "2 times no answer"
    assert JobRun.objects.filter(error="Unavailable").count() == 2


@pytest.mark.parametrize("job", [*NIGHTLY, "rollups"])
def test_a_night_that_did_not_come_or_could_not_be_done_is_red(job: str) -> None:
    well()
    ran(job, NOW - MINUTE, JobResult.FAILED, error="OperationalError")
    assert levels()[f"job-{job}"] == "red"
    JobRun.objects.filter(job=job).delete()
    ran(job, NOW - 2 * DAY)
    assert levels()[f"job-{job}"] == "red"
    ran(job, NOW - MINUTE)
    assert levels()[f"job-{job}"] == "good"


def test_a_job_that_never_ran_is_red_once_the_others_have_run_for_a_while() -> None:
    well()
    JobRun.objects.filter(job="tidy").delete()
    assert levels()["job-tidy"] == "red"
    JobRun.objects.filter(ended_at__lt=NOW - DAY).delete()
    assert levels()["job-tidy"] == "look"


def test_each_job_leaves_a_row_of_how_it_ended() -> None:
    reminders.plan(now=NOW)
    call_command("tidy", verbosity=0)
    ran("tidy", NOW - 91 * DAY)
    retention.tidy(now=NOW)
    told = list(JobRun.objects.order_by("pk").values_list("job", "result"))
    assert told == [("reminders", "clean"), ("tidy", "clean"), ("tidy", "clean")]
    assert JobRun.objects.latest("pk").counts == {
        "sessions": 0,
        "links": 0,
        "people": 0,
        "statements": 0,
    }
    with pytest.raises(ZeroDivisionError), jobs.noted("balance"):
        raise ZeroDivisionError
    assert JobRun.objects.latest("pk").error == "ZeroDivisionError"


def test_the_books_are_green_for_as_many_days_as_each_ended_in_balance() -> None:
    well()
    JobRun.objects.filter(job=balance.NAME).delete()
    for days in (1, 2, 3, 5, 6):
        ran(balance.NAME, NOW - days * DAY)
    assert value("books") == "3 days"
    ran(balance.NAME, NOW - 3 * DAY + MINUTE, JobResult.LEFT)
    assert value("books") == "2 days"
    ran(balance.NAME, NOW - MINUTE, JobResult.LEFT, counts={"problems": 2})
    assert value("books") == "0 days"
    assert levels()["job-balance"] == "red"


def test_a_promise_that_stripe_refused_is_red_with_the_next_look() -> None:
    well()
    member = rows.membership()
    Intent.objects.create(
        kind=IntentKind.END_NOW,
        press="p",
        subject=member.pk,
        state=IntentState.REFUSED,
        params={"reason": EndReason.WITHDRAWN},
    )
    watch.look_out(now=NOW)
    assert troubled() == {"promises": "red"}


def test_a_dispute_is_worth_a_look_and_red_three_days_before_its_answer_is_due() -> None:
    well()
    dispute = Dispute.objects.create(
        payment=rows.payment(),
        stripe_dispute_id="dp_1",
        state=DisputeState.OPEN,
        amount_cents=500,
        opened_at=NOW,
        respond_by=NOW + 10 * DAY,
    )
    assert troubled() == {"disputes": "look"}
    Dispute.objects.update(respond_by=NOW + 2 * DAY)
    assert troubled() == {"disputes": "red"}
    dispute.state = DisputeState.WON
    dispute.save()
    assert troubled() == {}


def test_what_waits_of_peoples_rights_is_there() -> None:
    well()
    Erasure.objects.create(
        supporter=rows.alice(), state=ErasureState.ENDING, asked_at=NOW - 5 * DAY
    )
    member = rows.membership()
    stuck = Withdrawal(
        press="p", reference=member.pk, outcome=Outcome.STUCK, supporter=member.supporter
    )
    stuck.email, stuck.name, stuck.settled_at = "alice@example.org", "Alice", NOW
    stuck.save()
    ChargeReport.objects.create(
        press="p",
        day=NOW.date(),
        amount_cents=199,
        last4="4242",
        finding=Finding.SEVERAL,
        settled_at=NOW,
    )
    assert troubled() == {"erasures": "red", "withdrawals": "red", "charges": "look"}


def test_all_of_staff_see_it_and_a_viewer_gets_no_way_to_what_names_ids() -> None:
    well()
    event(state=EventState.PARKED)
    alarm = Alarm.objects.create(what="events-parked", since=NOW)
    for role in Role:
        client = signed_in(role, email=f"{role}@example.org")
        told = board(client)
        helps = role != Role.VIEWER
        assert ("/staff/inbox/#parked" in told) is helps, role
        assert ("I take care of it" in told) is helps, role
        assert "evt_1" not in told
        assert "sub_1" not in told
    viewer = signed_in(Role.VIEWER, email="reader@example.org")
    path = f"/staff/board/acknowledge/{alarm.pk}/"
    assert viewer.post(path).status_code == 403
    assert Client().get("/staff/board/")["Location"].startswith("/staff/sign-in/")
    assert signed_in(email="c@example.org").get(path).status_code == 405
    alarm.refresh_from_db()
    assert alarm.acknowledged_at is None


def test_one_colleague_takes_care_of_an_alarm_and_the_others_see_who() -> None:
    well()
    event(state=EventState.PARKED)
    alarm = Alarm.objects.create(what="events-parked", since=NOW)
    first, second = signed_in(email="dara@example.org"), signed_in(email="eve@example.org")
    path = f"/staff/board/acknowledge/{alarm.pk}/"
    assert first.post(path).status_code == 302
    assert "a colleague has it already" in second.post(path, follow=True).content.decode()
    assert "Seen 4 Nov, 10:00 by dara@example.org" in board(second)
    reader = signed_in(Role.VIEWER, email="reader@example.org")
    assert "dara@example.org" not in board(reader)


def test_the_page_asks_the_same_few_questions_however_much_there_is() -> None:
    client, colleague = signed_in(), staff(email="eve@example.org")
    with CaptureQueriesContext(
        connection,
    ) as empty:
        board(client)
    well()
    for number in range(30):
        event(number, state=list(EventState)[number % 6], lease_until=NOW)
        Alarm.objects.create(
            what=f"thing-{number}", since=NOW, acknowledged_at=NOW, acknowledged_by=colleague
        )
        Letter.objects.create(kind="ended", key=str(number), state=LetterState.FAILED)
        Intent.objects.create(
            kind=IntentKind.END_NOW,
            press=f"p{number}",
            subject=rows.alice().pk,
            state=IntentState.REFUSED,
        )
    with CaptureQueriesContext(connection) as full:
        board(client)
    assert len(full) == len(empty) <= 15, [each["sql"][:80] for each in full.captured_queries]


def test_before_the_first_night_it_does_not_cry_wolf() -> None:
    for part in ("worker", "beat"):
        Pulse.objects.create(name=part, seen_at=NOW)
    Walk.objects.create(name="watch", finished_at=NOW)
    assert "red" not in troubled().values()
    assert "job-rollups" not in levels()
