"""The local Stripe on the wire: keys, errors, pages of lists, expansion."""

from __future__ import annotations

import base64
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DECLINED, Desk
from tests.stand_in.raw import FORM, KEY, ask


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
        ({"mode": ""}, "parameter_invalid_empty"),
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
        desk.api.v1.tax_rates.list()
    assert refused.value.http_status == 404


def test_a_stripe_that_is_down_answers_503(desk: Desk) -> None:
    desk.control("down", {"seconds": 30})
    with pytest.raises(stripe.APIError) as refused:
        desk.client("sk_test_unit", retries=0).v1.customers.list()
    assert refused.value.http_status == 503
    desk.control("down", {"seconds": 0})
    assert desk.api.v1.customers.list().data == []


def test_a_key_may_come_as_basic_or_bearer_and_must_come(desk: Desk) -> None:
    basic = base64.b64encode(b"sk_test_unit:").decode()
    for good in (f"Basic {basic}", "Bearer sk_test_unit", "bearer rk_test_unit"):
        assert ask(desk, "GET", "/v1/customers", headers={"Authorization": good})[0] == 200
    for bad in ("", "Bearer", "Basic !!!", "Basic /w==", "Digest x", "Bearer sk_live_abc"):
        status, body, headers = ask(desk, "GET", "/v1/customers", headers={"Authorization": bad})
        assert (status, body["error"]["type"]) == (401, "invalid_request_error")
        assert headers["www-authenticate"].startswith("Basic")
        assert headers["request-id"].startswith("req_")
    status, body, _ = ask(desk, "GET", "/v1/customers", headers={})
    assert "You did not provide an API key" in body["error"]["message"]


def test_connect_and_the_second_api_are_refused_loudly(desk: Desk) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.api.v1.customers.list(options={"stripe_account": "acct_1"})
    assert refused.value.code == "sandbox_not_modelled"
    status, body, _ = ask(desk, "GET", "/v2/core/events/evt_1")
    assert status == 404
    assert "Unrecognized request URL" in body["error"]["message"]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS", "DELETE", "BREW"])
def test_a_method_that_a_path_does_not_have_is_not_recognized(desk: Desk, method: str) -> None:
    status, body, _ = ask(desk, method, "/v1/customers")
    assert status == 404
    assert f"({method}: /v1/customers)" in body["error"]["message"]


def test_a_head_request_has_no_body(desk: Desk) -> None:
    assert ask(desk, "HEAD", "/v1/customers")[:2] == (404, None)
    assert ask(desk, "HEAD", "/")[:2] == (200, None)


@pytest.mark.parametrize(
    "body",
    [
        b"name=%ff",
        b"name=\xff\xfe",
        b"name[a]=1&name=2",
        b"name=2&name[a]=1",
        b"metadata" + b"[a]" * 200 + b"=1",
        b"metadata[a][b]=1",
        b"[a]=1",
        b"=1",
        b"name[=1",
        b"%5B%5D=1",
        b"expand[0][1]=name",
        b"expand=name",
        b"\x00",
        b"name[" + b"9" * 5000 + b"]=1&name[1]=2",
    ],
)
def test_a_malformed_form_is_a_400_and_nothing_more(desk: Desk, body: bytes) -> None:
    status, told, headers = ask(desk, "POST", "/v1/customers", body, KEY | FORM)
    assert (status, told["error"]["type"]) == (400, "invalid_request_error"), told
    assert told["error"]["request_log_url"].endswith(headers["request-id"])
    assert desk.api.v1.customers.list().data == []


def test_only_forms_are_read(desk: Desk) -> None:
    for kind, message in (
        ("application/json", "check that your POST content type"),
        ("multipart/form-data; boundary=x", "multipart"),
    ):
        status, body, _ = ask(desk, "POST", "/v1/customers", b"{}", KEY | {"Content-Type": kind})
        assert status == 400
        assert message in body["error"]["message"]


def test_a_huge_body_is_refused_and_the_next_request_is_served(desk: Desk) -> None:
    huge = b"name=" + b"x" * 3_000_000
    assert ask(desk, "POST", "/v1/customers", huge, KEY | FORM)[0] == 413
    lying = KEY | FORM | {"Content-Length": "many"}
    assert ask(desk, "POST", "/v1/customers", None, lying)[0] == 400
    many = b"&".join(b"metadata[%d]=x" % n for n in range(20_000))
    assert ask(desk, "POST", "/v1/customers", many, KEY | FORM)[0] == 400
    assert desk.api.v1.customers.list().data == []


