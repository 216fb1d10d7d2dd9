"""The local Stripe through the months: renewals, failures, endings."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.stand_in.desk import (
    DECLINED,
    OK,
    Desk,
    unix,
)


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
    paid = desk.join_then_fail()
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
    paid = desk.join_then_fail()
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
    paid = desk.join_then_fail()
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
    desk.api.v1.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}}
    )
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


def test_a_new_card_in_the_portal_pays_what_is_open_if_a_setting_says_so(desk: Desk) -> None:
    desk.control("settings", {"portal_retries_open": True})
    paid = desk.join_then_fail()
    desk.control("advance", {"months": 1, "days": 1})
    desk.api.v1.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}}
    )
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
