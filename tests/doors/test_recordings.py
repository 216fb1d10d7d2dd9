"""Events that Stripe really sent, if the machine has a folder of them (STRIPE_RECORDINGS).

Third-party data, so none of it is in this project. Every one is acknowledged, each is counted once,
and none touches a row of ours: they are of other accounts, in every version since 2017.
"""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db.models import Model

from billing import inbox
from billing.handlers import HANDLERS
from billing.models import Intent, LedgerLine, Payout, StripeEvent, Tally
from billing.models.stripe import EventState
from tests.cases.acts import everything
from tests.doors.conftest import Desk
from tests.doors.test_grace import customer_of
from tests.postman import Event

FOLDER = Path(os.environ.get("STRIPE_RECORDINGS", ""))
# "objects" holds no events but Stripe's own sample of one.
PARTS = ("events", "variants", "replay", "wrapped", "objects")
MONEY: tuple[type[Model], ...] = (LedgerLine, Payout, Intent)

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not os.environ.get("STRIPE_RECORDINGS"), reason="no recordings here"),
]


def recordings() -> Iterator[tuple[bytes, Event]]:
    """Each recorded event as it came, and as it reads."""
    for part in PARTS:
        for path in sorted((FOLDER / part).rglob("*.json")):
            event = json.loads(path.read_bytes())
            if isinstance(event, dict) and event.get("object") == "event":
                yield path.read_bytes(), event


def expected(event: Event, seen: set[str]) -> str:
    """What must become of an event, by the rules of the issue and not by our code."""
    if event["type"] not in HANDLERS:
        return "unknown type"
    if event.get("livemode") is not settings.STRIPE_LIVEMODE:
        return "other mode"
    if event.get("account"):
        return "other account"
    if not event["data"]["object"].get("id"):
        return "no object"
    return "known" if event["id"] in seen else "stored"


def test_every_recorded_event_is_acknowledged_counted_and_touches_nothing(desk: Desk) -> None:
    desk.join()
    desk.give()
    heard = StripeEvent.objects.count()
    before = everything() | {each.__name__: list(each._default_manager.values()) for each in MONEY}
    seen: set[str] = set()
    became: Counter[str] = Counter()
    for body, event in recordings():
        outcome = expected(event, seen)
        if outcome == "stored":
            seen.add(event["id"])
        became[outcome] += 1
        assert desk.postman.post(body) == 200, event["id"]
    assert became.total() > 900
    # Every one is stored, known already, or in a tally: none is lost, none is counted twice.
    counted = dict(Tally.objects.values_list("name", "count"))
    refused = became.total() - became["stored"] - became["known"]
    assert counted == {name: became[name] for name in counted}
    assert sum(counted.values()) == refused
    assert {"unknown type", "other mode"} <= counted.keys()
    assert StripeEvent.objects.count() - heard == became["stored"] == len(seen)
    desk.work()
    # What is looked at is no object of ours, and says so; nothing waits and nothing has failed.
    states = inbox.counts()
    assert states.keys() <= {EventState.DONE, EventState.FOREIGN, EventState.IGNORED}
    assert states[EventState.DONE] == heard
    assert states[EventState.FOREIGN] + states[EventState.IGNORED] == len(seen)
    after = everything() | {each.__name__: list(each._default_manager.values()) for each in MONEY}
    assert after == before


def test_a_recorded_event_about_our_own_customer_is_only_a_reason_to_look(desk: Desk) -> None:
    """Its payload says what it likes: the object is asked for, and the row is as Stripe has it."""
    member = desk.join()
    before = everything()
    told = 0
    for _, event in recordings():
        if event["type"] == "customer.updated" and event.get("livemode") is False:
            told += 1
            claim = event | {"id": f"evt_told_{told}", "account": None}
            claim["data"] = {"object": event["data"]["object"] | {"id": customer_of(member)}}
            assert desk.postman.post(json.dumps(claim).encode()) == 200
    assert told
    desk.work()
    mine = StripeEvent.objects.filter(id__startswith="evt_told_")
    assert set(mine.values_list("state", flat=True)) == {EventState.DONE}
    after = everything()
    for table in (before, after):
        # The look itself is the only trace.
        for row in table["Membership"]:
            row.pop("applied_ticket")
    assert after == before
