"""Chaos at the local Stripe: each kind shows itself, and a seed gives the same again."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import Desk, Listener, open_desk, until


@pytest.fixture
def secret(desk: Desk, listener: Listener) -> str:
    """An endpoint for new customers that tries again soon; its secret."""
    desk.control("settings", {"webhook_retry_seconds": [0.1, 0.1, 0.1]})
    made = desk.api.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["customer.created"]}
    )
    assert made.secret is not None
    return made.secret


def make(desk: Desk, count: int) -> list[str]:
    """Make customers, whose names are numbers; return the ids of their events."""
    for number in range(count):
        desk.api.v1.customers.create({"name": str(number)})
    return [event["id"] for event in desk.control("events?type=customer.created")["data"]]


def names(listener: Listener) -> list[int]:
    """Return the numbers of the customers, in the order of their events' arrival."""
    return [int(json.loads(body)["data"]["object"]["name"]) for body, _ in listener.got]


def flush(desk: Desk) -> None:
    """Wait for everything to be delivered."""
    told = desk.control("deliveries/flush", {"timeout": 30})
    assert told["flushed"], told


def verified(listener: Listener, secret: str) -> list[bool]:
    """Return for each that came whether the SDK accepts its signature."""
    found = []
    for body, signature in listener.got:
        try:
            stripe.WebhookSignature.verify_header(body, signature, secret, 300)
            found.append(True)
        except stripe.SignatureVerificationError:
            found.append(False)
    return found


def test_duplicates_come_at_once_or_later_and_bear_the_same_id(
    desk: Desk, listener: Listener, secret: str
) -> None:
    desk.control("chaos", {"seed": 1, "duplicate": 1})
    events = make(desk, 12)
    flush(desk)
    came = [json.loads(body)["id"] for body, _ in listener.got]
    assert sorted(came) == sorted(events * 2)
    plans = {d["plan"]["duplicate"] for d in desk.control("deliveries")["data"]}
    assert plans == {"twin", "sent"}
    assert all(verified(listener, secret))


def test_reordering_moves_events_within_its_window(
    desk: Desk, listener: Listener, secret: str
) -> None:
    desk.control("chaos", {"seed": 2, "reorder": 4})
    desk.control("webhooks/hold", {"hold": True})
    make(desk, 30)
    desk.control("webhooks/hold", {"hold": False})
    flush(desk)
    came = names(listener)
    assert sorted(came) == list(range(30))
    assert came != list(range(30))
    assert max(abs(place - number) for place, number in enumerate(came)) <= 4


def test_dropped_events_stay_to_be_found_and_sent_again(
    desk: Desk, listener: Listener, secret: str
) -> None:
    desk.control("chaos", {"seed": 3, "drop_first": 2, "drop": 0.3})
    events = make(desk, 20)
    flush(desk)
    lost = desk.api.v1.events.list({"delivery_success": False, "limit": 100})
    missed = {event.id for event in lost.data}
    assert 2 <= len(missed) < 20
    assert set(events[:2]) <= missed
    assert {json.loads(body)["id"] for body, _ in listener.got} == set(events) - missed
    desk.control("chaos", {})
    assert desk.control("deliveries/resend_failed", {})["resent"] == len(missed)
    flush(desk)
    assert {json.loads(body)["id"] for body, _ in listener.got} == set(events)
    assert desk.api.v1.events.list({"delivery_success": False}).data == []
    assert desk.control("deliveries/resend_failed", {})["resent"] == 0


def test_a_delay_keeps_events_back(desk: Desk, listener: Listener, secret: str) -> None:
    desk.control("chaos", {"seed": 4, "delay": [0.3, 0.6]})
    started = time.monotonic()
    make(desk, 3)
    flush(desk)
    assert len(listener.got) == 3
    assert 0.3 <= time.monotonic() - started < 5


def test_chaos_that_ends_lets_everything_go_at_once(
    desk: Desk, listener: Listener, secret: str
) -> None:
    desk.control("chaos", {"seed": 4, "delay": [50, 60], "wrong_signature": 1})
    make(desk, 5)
    assert listener.got == []
    desk.control("chaos", {})
    flush(desk)
    assert verified(listener, secret) == [True] * 5


