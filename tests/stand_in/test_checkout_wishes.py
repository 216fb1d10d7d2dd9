"""What a Checkout Session may be asked for, and what becomes of each wish."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any

import pytest
import stripe

from tests.stand_in.desk import (
    DECLINED,
    OK,
    Desk,
)

NAMES = {"individual": {"enabled": True}, "business": {"enabled": True, "optional": True}}


def refused(call: Callable[[], Any]) -> Any:
    """Return the 400 that the call ends in."""
    with pytest.raises(stripe.InvalidRequestError) as gone:
        call()
    assert gone.value.http_status == 400
    return gone.value


def test_a_session_lasts_from_half_an_hour_to_a_day(desk: Desk) -> None:
    now = int(time.time())
    for moment in (now + 60, now + 1500, now + 86_400 * 2):
        wrong = refused(functools.partial(desk.open_gift, expires_at=moment))
        assert wrong.param == "expires_at"
    assert desk.open_gift(expires_at=now + 1800).expires_at == now + 1800


@pytest.mark.parametrize(
    "asked",
    [
        {"phone_number_collection": {"enabled": True}},
        {"after_expiration": {"recovery": {"enabled": True}}},
        {"allow_promotion_codes": True},
        {"billing_address_collection": "required"},
        {"automatic_tax": {"enabled": True}},
        {"invoice_creation": {"enabled": True}},
        {"shipping_address_collection": {"allowed_countries": ["IE"]}},
        {"payment_intent_data": {"capture_method": "manual"}},
    ],
)
def test_what_is_not_modelled_is_refused_loudly(desk: Desk, asked: dict[str, Any]) -> None:
    assert refused(lambda: desk.open_gift(**asked)).code == "sandbox_not_modelled"


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"cancel_url": "/join"}, "cancel_url"),
        ({"customer_email": "nobody"}, "email"),
        ({"submit_type": "subscribe"}, "submit_type"),
        ({"subscription_data": {"description": "x"}}, "subscription_data"),
        ({"customer_update": {"name": "auto"}}, "customer_update"),
        (
            {"payment_intent_data": {"statement_descriptor": "GIFT"}},
            "payment_intent_data[statement_descriptor]",
        ),
        (
            {"payment_intent_data": {"statement_descriptor_suffix": "ELEVEN SIGN"}},
            "payment_intent_data[statement_descriptor_suffix]",
        ),
        (
            {"payment_intent_data": {"statement_descriptor_suffix": "1234"}},
            "payment_intent_data[statement_descriptor_suffix]",
        ),
    ],
)
def test_what_stripe_refuses_is_refused(desk: Desk, asked: dict[str, Any], param: str) -> None:
    assert refused(lambda: desk.open_gift(**asked)).param == param


def test_the_suffix_stands_on_the_card_statement(desk: Desk) -> None:
    session = desk.open_gift(payment_intent_data={"statement_descriptor_suffix": "TEN SIGNS!"})
    desk.page(session.url, {"card": OK})
    charge = desk.api.v1.charges.list().data[0]
    assert str(charge.calculated_statement_descriptor).endswith("* TEN SIGNS!")
    assert len(str(charge.calculated_statement_descriptor)) == 22


def test_only_the_offered_means_of_payment_are_shown_and_taken(desk: Desk) -> None:
    cards = desk.open_gift(allowed_payment_method_types=["card", "klarna"])
    assert cards.payment_method_types == ["card"]
    assert 'data-testid="iban"' not in desk.page(cards.url)[1]
    iban = {"iban": "DE89370400440532013000", "name": "Bob"}
    assert desk.page(cards.url, iban)[0] == 400
    debits = desk.open_gift(excluded_payment_method_types=["card"])
    assert debits.payment_method_types == ["sepa_debit"]
    assert desk.page(debits.url, {"card": OK})[0] == 402
    assert desk.page(debits.url, iban)[0] == 303


def test_a_debit_needs_the_name_of_its_account_and_shows_the_mandate(desk: Desk) -> None:
    session = desk.open_gift()
    assert 'data-testid="mandate"' in desk.page(session.url)[1]
    assert desk.page(session.url, {"iban": "DE89370400440532013000"})[0] == 400
    assert desk.page(session.url, {"iban": "DE89370400440532013001", "name": "Bob"})[0] == 400


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ({"card": "4242424242424241"}, "invalid"),
        ({"card": OK, "expiry": "13/34"}, "expiration date"),
        ({"card": OK, "expiry": "01/20"}, "in the past"),
        ({"card": OK, "cvc": "1"}, "security code"),
        ({}, "invalid"),
    ],
)
def test_a_typing_error_is_told_and_charges_nothing(
    desk: Desk, typed: dict[str, str], code: str
) -> None:
    session = desk.open_gift()
    status, body, _ = desk.page(session.url, typed)
    assert (status, code in body) == (402, True)
    assert desk.api.v1.charges.list().data == []


def test_an_address_is_asked_for_unless_it_is_known_and_then_locked(desk: Desk) -> None:
    session = desk.open_gift(customer_email="bob@example.org")
    assert "readonly" in desk.page(session.url)[1]
    desk.page(session.url, {"card": OK, "email": "charlie@example.org"})
    details = desk.api.v1.checkout.sessions.retrieve(session.id).customer_details
    assert details is not None
    assert details.email == "bob@example.org"
    nameless = desk.api.v1.customers.create({"name": "Bob"})
    asked = desk.open_gift(customer=nameless.id, customer_email="")
    assert desk.page(asked.url, {"card": OK, "email": "nobody"})[0] == 400
    assert desk.page(asked.url, {"card": OK, "email": "bob@example.org"})[0] == 303
    assert desk.api.v1.customers.retrieve(nameless.id).email == "bob@example.org"


def test_a_customer_takes_the_typed_name_only_when_asked_to(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "bob@example.org"}).id
    tries: Any = (({}, None), ({"customer_update": {"name": "auto"}}, "Bob"))
    for update, name in tries:
        session = desk.open_gift(customer=customer, customer_email="", **update)
        desk.page(session.url, {"card": OK, "name": "Bob"})
        assert desk.api.v1.customers.retrieve(customer).name == name


def test_a_guest_becomes_a_customer_when_the_session_says_always(desk: Desk) -> None:
    session = desk.open_gift(customer_creation="always", name_collection=NAMES)
    assert desk.page(session.url, {"card": OK})[0] == 400
    assert desk.page(session.url, {"card": DECLINED, "individual_name": "Bob"})[0] == 402
    assert desk.api.v1.customers.list().data == []
    desk.page(session.url, {"card": OK, "individual_name": "Bob"})
    found = desk.api.v1.checkout.sessions.retrieve(session.id)
    assert found.collected_information is not None
    assert found.collected_information.individual_name == "Bob"
    assert desk.api.v1.customers.retrieve(str(found.customer)).individual_name == "Bob"


def test_a_saved_card_is_offered_to_the_customer_who_asked_to_keep_it(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "bob@example.org"}).id
    keeping: Any = {
        "customer": customer,
        "customer_email": "",
        "saved_payment_method_options": {"payment_method_save": "enabled"},
    }
    for save in ({}, {"save": "yes"}):
        session = desk.open_gift(**keeping)
        assert 'data-testid="saved"' not in desk.page(session.url)[1]
        desk.page(session.url, {"card": OK, **save})
    kept = desk.api.v1.payment_methods.list({"customer": customer}).data
    assert [method.allow_redisplay for method in kept] == ["always"]
    again = desk.open_gift(**keeping)
    assert f'data-testid="saved-{kept[0].id}"' in desk.page(again.url)[1]
    assert desk.page(again.url, {"saved": kept[0].id})[0] == 303
    assert desk.api.v1.charges.list().data[0].payment_method == kept[0].id


def test_a_members_card_is_offered_only_where_the_filter_lets_it(desk: Desk) -> None:
    paid = desk.join()
    named: Any = {"customer": paid["customer"], "customer_email": ""}
    assert 'data-testid="saved"' not in desk.page(desk.open_gift(**named).url)[1]
    options = {"allow_redisplay_filters": ["always", "limited"]}
    session = desk.open_gift(**named, saved_payment_method_options=options)
    assert 'data-testid="saved"' in desk.page(session.url)[1]
    assert desk.page(session.url, {"saved": "new", "card": "5555555555554444"})[0] == 303
    charge: Any = desk.api.v1.charges.list().data[0]
    assert charge.payment_method_details.card.brand == "mastercard"


def test_a_script_cannot_pay_a_closed_session_again(desk: Desk) -> None:
    paid = desk.join()
    again = desk.control(f"checkout/{paid['session']}/pay", {"card": OK}, ok=False)
    assert again["error"]["code"] == "session_closed"
    assert len(desk.api.v1.subscriptions.list().data) == 1


def test_a_customer_deleted_meanwhile_cannot_pay(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "bob@example.org"}).id
    session = desk.open_membership(customer=customer)
    desk.api.v1.customers.delete(customer)
    told = desk.control(
        f"checkout/{session.id}/pay", {"card": OK, "email": "b@example.org"}, ok=False
    )
    assert told["error"]["code"] == "resource_missing"
    assert desk.api.v1.subscriptions.list({"status": "all"}).data == []


def test_a_stranger_cannot_pay_with_a_saved_card(desk: Desk) -> None:
    paid = desk.join()
    method = desk.api.v1.payment_methods.list({"customer": paid["customer"]}).data[0].id
    charlie = desk.api.v1.customers.create({"email": "charlie@example.org"}).id
    tries: Any = ({}, {"customer": charlie, "customer_email": ""})
    for asked in tries:
        session = desk.open_gift(**asked)
        assert desk.page(session.url, {"saved": method})[0] == 400


def test_a_gift_keeps_its_card_for_later_only_when_asked_to(desk: Desk) -> None:
    customer = desk.api.v1.customers.create({"email": "bob@example.org"}).id
    named: Any = {"customer": customer, "customer_email": ""}
    for data, count in (({}, 0), ({"setup_future_usage": "off_session"}, 1)):
        session = desk.open_gift(payment_intent_data=data, **named)
        desk.page(session.url, {"card": OK})
        assert len(desk.api.v1.payment_methods.list({"customer": customer}).data) == count


def test_a_trial_costs_nothing_today(desk: Desk) -> None:
    session = desk.open_membership(subscription_data={"trial_period_days": 30})
    assert (session.amount_total, session.payment_status) == (0, "unpaid")
    body = desk.page(session.url)[1]
    assert "€1.99" in body
    assert "Due today" in body
    assert desk.page(session.url, {"card": OK})[0] == 303
    found = desk.api.v1.checkout.sessions.retrieve(session.id)
    assert found.payment_status == "no_payment_required"
    assert desk.subscription(str(found.subscription)).status == "trialing"
    desk.control("advance", {"days": 31})
    assert desk.subscription(str(found.subscription)).status == "active"
    assert desk.api.v1.charges.list().data[0].amount == 199


def test_a_trial_needs_no_card_when_the_session_says_so(desk: Desk) -> None:
    asked: Any = {
        "subscription_data": {"trial_period_days": 30},
        "payment_method_collection": "if_required",
    }
    session = desk.open_membership(**asked)
    assert 'data-testid="card"' not in desk.page(session.url)[1]
    assert desk.page(session.url, {"email": ""})[0] == 303
    sub = desk.subscription(str(desk.api.v1.checkout.sessions.retrieve(session.id).subscription))
    assert (sub.status, sub.default_payment_method) == ("trialing", None)


@pytest.mark.parametrize(
    "data",
    [
        {"trial_period_days": 0},
        {"trial_end": int(time.time()) + 3600},
        {"trial_end": int(time.time()) + 400_000, "trial_period_days": 3},
        {"billing_cycle_anchor": int(time.time()) + 400_000},
        {"transfer_data": {"destination": "acct_1"}},
    ],
)
def test_a_start_that_stripe_or_the_stand_in_refuses(desk: Desk, data: dict[str, Any]) -> None:
    refused(lambda: desk.open_membership(subscription_data=data))


def test_an_anchor_without_proration_is_free_until_then(desk: Desk) -> None:
    anchor = int(time.time()) + 400_000
    data = {"billing_cycle_anchor": anchor, "proration_behavior": "none"}
    session = desk.open_membership(subscription_data=data)
    assert session.amount_total == 0
    paid = desk.control(f"checkout/{session.id}/pay", {"card": OK})
    sub = desk.subscription(paid["subscription"])
    assert (sub.billing_cycle_anchor, sub.status) == (anchor, "active")


def test_classic_billing_is_kept_when_it_is_asked_for(desk: Desk) -> None:
    session = desk.open_membership(subscription_data={"billing_mode": {"type": "classic"}})
    paid = desk.control(f"checkout/{session.id}/pay", {"card": OK})
    assert desk.subscription(paid["subscription"]).billing_mode.type == "classic"


def test_words_of_the_merchant_are_shown_and_cannot_run(desk: Desk) -> None:
    words = {"message": "<script>alert(1)</script>"}
    session = desk.open_membership(
        custom_text={
            "submit": words,
            "after_submit": {"message": "afterwards"},
            "terms_of_service_acceptance": {"message": "my terms"},
        },
        consent_collection={"terms_of_service": "required"},
    )
    body = desk.page(session.url)[1]
    assert "&lt;script&gt;" in body
    assert "<script" not in body
    assert "afterwards" in body
    assert "my terms" in body
    long = {"submit": {"message": "x" * 1201}}
    refused(lambda: desk.open_gift(custom_text=long))


def test_sessions_are_found_by_what_became_of_them(desk: Desk) -> None:
    open_one, paid = desk.open_gift(), desk.join()
    sessions = desk.api.v1.checkout.sessions
    assert [s.id for s in sessions.list({"status": "open"}).data] == [open_one.id]
    assert [s.id for s in sessions.list({"customer": paid["customer"]}).data] == [paid["session"]]
    query: Any = {"customer_details": {"email": "alice@example.org"}}
    assert [s.id for s in sessions.list(query).data] == [paid["session"]]
    found = sessions.list({"subscription": paid["subscription"]}).data
    assert [s.id for s in found] == [paid["session"]]
    rows = sessions.line_items.list(paid["session"]).data
    assert [(row.quantity, row.amount_total) for row in rows] == [(1, 199)]
