"""The local Stripe's deliveries, and the program that it is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import (
    ROOT,
    Desk,
    Listener,
    open_desk,
    start,
    stop,
    until,
)


def test_events_arrive_in_order_and_signed(desk: Desk, listener: Listener) -> None:
    endpoint = desk.api.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["invoice.paid", "checkout.session.completed"]}
    )
    assert endpoint.secret is not None
    assert "secret" not in desk.api.v1.webhook_endpoints.retrieve(endpoint.id)
    desk.join()
    assert desk.control("deliveries/flush", {"timeout": 10})["flushed"]
    assert listener.types() == ["invoice.paid", "checkout.session.completed"]
    for body, signature in listener.got:
        stripe.Webhook.construct_event(body, signature, endpoint.secret)
    event = desk.api.v1.events.list({"type": "invoice.paid"}).data[0]
    assert event.pending_webhooks == 0


@pytest.mark.parametrize("status", [500, 302])
def test_an_answer_other_than_2xx_is_tried_again(
    desk: Desk, listener: Listener, status: int
) -> None:
    listener.status = status
    desk.api.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["customer.created"]}
    )
    desk.api.v1.customers.create({})
    until(lambda: len(listener.got) == 1)
    listener.status = 200
    until(lambda: desk.control("deliveries")["data"][0]["state"] == "succeeded")
    assert [a["status"] for a in desk.control("deliveries")["data"][0]["attempts"]] == [status, 200]


def test_an_event_can_be_sent_again(desk: Desk, listener: Listener) -> None:
    desk.api.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["customer.created"]}
    )
    desk.api.v1.customers.create({})
    assert desk.control("deliveries/flush", {})["flushed"]
    delivery = desk.control("deliveries")["data"][0]
    desk.control(f"deliveries/{delivery['id']}/resend", {})
    desk.control(f"events/{delivery['event']}/resend", {"times": 2})
    assert desk.control("deliveries/flush", {})["flushed"]
    assert len({json.loads(body)["id"] for body, _ in listener.got}) == 1
    assert len(listener.got) == 4


def test_held_events_can_be_fetched_and_posted_by_the_test_itself(
    desk: Desk, listener: Listener
) -> None:
    endpoint = desk.api.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["*"]})
    desk.control("webhooks/hold", {"hold": True})
    desk.join()
    assert desk.control("deliveries/flush", {})["flushed"]
    assert listener.got == []
    event = desk.control("events?type=invoice.paid")["data"][0]
    told = desk.control(f"signed?event={event['id']}&endpoint={endpoint.id}")
    assert endpoint.secret is not None
    stripe.Webhook.construct_event(told["body"], told["signature"], endpoint.secret)
    assert desk.control("webhooks/hold", {"hold": False})["released"] > 10
    assert desk.control("deliveries/flush", {})["flushed"]
    assert "invoice.paid" in listener.types()


@pytest.mark.parametrize("url", ["https://example.org/hook", "http://192.0.2.1/hook"])
def test_only_this_machine_is_called(desk: Desk, url: str) -> None:
    desk.api.v1.webhook_endpoints.create({"url": url, "enabled_events": ["customer.created"]})
    desk.api.v1.customers.create({})
    until(lambda: bool(desk.control("deliveries")["data"][0]["attempts"]))
    attempt = desk.control("deliveries")["data"][0]["attempts"][0]
    assert attempt["status"] is None
    assert attempt["error"].startswith("refused")


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    with open_desk("--state", str(file)) as desk:
        paid = desk.join_then_fail()
        desk.control("advance", {"days": 10})
        now = desk.control("clock")["now"]
        key: Any = {"idempotency_key": "intent:3"}
        made = desk.api.v1.customers.create({"name": "Bob"}, key)
    process, base = start("--state", str(file))
    try:
        desk = Desk(base)
        assert abs(desk.control("clock")["now"] - now) < 60
        assert desk.api.v1.customers.create({"name": "Bob"}, key).id == made.id
        desk.control("advance", {"days": 22})
        assert desk.subscription(paid["subscription"]).status == "past_due"
    finally:
        assert stop(process) == 0
    assert not file.with_name("stripe.json.new").exists()


def test_a_busy_port_is_said_and_ends_with_2(desk: Desk) -> None:
    port = desk.base.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.sandbox", "--port", port]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert port in run.stderr


def test_a_hundred_members_live_a_year_in_seconds(desk: Desk) -> None:
    for _ in range(100):
        desk.join()
    took = desk.control("advance", {"months": 12})["took_seconds"]
    assert desk.control("state")["counts"]["invoice"] >= 1200
    assert took < 20
