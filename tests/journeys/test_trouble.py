"""What goes wrong between two processes: the end state is the same."""

import json
import random
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import redis
from django.db import connection

from billing.handlers import HANDLERS
from billing.models import Letter, Membership, Payment, Receipt, StripeEvent
from billing.models.letter import LetterState
from billing.models.stripe import EventState
from billing.states import MembershipState
from tests.demo.newcomers import choose
from tests.house import House
from tests.postman import sign

ALICE = "alice@example.org"
LONG = pytest.mark.long


def pay_unheard(house: House) -> list[dict[str, Any]]:
    """Alice joins and pays, and Stripe keeps what happened to itself; the events, in order."""
    house.stripe.tell("webhooks/hold", hold=True)
    house.pay(house.join(email=ALICE))
    events: list[dict[str, Any]] = house.stripe.ask("events")["data"]
    house.stripe.tell("webhooks/hold", hold=False, discard=True)
    return [each for each in events if each["type"] in HANDLERS]


def variable(house: House, name: str) -> str:
    """A variable that the house's processes were started with."""
    lines = house.env_file.read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)[name]


def post(house: House, event: dict[str, Any]) -> int:
    """Deliver one event ourselves, signed as the local Stripe would."""
    body = json.dumps(event).encode()
    secret = variable(house, "STRIPE_WEBHOOK_SECRETS").split(",")[0]
    request = urllib.request.Request(  # noqa: S310 - our own web
        f"{house.site}/stripe/webhook",
        data=body,
        headers={"Content-Type": "application/json", "Stripe-Signature": sign(body, secret=secret)},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
        status: int = answer.status
    return status


def all_is_well() -> bool:
    """Everything was done once: one member, one payment, one receipt, one letter of each kind."""
    kinds = Letter.objects.filter(state=LetterState.SENT).values_list("kind", flat=True)
    rows = (Membership.objects.count(), Payment.objects.count(), Receipt.objects.count())
    undone = StripeEvent.objects.exclude(state=EventState.DONE)
    active = Membership.objects.filter(state=MembershipState.ACTIVE).exists()
    return (
        active
        and rows == (1, 1, 1)
        and sorted(kinds) == ["receipt", "welcome"]
        and not undone.exists()
    )


@contextmanager
def stripe_frozen(house: House) -> Iterator[None]:
    """The local Stripe stands still: whoever asks it waits."""
    assert house.stripe.service is not None
    process = house.stripe.service.process
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=LONG), pytest.param(3, marks=LONG)])
def test_events_in_any_order_come_to_the_same_end(house: House, seed: int) -> None:
    events = pay_unheard(house)
    random.Random(seed).shuffle(events)
    assert [post(house, event) for event in events] == [200] * len(events)
    house.wait_for(all_is_well)


@pytest.mark.case("E3", "F1")
def test_a_worker_killed_between_claim_and_done_loses_nothing(house: House) -> None:
    events = pay_unheard(house)
    with stripe_frozen(house):
        for event in events:
            post(house, event)
        claimed = StripeEvent.objects.filter(state=EventState.CLAIMED)
        house.wait_for(claimed.exists)
        house.kill("worker")
        assert claimed.exists()
    house.start()
    house.wait_for(all_is_well)


@pytest.mark.servers
def test_a_broker_emptied_between_store_and_process_loses_nothing(house: House) -> None:
    events = pay_unheard(house)
    house.kill("worker")
    for event in events:
        assert post(house, event) == 200
    broker = broker_of(house)
    broker.flushdb()
    house.start()
    house.wait_for(all_is_well)


@pytest.mark.servers
def test_workers_go_on_after_the_database_dropped_every_connection(house: House) -> None:
    """A restart of PostgreSQL once left the workers with dead connections for hours."""
    events = pay_unheard(house)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    for event in events:
        house.wait_for(partial(accepted, house, event))
    house.wait_for(all_is_well)


def accepted(house: House, event: dict[str, Any]) -> bool:
    """Whether Stripe's try, or the next one, is answered with 200."""
    with suppress(urllib.error.HTTPError):
        return post(house, event) == 200
    return False


def broker_of(house: House) -> "redis.Redis":
    address = urlsplit(variable(house, "CELERY_BROKER_URL"))
    number = parse_qs(address.query)["virtual_host"][0]
    return redis.Redis(unix_socket_path=address.path, db=int(number))


def test_the_join_page_says_so_when_stripe_is_away_and_the_same_press_works_later(
    house: House,
) -> None:
    visitor = house.visitor()
    review = choose(visitor, plan="monthly", amount="1.99", email=ALICE)
    house.stripe.tell("down", seconds=600)
    sorry = visitor.submit(review, review.form_with("press"))
    assert sorry.status == 503
    house.stripe.tell("down", seconds=0)
    paying = visitor.submit(sorry, sorry.form_with("press"))
    house.pay(paying.leads_to)
    house.wait_for(all_is_well)
