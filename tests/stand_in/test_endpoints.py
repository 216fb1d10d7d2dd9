"""Webhook endpoints at the local Stripe: their life, their secrets, their versions, their log."""

from __future__ import annotations

import http.server
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DECLINED, Desk, Listener, until


def listen(desk: Desk, listener: Listener, *events: str, **more: Any) -> Any:
    """Make an endpoint for the events, or for all."""
    asked: Any = {"url": listener.url, "enabled_events": list(events) or ["*"], **more}
    return desk.api.v1.webhook_endpoints.create(asked)


def bodies(listener: Listener) -> dict[str, Any]:
    """Return the latest body of each type that came."""
    return {json.loads(body)["type"]: json.loads(body) for body, _ in listener.got}


def flush(desk: Desk, timeout: int = 20) -> None:
    """Wait for everything to be delivered."""
    assert desk.control("deliveries/flush", {"timeout": timeout})["flushed"]


def test_the_secret_is_told_once(desk: Desk, listener: Listener) -> None:
    made = listen(desk, listener, metadata={"by": "alice"})
    assert made.secret.startswith("whsec_")
    assert made.metadata["by"] == "alice"
    assert "secret" not in desk.api.v1.webhook_endpoints.retrieve(made.id)
    assert "secret" not in desk.api.v1.webhook_endpoints.update(made.id, {"description": "x"})
    assert "secret" not in desk.api.v1.webhook_endpoints.list().data[0]


@pytest.mark.parametrize(
    "wrong",
    [
        {"enabled_events": ["invoice.payed"]},
        {"url": "not an address"},
        {"url": "ftp://127.0.0.1/hook"},
        {"api_version": "2031-01-01"},
        {"api_version": "2019-12-03"},
        {"connect": True},
        {"enabled_events": []},
    ],
)
def test_what_stripe_or_the_stand_in_cannot_do_is_refused(
    desk: Desk, listener: Listener, wrong: dict[str, Any]
) -> None:
    asked: Any = {"url": listener.url, "enabled_events": ["*"], **wrong}
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.webhook_endpoints.create(asked)
    assert desk.api.v1.webhook_endpoints.list().data == []


def test_an_endpoint_gets_what_it_asked_for_until_it_is_disabled(
    desk: Desk, listener: Listener
) -> None:
    made = listen(desk, listener, "customer.created")
    customer = desk.api.v1.customers.create({})
    update: Any = {"enabled_events": ["customer.updated"]}
    desk.api.v1.webhook_endpoints.update(made.id, update)
    desk.api.v1.customers.update(customer.id, {"name": "Alice"})
    flush(desk)
    assert listener.types() == ["customer.created", "customer.updated"]
    assert desk.api.v1.webhook_endpoints.update(made.id, {"disabled": True}).status == "disabled"
    desk.api.v1.customers.update(customer.id, {"name": "Bob"})
    assert desk.api.v1.webhook_endpoints.update(made.id, {"disabled": False}).status == "enabled"
    desk.api.v1.customers.update(customer.id, {"name": "Charlie"})
    flush(desk)
    told = [json.loads(body)["data"]["object"]["name"] for body, _ in listener.got]
    assert told == [None, "Alice", "Charlie"]
    assert desk.api.v1.webhook_endpoints.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.webhook_endpoints.update(made.id, {"disabled": True})
    desk.api.v1.customers.update(customer.id, {"name": "Nobody"})
    flush(desk)
    assert len(listener.got) == 3


def test_two_secrets_are_valid_while_one_is_rolled(desk: Desk, listener: Listener) -> None:
    made = listen(desk, listener, "customer.created")
    rolled = desk.control(f"webhook_endpoints/{made.id}/roll", {"keep_seconds": 1.5})
    assert rolled["secret"] != made.secret
    desk.api.v1.customers.create({})
    flush(desk)
    body, both = listener.got[0]
    assert both.count("v1=") == 2
    for secret in (made.secret, rolled["secret"]):
        stripe.WebhookSignature.verify_header(body, both, secret, 300)
    time.sleep(1.6)
    desk.api.v1.customers.create({})
    flush(desk)
    body, single = listener.got[1]
    assert single.count("v1=") == 1
    stripe.WebhookSignature.verify_header(body, single, rolled["secret"], 300)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.WebhookSignature.verify_header(body, single, made.secret, 300)


