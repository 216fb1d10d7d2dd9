"""The local Stripe's lists, turned page by page, and what can be expanded in them."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.api.front import ROUTER
from tests.sandbox.spec.checks import checks
from tests.stand_in.desk import Desk
from tests.stand_in.raw import ask


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


def test_paging_goes_both_ways_and_over_what_no_longer_matches(desk: Desk) -> None:
    made = [desk.api.v1.customers.create({"email": "a@example.org"}).id for _ in range(7)]
    params: Any = {"limit": 3, "email": "a@example.org", "starting_after": made[4]}
    desk.api.v1.customers.update(made[4], {"email": "b@example.org"})
    forward = desk.api.v1.customers.list(params)
    assert [c.id for c in forward.data] == [made[3], made[2], made[1]]
    assert forward.has_more
    back = desk.api.v1.customers.list({"limit": 3, "ending_before": made[1]})
    assert [c.id for c in back.data] == [made[4], made[3], made[2]]
    assert back.has_more
    assert not desk.api.v1.customers.list({"limit": 3, "ending_before": made[5]}).has_more
    last = desk.api.v1.customers.list({"ending_before": made[0], "limit": 3})
    assert [c.id for c in last.auto_paging_iter()] == made[1:]
    both: Any = {"starting_after": made[0], "ending_before": made[1]}
    for wrong in (both, {"starting_after": "cus_none"}, {"ending_before": "cus_none"}):
        refused: Any = wrong
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.customers.list(refused)


def test_created_filters_include_and_exclude_their_limits(desk: Desk) -> None:
    made = desk.api.v1.customers.create({}).created
    for created, found in (
        (made, 1),
        (made + 1, 0),
        ({"gte": made}, 1),
        ({"gt": made}, 0),
        ({"lte": made}, 1),
        ({"lt": made}, 0),
        ({"gt": made - 1, "lt": made + 1}, 1),
        ({"gte": 0, "lte": 0}, 0),
    ):
        asked: Any = {"created": created}
        assert len(desk.api.v1.customers.list(asked).data) == found, created
    for wrong in ({"created": {"after": 1}}, {"created": "soon"}, {"created": [1]}):
        refused: Any = wrong
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.customers.list(refused)


def lists() -> list[str]:
    """Return the paths of all lists that the stand-in has, with no id in them."""
    found = []
    for routes in ROUTER._by_size.values():
        for route in routes:
            call = checks().library.call(route.method, route.pattern)
            plain = route.method == "GET" and "{}" not in route.pattern
            if plain and call and call["result"][0] == "page":
                found.append(route.pattern)
    return sorted(found)


NEEDED = {
    "/v1/subscription_items": "subscription={subscription}",
}


@pytest.mark.parametrize("path", lists())
def test_every_list_turns_pages_in_both_directions(desk: Desk, path: str) -> None:
    paid = desk.join()
    desk.give()
    desk.control("advance", {"days": 40})
    extra = NEEDED.get(path, "").format(**paid)
    status, whole, _ = ask(desk, "GET", f"{path}?limit=100&{extra}")
    assert status == 200, whole
    assert whole["url"].startswith(path)
    ids = [row["id"] for row in whole["data"]]
    forward: list[str] = []
    while True:
        after = f"&starting_after={forward[-1]}" if forward else ""
        _, page, _ = ask(desk, "GET", f"{path}?limit=1{after}&{extra}")
        forward += [row["id"] for row in page["data"]]
        if not page["has_more"]:
            break
    assert forward == ids
    back = ids[-1:]
    while back:
        _, page, _ = ask(desk, "GET", f"{path}?limit=1&ending_before={back[0]}&{extra}")
        back = [row["id"] for row in page["data"]] + back
        if not page["has_more"]:
            break
    assert back == ids
    assert ask(desk, "GET", f"{path}?limit=0&{extra}")[0] == 400
    assert ask(desk, "GET", f"{path}?starting_after=x_none&{extra}")[0] == 400
    assert ask(desk, "GET", f"{path}?colour=green&{extra}")[0] == 400
    assert ask(desk, "GET", f"{path}?expand[]=data.colour&{extra}")[0] == 400


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("metadata", ""),
        ("id", ""),
        ("customer.email", ""),
        ("customer.invoice_settings", ""),
        ("colour", ""),
        ("items.data", ""),
        ("", ""),
        ("customer..email", ""),
    ],
)
def test_what_the_types_do_not_let_expand_is_refused(desk: Desk, path: str, hint: str) -> None:
    paid = desk.join()
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        desk.api.v1.subscriptions.retrieve(paid["subscription"], {"expand": [path]})


def test_a_list_says_how_its_rows_are_expanded(desk: Desk) -> None:
    told = "You may want to try expanding 'data.customer' instead"
    with pytest.raises(stripe.InvalidRequestError, match=told):
        desk.api.v1.subscriptions.list({"expand": ["customer"]})


def test_a_write_with_a_wrong_expansion_writes_nothing(desk: Desk) -> None:
    for path in ("colour", "tax_ids"):
        with pytest.raises(stripe.InvalidRequestError):
            desk.api.v1.customers.create({"name": "Alice", "expand": [path]})
    assert desk.api.v1.customers.list().data == []


def test_expansion_goes_through_hashes_lists_and_what_is_null(desk: Desk) -> None:
    paid = desk.join()
    paths = [
        "customer.invoice_settings.default_payment_method",
        "items.data.price.product",
        "latest_invoice.payments.data.payment.payment_intent",
        "schedule",
        "pending_setup_intent.customer",
    ]
    full: Any = desk.api.v1.subscriptions.retrieve(paid["subscription"], {"expand": paths})
    assert full.customer.object == "customer"
    assert full["items"].data[0].price.product.name == "Membership"
    assert full.latest_invoice.payments.data[0].payment.payment_intent.status == "succeeded"
    assert full.schedule is None
    plain: Any = desk.api.v1.subscriptions.retrieve(paid["subscription"])
    assert plain.customer == paid["customer"]
    invoice: Any = desk.api.v1.invoices.retrieve(paid["invoice"])
    for name in ("payments", "confirmation_secret"):
        assert name not in invoice
    charge = desk.charge_of(full.latest_invoice.payments.data[0].payment.payment_intent.id)
    assert "refunds" not in charge
    again = desk.api.v1.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert again.refunds is not None
    assert again.refunds.data == []


def test_a_deleted_customer_expands_to_its_tombstone(desk: Desk) -> None:
    paid = desk.join()
    desk.api.v1.customers.delete(paid["customer"])
    sub: Any = desk.api.v1.subscriptions.retrieve(paid["subscription"], {"expand": ["customer"]})
    assert sub.customer.deleted is True