def test_a_slow_sender_drips_the_body(desk: Desk, listener: Listener, secret: str) -> None:
    desk.control("chaos", {"seed": 5, "slow": 0.4})
    make(desk, 1)
    flush(desk)
    attempt = desk.control("deliveries")["data"][0]["attempts"][0]
    assert attempt["took"] >= 0.4
    assert verified(listener, secret) == [True]


@pytest.mark.parametrize("kind", ["stale", "wrong_signature"])
def test_a_spoilt_signature_is_refused_and_then_sent_properly(
    desk: Desk, listener: Listener, secret: str, kind: str
) -> None:
    desk.control("chaos", {"seed": 6, kind: 1})
    make(desk, 3)
    flush(desk)
    assert sorted(verified(listener, secret)) == [False] * 3 + [True] * 3
    for delivery in desk.control("deliveries")["data"]:
        assert [attempt["faults"] for attempt in delivery["attempts"]] == [[kind], []]
        assert delivery["state"] == "succeeded"


def test_a_stale_signature_is_right_but_for_its_age(
    desk: Desk, listener: Listener, secret: str
) -> None:
    desk.control("chaos", {"seed": 6, "stale": 1})
    make(desk, 1)
    flush(desk)
    body, signature = listener.got[0]
    stripe.WebhookSignature.verify_header(body, signature, secret, None)
    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.WebhookSignature.verify_header(body, signature, secret, 300)


def test_an_older_body_comes_to_an_endpoint_of_today(
    desk: Desk, listener: Listener, secret: str
) -> None:
    desk.control("chaos", {"seed": 7, "legacy": 0.5})
    make(desk, 12)
    flush(desk)
    versions = {json.loads(body)["api_version"] for body, _ in listener.got}
    assert versions == {"2024-06-20", "2026-10-28.endive"}
    assert all(verified(listener, secret))


def test_a_thin_event_is_read_by_the_sdk(desk: Desk, listener: Listener, secret: str) -> None:
    desk.control("chaos", {"seed": 7, "thin": 1})
    event = make(desk, 1)[0]
    flush(desk)
    body, signature = listener.got[0]
    told: Any = desk.api.parse_event_notification(body, signature, secret)
    assert told.type == "v1.customer.created"
    assert json.loads(body)["snapshot_event"] == event
    assert told.fetch_related_object().name == "0"


def test_the_answers_of_writes_get_lost_after_the_commit(desk: Desk) -> None:
    for number, fault in enumerate(["timeout_after_commit", "500_after_commit", "409"]):
        desk.control("chaos", {"seed": 8, "answers": {fault: 1}})
        asked: Any = {"idempotency_key": f"chaos:{number}"}
        # The SDK's small client lets the broken connection through as it is.
        with pytest.raises((stripe.StripeError, OSError)):
            desk.client("sk_test_unit", 0).v1.customers.create({"name": fault}, asked)
        desk.control("chaos", {})
        made = desk.api.v1.customers.create({"name": fault}, asked)
        assert made.last_response is not None
        assert made.last_response.headers["Idempotent-Replayed"] == "true"
        found = [c.id for c in desk.api.v1.customers.list().data if c.name == fault]
        assert found == [made.id]


def test_a_500_that_stripe_keeps_is_answered_again_though_the_write_was_made(desk: Desk) -> None:
    asked: Any = {"idempotency_key": "chaos:kept"}
    desk.control("chaos", {"seed": 8, "answers": {"500_kept": 1}})
    for ended in (False, True):
        if ended:
            desk.control("chaos", {})
        with pytest.raises(stripe.APIError) as failed:
            desk.api.v1.customers.create({"name": "Alice"}, asked)
        assert failed.value.http_status == 500
    assert len(desk.api.v1.customers.list().data) == 1


def test_a_500_before_anything_was_done_does_nothing(desk: Desk) -> None:
    asked: Any = {"idempotency_key": "chaos:before"}
    desk.control("chaos", {"seed": 8, "answers": {"500_before": 1}})
    with pytest.raises(stripe.APIError):
        desk.api.v1.customers.create({"name": "Alice"}, asked)
    desk.control("chaos", {})
    assert desk.api.v1.customers.list().data == []
    made = desk.api.v1.customers.create({"name": "Alice"}, asked)
    assert made.last_response is not None
    assert "Idempotent-Replayed" not in made.last_response.headers


