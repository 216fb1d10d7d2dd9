"""A desk at the local Stripe: the real SDK, the hosted pages and the controls, over HTTP."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import stripe

ROOT = Path(__file__).parents[2]
DAY = 86_400
OK = "4242424242424242"
DECLINED = "4000000000000002"
FAILS_LATER = "4000000000000341"


def unix(year: int, month: int, day: int) -> int:
    """Return noon UTC of a day in unix seconds."""
    return int(datetime(year, month, day, 12, tzinfo=UTC).timestamp())


def start(*options: str) -> tuple[subprocess.Popen[str], str]:
    """Start a local Stripe on a free port; return its process and URL."""
    command = [sys.executable, "-m", "tests.sandbox", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("local Stripe ready on http://127.0.0.1:")
    return process, line.split()[-1]


def stop(process: subprocess.Popen[str]) -> int:
    """End it as Ctrl-C or a supervisor would; return its exit code."""
    process.send_signal(signal.SIGTERM)
    with process:
        return process.wait(5)


@dataclass
class Desk:
    """A local Stripe with the SDK and the control API at hand."""

    base: str
    product: str = ""
    api: stripe.StripeClient = field(init=False)

    def __post_init__(self) -> None:
        self.api = self.client("sk_test_unit")

    def client(self, key: str, retries: int = 2) -> stripe.StripeClient:
        """Return an SDK client that talks to this local Stripe."""
        return stripe.StripeClient(
            key,
            base_addresses={"api": self.base},
            max_network_retries=retries,
            http_client=stripe.UrllibClient() if retries == 0 else None,
        )

    def control(self, path: str, body: dict[str, Any] | None = None, *, ok: bool = True) -> Any:
        """Call /_sandbox/: POST with a body, GET without."""
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.base}/_sandbox/{path}"
        try:
            with urllib.request.urlopen(url, data) as answer:  # noqa: S310 - our own server
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                told = json.load(error)
            assert not ok, told
            return told

    def page(self, url: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Open a page or send its form; return status, body, Location, following nothing."""
        data = None if fields is None else urllib.parse.urlencode(fields).encode()
        opener = urllib.request.build_opener(Stay)
        try:
            with opener.open(url, data) as answer:
                return answer.status, answer.read().decode(), ""
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode(), error.headers.get("Location", "")

    def reset(self) -> None:
        """Start from nothing but a product."""
        self.control("reset", {})
        self.product = self.api.v1.products.create({"name": "Membership"}).id

    def open_membership(self, amount: int = 199, interval: str = "month", **more: Any) -> Any:
        """Open a checkout for a membership."""
        price = {
            "currency": "eur",
            "unit_amount": amount,
            "product": self.product,
            "recurring": {"interval": interval},
        }
        params: dict[str, Any] = {
            "mode": "subscription",
            "submit_type": "subscribe",
            "line_items": [{"quantity": 1, "price_data": price}],
            "subscription_data": {"metadata": {"ref": "m1"}},
            "metadata": {"ref": "s1"},
            "success_url": "http://127.0.0.1:1/thanks?cs={CHECKOUT_SESSION_ID}",
            "cancel_url": "http://127.0.0.1:1/join",
        }
        if "customer" not in more:
            params["customer_email"] = "alice@example.org"
        asked: Any = {**params, **more}
        return self.api.v1.checkout.sessions.create(asked)

    def open_gift(self, amount: int = 500, **more: Any) -> Any:
        """Open a checkout for a gift."""
        price = {
            "currency": "eur",
            "unit_amount": amount,
            "product_data": {"name": "Donation"},
        }
        params: dict[str, Any] = {
            "mode": "payment",
            "submit_type": "donate",
            "line_items": [{"quantity": 1, "price_data": price}],
            "payment_intent_data": {"metadata": {"ref": "g1"}},
            "customer_email": "bob@example.org",
            "success_url": "http://127.0.0.1:1/thanks?cs={CHECKOUT_SESSION_ID}",
        }
        asked: Any = {**params, **more}
        return self.api.v1.checkout.sessions.create(asked)

    def join(self, amount: int = 199, interval: str = "month", **paid_with: str) -> Any:
        """Become a member; return the ids."""
        session = self.open_membership(amount, interval)
        return self.control(f"checkout/{session.id}/pay", paid_with or {"card": OK})

    def join_then_fail(self, amount: int = 199, interval: str = "month") -> Any:
        """Become a member with a good card that is then swapped for one that fails."""
        paid = self.join(amount, interval)
        self.control(f"customers/{paid['customer']}/card", {"card": FAILS_LATER})
        return paid

    def charge_of(self, intent: str) -> Any:
        """Return the latest charge of a payment intent."""
        return self.api.v1.charges.list({"payment_intent": intent, "limit": 1}).data[0]

    def give(self, **paid_with: str) -> Any:
        """Give once; return the ids."""
        session = self.open_gift()
        return self.control(f"checkout/{session.id}/pay", paid_with or {"card": OK})

    def types(self) -> list[str]:
        """Return the types of all events so far, oldest first."""
        return [event["type"] for event in self.control("events?limit=5000")["data"]]

    def subscription(self, ident: str) -> Any:
        """Return a subscription as it is now."""
        return self.api.v1.subscriptions.retrieve(ident)

    def invoices(self, subscription: str) -> Any:
        """Return a subscription's invoices, newest first."""
        return self.api.v1.invoices.list({"subscription": subscription, "limit": 100}).data


class Stay(urllib.request.HTTPRedirectHandler):
    """Follows no redirects."""

    def redirect_request(self, *_: object) -> None:
        """Stay here."""


@contextlib.contextmanager
def open_desk(*options: str) -> Iterator[Desk]:
    """Run a local Stripe for the length of a block."""
    process, base = start(*options)
    desk = Desk(base)
    try:
        desk.reset()
        yield desk
    finally:
        assert stop(process) == 0


@dataclass
class Listener:
    """A webhook endpoint of ours that answers `status` and keeps what came."""

    url: str = ""
    status: int = 200
    got: list[tuple[bytes, str]] = field(default_factory=list)

    def types(self) -> list[str]:
        """Return the types of the events that came."""
        return [json.loads(body)["type"] for body, _ in self.got]


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Poll until something is true; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
