"""The staff's inbox: who may see it, what it says, what its buttons do, and what it never shows."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from billing import handlers, inbox, tallies, worries
from billing.handlers import HANDLERS
from billing.mishaps import HOPELESS, WORKER_DIED
from billing.models import Membership, MembershipEvent, StripeEvent, Walk
from billing.models.stripe import EventState
from billing.worries import NeedsPerson
from members.models.staff import Role
from members.staff.events import words
from tests import rows
from tests.local_stripe import LocalStripe
from tests.staff_desk import signed_in

NOW = datetime(2026, 11, 4, 10, 0, 5, tzinfo=UTC)
UPDATED = "customer.subscription.updated"

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def event(number: int = 1, **more: Any) -> StripeEvent:
    """An event of Alice's subscription that was applied."""
    at = NOW - timedelta(minutes=number)
    values: dict[str, Any] = {
        "id": f"evt_{number}",
        "type": UPDATED,
        "object_id": f"sub_{number}",
        "livemode": False,
        "created": at,
        "received_at": at,
        "state": EventState.DONE,
        "attempts": 1,
        "done_at": at,
    }
    return StripeEvent.objects.create(**values | more)


def parked(number: int, error: str = "Unclaimed: no membership waits", **more: Any) -> StripeEvent:
    return event(number, state=EventState.PARKED, error=error, **more)


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/staff/inbox/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.FINANCE, Role.ADMIN])
def test_those_who_help_or_keep_the_books_see_it(role: Role) -> None:
    event()
    client = signed_in(role)
    for path in ["/staff/inbox/", "/staff/inbox/events/evt_1/", "/staff/inbox/look-up/"]:
        assert client.get(path).status_code == 200, path


def test_a_viewer_and_a_stranger_do_not() -> None:
    one = parked(1)
    viewer, stranger = signed_in(Role.VIEWER), Client()
    paths = ["/staff/inbox/", "/staff/inbox/events/evt_1/", "/staff/inbox/look-up/"]
    for path in paths:
        assert viewer.get(path).status_code == 403, path
        assert stranger.get(path)["Location"].startswith("/staff/sign-in/"), path
    assert viewer.post("/staff/inbox/retry/", {"event": one.pk}).status_code == 403
    assert stranger.post("/staff/inbox/retry/", {"event": one.pk}).status_code == 302
    one.refresh_from_db()
    assert one.state == EventState.PARKED
    assert "/staff/inbox/" not in viewer.get("/staff/").content.decode()


def test_it_says_what_came_when_and_what_became_of_it() -> None:
    event()
    told = page(signed_in())
    assert "A subscription changed" in told
    assert "sub_1" in told
    assert "4 Nov 2026, 09:59:05" in told
    assert "Applied" in told


def test_it_says_what_it_did_to_which_membership_even_if_another_event_is_named() -> None:
    member = rows.membership(stripe_subscription_id="sub_1")
    named, coalesced = event(1), event(2, object_id="sub_1", done_at=NOW - timedelta(minutes=1))
    MembershipEvent.objects.create(
        membership=member,
        old_state="active",
        new_state="past_due",
        changes={"state": ["active", "past_due"], "ends_on": [None, "2026-12-01"]},
        source="stripe",
        reference=named.pk,
    )
    client = signed_in()
    assert page(client).count("Payment overdue</strong>") == 2
    for one in (named, coalesced):
        told = client.get(f"/staff/inbox/events/{one.pk}/").content.decode()
        assert "Active → <strong>Payment overdue" in told
        assert "ends on" in told
        assert f"/staff/admin/billing/membership/{member.pk}/change/" in told


def test_it_leads_from_an_invoice_to_its_payment_and_receipt() -> None:
    member = rows.membership()
    rows.payment(member, stripe_invoice_id="in_1")
    event(1, type="invoice.paid", object_id="in_1")
    told = signed_in().get("/staff/inbox/events/evt_1/").content.decode()
    assert "/staff/admin/billing/payment/" in told
    assert "paid</td>" in told


def test_it_gives_the_reason_of_what_is_parked_and_what_to_do_in_plain_words() -> None:
    parked(1)
    parked(
        2, "NeedsPerson: invoice in_9 could not be finalised", type="invoice.finalization_failed"
    )
    told = page(signed_in())
    assert "leads to no membership and no gift" in told
    assert "Open the invoice in Stripe" in told
    assert "could not be finalised" not in told


def test_every_event_and_every_reason_has_its_words() -> None:
    assert set(words.SAYS) == set(HANDLERS)
    reasons = {each.__name__ for each in HOPELESS if each is not NeedsPerson} | {WORKER_DIED}
    # Whatever a person is asked for is told in words of its own.
    files = (handlers.__file__, worries.__file__)
    source = "".join(Path(each).read_text() for each in files)
    asked = re.findall(r'(?:NeedsPerson\(|told = )f"(\w+) ', source)
    assert len(asked) >= 2
    reasons |= {f"NeedsPerson: {what} so_and_so is stuck" for what in asked}
    unknown = words.advice("KeyError")
    for reason in reasons:
        told = reason if " " in reason else f"{reason}: what happened"
        assert words.advice(told) not in {None, unknown}, reason
    assert words.advice("") is None


def test_one_is_retried_by_its_button() -> None:
    parked(1)
    client = signed_in()
    answer = client.post("/staff/inbox/retry/", {"event": "evt_1"}, follow=True)
    assert "in the queue again" in answer.content.decode()
    assert StripeEvent.objects.get().state == EventState.WAITING
    again = client.post("/staff/inbox/retry/", {"event": "evt_1"}, follow=True)
    assert "Nothing was put back" in again.content.decode()


