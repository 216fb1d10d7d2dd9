"""The local Stripe's customer portal: what it shows, and what each button does."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import DECLINED, FAILS_LATER, OK, Desk

BACK = "http://127.0.0.1:1/account"
PAUSING: dict[str, Any] = {
    "subscription_pause": {
        "enabled": True,
        "duration": {
            "type": "interval_options",
            "interval_options": [
                {"interval": "month"},
                {"interval": "week", "interval_count": 2},
            ],
        },
    }
}


def configured(desk: Desk, features: dict[str, Any], **more: Any) -> str:
    """Return a configuration with these features."""
    asked: Any = {"features": features, **more}
    return desk.api.v1.billing_portal.configurations.create(asked).id


def opened(desk: Desk, customer: str, **more: Any) -> Any:
    """Return a portal session of the customer."""
    asked: Any = {"customer": customer, "return_url": BACK, **more}
    return desk.api.v1.billing_portal.sessions.create(asked)


def flow(kind: str, after: Any = None, **about: Any) -> dict[str, Any]:
    """Return flow_data that comes back to us when it is done."""
    redirect = {"type": "redirect", "redirect": {"return_url": BACK}}
    return {"type": kind, "after_completion": after or redirect, **about}


def cancelling(paid: Any, after: Any = None) -> dict[str, Any]:
    return flow(
        "subscription_cancel", after, subscription_cancel={"subscription": paid["subscription"]}
    )


def test_the_overview_shows_membership_payment_and_invoices(desk: Desk) -> None:
    paid = desk.join()
    status, body, _ = desk.page(opened(desk, paid["customer"]).url)
    assert status == 200
    for words in ("Membership €1.99 per month", "Visa •••• 4242", "Invoices", "not Stripe"):
        assert words in body
    assert f'href="{BACK}" data-testid="return"' in body
    invoice = desk.invoices(paid["subscription"])[0]
    assert f'href="/i/{invoice.id}"' in body


def test_cancelling_asks_first_and_keeps_the_reasons(desk: Desk) -> None:
    paid = desk.join()
    session = opened(desk, paid["customer"], flow_data=cancelling(paid))
    body = desk.page(session.url)[1]
    assert 'data-testid="confirm-cancel"' in body
    assert 'data-testid="feedback-too_expensive"' in body
    assert 'data-testid="invoices"' not in body
    form = {
        "do": f"cancel {paid['subscription']}",
        "feedback": "too_expensive",
        "comment": "<b>maybe later</b>",
    }
    assert desk.page(session.url, form)[2] == BACK
    sub = desk.subscription(paid["subscription"])
    details = sub.cancellation_details
    assert (details.feedback, details.comment, details.reason) == (
        "too_expensive",
        "<b>maybe later</b>",
        "cancellation_requested",
    )
    assert (sub.status, sub.cancel_at_period_end) == ("active", False)
    assert sub.cancel_at == sub["items"].data[0].current_period_end


def test_classic_billing_sets_the_flag_instead(desk: Desk) -> None:
    session = desk.open_membership(subscription_data={"billing_mode": {"type": "classic"}})
    paid = desk.control(f"checkout/{session.id}/pay", {"card": OK})
    url = opened(desk, paid["customer"]).url
    desk.page(url, {"do": f"cancel {paid['subscription']}"})
    assert desk.subscription(paid["subscription"]).cancel_at_period_end is True


def test_a_cancellation_can_be_taken_back_and_comes_once(desk: Desk) -> None:
    paid = desk.join()
    url = opened(desk, paid["customer"]).url
    sub = paid["subscription"]
    for _ in range(2):
        assert desk.page(url, {"do": f"cancel {sub}"})[0] == 303
    assert desk.types().count("customer.subscription.updated") == 2
    body = desk.page(url)[1]
    assert 'data-testid="ends-on"' in body
    assert 'data-testid="keep"' in body
    desk.page(url, {"do": f"keep {sub}"})
    found = desk.subscription(sub)
    assert (found.cancel_at, found.cancellation_details.reason) == (None, None)
    desk.control("advance", {"days": 40})
    assert desk.subscription(sub).status == "active"


def test_an_earlier_end_that_was_set_elsewhere_is_not_moved(desk: Desk) -> None:
    paid = desk.join()
    sub = paid["subscription"]
    soon = desk.control("clock")["now"] + 5 * 86_400
    desk.api.v1.subscriptions.update(sub, {"cancel_at": soon})
    assert desk.page(opened(desk, paid["customer"]).url, {"do": f"cancel {sub}"})[0] == 303
    assert desk.subscription(sub).cancel_at == soon
    with pytest.raises(stripe.InvalidRequestError):
        opened(desk, paid["customer"], flow_data=cancelling(paid))


def test_a_portal_may_cancel_at_once(desk: Desk) -> None:
    paid = desk.join()
    mine = configured(desk, {"subscription_cancel": {"enabled": True, "mode": "immediately"}})
    url = opened(desk, paid["customer"], configuration=mine).url
    body = desk.page(f"{url}?view=cancel&sub={paid['subscription']}")[1]
    assert "ends at once" in body
    desk.page(url, {"do": f"cancel {paid['subscription']}"})
    sub = desk.subscription(paid["subscription"])
    assert (sub.status, sub.cancellation_details.reason) == ("canceled", "cancellation_requested")
    assert "no membership at the moment" in desk.page(url)[1]


def test_a_new_card_becomes_the_default_of_customer_and_membership(desk: Desk) -> None:
    paid = desk.join()
    session = opened(desk, paid["customer"], flow_data=flow("payment_method_update"))
    assert 'data-testid="cancel"' not in desk.page(session.url)[1]
    assert desk.page(session.url, {"do": "card", "card": "5555555555554444"})[2] == BACK
    sub = desk.subscription(paid["subscription"])
    customer = desk.api.v1.customers.retrieve(paid["customer"])
    assert customer.invoice_settings is not None
    assert sub.default_payment_method == customer.invoice_settings.default_payment_method
    method = desk.api.v1.payment_methods.retrieve(sub.default_payment_method)
    assert method.card is not None
    assert method.card.brand == "mastercard"
    assert {"setup_intent.succeeded", "payment_method.attached", "customer.updated"} <= set(
        desk.types()
    )


def test_an_account_can_be_given_instead_of_a_card(desk: Desk) -> None:
    paid = desk.join()
    url = opened(desk, paid["customer"]).url
    assert 'data-testid="mandate"' in desk.page(f"{url}?view=card")[1]
    form = {"do": "card", "iban": "DE89370400440532013000", "name": "Alice"}
    assert desk.page(url, form)[0] == 303
    assert "SEPA debit •••• 3000" in desk.page(url)[1]
    desk.control("advance", {"months": 1, "days": 1})
    newest = desk.invoices(paid["subscription"])[0]
    assert newest.status == "open"
    assert "on its way" in desk.page(newest.hosted_invoice_url)[1]


def test_a_declined_card_changes_nothing(desk: Desk) -> None:
    paid = desk.join()
    before = desk.subscription(paid["subscription"]).default_payment_method
    url = opened(desk, paid["customer"]).url
    status, body, _ = desk.page(url, {"do": "card", "card": DECLINED})
    assert (status, "Your card was declined." in body) == (402, True)
    assert 'data-testid="save-card"' in body
    assert desk.subscription(paid["subscription"]).default_payment_method == before


def test_the_bank_may_ask_before_a_card_is_saved(desk: Desk) -> None:
    paid = desk.join()
    url = opened(desk, paid["customer"], flow_data=flow("payment_method_update")).url
    before = desk.subscription(paid["subscription"]).default_payment_method
    _, _, asked = desk.page(url, {"do": "card", "card": "4000002500003155"})
    assert "saving these payment details" in desk.page(asked)[1]
    assert desk.page(asked, {"do": "abandon"})[2] == url
    status, body, _ = desk.page(asked, {"do": "fail"})
    assert (status, 'data-testid="save-card"' in body) == (402, True)
    assert desk.subscription(paid["subscription"]).default_payment_method == before
    _, _, asked = desk.page(url, {"do": "card", "card": "4000002500003155"})
    assert desk.page(asked, {"do": "complete"})[2] == BACK
    assert desk.subscription(paid["subscription"]).default_payment_method != before
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.subscription(paid["subscription"]).status == "active"


@pytest.mark.parametrize(("at_once", "status"), [(True, "active"), (False, "past_due")])
def test_an_open_invoice_is_tried_at_once_or_waits_for_its_retry(
    desk: Desk, at_once: bool, status: str
) -> None:
    desk.control("settings", {"portal_retries_open": at_once})
    paid = desk.join()
    desk.control(f"customers/{paid['customer']}/card", {"card": FAILS_LATER})
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.subscription(paid["subscription"]).status == "past_due"
    url = opened(desk, paid["customer"]).url
    assert "The last payment failed" in desk.page(url)[1]
    assert desk.page(url, {"do": "card", "card": OK})[0] == 303
    assert desk.subscription(paid["subscription"]).status == status
    desk.control("advance", {"days": 3})
    assert desk.subscription(paid["subscription"]).status == "active"


def test_a_form_sent_twice_is_done_once(desk: Desk) -> None:
    paid = desk.join()
    url = opened(desk, paid["customer"]).url
    form = {"do": "card", "card": OK, "press": "one"}
    answers = [desk.page(url, form) for _ in range(3)]
    assert {(status, location) for status, _, location in answers} == {(303, url)}
    assert len(desk.api.v1.payment_methods.list({"customer": paid["customer"]}).data) == 2


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (
            {"type": "hosted_confirmation", "hosted_confirmation": {"custom_message": "Farewell"}},
            "Farewell",
        ),
        ({"type": "portal_homepage"}, 'data-testid="invoices"'),
    ],
)
def test_a_flow_ends_where_it_was_told_to(desk: Desk, after: Any, words: str) -> None:
    paid = desk.join()
    session = opened(desk, paid["customer"], flow_data=cancelling(paid, after))
    assert words not in desk.page(session.url)[1]
    _, _, location = desk.page(session.url, {"do": f"cancel {paid['subscription']}"})
    assert words in desk.page(location)[1]


def test_customers_change_only_the_details_they_may(desk: Desk) -> None:
    paid = desk.join()
    mine = configured(
        desk, {"customer_update": {"enabled": True, "allowed_updates": ["email", "address"]}}
    )
    url = opened(desk, paid["customer"], configuration=mine, flow_data=flow("customer_update")).url
    body = desk.page(url)[1]
    assert 'data-testid="email"' in body
    assert 'data-testid="phone"' not in body
    assert desk.page(url, {"do": "details", "email": "nobody"})[0] == 400
    form = {"do": "details", "email": "a@example.org", "phone": "1", "city": "Cork"}
    assert desk.page(url, form)[2] == BACK
    customer = desk.api.v1.customers.retrieve(paid["customer"])
    assert (customer.email, customer.phone) == ("a@example.org", None)
    assert customer.address is not None
    assert customer.address.city == "Cork"
    assert desk.types()[-1] == "customer.updated"


def test_a_pause_lasts_as_long_as_was_chosen(desk: Desk) -> None:
    paid = desk.join()
    url = opened(desk, paid["customer"], configuration=configured(desk, PAUSING)).url
    sub = paid["subscription"]
    assert "2 weeks" in desk.page(f"{url}?view=pause&sub={sub}")[1]
    assert desk.page(url, {"do": f"pause {sub}", "length": "7"})[0] == 400
    assert desk.page(url, {"do": f"pause {sub}", "length": "1"})[0] == 303
    assert desk.subscription(sub).status == "paused"
    assert 'data-testid="resume"' in desk.page(url)[1]
    desk.control("advance", {"days": 13})
    assert desk.subscription(sub).status == "paused"
    desk.control("advance", {"days": 2})
    assert desk.subscription(sub).status == "active"


def test_a_pause_can_be_ended_early(desk: Desk) -> None:
    paid = desk.join()
    url = opened(desk, paid["customer"], configuration=configured(desk, PAUSING)).url
    sub = paid["subscription"]
    desk.page(url, {"do": f"pause {sub}", "length": "0"})
    assert desk.page(url, {"do": f"resume {sub}"})[0] == 303
    assert desk.subscription(sub).status == "active"


def test_a_script_uses_the_portal_as_the_page_does(desk: Desk) -> None:
    paid = desk.join()
    session = opened(desk, paid["customer"], flow_data=cancelling(paid))
    form = {"do": f"cancel {paid['subscription']}", "feedback": "unused"}
    assert desk.control(f"portal/{session.id}/press", form)["url"] == BACK
    assert desk.subscription(paid["subscription"]).cancellation_details.feedback == "unused"
