"""The local Stripe, driven over HTTP by the real SDK."""

from __future__ import annotations

import contextlib
import http.server
import json
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
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


@pytest.fixture(scope="module")
def running() -> Iterator[Desk]:
    with open_desk() as desk:
        yield desk


@pytest.fixture
def desk(running: Desk) -> Desk:
    running.reset()
    return running


@dataclass
class Listener:
    """A webhook endpoint of ours that answers `status` and keeps what came."""

    url: str = ""
    status: int = 200
    got: list[tuple[bytes, str]] = field(default_factory=list)

    def types(self) -> list[str]:
        """Return the types of the events that came."""
        return [json.loads(body)["type"] for body, _ in self.got]


@pytest.fixture
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.got.append((body, self.headers["Stripe-Signature"]))
            self.send_response(heard.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        heard.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield heard
        server.shutdown()


def until(true: Callable[[], bool], seconds: float = 10) -> None:
    """Poll until something is true; fail at the deadline."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


# Joining and giving


def test_a_membership_is_paid_at_checkout_and_charged_the_standard_fee(desk: Desk) -> None:
    paid = desk.join()
    session = desk.api.v1.checkout.sessions.retrieve(
        paid["session"], {"expand": ["subscription.latest_invoice.payments", "line_items"]}
    )
    sub: Any = session.subscription
    assert (session.status, session.payment_status, session.payment_intent) == (
        "complete",
        "paid",
        None,
    )
    assert sub.status == "active"
    assert sub.metadata["ref"] == "m1"
    invoice = sub.latest_invoice
    assert invoice.parent.subscription_details.subscription == sub.id
    assert invoice.parent.subscription_details.metadata["ref"] == "m1"
    intent = desk.api.v1.payment_intents.retrieve(
        invoice.payments.data[0].payment.payment_intent,
        {"expand": ["latest_charge.balance_transaction"]},
    )
    charge: Any = intent.latest_charge
    assert charge.balance_transaction.fee == 28
    assert charge.balance_transaction.net == 171
    assert "ref" not in session.customer_details.to_dict() if session.customer_details else True


def test_an_intent_leads_back_to_its_invoice(desk: Desk) -> None:
    paid = desk.join()
    invoice = desk.api.v1.invoices.retrieve(paid["invoice"], {"expand": ["payments"]})
    assert invoice.payments is not None
    intent = str(invoice.payments.data[0].payment.payment_intent)
    query: Any = {"payment": {"type": "payment_intent", "payment_intent": intent}}
    assert desk.api.v1.invoice_payments.list(query).data[0].invoice == paid["invoice"]
    gift = desk.give()
    query["payment"]["payment_intent"] = gift["payment_intent"]
    assert desk.api.v1.invoice_payments.list(query).data == []


def test_a_gift_leaves_no_customer(desk: Desk) -> None:
    paid = desk.give()
    intent = desk.api.v1.payment_intents.retrieve(
        paid["payment_intent"], {"expand": ["latest_charge"]}
    )
    charge: Any = intent.latest_charge
    assert (paid["customer"], intent.customer, charge.customer) == (None, None, None)
    assert charge.metadata["ref"] == "g1"
    assert charge.billing_details.email == "bob@example.org"


def test_an_address_typed_twice_makes_two_customers(desk: Desk) -> None:
    assert desk.join()["customer"] != desk.join()["customer"]


def test_a_known_customer_is_reused_when_named(desk: Desk) -> None:
    first = desk.join()
    session = desk.open_membership(customer=first["customer"])
    again = desk.control(f"checkout/{session.id}/pay", {"card": OK})
    assert again["customer"] == first["customer"]


def test_a_declined_card_is_said_on_the_page_and_leaves_the_session_open(desk: Desk) -> None:
    session = desk.open_membership()
    status, body, _ = desk.page(session.url, {"card": DECLINED, "name": "Alice"})
    assert status == 402
    assert "Your card was declined." in body
    assert desk.api.v1.checkout.sessions.retrieve(session.id).status == "open"
    assert desk.api.v1.subscriptions.list({"status": "all"}).data == []


def test_the_page_sends_the_payer_back_with_the_session_filled_in(desk: Desk) -> None:
    session = desk.open_membership()
    status, body, _ = desk.page(session.url)
    assert status == 200
    assert "not Stripe" in body
    status, _, location = desk.page(session.url, {"card": "4242 4242 4242 4242"})
    assert (status, location) == (303, f"http://127.0.0.1:1/thanks?cs={session.id}")
    assert "already been made" in desk.page(session.url)[1]


def test_terms_must_be_accepted_where_they_are_asked_for(desk: Desk) -> None:
    session = desk.open_membership(consent_collection={"terms_of_service": "required"})
    assert desk.page(session.url, {"card": OK})[0] == 400
    assert desk.page(session.url, {"card": OK, "terms": "yes"})[0] == 303
    consent = desk.api.v1.checkout.sessions.retrieve(session.id).consent
    assert consent is not None
    assert consent.terms_of_service == "accepted"


def test_a_bank_that_asks_is_answered_on_a_page_of_its_own(desk: Desk) -> None:
    session = desk.open_membership()
    _, _, asked = desk.page(session.url, {"card": "4000002500003155"})
    assert "/3ds/" in asked
    assert desk.page(asked, {"do": "fail"})[0] == 402
    _, _, asked = desk.page(session.url, {"card": "4000002500003155"})
    assert desk.page(asked, {"do": "complete"})[0] == 303
    assert desk.api.v1.checkout.sessions.retrieve(session.id).payment_status == "paid"


def test_an_open_session_expires_by_the_clock(desk: Desk) -> None:
    session = desk.open_membership(expires_at=int(time.time()) + 3600)
    desk.control("advance", {"seconds": 3700})
    found = desk.api.v1.checkout.sessions.retrieve(session.id)
    assert (found.status, found.url) == ("expired", None)
    assert desk.types()[-1] == "checkout.session.expired"
    assert "expired" in desk.page(session.url)[1]


def test_a_caller_with_the_real_time_can_open_a_session_after_an_advance(desk: Desk) -> None:
    desk.control("advance", {"days": 400})
    session = desk.open_membership(expires_at=int(time.time()) + 3600)
    assert desk.page(session.url)[0] == 200
    desk.control("advance", {"seconds": 3700})
    assert desk.api.v1.checkout.sessions.retrieve(session.id).status == "expired"


# Direct debit


def test_a_debit_completes_unpaid_and_is_paid_five_days_later(desk: Desk) -> None:
    paid = desk.join(iban="DE89370400440532013000")
    assert paid["payment_status"] == "unpaid"
    assert desk.subscription(paid["subscription"]).status == "active"
    charge = desk.api.v1.charges.list({"customer": paid["customer"]}).data[0]
    assert charge.id.startswith("py_")
    assert (charge.status, charge.balance_transaction) == ("pending", None)
    desk.control("advance", {"days": 5})
    session = desk.api.v1.checkout.sessions.retrieve(paid["session"])
    assert session.payment_status == "paid"
    assert desk.invoices(paid["subscription"])[0].status == "paid"
    assert "checkout.session.async_payment_succeeded" in desk.types()


def test_a_debit_can_come_back_unpaid(desk: Desk) -> None:
    paid = desk.join(iban="DE62370400440532013001")
    desk.control("advance", {"days": 5})
    assert desk.api.v1.checkout.sessions.retrieve(paid["session"]).payment_status == "unpaid"
    assert desk.subscription(paid["subscription"]).status == "past_due"
    assert {"checkout.session.async_payment_failed", "invoice.payment_failed"} <= set(desk.types())


def test_a_gift_by_debit_is_told_by_the_session_too(desk: Desk) -> None:
    paid = desk.give(iban="DE89370400440532013000")
    intent = desk.api.v1.payment_intents.retrieve(paid["payment_intent"])
    assert intent.status == "processing"
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"payment_intent": intent.id})
    desk.control("advance", {"days": 5})
    assert "checkout.session.async_payment_succeeded" in desk.types()


# Renewals


def test_a_renewal_is_invoiced_at_the_calendar_anchor(desk: Desk) -> None:
    desk.control("clock", {"now": unix(2026, 1, 31)})
    paid = desk.join()
    ends = [desk.subscription(paid["subscription"])["items"].data[0].current_period_end]
    for _ in range(2):
        desk.control("advance", {"to": ends[-1] + 7200})
        ends.append(desk.subscription(paid["subscription"])["items"].data[0].current_period_end)
    assert ends == [unix(2026, 2, 28), unix(2026, 3, 31), unix(2026, 4, 30)]
    assert [i.status for i in desk.invoices(paid["subscription"])] == ["paid"] * 3


def test_a_year_begun_on_the_leap_day_ends_on_the_28th(desk: Desk) -> None:
    desk.control("clock", {"now": unix(2028, 2, 29)})
    paid = desk.join(2388, "year")
    item = desk.subscription(paid["subscription"])["items"].data[0]
    assert item.current_period_end == unix(2029, 2, 28)


def test_a_renewal_is_a_draft_for_an_hour(desk: Desk) -> None:
    paid = desk.join()
    end = desk.subscription(paid["subscription"])["items"].data[0].current_period_end
    desk.control("advance", {"to": end + 60})
    draft = desk.invoices(paid["subscription"])[0]
    assert (draft.status, draft.automatically_finalizes_at) == ("draft", end + 3600)
    assert desk.subscription(paid["subscription"]).status == "active"
    desk.control("advance", {"to": end + 3600})
    invoice = desk.invoices(paid["subscription"])[0]
    assert (invoice.status, invoice.billing_reason) == ("paid", "subscription_cycle")
    line = invoice.lines.data[0]
    assert (line.period.start, line.pricing.price_details.product) == (end, desk.product)


def test_a_failing_card_is_tried_again_and_then_the_membership_ends(desk: Desk) -> None:
    paid = desk.join(card=FAILS_LATER)
    desk.control("advance", {"months": 1, "days": 1})
    sub = desk.subscription(paid["subscription"])
    invoice = desk.invoices(sub.id)[0]
    assert (sub.status, invoice.status, invoice.attempt_count) == ("past_due", "open", 1)
    assert invoice.next_payment_attempt is not None
    desk.control("advance", {"days": 15})
    sub = desk.subscription(paid["subscription"])
    assert (sub.status, sub.cancellation_details.reason) == ("canceled", "payment_failed")
    invoice = desk.invoices(sub.id)[0]
    assert (invoice.attempt_count, invoice.next_payment_attempt) == (4, None)
    assert desk.types().count("invoice.payment_failed") == 4
    assert desk.types()[-1] == "customer.subscription.deleted"


def test_a_new_card_heals_a_membership_at_the_next_retry(desk: Desk) -> None:
    paid = desk.join(card=FAILS_LATER)
    desk.control("advance", {"months": 1, "days": 1})
    desk.control(f"customers/{paid['customer']}/card", {"card": OK})
    assert desk.subscription(paid["subscription"]).status == "past_due"
    desk.control("advance", {"days": 3})
    assert desk.subscription(paid["subscription"]).status == "active"


def test_a_bank_may_ask_again_at_a_renewal(desk: Desk) -> None:
    session = desk.open_membership()
    paid = desk.control(
        f"checkout/{session.id}/pay", {"card": "4000002760003184", "authenticate": "complete"}
    )
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.subscription(paid["subscription"]).status == "past_due"
    assert "invoice.payment_action_required" in desk.types()
    invoice = desk.invoices(paid["subscription"])[0]
    assert desk.page(invoice.hosted_invoice_url, {"card": OK})[0] == 303
    assert desk.subscription(paid["subscription"]).status == "active"


def test_an_open_invoice_can_be_paid_by_hand(desk: Desk) -> None:
    paid = desk.join(card=FAILS_LATER)
    desk.control("advance", {"months": 1, "days": 1})
    invoice = desk.invoices(paid["subscription"])[0]
    with pytest.raises(stripe.CardError) as refused:
        desk.api.v1.invoices.pay(invoice.id)
    assert (refused.value.code, refused.value.http_status) == ("card_declined", 402)
    desk.control(f"customers/{paid['customer']}/card", {"card": OK})
    assert desk.api.v1.invoices.pay(invoice.id).status == "paid"
    assert desk.subscription(paid["subscription"]).status == "active"


def test_the_amount_changes_at_the_next_period(desk: Desk) -> None:
    paid = desk.join()
    sub = desk.subscription(paid["subscription"])
    price = {
        "currency": "eur",
        "product": desk.product,
        "unit_amount": 500,
        "recurring": {"interval": "month"},
    }
    change: Any = {
        "items": [{"id": sub["items"].data[0].id, "price_data": price, "quantity": 1}],
        "proration_behavior": "none",
    }
    desk.api.v1.subscriptions.update(sub.id, change)
    assert len(desk.invoices(sub.id)) == 1
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.invoices(sub.id)[0].amount_paid == 500


# Endings


def test_a_membership_cancelled_at_the_end_runs_to_the_end(desk: Desk) -> None:
    paid = desk.join()
    desk.api.v1.subscriptions.update(paid["subscription"], {"cancel_at_period_end": True})
    desk.control("advance", {"days": 20})
    assert desk.subscription(paid["subscription"]).status == "active"
    desk.control("advance", {"days": 12})
    sub = desk.subscription(paid["subscription"])
    assert sub.status == "canceled"
    assert sub.ended_at == sub["items"].data[0].current_period_end
    assert len(desk.invoices(sub.id)) == 1


def test_the_portal_sets_cancel_at_and_an_empty_one_takes_it_back(desk: Desk) -> None:
    paid = desk.join()
    desk.api.v1.billing_portal.configurations.create({"features": {}})
    flow: Any = {
        "type": "subscription_cancel",
        "subscription_cancel": {"subscription": paid["subscription"]},
        "after_completion": {
            "type": "redirect",
            "redirect": {"return_url": "http://127.0.0.1:1/account"},
        },
    }
    session = desk.api.v1.billing_portal.sessions.create(
        {"customer": paid["customer"], "flow_data": flow}
    )
    assert "not Stripe" in desk.page(session.url)[1]
    pressed = desk.page(session.url, {"do": f"cancel {paid['subscription']}"})
    assert (pressed[0], pressed[2]) == (303, "http://127.0.0.1:1/account")
    sub = desk.subscription(paid["subscription"])
    assert sub.cancel_at == sub["items"].data[0].current_period_end
    assert sub.cancel_at_period_end is False
    desk.api.v1.subscriptions.update(sub.id, {"cancel_at": ""})
    assert desk.subscription(sub.id).cancel_at is None
    desk.control("advance", {"days": 40})
    assert desk.subscription(sub.id).status == "active"


def test_a_new_card_in_the_portal_pays_what_is_open(desk: Desk) -> None:
    paid = desk.join(card=FAILS_LATER)
    desk.control("advance", {"months": 1, "days": 1})
    desk.api.v1.billing_portal.configurations.create({"features": {}})
    session = desk.api.v1.billing_portal.sessions.create({"customer": paid["customer"]})
    assert desk.page(session.url, {"do": "card", "card": DECLINED})[0] == 402
    assert desk.page(session.url, {"do": "card", "card": OK})[0] == 303
    assert desk.subscription(paid["subscription"]).status == "active"


def test_cancelling_now_is_final(desk: Desk) -> None:
    paid = desk.join()
    sub = desk.api.v1.subscriptions.cancel(paid["subscription"])
    assert (sub.status, desk.types()[-1]) == ("canceled", "customer.subscription.deleted")
    with pytest.raises(stripe.InvalidRequestError) as gone:
        desk.api.v1.subscriptions.cancel(paid["subscription"])
    assert (gone.value.http_status, gone.value.code) == (404, "resource_missing")
    assert desk.api.v1.subscriptions.list({"customer": paid["customer"]}).data == []
    everything = desk.api.v1.subscriptions.list({"customer": paid["customer"], "status": "all"})
    assert len(everything.data) == 1


def test_a_deleted_customer_ends_their_membership(desk: Desk) -> None:
    paid = desk.join()
    desk.api.v1.customers.delete(paid["customer"])
    assert desk.api.v1.customers.retrieve(paid["customer"]).deleted
    assert desk.subscription(paid["subscription"]).status == "canceled"
    desk.control("advance", {"months": 3})
    assert len(desk.invoices(paid["subscription"])) == 1


# Refunds


def test_refunds_add_up_to_the_charge_and_no_further(desk: Desk) -> None:
    intent = desk.give()["payment_intent"]
    desk.api.v1.refunds.create({"payment_intent": intent, "amount": 200})
    desk.control("refund", {"payment_intent": intent, "amount": 100})
    with pytest.raises(stripe.InvalidRequestError):
        desk.api.v1.refunds.create({"payment_intent": intent, "amount": 201})
    desk.api.v1.refunds.create({"payment_intent": intent})
    charge = desk.api.v1.charges.list({"payment_intent": intent}).data[0]
    assert (charge.amount_refunded, charge.refunded) == (500, True)
    with pytest.raises(stripe.InvalidRequestError) as done:
        desk.api.v1.refunds.create({"payment_intent": intent})
    assert done.value.code == "charge_already_refunded"
    refunds = desk.api.v1.refunds.list({"payment_intent": intent}).data
    assert [r.amount for r in refunds] == [200, 100, 200]
    booked: Any = desk.api.v1.refunds.retrieve(refunds[0].id, {"expand": ["balance_transaction"]})
    assert (booked.balance_transaction.amount, booked.balance_transaction.type) == (-200, "refund")


@pytest.mark.parametrize(
    ("card", "first", "last"),
    [
        ("4000000000007726", "pending", "succeeded"),
        ("4000000000005126", "succeeded", "failed"),
    ],
)
def test_a_refund_may_change_its_mind(desk: Desk, card: str, first: str, last: str) -> None:
    intent = desk.give(card=card)["payment_intent"]
    refund = desk.api.v1.refunds.create({"payment_intent": intent})
    assert refund.status == first
    desk.control("advance", {"seconds": 3600})
    assert desk.api.v1.refunds.retrieve(refund.id).status == last
    charge = desk.api.v1.charges.list({"payment_intent": intent}).data[0]
    assert charge.amount_refunded == (0 if last == "failed" else 500)
    assert ("refund.failed" in desk.types()) == (last == "failed")


# Started by the API, on a test clock


def test_a_customer_on_a_test_clock_lives_by_it_alone(desk: Desk) -> None:
    clock = desk.api.v1.test_helpers.test_clocks.create({"frozen_time": unix(2027, 1, 31)})
    customer = desk.api.v1.customers.create(
        {"email": "alice@example.org", "test_clock": clock.id, "payment_method": "pm_card_visa"}
    )
    methods = desk.api.v1.payment_methods.list({"customer": customer.id}).data
    price = desk.api.v1.prices.create(
        {
            "currency": "eur",
            "unit_amount": 199,
            "product": desk.product,
            "recurring": {"interval": "month"},
        }
    )
    sub = desk.api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": price.id}],
            "default_payment_method": methods[0].id,
        }
    )
    assert (sub.status, sub.created) == ("active", unix(2027, 1, 31))
    desk.control("advance", {"months": 3})
    assert len(desk.invoices(sub.id)) == 1
    told = desk.api.v1.test_helpers.test_clocks.advance(clock.id, {"frozen_time": unix(2027, 3, 1)})
    assert told.status == "advancing"
    assert desk.api.v1.test_helpers.test_clocks.retrieve(clock.id).status == "ready"
    assert [i.status for i in desk.invoices(sub.id)] == ["paid", "paid"]
    desk.api.v1.test_helpers.test_clocks.delete(clock.id)
    assert desk.subscription(sub.id).status == "canceled"


def test_an_incomplete_membership_expires_after_23_hours(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "charlie@example.org"})
    method = desk.api.v1.payment_methods.attach(
        "pm_card_chargeCustomerFail", {"customer": customer.id}
    )
    price: Any = {
        "currency": "eur",
        "unit_amount": 199,
        "product": desk.product,
        "recurring": {"interval": "month"},
    }
    sub = desk.api.v1.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price_data": price}],
            "default_payment_method": method.id,
        }
    )
    assert sub.status == "incomplete"
    desk.control("advance", {"seconds": 23 * 3600})
    assert desk.subscription(sub.id).status == "incomplete_expired"
    assert desk.invoices(sub.id)[0].status == "void"
    assert "customer.subscription.deleted" not in desk.types()


def test_a_card_that_is_always_declined_cannot_be_attached(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({})
    with pytest.raises(stripe.CardError) as refused:
        desk.api.v1.payment_methods.attach("pm_card_chargeDeclined", {"customer": customer.id})
    assert refused.value.code == "card_declined"


# The wire


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


# Webhooks


def test_events_arrive_in_order_and_signed(desk: Desk, listener: Listener) -> None:
    endpoint = desk.api.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["invoice.paid", "checkout.session.completed"]}
    )
    assert endpoint.secret is not None
    assert "secret" not in desk.api.v1.webhook_endpoints.retrieve(endpoint.id)
    desk.join()
    assert desk.control("deliveries/flush", {"timeout": 10})["flushed"]
    assert listener.types() == ["invoice.paid", "checkout.session.completed"]
    for body, signature in listener.got:
        stripe.Webhook.construct_event(body, signature, endpoint.secret)
    event = desk.api.v1.events.list({"type": "invoice.paid"}).data[0]
    assert event.pending_webhooks == 0


@pytest.mark.parametrize("status", [500, 302])
def test_an_answer_other_than_2xx_is_tried_again(
    desk: Desk, listener: Listener, status: int
) -> None:
    listener.status = status
    desk.api.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["customer.created"]}
    )
    desk.api.v1.customers.create({})
    until(lambda: len(listener.got) == 1)
    listener.status = 200
    until(lambda: desk.control("deliveries")["data"][0]["state"] == "succeeded")
    assert [a["status"] for a in desk.control("deliveries")["data"][0]["attempts"]] == [status, 200]


def test_an_event_can_be_sent_again(desk: Desk, listener: Listener) -> None:
    desk.api.v1.webhook_endpoints.create(
        {"url": listener.url, "enabled_events": ["customer.created"]}
    )
    desk.api.v1.customers.create({})
    assert desk.control("deliveries/flush", {})["flushed"]
    delivery = desk.control("deliveries")["data"][0]
    desk.control(f"deliveries/{delivery['id']}/resend", {})
    desk.control(f"events/{delivery['event']}/resend", {"times": 2})
    assert desk.control("deliveries/flush", {})["flushed"]
    assert len({json.loads(body)["id"] for body, _ in listener.got}) == 1
    assert len(listener.got) == 4


def test_held_events_can_be_fetched_and_posted_by_the_test_itself(
    desk: Desk, listener: Listener
) -> None:
    endpoint = desk.api.v1.webhook_endpoints.create({"url": listener.url, "enabled_events": ["*"]})
    desk.control("webhooks/hold", {"hold": True})
    desk.join()
    assert desk.control("deliveries/flush", {})["flushed"]
    assert listener.got == []
    event = desk.control("events?type=invoice.paid")["data"][0]
    told = desk.control(f"signed?event={event['id']}&endpoint={endpoint.id}")
    assert endpoint.secret is not None
    stripe.Webhook.construct_event(told["body"], told["signature"], endpoint.secret)
    assert desk.control("webhooks/hold", {"hold": False})["released"] > 10
    assert desk.control("deliveries/flush", {})["flushed"]
    assert "invoice.paid" in listener.types()


@pytest.mark.parametrize("url", ["https://example.org/hook", "http://192.0.2.1/hook"])
def test_only_this_machine_is_called(desk: Desk, url: str) -> None:
    desk.api.v1.webhook_endpoints.create({"url": url, "enabled_events": ["customer.created"]})
    desk.api.v1.customers.create({})
    until(lambda: bool(desk.control("deliveries")["data"][0]["attempts"]))
    attempt = desk.control("deliveries")["data"][0]["attempts"][0]
    assert attempt["status"] is None
    assert attempt["error"].startswith("refused")


# The program


def test_the_state_survives_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    with open_desk("--state", str(file)) as desk:
        paid = desk.join(card=FAILS_LATER)
        desk.control("advance", {"days": 10})
        now = desk.control("clock")["now"]
        key: Any = {"idempotency_key": "intent:3"}
        made = desk.api.v1.customers.create({"name": "Bob"}, key)
    process, base = start("--state", str(file))
    try:
        desk = Desk(base)
        assert abs(desk.control("clock")["now"] - now) < 60
        assert desk.api.v1.customers.create({"name": "Bob"}, key).id == made.id
        desk.control("advance", {"days": 22})
        assert desk.subscription(paid["subscription"]).status == "past_due"
    finally:
        assert stop(process) == 0
    assert not file.with_name("stripe.json.new").exists()


def test_a_busy_port_is_said_and_ends_with_2(desk: Desk) -> None:
    port = desk.base.rpartition(":")[2]
    command = [sys.executable, "-m", "tests.sandbox", "--port", port]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 2
    assert port in run.stderr


def test_a_hundred_members_live_a_year_in_seconds(desk: Desk) -> None:
    for _ in range(100):
        desk.join()
    took = desk.control("advance", {"months": 12})["took_seconds"]
    assert desk.control("state")["counts"]["invoice"] >= 1200
    assert took < 20