def test_all_that_failed_for_one_reason_are_retried_and_no_other() -> None:
    for number in (1, 2):
        parked(number)
    parked(3, type="invoice.paid")
    parked(4, "Impossible: ended -> active")
    parked(5, "UnclaimedOtherwise")
    event(6)
    client = signed_in()
    answer = client.post("/staff/inbox/retry/", {"reason": "Unclaimed"}, follow=True)
    assert "3 are in the queue again" in answer.content.decode()
    waiting = StripeEvent.objects.filter(state=EventState.WAITING).values_list("pk", flat=True)
    assert set(waiting) == {"evt_1", "evt_2", "evt_3"}


def test_no_link_and_no_other_site_retries_anything() -> None:
    parked(1)
    client = signed_in()
    assert client.get("/staff/inbox/retry/", {"event": "evt_1"}).status_code == 405
    session = client.cookies["sessionid"].value
    forged = Client(enforce_csrf_checks=True)
    forged.cookies["sessionid"] = session
    assert forged.post("/staff/inbox/retry/", {"event": "evt_1"}).status_code == 403
    assert StripeEvent.objects.get().state == EventState.PARKED


def test_it_counts_what_waits_and_what_is_left_alone() -> None:
    for number in (1, 2):
        event(number, state=EventState.FOREIGN)
    event(3, state=EventState.FOREIGN, type="payout.paid")
    event(4, state=EventState.CLAIMED, lease_until=NOW, done_at=None)
    event(5, state=EventState.WAITING, done_at=None)
    for _ in range(3):
        tallies.count("other mode")
    client = signed_in()
    figures = {value: count for value, _, count in client.get("/staff/inbox/").context["figures"]}
    assert figures == {"parked": 0, "waiting": 2, "foreign": 3, "ignored": 0}
    foreign = client.get("/staff/inbox/").context["foreign"]
    assert [(each.name, each.count) for each in foreign] == [(UPDATED, 2), ("payout.paid", 1)]
    [refused] = client.get("/staff/inbox/").context["refused"]
    assert (refused.name, refused.count) == ("other mode", 3)
    assert "live where we test" in page(client)


def test_it_shows_the_figures_of_the_last_runs() -> None:
    Walk.objects.create(
        name="reconcile", seen=1234, healed=5, remaining=2, started_at=NOW, finished_at=NOW
    )
    Walk.objects.create(name="backfill", seen=10, started_at=NOW, finished_at=NOW)
    Walk.objects.create(name="balance", started_at=NOW, finished_at=NOW - timedelta(days=1))
    runs = {run.title: run for run in signed_in().get("/staff/inbox/").context["runs"]}
    comparison = runs["Comparison with Stripe"]
    assert (comparison.seen, comparison.mended) == ("1,234 compared", "5 mended")
    assert (comparison.remaining, comparison.state) == ("2 left", "Needs a person")
    assert runs["Missed events"].state == "Clean"
    assert runs["Books"].state == "Cut short"


def test_it_shows_a_page_at_a_time_and_leads_on_to_older_ones(
    django_assert_max_num_queries: Any,
) -> None:
    for number in range(1, 36):
        event(number)
    client = signed_in()
    first = client.get("/staff/inbox/")
    assert [line.event.pk for line in first.context["lines"]][:2] == ["evt_1", "evt_2"]
    assert len(first.context["lines"]) == 25
    with django_assert_max_num_queries(22):
        second = client.get("/staff/inbox/", {"before": first.context["older"]})
    assert [line.event.pk for line in second.context["lines"]] == [
        f"evt_{number}" for number in range(26, 36)
    ]
    assert not second.context["older"]


@pytest.mark.parametrize("query", ["?state=nonsense", "?before=tomorrow", "?before=2026-13-45"])
def test_a_question_that_is_none_is_answered_with_all(query: str) -> None:
    event()
    assert len(signed_in().get(f"/staff/inbox/{query}").context["lines"]) == 1


def test_it_filters_by_state() -> None:
    event(1)
    parked(2)
    lines = signed_in().get("/staff/inbox/?state=parked").context["lines"]
    assert [line.event.pk for line in lines] == ["evt_2"]


def test_an_event_that_is_not_there_is_not_found() -> None:
    assert signed_in().get("/staff/inbox/events/evt_nowhere/").status_code == 404


def test_it_names_nobody() -> None:
    member = rows.membership(rows.alice(), stripe_subscription_id="sub_1")
    rows.payment(member, stripe_invoice_id="in_1")
    event(1)
    parked(2, type="invoice.paid", object_id="in_1")
    client = signed_in()
    for path in ("", "events/evt_1/", "events/evt_2/", "look-up/"):
        told = client.get(f"/staff/inbox/{path}").content
        assert b"lice" not in told, path
        assert str(member.supporter_id).encode() not in told, path


def test_it_says_when_stripe_cannot_be_asked(sandbox: LocalStripe, settings: Settings) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    event()
    told = signed_in().get("/staff/inbox/events/evt_1/?ahead").content.decode()
    assert "Stripe does not answer just now" in told


@pytest.mark.parametrize("stripe_id", ["alice@example.org", "acct_1", "<script>"])
def test_only_ids_of_what_we_react_to_are_looked_up(stripe_id: str) -> None:
    told = signed_in().get("/staff/inbox/look-up/", {"id": stripe_id}).content.decode()
    assert "not the id of an object that we react to" in told
    assert "<script>" not in told


def test_retrying_is_harmless_beside_a_worker() -> None:
    event(1, state=EventState.CLAIMED, lease_until=timezone.now(), done_at=None)
    assert inbox.retry(["evt_1"]) == 0
    assert Membership.objects.count() == 0
