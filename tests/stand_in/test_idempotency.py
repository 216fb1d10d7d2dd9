"""Idempotency keys at the local Stripe: what is answered again, and what is not."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import Desk
from tests.stand_in.raw import FORM, ask


def test_a_key_used_twice_answers_the_same_and_acts_once(desk: Desk) -> None:
    keyed: Any = {"idempotency_key": "intent:1"}
    first = desk.api.v1.customers.create({"name": "Alice"}, keyed)
    again = desk.api.v1.customers.create({"name": "Alice"}, keyed)
    assert again.id == first.id
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert len(desk.api.v1.customers.list().data) == 1
    with pytest.raises(stripe.IdempotencyError):
        desk.api.v1.customers.create({"name": "Bob"}, keyed)


def test_a_lost_answer_is_found_again_by_its_key(desk: Desk) -> None:
    desk.control("down", {"drop_after_commit": 1})
    made = desk.api.v1.customers.create({"name": "Alice"}, {"idempotency_key": "intent:2"})
    assert [c.id for c in desk.api.v1.customers.list().data] == [made.id]
    seen = [r for r in desk.control("requests")["data"] if r["idempotency_key"] == "intent:2"]
    assert [r["lost"] for r in seen] == [True, False]


def post(
    desk: Desk, key: str, body: bytes, path: str = "/v1/customers", owner: str = "unit"
) -> Any:
    """Create a customer under an idempotency key."""
    headers = FORM | {"Authorization": f"Bearer sk_test_{owner}", "Idempotency-Key": key}
    return ask(desk, "POST", path, body, headers)


def test_an_idempotency_key_belongs_to_one_request_of_one_api_key(desk: Desk) -> None:
    first = post(desk, "k1", b"name=Alice&metadata[a]=1")
    again = post(desk, "k1", b"metadata[a]=1&name=Alice")
    assert again[1] == first[1]
    assert again[2]["idempotent-replayed"] == "true"
    assert again[2]["original-request"] == first[2]["request-id"] != again[2]["request-id"]
    assert again[2]["idempotency-key"] == "k1"
    status, body, _ = post(desk, "k1", b"name=Bob")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    assert "same parameters" in body["error"]["message"]
    status, body, _ = post(desk, "k1", b"name=Alice", "/v1/products")
    assert (status, body["error"]["type"]) == (400, "idempotency_error")
    assert "('/v1/products' vs '/v1/customers')" in body["error"]["message"]
    other = post(desk, "k1", b"name=Alice&metadata[a]=1", owner="other")
    assert other[1]["id"] != first[1]["id"]
    assert post(desk, "k" * 256, b"name=Alice")[0] == 400
    assert len(desk.api.v1.customers.list().data) == 2


def test_what_failed_while_it_executed_is_replayed_and_what_never_began_is_not(desk: Desk) -> None:
    path = "/v1/payment_methods/pm_card_chargeDeclined/attach"
    customer = desk.api.v1.customers.create({})
    body = f"customer={customer.id}".encode()
    first, again = (post(desk, "k2", body, path) for _ in range(2))
    assert first[0] == again[0] == 402
    assert again[1] == first[1]
    assert again[2]["idempotent-replayed"] == "true"
    for _ in range(2):
        status, _, headers = post(desk, "k3", b"colour=green")
        assert status == 400
        assert "idempotent-replayed" not in headers
    # A key whose request was not valid is free for the right one.
    assert post(desk, "k3", b"name=Alice")[0] == 200


def test_an_idempotency_key_is_forgotten_after_a_day_of_the_clock(desk: Desk) -> None:
    first = post(desk, "k4", b"name=Alice")
    desk.control("advance", {"seconds": 23 * 3600})
    assert post(desk, "k4", b"name=Alice")[1] == first[1]
    desk.control("advance", {"seconds": 2 * 3600})
    assert post(desk, "k4", b"name=Alice")[1]["id"] != first[1]["id"]


def test_a_key_that_is_in_use_is_a_409_that_may_be_tried_again(desk: Desk) -> None:
    answers: list[Any] = []

    def create() -> None:
        answers.append(post(desk, "k5", b"name=Alice"))

    for _ in range(10):
        several = [threading.Thread(target=create) for _ in range(6)]
        for one in several:
            one.start()
        for one in several:
            one.join()
    assert {status for status, _, _ in answers} <= {200, 409}
    assert len({body["id"] for status, body, _ in answers if status == 200}) == 1
    for status, body, headers in answers:
        if status == 409:
            assert body["error"]["code"] == "idempotency_key_in_use"
            assert headers["stripe-should-retry"] == "true"
    assert len(desk.api.v1.customers.list().data) == 1
