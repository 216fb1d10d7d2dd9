"""The snapshots read what Stripe really sent, where the machine has it (STRIPE_RECORDINGS).

Third-party data, so none of it is in this project. Of basil (2025-03-31) or later: older bodies are
never read, since every object is fetched again in the pinned version.
"""

import csv
import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from billing import stripe_shapes as shapes
from billing.snapshots import (
    CheckoutSnapshot,
    InvoiceSnapshot,
    PaymentSnapshot,
    RefundSnapshot,
    SubscriptionSnapshot,
)
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


def read_invoice(shape: Shape) -> object:
    """What was paid is what Stripe says was paid, also where it was paid outside of Stripe."""
    found = shapes.invoice(shape)
    assert found.paid_cents == shape["amount_paid"]
    assert (found.status, found.customer_id) == (shape["status"], shape["customer"])
    return found.status


def read_subscription(shape: Shape) -> object:
    """The amount of all its items, and the period of the first."""
    found = shapes.subscription(shape)
    items = shape["items"]["data"]
    assert found.period_end == shapes.moment(items[0]["current_period_end"])
    assert found.amount_cents == sum(
        (each["price"]["unit_amount"] or 0) * each.get("quantity", 1) for each in items
    )
    return state_of(found)


READERS: dict[str, Callable[[Shape], object]] = {
    "checkout.session": shapes.checkout,
    "subscription": read_subscription,
    "invoice": read_invoice,
    "payment_intent": read_payment,
    "charge": read_charge,
    "refund": lambda shape: refund_state_of(shapes.refund(shape).status),
    "dispute": lambda shape: dispute_state_of(shapes.dispute(shape).status),
    "setup_intent": shapes.setup,
    "balance_transaction": shapes.booked,
    "radar.early_fraud_warning": shapes.fraud_warning,
}


def recorded() -> Iterator[Shape]:
    """Every object of a kind that we read: of events, of answers of the API, and inside of these.

    The folder's index tells in which version each was recorded.
    """
    with (FOLDER / "index.csv").open() as index:
        rows = {row["file"].partition("/")[2]: row["api_version"] for row in csv.DictReader(index)}
    for name, version in sorted(rows.items()):
        shape = json.loads((FOLDER / name).read_bytes())
        if isinstance(shape, dict) and shape.get("object") == "event":
            version = shape.get("api_version") or version
            shape = shape["data"]["object"]
        if version >= BASIL:
            yield from inside(shape)


def inside(shape: Any) -> Iterator[Shape]:
    """The objects that are whole, wherever they stand: Stripe puts them inside of one another."""
    if isinstance(shape, list):
        for each in shape:
            yield from inside(each)
    elif isinstance(shape, dict):
        if shape.get("object") in READERS and "id" in shape and "created" in shape:
            yield shape
        for each in shape.values():
            yield from inside(each)


def test_it_reads_every_recorded_object() -> None:
    read: Counter[str] = Counter()
    for shape in recorded():
        READERS[shape["object"]](shape)
        read[shape["object"]] += 1
    assert read.keys() == READERS.keys()
    least = {"invoice": 300, "subscription": 30, "charge": 40, "payment_intent": 100}
    assert {name: read[name] for name in least if read[name] <= least[name]} == {}


def stories() -> list[Path]:
    if not os.environ.get("STRIPE_RECORDINGS"):
        return []
    return sorted((FOLDER / "stories").glob("*.json"))


@dataclass(frozen=True, slots=True)
class Told:
    """What the objects of a story say at its end, each as we read it."""

    subscriptions: list[SubscriptionSnapshot]
    invoices: list[InvoiceSnapshot]
    payments: list[PaymentSnapshot]
    checkouts: list[CheckoutSnapshot]
    refunds: list[RefundSnapshot]

    def paid(self) -> int:
        """By its invoices; where it has none, by its payments."""
        if self.invoices:
            return sum(each.paid_cents for each in self.invoices)
        return sum(each.amount_cents for each in self.payments if each.status == "succeeded")

    def outside(self) -> int:
        """What no payment of Stripe's brought. In clover an invoice does not say so."""
        return self.paid() - sum(
            each.amount_cents for each in self.payments if each.status == "succeeded"
        )

    def owed(self) -> int:
        """What payments still wait for, if an invoice is open."""
        waiting = [each for each in self.payments if each.status != "succeeded"]
        is_open = any(each.status == "open" for each in self.invoices)
        return sum(each.amount_cents for each in waiting) if is_open else 0

    def names(self, name: str) -> set[str]:
        """The ids of this kind that any of the objects carries."""
        everything = (*self.subscriptions, *self.invoices, *self.payments, *self.checkouts)
        return {getattr(each, name, "") for each in everything} - {""}