def test_an_older_endpoint_receives_older_shapes(desk: Desk, listener: Listener) -> None:
    listen(desk, listener, api_version="2024-06-20")
    paid = desk.join()
    flush(desk)
    told = bodies(listener)
    assert {body["api_version"] for body in told.values()} == {"2024-06-20"}
    invoice = told["invoice.paid"]["data"]["object"]
    assert invoice["subscription"] == paid["subscription"]
    assert invoice["subscription_details"]["metadata"] == {"ref": "m1"}
    assert invoice["paid"] is True
    assert "parent" not in invoice
    assert invoice["lines"]["data"][0]["subscription"] == paid["subscription"]
    assert invoice["lines"]["data"][0]["price"]["unit_amount"] == 199
    intent = told["payment_intent.succeeded"]["data"]["object"]
    assert invoice["payment_intent"] == intent["id"]
    assert invoice["charge"] == intent["latest_charge"]
    assert intent["invoice"] == paid["invoice"]
    assert told["charge.succeeded"]["data"]["object"]["invoice"] == paid["invoice"]
    sub = told["customer.subscription.created"]["data"]["object"]
    now = desk.subscription(paid["subscription"])
    assert sub["current_period_end"] == now["items"].data[0].current_period_end
    assert "current_period_end" not in sub["items"]["data"][0]
    assert told["checkout.session.completed"]["data"]["object"]["ui_mode"] == "hosted"
    # The log itself keeps the version of the account.
    event = desk.api.v1.events.list({"type": "invoice.paid"}).data[0]
    assert event.api_version == "2026-10-28.endive"
    assert "parent" in event.data["object"]


def test_a_renewal_tells_its_older_endpoint_which_period_it_was(
    desk: Desk, listener: Listener
) -> None:
    paid = desk.join()
    listen(desk, listener, "customer.subscription.updated", api_version="2024-06-20")
    desk.control("advance", {"days": 32})
    flush(desk)
    moved = [
        body["data"]["previous_attributes"]
        for body in map(json.loads, (body for body, _ in listener.got))
        if "current_period_end" in body["data"].get("previous_attributes", {})
    ]
    assert moved
    now = desk.subscription(paid["subscription"])["items"].data[0]
    assert moved[0]["current_period_end"] <= now.current_period_start


def test_a_destination_for_thin_events_gets_references(desk: Desk, listener: Listener) -> None:
    made = listen(desk, listener)
    desk.control(f"webhook_endpoints/{made.id}/payload", {"payload": "thin"})
    paid = desk.join()
    flush(desk)
    told = bodies(listener)["v1.invoice.paid"]
    assert told["object"] == "v2.core.event"
    assert told["related_object"] == {
        "id": paid["invoice"],
        "type": "invoice",
        "url": f"/v1/invoices/{paid['invoice']}",
    }
    assert "data" not in told
    for body, signature in listener.got:
        notified: Any = desk.api.parse_event_notification(body, signature, made.secret)
        assert type(notified).__name__.startswith("V1"), notified.type
        assert notified.fetch_related_object().id == notified.related_object.id


def test_an_event_that_never_arrives_ends_as_failed_and_pending(
    desk: Desk, listener: Listener
) -> None:
    desk.control("settings", {"webhook_retry_seconds": [0.05, 0.05]})
    listener.status = 500
    made = listen(desk, listener, "customer.created")
    desk.api.v1.customers.create({})
    flush(desk)
    delivery = desk.control("deliveries?state=failed")["data"][0]
    assert [attempt["status"] for attempt in delivery["attempts"]] == [500] * 3
    event = desk.api.v1.events.list({"delivery_success": False}).data[0]
    assert event.pending_webhooks == 1
    listener.status = 200
    desk.control(f"deliveries/{delivery['id']}/resend", {})
    flush(desk)
    assert desk.api.v1.events.list({"delivery_success": False}).data == []
    assert desk.api.v1.events.retrieve(event.id).pending_webhooks == 0
    assert desk.control("deliveries/resend_failed", {})["resent"] == 0
    assert desk.api.v1.webhook_endpoints.retrieve(made.id).status == "enabled"


def test_an_endpoint_that_keeps_failing_can_be_disabled(desk: Desk, listener: Listener) -> None:
    desk.control("settings", {"webhook_retry_seconds": [], "webhook_disable_after": 2})
    listener.status = 500
    made = listen(desk, listener, "customer.created")
    for _ in range(3):
        desk.api.v1.customers.create({})
        flush(desk)
    assert desk.api.v1.webhook_endpoints.retrieve(made.id).status == "disabled"
    assert len(listener.got) == 2


