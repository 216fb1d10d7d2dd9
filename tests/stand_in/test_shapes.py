"""Every object the local Stripe sends has the fields that the installed SDK documents."""

from __future__ import annotations

import ast
import functools
import json
import re
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import Desk, open_desk

SDK = Path(stripe.__file__).parent
# Absent unless asked for, or only in the answer that creates or deletes.
ON_REQUEST = {
    "charge": {"refunds"},
    "checkout.session": {"line_items"},
    "customer": {"sources", "subscriptions", "tax", "tax_ids", "cash_balance"},
    "invoice": {"payments", "threshold_reason"},
    "price": {"tiers", "currency_options"},
    "plan": {"tiers"},
    "webhook_endpoint": {"secret"},
    "account": set(),
}
ALWAYS_OPTIONAL = {"deleted", "invoice_credit_balance"}
# Unions of one hash per means of payment: Stripe sends the one that applies.
UNIONS = {"PaymentMethodDetails", "DestinationDetails", "PaymentMethodOptions", "NextAction"}
# Stripe leaves these out where they do not apply.
SPARSE = {"StatusDetails", "FraudDetails", "RadarOptions", "Data"}


@functools.cache
def classes() -> dict[str, ast.ClassDef]:
    """Return the SDK's resource classes by `object` name."""
    found: dict[str, ast.ClassDef] = {}
    for file in SDK.rglob("_*.py"):
        if "params" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        name = re.search(r"OBJECT_NAME: ClassVar\[Literal\[\"([^\"]+)\"\]\]", text)
        if name is None or "v2" in file.parts:
            continue
        tree = ast.parse(text)
        klass = next(
            c for c in tree.body if isinstance(c, ast.ClassDef) and "OBJECT_NAME" in ast.unparse(c)
        )
        found.setdefault(name[1], klass)
    return found


def fields_of(klass: ast.ClassDef) -> dict[str, str]:
    """Return the documented fields of a class with their annotations."""
    rows = (n for n in klass.body if isinstance(n, ast.AnnAssign))
    told = {ast.unparse(n.target): ast.unparse(n.annotation) for n in rows}
    return {k: v for k, v in told.items() if not v.startswith("ClassVar") and not k.startswith("_")}


def inner(klass: ast.ClassDef, annotation: str) -> ast.ClassDef | None:
    """Return the nested class that the annotation names, if it is one."""
    names = set(re.findall(r"\w+", annotation))
    return next((c for c in klass.body if isinstance(c, ast.ClassDef) and c.name in names), None)


def problems(node: Any, klass: ast.ClassDef, where: str, kind: str = "") -> Iterator[str]:
    """Yield what is missing or unknown in a hash and in the hashes inside it."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from problems(item, klass, f"{where}[{index}]", kind)
        return
    if not isinstance(node, dict):
        return
    if not kind and isinstance(node.get("object"), str):
        yield from object_problems(node, where)
        return
    told = fields_of(klass)
    loose = klass.name in UNIONS | SPARSE or kind in ("payment_method", "account")
    if not loose:
        absent = set(told) - set(node) - ON_REQUEST.get(kind, set()) - ALWAYS_OPTIONAL
        yield from (f"{where}.{name} is absent" for name in sorted(absent))
    yield from (f"{where}.{name} is unknown" for name in sorted(set(node) - set(told)))
    for name, annotation in told.items():
        yield from field_problems(node, klass, name, annotation, where)


def field_problems(
    node: dict[str, Any], klass: ast.ClassDef, name: str, annotation: str, where: str
) -> Iterator[str]:
    """Yield what is wrong with one field."""
    value = node.get(name)
    if value is None:
        if name in node and not annotation.startswith("Optional"):
            yield f"{where}.{name} is null and must not be"
        return
    yield from kind_problems(value, annotation, f"{where}.{name}")
    nested = inner(klass, annotation)
    if nested is not None:
        yield from problems(value, nested, f"{where}.{name}")
    elif isinstance(value, dict) and "object" in value:
        yield from object_problems(value, f"{where}.{name}")


def kind_problems(value: Any, annotation: str, where: str) -> Iterator[str]:
    """Yield a scalar whose JSON type is not the documented one."""
    bare = annotation.removeprefix("Optional[").removesuffix("]")
    expected: dict[str, type] = {"int": int, "str": str, "bool": bool}
    kind = expected.get(bare)
    if kind and type(value) is not kind:
        yield f"{where} is {type(value).__name__}, not {bare}"


def object_problems(node: dict[str, Any], where: str = "") -> Iterator[str]:
    """Yield what is wrong with a whole object, found by its `object` field."""
    kind = node["object"]
    if kind == "list":
        for index, item in enumerate(node["data"]):
            yield from object_problems(item, f"{where}[{index}]")
    elif kind not in classes():
        yield f"{where}: the SDK knows no {kind}"
    elif not node.get("deleted"):
        yield from problems(node, classes()[kind], where or kind, kind)


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
    desk.join(card="4000000000000341")
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


def unnumbered(problem: str) -> str:
    """Return the problem without list positions, so that it is told once."""
    return re.sub(r"\[\d+\]", "[]", problem)


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
def test_every_object_has_the_fields_of_the_sdk(desk: Desk, path: str) -> None:
    rows = wire(desk, path)["data"]
    assert rows
    found = {unnumbered(p) for row in rows for p in object_problems(row)}
    assert sorted(found) == []


def test_every_event_carries_an_object_with_the_fields_of_the_sdk(desk: Desk) -> None:
    events = desk.control("events?limit=5000")["data"]
    assert len(events) > 100
    found = {
        f"{event['type']}: {unnumbered(problem)}"
        for event in events
        for problem in object_problems(event["data"]["object"])
    }
    assert sorted(found) == []


def test_every_event_type_is_one_that_the_sdk_knows(desk: Desk) -> None:
    text = (SDK / "_event.py").read_text(encoding="utf-8")
    names = {event["type"] for event in desk.control("events?limit=5000")["data"]}
    assert sorted(name for name in names if f'"{name}"' not in text) == []