def test_arrays_may_be_written_in_all_three_ways(desk: Desk) -> None:
    paid = desk.join()
    for query in ("expand[]=customer", "expand[0]=customer", "expand%5B%5D=customer"):
        path = f"/v1/subscriptions/{paid['subscription']}?{query}"
        assert ask(desk, "GET", path)[1]["customer"]["id"] == paid["customer"]
    body = b"line_items[][quantity]=2&line_items[][price_data][currency]=eur"
    body += b"&line_items[][price_data][unit_amount]=300"
    body += b"&line_items[][price_data][product_data][name]=A&mode=payment"
    body += b"&success_url=http://127.0.0.1:1/&line_items[][quantity]=1"
    body += b"&line_items[][price_data][currency]=eur&line_items[][price_data][unit_amount]=100"
    body += b"&line_items[][price_data][product_data][name]=B"
    status, told, _ = ask(desk, "POST", "/v1/checkout/sessions", body, KEY | FORM)
    assert status == 200, told
    assert told["amount_total"] == 700


def test_parameters_of_a_post_may_stand_in_the_query(desk: Desk) -> None:
    status, body, _ = ask(desk, "POST", "/v1/customers?name=Alice", b"", KEY)
    assert (status, body["name"]) == (200, "Alice")


def test_every_answer_has_an_id_and_errors_point_to_their_page(desk: Desk) -> None:
    status, body, headers = ask(desk, "GET", "/v1/customers/cus_none")
    assert status == 404
    assert body["error"] == {
        "type": "invalid_request_error",
        "code": "resource_missing",
        "param": "id",
        "message": "No such customer: 'cus_none'",
        "doc_url": "https://stripe.com/docs/error-codes/resource-missing",
        "request_log_url": f"https://dashboard.stripe.com/test/logs/{headers['request-id']}",
    }
    assert headers["stripe-version"] == "2026-10-28.endive"


def test_a_declined_card_names_its_reason(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({})
    with pytest.raises(stripe.CardError) as declined:
        desk.api.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert declined.value.code == "card_declined"
    body: Any = declined.value.json_body
    assert body["error"]["decline_code"] == "generic_decline"
    assert body["error"]["doc_url"].endswith("card-declined")
    session = desk.open_gift()
    told = desk.control(f"checkout/{session.id}/pay", {"card": DECLINED}, ok=False)
    assert told["error"]["type"] == "card_error"


def test_the_requests_that_were_seen_can_be_asked_for(desk: Desk) -> None:
    desk.control("requests/clear", {})
    made = desk.api.v1.customers.create({"name": "Alice", "metadata": {"ref": "m1"}})
    desk.api.v1.customers.retrieve(made.id)
    desk.api.v1.customers.list({"limit": 3, "expand": ["data.test_clock"]})
    rows = desk.control("requests")["data"]
    assert [(r["method"], r["path"], r["status"]) for r in rows] == [
        ("POST", "/v1/customers", 200),
        ("GET", f"/v1/customers/{made.id}", 200),
        ("GET", "/v1/customers", 200),
    ]
    assert rows[0]["params"] == {"name": "Alice", "metadata": {"ref": "m1"}}
    assert rows[0]["idempotency_key"]
    assert rows[2]["params"] == {"limit": "3", "expand": ["data.test_clock"]}
    only = desk.control("requests?path=/v1/customers&method=get")["data"]
    assert [r["n"] for r in only] == [rows[2]["n"]]
    assert len(desk.control("requests?path=/v1/customers/*")["data"]) == 1
    assert len(desk.control(f"requests?after={rows[0]['n']}")["data"]) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"retry_day": [1]},
        {"retry_days": "3"},
        {"retry_days": [1, True]},
        {"retry_days": [-1]},
        {"after_retries": "forget"},
        {"sepa_days": 1.5},
        {"card_fee": {"percent": "much"}},
        {"portal_retries_open": 1},
        {"sepa_days": 2, "payouts": "hourly"},
    ],
)
def test_a_setting_that_is_none_is_refused_and_nothing_is_set(
    desk: Desk, wrong: dict[str, Any]
) -> None:
    before = desk.control("settings")
    assert "error" in desk.control("settings", wrong, ok=False)
    assert desk.control("settings") == before
