"""Every object the local Stripe sends has the shape that the installed SDK documents.

Each answer and each event is checked where it is made, and a test during which one is wrong fails
(`_shaped_like_stripe` in tests/conftest.py). Here a stand-in lives through everything it can do,
and what it keeps is checked once more, as it goes over the wire.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.spec.checks import checks
from tests.stand_in.desk import Desk, open_desk

LISTS = """products prices customers payment_methods checkout/sessions subscriptions?status=all
invoices?expand[]=data.payments invoice_payments payment_intents charges?expand[]=data.refunds
balance_transactions refunds events webhook_endpoints billing_portal/configurations
test_helpers/test_clocks"""


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    """A local Stripe that has lived through everything it can do."""
    with open_desk() as desk:
        live_through_everything(desk)
        yield desk


def live_through_everything(desk: Desk) -> None:
    """Make at least one object of every kind, in most of its states."""
    api = desk.api
    api.v1.webhook_endpoints.create({"url": "http://127.0.0.1:9/x", "enabled_events": ["*"]})
    desk.control("webhooks/hold", {"hold": True})
    member = desk.join(card="4242424242424242")
    desk.join(iban="DE89370400440532013000")
    desk.join(iban="DE62370400440532013001")
    desk.join_then_fail()
    gift = desk.give(card="4242424242424242")
    desk.give(card="4000000000007726")
    declined = desk.open_gift()
    desk.control(f"checkout/{declined.id}/pay", {"card": "4000000000000002"}, ok=False)
    api.v1.refunds.create({"payment_intent": gift["payment_intent"], "amount": 50})
    api.v1.billing_portal.configurations.create(
        {"features": {"subscription_cancel": {"enabled": True, "mode": "at_period_end"}}}
    )
    api.v1.billing_portal.sessions.create(
        {
            "customer": member["customer"],
            "return_url": "http://127.0.0.1/back",
            "flow_data": {"type": "payment_method_update"},
        }
    )
    api.v1.test_helpers.test_clocks.create({"frozen_time": 1_800_000_000, "name": "one"})
    desk.control("advance", {"days": 75})
    api.v1.subscriptions.cancel(member["subscription"])


def wire(desk: Desk, path: str) -> dict[str, Any]:
    """Return the JSON of a GET as it goes over the wire."""
    join = "&" if "?" in path else "?"
    request = urllib.request.Request(  # noqa: S310 - our own http server on this machine
        f"{desk.base}/v1/{path}{join}limit=100", headers={"Authorization": "Bearer sk_test_x"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - see above
        told: dict[str, Any] = json.load(answer)
    return told


@pytest.mark.parametrize("path", LISTS.split())
def test_every_object_has_the_shape_of_the_sdk(desk: Desk, path: str) -> None:
    rows = wire(desk, path)["data"]
    assert rows
    found = {p for row in rows for p in checks().check_object(row) if p.severity != "open"}
    assert found == set()


def test_nothing_that_was_sent_broke_the_schema(desk: Desk) -> None:
    told = desk.control("problems")
    assert told["data"] == []
    assert told["checked"]["event"] > 100
    assert told["checked"]["response"] > 10


def test_every_event_has_the_shape_of_the_sdk(desk: Desk) -> None:
    events = desk.control("events?limit=5000")["data"]
    assert len(events) > 100
    assert {p for event in events for p in checks().check_event(event)} == set()
