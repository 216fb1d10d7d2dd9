"""The local Stripe's hosted pages: what all of them share, and the start page."""

from __future__ import annotations

import urllib.error
import urllib.request
from html.parser import HTMLParser
from typing import Any

import pytest

from tests.stand_in.desk import DECLINED, OK, Desk

ASKS_ALWAYS = "4000002760003184"
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'


class Parts(HTMLParser):
    """Collects the tags of a page with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))


def parts(body: str) -> list[tuple[str, dict[str, str]]]:
    """Return the tags of a page."""
    reader = Parts()
    reader.feed(body)
    return reader.tags


def headers(url: str, **asked: str) -> tuple[int, dict[str, str]]:
    """Return status and headers of a page."""
    request = urllib.request.Request(url, headers=asked)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - the same
            return answer.status, dict(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers)


def every_page(desk: Desk) -> dict[str, str]:
    """Return the addresses of one page of each kind, with a name that tries to break out."""
    product = desk.api.v1.products.create({"name": EVIL}).id
    price: Any = {"currency": "eur", "unit_amount": 199, "product": product}
    monthly: Any = {"quantity": 1, "price_data": price | {"recurring": {"interval": "month"}}}
    customer = desk.api.v1.customers.create({"email": "a@example.org", "name": EVIL}).id
    session = desk.open_membership(customer=customer, line_items=[monthly])
    paid = desk.control(f"checkout/{session.id}/pay", {"card": OK, "name": EVIL})
    waiting = desk.open_membership(line_items=[monthly], metadata={"x": EVIL})
    asks = desk.control(f"checkout/{waiting.id}/pay", {"card": ASKS_ALWAYS, "name": EVIL})
    portal = desk.api.v1.billing_portal.sessions.create({"customer": customer})
    invoice = desk.invoices(paid["subscription"])[0]
    charge = desk.api.v1.charges.list().data[0]
    view = f"&sub={paid['subscription']}"
    return {
        "checkout": waiting.url,
        "done": f"{desk.base}/c/pay/{session.id}",
        "bank": asks["url"],
        "portal": portal.url,
        "cancel": f"{portal.url}?view=cancel{view}",
        "card": f"{portal.url}?view=card",
        "invoice": str(invoice.hosted_invoice_url),
        "print": str(invoice.invoice_pdf),
        "receipt": str(charge.receipt_url),
        "home": f"{desk.base}/",
        "events": f"{desk.base}/events",
        "lost": f"{desk.base}/nowhere",
    }


def test_every_page_says_what_it_is_and_runs_nothing(desk: Desk) -> None:
    for name, url in every_page(desk).items():
        status, body, _ = desk.page(url)
        assert status == (404 if name == "lost" else 200), name
        assert "local stand-in, not Stripe" in body, name
        assert "&lt;script&gt;" in body or name not in ("checkout", "invoice", "portal"), name
        for tag, given in parts(body):
            assert tag not in {"script", "iframe", "object", "img"}, name
            assert not any(attribute.startswith("on") for attribute in given), name
            assert not given.get("src"), name
            assert not given.get("href", "").startswith(("javascript:", "//")), name


def test_what_was_typed_comes_back_as_text(desk: Desk) -> None:
    session = desk.open_gift(customer_email="")
    form = {"card": DECLINED, "email": "a@example.org", "name": EVIL}
    status, body, _ = desk.page(session.url, form)
    assert status == 402
    assert {tag for tag, _ in parts(body)} & {"script", "img"} == set()
    named = [given for tag, given in parts(body) if given.get("name") == "name"]
    assert [given["value"] for given in named] == [EVIL]


def test_every_line_of_what_is_sold_is_text(desk: Desk) -> None:
    price: Any = {"currency": "eur", "unit_amount": 300, "product_data": {"name": EVIL}}
    session = desk.open_gift(
        line_items=[{"quantity": 1, "price_data": price}, {"quantity": 2, "price_data": price}],
        payment_intent_data={"description": EVIL},
    )
    body = desk.page(session.url)[1]
    assert "€9.00" in body
    desk.page(session.url, {"card": OK})
    receipt = str(desk.api.v1.charges.list().data[0].receipt_url)
    for told in (body, desk.page(receipt)[1]):
        assert {tag for tag, _ in parts(told)} & {"script", "img"} == set()


def test_every_page_is_kept_nowhere_and_fetches_nothing(desk: Desk) -> None:
    for url in every_page(desk).values():
        _, told = headers(url)
        assert told["Cache-Control"] == "no-store"
        assert told["Referrer-Policy"] == "same-origin"
        policy = told["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy


def test_every_control_has_a_name_for_tests_and_a_label_for_people(desk: Desk) -> None:
    for url in every_page(desk).values():
        found = parts(desk.page(url)[1])
        labelled = {given["for"] for tag, given in found if tag == "label" and "for" in given}
        for tag, given in found:
            if tag == "button" or (tag == "input" and given.get("type") != "hidden"):
                assert given.get("data-testid"), (url, tag, given)
            if tag in {"input", "textarea"} and given.get("id"):
                assert given["id"] in labelled


def test_a_form_from_another_site_is_refused(desk: Desk) -> None:
    url = f"{desk.base}/clock"
    before = desk.control("clock")["offset"]
    for origin in ("http://evil.example", "null"):
        request = urllib.request.Request(  # noqa: S310 - our own server
            url, data=b"do=year", headers={"Origin": origin}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request)  # noqa: S310 - the same
        refused.value.close()
        assert refused.value.code == 403
    assert desk.control("clock")["offset"] == before


def test_the_start_page_counts_and_moves_the_clock(desk: Desk) -> None:
    desk.join()
    body = desk.page(f"{desk.base}/")[1]
    assert '<li data-testid="count-subscription"><strong>1</strong>' in body
    before = desk.control("clock")["now"]
    for step, days in (("hour", 0), ("day", 1), ("week", 7), ("month", 28), ("year", 365)):
        assert desk.page(f"{desk.base}/clock", {"do": step})[0] == 303
        after = desk.control("clock")["now"]
        assert after - before >= days * 86_400
        before = after
    assert "invoice.paid" in desk.page(f"{desk.base}/events")[1]


def test_the_start_page_leads_to_the_portal_of_a_customer(desk: Desk) -> None:
    paid = desk.join()
    _, _, url = desk.page(f"{desk.base}/customers/{paid['customer']}/portal", {})
    assert "Your membership" in desk.page(url)[1]
    assert desk.page(f"{desk.base}/customers/cus_nobody/portal", {})[0] == 404


@pytest.mark.parametrize("path", ["c/pay/cs_x", "3ds/x", "p/session/x", "i/in_x", "receipts/x"])
def test_a_page_of_nothing_is_not_found(desk: Desk, path: str) -> None:
    assert desk.page(f"{desk.base}/{path}")[0] == 404
    assert desk.page(f"{desk.base}/{path}", {"do": "complete"})[0] == 404
