"""The local Stripe on the wire: keys, errors, pages of lists, expansion."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import (
    Desk,
)


def test_a_live_key_is_refused(desk: Desk) -> None:
    with pytest.raises(stripe.AuthenticationError):
        desk.client("sk_live_unit").v1.customers.list()


def test_another_api_version_is_refused(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="API version"):
        desk.api.v1.customers.list(options={"stripe_version": "2024-06-20"})


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"payment_method_types": ["card"]}, "payment_method_types_no_longer_supported"),
        ({"colour": "green"}, "parameter_unknown"),
        ({"subscription_data": {"colour": "green"}}, "parameter_unknown"),
        ({"mode": ""}, "parameter_missing"),
    ],
)
def test_parameters_that_stripe_does_not_know_are_refused(
    desk: Desk, params: dict[str, Any], code: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.open_membership(**params)
    assert refused.value.code == code


def test_an_amount_under_50_cents_is_refused(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.open_gift(49)
    assert refused.value.code == "amount_too_small"


def test_an_unknown_path_is_said_to_be_unrecognized(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL") as refused:
        desk.api.v1.coupons.list()
    assert refused.value.http_status == 404


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


def test_a_stripe_that_is_down_answers_503(desk: Desk) -> None:
    desk.control("down", {"seconds": 30})
    with pytest.raises(stripe.APIError) as refused:
        desk.client("sk_test_unit", retries=0).v1.customers.list()
    assert refused.value.http_status == 503
    desk.control("down", {"seconds": 0})
    assert desk.api.v1.customers.list().data == []


def test_lists_are_newest_first_and_turn_pages(desk: Desk) -> None:
    made = [desk.api.v1.customers.create({"name": str(n)}).id for n in range(5)]
    page = desk.api.v1.customers.list({"limit": 2})
    assert [c.id for c in page.data] == made[:-3:-1]
    assert page.has_more
    assert [c.id for c in page.auto_paging_iter()] == made[::-1]
    before = desk.api.v1.customers.list({"ending_before": made[0], "limit": 2})
    assert [c.id for c in before.data] == [made[2], made[1]]
    future = desk.api.v1.customers.list({"created": {"gte": int(time.time()) + 100}})
    assert future.data == []
    for limit in (0, 101):
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.customers.list({"limit": limit})


def test_expansion_stops_at_four_levels_and_at_what_is_no_object(desk: Desk) -> None:
    paid = desk.join()
    deep = "subscription.latest_invoice.payments.data.payment.payment_intent.latest_charge"
    for path in (deep, "client_reference_id", "colour"):
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.checkout.sessions.retrieve(paid["session"], {"expand": [path]})
    plain = desk.api.v1.invoices.retrieve(paid["invoice"])
    assert "payments" not in plain
    full: Any = desk.api.v1.invoices.list({"expand": ["data.payments.data.payment.payment_intent"]})
    assert full.data[0].payments.data[0].payment.payment_intent.status == "succeeded"


def test_a_call_costs_less_than_ten_milliseconds(desk: Desk) -> None:
    made = desk.api.v1.customers.create({})
    spent = []
    for _ in range(50):
        before = time.monotonic()
        desk.api.v1.customers.retrieve(made.id)
        spent.append(time.monotonic() - before)
    assert sorted(spent)[25] < 0.010