def test_too_many_requests_come_in_bursts(desk: Desk) -> None:
    desk.control("chaos", {"seed": 9, "burst": 4, "answers": {"429": 0.1}})
    client = desk.client("sk_test_unit", 0)
    told, limits = "", []
    for _ in range(120):
        try:
            client.v1.customers.list()
            told += "."
        except stripe.RateLimitError as limited:
            told += "x"
            limits.append(limited)
    for limit in limits:
        body: Any = limit.json_body
        assert body["error"]["code"] == "rate_limit"
        headers = {name.lower(): value for name, value in dict(limit.headers or {}).items()}
        assert headers["stripe-should-retry"] == "false"
    runs = [len(run) for run in told.strip("x").split(".") if run]
    assert runs
    assert min(runs) >= 4


def plans(desk: Desk, seed: int) -> list[Any]:
    """Play the same under a seed; return what was decided."""
    desk.reset()
    everything = {
        "seed": seed,
        "duplicate": 0.3,
        "reorder": 5,
        "drop_first": 1,
        "drop": 0.2,
        "delay": [0, 0.02],
        "stale": 0.2,
        "wrong_signature": 0.2,
        "thin": 0.2,
        "legacy": 0.2,
        "answers": {"429": 0.1, "500_before": 0.1},
    }
    desk.control("chaos", everything)
    desk.control("webhooks/hold", {"hold": True})
    answers = []
    url = "http://127.0.0.1:1/hook"
    for _ in range(2):
        while True:
            try:
                desk.client("sk_test_unit", 0).v1.webhook_endpoints.create(
                    {"url": url, "enabled_events": ["customer.created"]}
                )
                break
            except stripe.StripeError:
                continue
    for number in range(25):
        try:
            desk.client("sk_test_unit", 0).v1.customers.create({"name": str(number)})
            answers.append(200)
        except stripe.StripeError as refused:
            answers.append(refused.http_status or 0)
    rows = desk.control("deliveries")["data"]
    decided = [row["plan"] for row in rows]
    desk.control("webhooks/hold", {"hold": False, "discard": True})
    return [answers, decided]


def test_the_same_seed_decides_the_same_and_another_does_not(desk: Desk) -> None:
    first = plans(desk, 11)
    assert plans(desk, 11) == first
    assert plans(desk, 12) != first


def test_the_seed_is_drawn_when_none_is_given_and_told(capfd: pytest.CaptureFixture[str]) -> None:
    with open_desk() as desk:
        told = desk.control("chaos", {"drop": 0.5})
        assert told["on"] is True
        assert isinstance(told["seed"], int)
        assert desk.control("chaos") == told
        assert desk.control("chaos", {})["on"] is False
    assert f"chaos, seed {told['seed']}" in capfd.readouterr().err


@pytest.mark.parametrize(
    "wrong",
    [
        {"drop": 2},
        {"drop": True},
        {"delay": [2, 1]},
        {"delay": 3},
        {"reorder": -1},
        {"seed": "x"},
        {"answers": {"418": 1}},
        {"dorp": 0.5},
        {"on": True},
    ],
)
def test_chaos_that_cannot_be_read_is_refused(desk: Desk, wrong: dict[str, Any]) -> None:
    assert "error" in desk.control("chaos", wrong, ok=False)
    assert desk.control("chaos")["on"] is False


def test_many_kinds_at_once_lose_nothing_in_the_end(
    desk: Desk, listener: Listener, secret: str
) -> None:
    desk.control(
        "chaos",
        {
            "seed": 13,
            "duplicate": 0.3,
            "reorder": 5,
            "drop": 0.2,
            "stale": 0.2,
            "wrong_signature": 0.2,
            "delay": [0, 0.1],
        },
    )
    events = make(desk, 40)
    flush(desk)
    desk.control("chaos", {})
    desk.control("deliveries/resend_failed", {})
    flush(desk)
    good = {
        json.loads(body)["id"]
        for (body, _), fine in zip(listener.got, verified(listener, secret), strict=True)
        if fine
    }
    assert good == set(events)
    until(lambda: not desk.api.v1.events.list({"delivery_success": False}).data)