def told(path: Path) -> tuple[Told, dict[str, Any]]:
    """The last look at each object of a story, and what must come out of it."""
    story = json.loads(path.read_bytes())
    others = set(story.get("files_of_other_customers", []))
    events = [
        json.loads((FOLDER / name).read_bytes()) for name in story["files"] if name not in others
    ]
    if any((each.get("api_version") or "") < BASIL for each in events):
        pytest.skip("told in a version from before basil")
    last = {each["data"]["object"]["id"]: each["data"]["object"] for each in events}

    def read(kind: str, reader: Callable[[Shape], Any]) -> list[Any]:
        return [reader(each) for each in last.values() if each["object"] == kind]

    found = Told(
        subscriptions=read("subscription", shapes.subscription),
        invoices=read("invoice", shapes.invoice),
        payments=read("payment_intent", lambda shape: shapes.payment(shape, None, None)),
        checkouts=read("checkout.session", shapes.checkout),
        refunds=read("refund", shapes.refund),
    )
    return found, story["expected"]


# How each thing that a story expects comes out of our snapshots.
OUTCOMES: dict[str, Callable[[Told], object]] = {
    "paid_total": Told.paid,
    "open_total": Told.owed,
    "refunded_total": lambda told: sum(each.amount_cents for each in told.refunds),
    "invoices_paid": lambda told: sum(each.status == "paid" for each in told.invoices),
    "paid_out_of_band_total": Told.outside,
    "status": lambda told: told.invoices[-1].status,
    "subscription_status": lambda told: (
        told.subscriptions[-1].status if told.subscriptions else None
    ),
    "current_period_start": lambda told: told.subscriptions[-1].period_start.timestamp(),
    "current_period_end": lambda told: told.subscriptions[-1].period_end.timestamp(),
    "cancel_at": lambda told: seconds(told.subscriptions[-1].ends_on),
    "cancel_at_period_end": lambda told: told.subscriptions[-1].ends_on is not None,
    "ended_at": lambda told: seconds(told.subscriptions[-1].ended_at),
    "canceled_at": lambda told: seconds(told.subscriptions[-1].ended_at),
    "pause_collection": lambda told: True if told.subscriptions[-1].collection_paused else None,
}
# These must be the only ones that the objects name.
IDS = {"customer": "customer_id", "subscription": "subscription_id"}
# Into an amount, and never told apart from it.
UNREAD = {"quantity"}


def seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


@pytest.mark.parametrize("path", stories(), ids=lambda path: path.stem)
def test_the_totals_of_a_story_come_out_of_its_snapshots(path: Path) -> None:
    found, expected = told(path)
    assert expected.keys() <= OUTCOMES.keys() | IDS.keys() | UNREAD | {"payment_intent", "currency"}
    if not (found.invoices or found.payments or found.subscriptions):
        # A checkout alone: what it made is read where it was made.
        assert {each.payment_intent_id for each in found.checkouts} == {expected["payment_intent"]}
        return
    came = {name: OUTCOMES[name](found) for name in expected.keys() & OUTCOMES.keys()}
    # A story of a subscription alone says what was paid for it, and no object of it does.
    assert came == {name: expected[name] for name in came}
    for name, column in IDS.items():
        ids = found.names(column)
        if name == "subscription":
            ids |= {each.id for each in found.subscriptions}
        assert ids <= {expected[name]}, name
    if "currency" in expected:
        currencies = {each.currency for each in found.subscriptions}
        currencies |= {each.currency for each in found.invoices}
        currencies |= {each.currency for each in found.payments}
        assert currencies == {expected["currency"]}
