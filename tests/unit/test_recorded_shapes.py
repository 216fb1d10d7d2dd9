"""The snapshots read what Stripe really sent, where the machine has it (STRIPE_RECORDINGS).

Third-party data, so none of it is in this project. Of basil (2025-03-31) or later: older bodies are
never read, since every object is fetched again in the pinned version.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from billing import stripe_shapes as shapes
from billing.states import dispute_state_of, payment_state_of, refund_state_of, state_of

FOLDER = Path(os.environ.get("STRIPE_RECORDINGS", ""))
BASIL = "2025-03-31"
Shape = dict[str, Any]

pytestmark = pytest.mark.skipif(
    not os.environ.get("STRIPE_RECORDINGS"), reason="no recordings here"
)


def read_payment(shape: Shape) -> object:
    return payment_state_of(shapes.payment(shape, None, None).status)


def read_charge(shape: Shape) -> object:
    """A charge is only ever read as what paid an intent."""
    intent = {
        "id": shape["payment_intent"] or "pi_none",
        "status": "succeeded",
        "amount": shape["amount"],
        "currency": shape["currency"],
        "created": shape["created"],
        "livemode": shape["livemode"],
    }
    found = shapes.payment(intent, shape, shapes.first_failure([shape]))
    assert found.charge_id == shape["id"]
    return found.method


READERS: dict[str, Callable[[Shape], object]] = {
    "checkout.session": shapes.checkout,
    "subscription": lambda shape: state_of(shapes.subscription(shape)),
    "invoice": shapes.invoice,
    "payment_intent": read_payment,
    "charge": read_charge,
    "refund": lambda shape: refund_state_of(shapes.refund(shape).status),
    "dispute": lambda shape: dispute_state_of(shapes.dispute(shape).status),
}


def recorded() -> Iterator[Shape]:
    """Every object of a kind that we read, from events and from answers of the API."""
    for path in sorted(FOLDER.rglob("*.json")):
        shape = json.loads(path.read_bytes())
        if not isinstance(shape, dict):
            continue
        if shape.get("object") == "event" and (shape.get("api_version") or "") >= BASIL:
            yield shape["data"]["object"]
        elif path.is_relative_to(FOLDER / "objects" / "zulip__zulip"):
            yield shape


def test_it_reads_every_recorded_object() -> None:
    read: dict[str, int] = {}
    for shape in recorded():
        kind = shape.get("object")
        if isinstance(kind, str) and kind in READERS and "id" in shape:
            READERS[kind](shape)
            read[kind] = read.get(kind, 0) + 1
    assert read.keys() == READERS.keys()
    assert read["invoice"] > 300
    assert read["subscription"] > 10


def stories() -> list[Path]:
    if not os.environ.get("STRIPE_RECORDINGS"):
        return []
    return sorted((FOLDER / "stories").glob("*.json"))


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_the_totals_of_a_story_come_out_of_its_snapshots(path: Path) -> None:
    story = json.loads(path.read_bytes())
    others = set(story.get("files_of_other_customers", []))
    events = [
        json.loads((FOLDER / name).read_bytes()) for name in story["files"] if name not in others
    ]
    if any((each.get("api_version") or "") < BASIL for each in events):
        pytest.skip("told in a version from before basil")
    last = {
        each["data"]["object"]["id"]: each["data"]["object"]
        for each in events
        if "id" in each["data"]["object"]
    }
    expected = story["expected"]
    subscriptions = [
        shapes.subscription(each) for each in last.values() if each["object"] == "subscription"
    ]
    for each in subscriptions:
        assert (each.id, each.status) == (expected["subscription"], expected["subscription_status"])
    if subscriptions and "current_period_end" in expected:
        assert subscriptions[0].period_end.timestamp() == expected["current_period_end"]
    if subscriptions and "cancel_at" in expected:
        assert subscriptions[0].ends_on == shapes.moment(expected["cancel_at"])
    invoices = [shapes.invoice(each) for each in last.values() if each["object"] == "invoice"]
    if invoices and "paid_total" in expected:
        assert sum(each.paid_cents for each in invoices) == expected["paid_total"]
