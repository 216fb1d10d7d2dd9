"""What Stripe would refuse in a request is refused, at any depth and in Stripe's words."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Any

import pytest
import stripe

from tests.sandbox.api.front import MODULES
from tests.sandbox.spec.checks import checks
from tests.sandbox.wire import form
from tests.stand_in.desk import Desk

CHECKOUT = """mode=subscription&success_url=http://x.test/&customer_email=a@example.org
&line_items[0][quantity]=1&line_items[0][price_data][currency]=eur
&line_items[0][price_data][unit_amount]=199&line_items[0][price_data][product]=prod_1
&line_items[0][price_data][recurring][interval]=month""".replace("\n", "")
SESSIONS, CUSTOMERS, PRICES = "/v1/checkout/sessions", "/v1/customers", "/v1/prices"
SUBSCRIPTION = "/v1/subscriptions/sub_1"


def answer(desk: Desk, method: str, path: str, sent: str) -> Any:
    """Send a form as it is, past the SDK's own ideas; return `error`, empty after a success."""
    data = sent.encode() if method == "POST" else None
    url = f"{desk.base}{path}" + (f"?{sent}" if data is None else "")
    request = urllib.request.Request(  # noqa: S310 - our own http server on this machine
        url, data, {"Authorization": "Bearer sk_test_x"}, method=method
    )
    try:
        with urllib.request.urlopen(request) as told:  # noqa: S310 - see above
            json.load(told)
            return {}
    except urllib.error.HTTPError as refused:
        with refused:
            return json.load(refused)["error"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "param", "code", "message"),
    [
        # Names of older versions, and names that never were, wherever they stand.
        ("POST", SESSIONS, f"{CHECKOUT}&payment_method_types[]=card", "payment_method_types",
         "payment_method_types_no_longer_supported", "no longer supported"),
        ("POST", SESSIONS, f"{CHECKOUT}&line_items[0][amount]=1", "line_items[0][amount]",
         "parameter_unknown", "Received unknown parameter: line_items[0][amount]"),
        ("POST", SESSIONS, f"{CHECKOUT}&line_items[0][price_data][recurring][every]=1",
         "line_items[0][price_data][recurring][every]", "parameter_unknown", "unknown parameter"),
        ("POST", SESSIONS, f"{CHECKOUT}&recurring[interval]=month", "recurring",
         "parameter_unknown", "Received unknown parameter: recurring"),
        ("POST", CUSTOMERS, "address[street]=x", "address[street]", "parameter_unknown", ""),
        ("POST", SUBSCRIPTION, "items[0][plan_id]=x", "items[0][plan_id]", "parameter_unknown", ""),
        ("GET", CUSTOMERS, "mail=a@example.org", "mail", "parameter_unknown", ""),
        ("GET", CUSTOMERS, "created[after]=1", "created[after]", "parameter_unknown", ""),
        # Types.
        ("POST", PRICES, "currency=eur&product=p&unit_amount=1.99", "unit_amount",
         "parameter_invalid_integer", "Invalid integer: 1.99"),
        ("POST", PRICES, "currency=eur&product=p&unit_amount_decimal=1,99", "unit_amount_decimal",
         None, "Invalid decimal: 1,99"),
        ("POST", SUBSCRIPTION, "cancel_at_period_end=True", "cancel_at_period_end", None,
         "Invalid boolean: True"),
        ("POST", CUSTOMERS, "address=here", "address", None, "Invalid object"),
        ("POST", CUSTOMERS, "email[first]=a@example.org", "email", None, "Invalid string"),
        ("POST", CUSTOMERS, "expand=sources", "expand", None, "Invalid array"),
        ("POST", SUBSCRIPTION, "billing_cycle_anchor=now", "billing_cycle_anchor", None,
         "Invalid object"),
        ("GET", CUSTOMERS, "limit=ten", "limit", "parameter_invalid_integer", ""),
        # Values.
        ("POST", SESSIONS, CHECKOUT.replace("mode=subscription", "mode=gift"), "mode", None,
         "Invalid mode: must be one of payment, setup, or subscription"),
        ("POST", SESSIONS, CHECKOUT.replace("=month", "=fortnight"),
         "line_items[0][price_data][recurring][interval]", None, "must be one of day, month"),
        ("POST", SUBSCRIPTION, "cancel_at_period_end=", "cancel_at_period_end",
         "parameter_invalid_empty", "cannot be unset"),
        # What is missing.
        ("POST", PRICES, "product=p&unit_amount=199", "currency", "parameter_missing",
         "Missing required param: currency."),
        ("POST", SESSIONS, CHECKOUT.replace("[price_data][currency]=eur", "[quantity]=1"),
         "line_items[0][price_data][currency]", "parameter_missing", ""),
    ],
)  # fmt: skip
def test_what_stripe_does_not_take_is_refused(
    desk: Desk, method: str, path: str, sent: str, param: str, code: str | None, message: str
) -> None:
    refused = answer(desk, method, path, sent)
    assert refused["type"] == "invalid_request_error"
    assert (refused["param"], refused.get("code")) == (param, code)
    assert message in refused["message"]


def test_the_empty_string_unsets_what_can_be_unset(desk: Desk) -> None:
    made = desk.api.v1.customers.create({"name": "Alice", "metadata": {"a": "1"}})
    assert answer(desk, "POST", f"{CUSTOMERS}/{made.id}", "metadata=&address=&name=") == {}
    changed = desk.api.v1.customers.retrieve(made.id)
    assert changed.name is None
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {}


def test_what_stripe_takes_and_the_stand_in_does_not_understand_is_refused_by_name(
    desk: Desk,
) -> None:
    assert "tax_id_data" in checks().requests.takes("POST", CUSTOMERS)
    sent = "tax_id_data[0][type]=eu_vat&tax_id_data[0][value]=DE123456789"
    refused = answer(desk, "POST", CUSTOMERS, sent)
    assert refused["code"] == "sandbox_not_modelled"
    assert "`tax_id_data`" in refused["message"]


def test_the_sdk_reads_a_refusal_as_it_reads_stripes(desk: Desk) -> None:
    wrong: Any = {"address": {"street": "x"}}
    with pytest.raises(stripe.InvalidRequestError) as refused:
        desk.api.v1.customers.create(wrong)
    assert (refused.value.code, refused.value.param) == ("parameter_unknown", "address[street]")


def test_every_route_is_a_call_that_the_sdk_knows() -> None:
    routes = [item for module in MODULES for item in module.ROUTES]
    assert len(routes) > 60
    library = checks().library
    strange = [f"{r.method} {r.pattern}" for r in routes if not library.call(r.method, r.pattern)]
    assert strange == []


def test_every_parameter_that_a_route_understands_is_one_of_stripes() -> None:
    takes = checks().requests.takes
    strange = {
        f"{item.method} {item.pattern}": names
        for module in MODULES
        for item in module.ROUTES
        # Every list is made to understand `created`; not every one takes it.
        if (names := item.names - takes(item.method, item.pattern) - {"expand", "created"})
    }
    assert strange == {}


def test_a_request_is_checked_in_less_than_a_millisecond() -> None:
    params = form.decode(CHECKOUT)
    checks().check_request("POST", SESSIONS, params)
    before = time.process_time()
    for _ in range(100):
        checks().check_request("POST", SESSIONS, params)
    assert (time.process_time() - before) / 100 < 0.001
