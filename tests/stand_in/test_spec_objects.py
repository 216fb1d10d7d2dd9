"""A doctored object, list, error or event is told, with its place and how bad it is."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.local_stripe import PROBLEMS_VARIABLE, ProblemFile
from tests.sandbox.shapes import part, shaped
from tests.sandbox.spec.checks import checks
from tests.sandbox.spec.library import installed
from tests.sandbox.world import World
from tests.stand_in.desk import Desk
from tests.stand_in.test_shapes import wire

Obj = dict[str, Any]
Doctor = Callable[[Obj], object]


@pytest.fixture
def invoice(desk: Desk) -> Obj:
    """A paid invoice as it goes over the wire."""
    desk.join()
    row: Obj = wire(desk, "invoices?expand[]=data.payments&expand[]=data.customer")["data"][0]
    assert checks().check_object(row) == []
    return row


def told(obj: Obj) -> list[tuple[str, str]]:
    """Return how bad and where, for each thing wrong with an object."""
    return [(problem.severity, problem.where) for problem in checks().check_object(obj)]


def without(*path: str) -> Doctor:
    """Return a doctor that takes a field away."""
    return lambda obj: inner(obj, path[:-1]).pop(path[-1])


def put(value: object, *path: str) -> Doctor:
    """Return a doctor that sets a field."""
    return lambda obj: inner(obj, path[:-1]).__setitem__(path[-1], value)


def inner(obj: Any, path: tuple[str, ...]) -> Any:
    """Return what lies at a path of names and indexes."""
    for name in path:
        obj = obj[int(name) if name.isdigit() else name]
    return obj


LINE = ("lines", "data", "0")


@pytest.mark.parametrize(
    ("doctor", "severity", "where"),
    [
        (without("currency"), "error", "invoice.currency"),
        (without("description"), "absent", "invoice.description"),
        (without(*LINE, "period", "end"), "error", "line_item.period.end"),
        (put(1, "subscription"), "extra", "invoice.subscription"),
        (put("x", *LINE, "period", "middle"), "extra", "line_item.period.middle"),
        (put("199", "total"), "error", "invoice.total"),
        (put(True, "total"), "error", "invoice.total"),
        (put(1.99, "total"), "error", "invoice.total"),
        (put(1, "attempted"), "error", "invoice.attempted"),
        (put([], "metadata"), "error", "invoice.metadata"),
        (put(3, "metadata", "ref"), "error", "invoice.metadata.*"),
        (put(None, "total"), "error", "invoice.total"),
        (put(None, "threshold_reason"), "error", "invoice.threshold_reason"),
        (put("settled", "status"), "error|open", "invoice.status"),
        (put("1,5", *LINE, "quantity_decimal"), "error", "line_item.quantity_decimal"),
        (put([], "customer"), "error", "invoice.customer"),
        (without("customer", "email"), "absent", "customer.email"),
        (put("charge", "customer", "object"), "error", "invoice.customer"),
        (put(7, "payments", "total"), "error", "invoice.payments"),
        (put("coin", "object"), "error", ""),
    ],
)  # fmt: skip
def test_a_doctored_object_is_told(invoice: Obj, doctor: Doctor, severity: str, where: str) -> None:
    doctor(invoice)
    (only,) = told(invoice)
    assert only[0] in severity.split("|")
    assert only[1] == where


def test_what_is_expanded_on_request_may_be_absent_or_there(invoice: Obj) -> None:
    del invoice["payments"]
    assert told(invoice) == []


def test_a_value_that_a_growing_enum_lacks_is_no_failure(invoice: Obj) -> None:
    invoice["billing_reason"] = "birthday"
    assert [severity for severity, _ in told(invoice)] in (["open"], ["error"])
    method = shaped("payment_method", id="pm_1", type="seashells", created=1)
    method |= {"billing_details": part("payment_method", "billing_details")}
    method["billing_details"]["address"] = part("payment_method", "billing_details.address")
    method["allow_redisplay"] = "unspecified"
    assert told(method) == [("open", "payment_method.type")]


def test_a_tombstone_needs_nothing_but_its_name() -> None:
    tomb = {"id": "cus_1", "object": "customer", "deleted": True}
    assert told(tomb) == []
    assert told({**tomb, "colour": "green"}) == [("extra", "customer.colour")]
    assert ("error", "customer.created") in told({"id": "cus_1", "object": "customer"})


def test_an_answer_of_another_kind_is_told(invoice: Obj) -> None:
    check = checks().check_response
    assert check("GET", "/v1/invoices/{}", invoice) == []
    assert check("GET", "/v1/charges/{}", invoice) != []
    listed = {"object": "list", "data": [invoice], "has_more": False, "url": "/v1/invoices"}
    assert check("GET", "/v1/invoices", listed) == []
    assert check("GET", "/v1/invoices", {**listed, "has_more": 0}) != []
    assert check("GET", "/v1/charges", listed) != []
    assert check("GET", "/v1/pebbles", listed) != []


def test_an_error_without_stripes_form_is_told() -> None:
    good = {
        "error": {"type": "invalid_request_error", "message": "No.", "code": "resource_missing"}
    }
    assert checks().check_error(good) == []
    for wrong in ({"type": "accident"}, {"code": "pebble"}, {"colour": 1}, {"message": ""}):
        assert checks().check_error({"error": {**good["error"], **wrong}}) != []
    assert checks().check_error({"message": "No."}) != []


def event(obj: Obj, **fields: object) -> Obj:
    """Return an event about an object."""
    data: Obj = {"object": obj}
    if "previous_attributes" in fields:
        data["previous_attributes"] = fields.pop("previous_attributes")
    head: Obj = {"id": "evt_1", "type": "invoice.updated", "created": 1, "data": data}
    return shaped("event", **{**head, "pending_webhooks": 0, **fields})


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"type": "invoice.admired"}, "event.type"),
        ({"type": "customer.updated"}, "event customer.updated"),
        ({"created": "now"}, "event.created"),
        ({"previous_attributes": {"subscription": None}}, "subscription"),
        ({"previous_attributes": {"parent": {"colour": 1}}}, "parent.colour"),
    ],
)
def test_a_doctored_event_is_told(invoice: Obj, fields: Obj, where: str) -> None:
    right = {"status": "open", "parent": {"subscription_details": {"metadata": {"a": None}}}}
    assert checks().check_event(event(invoice, previous_attributes=right)) == []
    found = [p for p in checks().check_event(event(invoice, **fields)) if p.severity != "open"]
    assert found
    assert found[0].where.endswith(where)


def test_an_event_about_a_broken_object_is_told(invoice: Obj) -> None:
    broken = copy.deepcopy(invoice)
    del broken["lines"]
    assert [p.where for p in checks().check_event(event(broken))] == ["invoice.lines"]


def test_the_world_tells_its_problems_once_and_fails_the_test_that_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watching = ProblemFile(tmp_path / "problems")
    monkeypatch.setenv(PROBLEMS_VARIABLE, str(watching.path))
    world = World("http://127.0.0.1:1")
    product = shaped("product", id="prod_1", colour="green")
    for _ in range(3):
        world.emit("product.created", product)
    rows = {row["where"]: row for row in world.problems.told()["data"]}
    assert rows["product.colour"]["count"] == 3
    assert rows["product.colour"]["first_in"] == "event product.created"
    fresh = watching.fresh()
    assert fresh.count("extra product.colour: unknown field") == 1
    assert watching.fresh() == ""
    world.clear()
    assert world.problems.told() == {"data": [], "checked": {}}


def test_problems_are_listed_and_cleared_over_http(desk: Desk) -> None:
    desk.join()
    told = desk.control("problems")
    assert told["data"] == []
    assert told["checked"]["event"] > 10
    assert told["checked"]["request"] == told["checked"]["response"] > 0
    assert desk.control("problems", {"clear": True})["checked"] == {}


def test_every_kind_has_a_skeleton_that_lacks_only_what_must_be_filled() -> None:
    assert len(installed().kinds) > 140
    for kind in installed().kinds:
        found = checks().check_object(shaped(kind))
        assert {p.what for p in found} <= {"missing"}, kind


def test_an_object_is_checked_in_a_third_of_a_millisecond(invoice: Obj) -> None:
    before = time.process_time()
    for _ in range(100):
        checks().check_object(invoice)
    assert (time.process_time() - before) / 100 < 0.0003