@pytest.fixture
def dripping() -> Iterator[str]:
    """An endpoint that takes a byte's time for ever; its URL."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.1)

        def drip(link: socket.socket) -> None:
            with link:
                link.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                while not over.wait(0.05):
                    try:
                        link.sendall(b"x")
                    except OSError:
                        return

        def take() -> None:
            while not over.is_set():
                try:
                    link, _ = door.accept()
                except TimeoutError:
                    continue
                threading.Thread(target=drip, args=(link,), daemon=True).start()

        taker = threading.Thread(target=take, daemon=True)
        taker.start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/hook"
        over.set()
        taker.join()


def test_an_answer_that_never_ends_counts_as_a_timeout(desk: Desk, dripping: str) -> None:
    desk.control("settings", {"webhook_timeout": 0.5, "webhook_retry_seconds": []})
    made: Any = {"url": dripping, "enabled_events": ["customer.created"]}
    desk.api.v1.webhook_endpoints.create(made)
    desk.api.v1.customers.create({})
    flush(desk)
    attempt = desk.control("deliveries")["data"][0]["attempts"][0]
    assert attempt["error"].startswith("TimeoutError")
    assert attempt["took"] < 3


def test_one_slow_endpoint_does_not_keep_the_others_waiting(
    desk: Desk, listener: Listener, dripping: str
) -> None:
    made: Any = {"url": dripping, "enabled_events": ["customer.created"]}
    desk.api.v1.webhook_endpoints.create(made)
    listen(desk, listener, "customer.created")
    for _ in range(5):
        desk.api.v1.customers.create({})
    until(lambda: len(listener.got) == 5, 5)


def test_events_are_listed_by_types_and_time(desk: Desk) -> None:
    desk.join()
    session = desk.open_gift()
    desk.control(f"checkout/{session.id}/pay", {"card": DECLINED}, ok=False)
    kinds = ["invoice.paid", "customer.created"]
    found = desk.api.v1.events.list({"types": kinds, "limit": 100}).data
    assert sorted(event.type for event in found) == sorted(kinds)
    families = {e.type for e in desk.api.v1.events.list({"type": "invoice.*", "limit": 100}).data}
    assert families
    assert all(name.startswith("invoice.") for name in families)
    later: Any = {"created": {"gt": int(time.time()) + 5}}
    assert desk.api.v1.events.list(later).data == []
    for wrong in ({"types": kinds, "type": "invoice.paid"}, {"types": ["invoice.paid"] * 21}):
        refused: Any = wrong
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.events.list(refused)


def test_the_log_is_a_page_with_buttons(desk: Desk, listener: Listener) -> None:
    desk.control("settings", {"webhook_retry_seconds": []})
    listener.status = 500
    listen(desk, listener, "customer.created", "customer.updated")
    customer = desk.api.v1.customers.create({"name": "<b>Alice</b>"})
    flush(desk)
    status, html, _ = desk.page(f"{desk.base}/deliveries?state=failed&type=customer.created")
    assert status == 200
    assert 'data-testid="attempt"' in html
    assert " 500" in html
    listener.status = 200
    assert desk.page(f"{desk.base}/deliveries", {})[0] == 303
    flush(desk)
    assert len(listener.got) == 2
    desk.api.v1.customers.update(customer.id, {"name": "Bob"})
    flush(desk)
    newest = desk.control("deliveries")["data"][0]
    assert desk.page(f"{desk.base}/deliveries/{newest['id']}", {})[0] == 303
    flush(desk)
    assert listener.types()[2:] == ["customer.updated"] * 2
    event = desk.control("events?type=customer.created")["data"][0]["id"]
    status, html, _ = desk.page(f"{desk.base}/events/{event}")
    assert status == 200
    assert "&lt;b&gt;Alice" in html
    assert 'data-testid="event-json"' in html
    assert desk.page(f"{desk.base}/events/{event}", {})[0] == 303
    flush(desk)
    assert listener.types()[4:] == ["customer.created"]
    assert desk.page(f"{desk.base}/events/evt_nothing")[0] == 404
    assert "resend-failed" in desk.page(f"{desk.base}/deliveries")[1]


def test_a_closed_door_is_tried_again(desk: Desk) -> None:
    desk.control("settings", {"webhook_retry_seconds": [0.2] * 20})
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    made: Any = {"url": f"http://127.0.0.1:{port}/hook", "enabled_events": ["customer.created"]}
    desk.api.v1.webhook_endpoints.create(made)
    desk.api.v1.customers.create({})
    until(lambda: bool(desk.control("deliveries")["data"][0]["attempts"]))
    attempt = desk.control("deliveries")["data"][0]["attempts"][0]
    assert attempt["status"] is None
    assert "refused" in attempt["error"].lower()
    came = threading.Event()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            came.set()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        assert came.wait(10)
        flush(desk)
        server.shutdown()
