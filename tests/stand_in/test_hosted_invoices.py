"""The hosted invoice, the receipt, and the bank that asks about payments made by the API."""

from __future__ import annotations

import re
from typing import Any

from tests.stand_in.desk import DECLINED, FAILS_LATER, OK, Desk

ASKS_ALWAYS = "4000002760003184"


def behind(desk: Desk, card: str = FAILS_LATER) -> Any:
    """Return a membership whose renewal was not paid, with its open invoice."""
    paid = desk.join()
    desk.control(f"customers/{paid['customer']}/card", {"card": card})
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.subscription(paid["subscription"]).status == "past_due"
    return paid | {"open": desk.invoices(paid["subscription"])[0]}


def test_an_open_invoice_is_paid_with_another_card_and_heals_the_membership(desk: Desk) -> None:
    late = behind(desk)
    url = late["open"].hosted_invoice_url
    body = desk.page(url)[1]
    assert 'data-testid="status-open"' in body
    assert "Pay €1.99" in body
    assert desk.page(url, {"card": DECLINED})[0] == 402
    assert desk.subscription(late["subscription"]).status == "past_due"
    assert desk.page(url, {"card": OK})[2] == url
    assert desk.subscription(late["subscription"]).status == "active"
    body = desk.page(url)[1]
    assert 'data-testid="status-paid"' in body
    assert 'data-testid="pay"' not in body
    desk.control("advance", {"months": 1, "days": 1})
    assert desk.subscription(late["subscription"]).status == "active"


def test_an_open_invoice_is_paid_with_a_saved_card_after_the_bank_was_asked(desk: Desk) -> None:
    late = behind(desk, ASKS_ALWAYS)
    url = late["open"].hosted_invoice_url
    saved = re.search(r'data-testid="saved-(pm_\w+)"', desk.page(url)[1])
    assert saved is not None
    _, _, asked = desk.page(url, {"saved": saved[1]})
    assert asked == f"{desk.base}/3ds/{late['open'].id}"
    assert "€1.99" in desk.page(asked)[1]
    assert desk.page(asked, {"do": "abandon"})[2] == url
    status, body, _ = desk.page(asked, {"do": "fail"})
    assert (status, 'data-testid="pay"' in body) == (402, True)
    assert desk.subscription(late["subscription"]).status == "past_due"
    _, _, asked = desk.page(url, {"saved": saved[1]})
    assert desk.page(asked, {"do": "complete"})[2] == url
    assert desk.subscription(late["subscription"]).status == "active"
    assert desk.page(asked)[2] == url


def test_an_invoice_paid_by_debit_is_not_paid_a_second_time_meanwhile(desk: Desk) -> None:
    late = behind(desk)
    url = late["open"].hosted_invoice_url
    form = {"iban": "DE89370400440532013000", "name": "Alice"}
    assert desk.page(url, form)[0] == 303
    body = desk.page(url)[1]
    assert 'data-testid="on-its-way"' in body
    assert 'data-testid="pay"' not in body
    before = len(desk.api.v1.charges.list().data)
    assert desk.page(url, {"card": OK})[0] == 303
    assert len(desk.api.v1.charges.list().data) == before
    desk.control("advance", {"days": 6})
    assert desk.subscription(late["subscription"]).status == "active"
    assert 'data-testid="status-paid"' in desk.page(url)[1]


def test_a_script_pays_an_invoice_as_the_page_does(desk: Desk) -> None:
    late = behind(desk)
    ident = late["open"].id
    told = desk.control(f"invoices/{ident}/settle", {"card": ASKS_ALWAYS})
    assert told["status"] == "requires_action"
    assert desk.control(f"3ds/{ident}", {"ok": True})["status"] == "complete"
    again = desk.control(f"invoices/{ident}/settle", {"card": OK}, ok=False)
    assert "paid" in again["error"]["message"]
    assert desk.control(f"3ds/{ident}", {"ok": True}, ok=False)["error"]["code"] == "nothing_asked"


def test_a_stranger_cannot_pay_an_invoice_with_a_card_of_another(desk: Desk) -> None:
    late, other = behind(desk), desk.join()
    theirs = desk.api.v1.payment_methods.list({"customer": other["customer"]}).data[0].id
    assert desk.page(late["open"].hosted_invoice_url, {"saved": theirs})[0] == 400


def test_a_voided_invoice_asks_for_nothing(desk: Desk) -> None:
    late = behind(desk)
    desk.api.v1.invoices.void_invoice(late["open"].id)
    body = desk.page(late["open"].hosted_invoice_url)[1]
    assert 'data-testid="status-void"' in body
    assert 'data-testid="pay"' not in body
    assert desk.page(late["open"].hosted_invoice_url, {"card": OK})[0] == 303
    assert desk.api.v1.invoices.retrieve(late["open"].id).status == "void"


def test_an_invoice_given_up_can_still_be_paid(desk: Desk) -> None:
    late = behind(desk)
    desk.api.v1.invoices.mark_uncollectible(late["open"].id)
    body = desk.page(late["open"].hosted_invoice_url)[1]
    assert 'data-testid="status-uncollectible"' in body
    assert desk.page(late["open"].hosted_invoice_url, {"card": OK})[0] == 303
    assert desk.api.v1.invoices.retrieve(late["open"].id).status == "paid"


def test_a_draft_has_no_page_yet(desk: Desk) -> None:
    paid = desk.join()
    end = desk.subscription(paid["subscription"])["items"].data[0].current_period_end
    desk.control("advance", {"to": end + 60})
    draft = desk.invoices(paid["subscription"])[0]
    assert (draft.status, draft.hosted_invoice_url) == ("draft", None)
    assert desk.page(f"{desk.base}/i/{draft.id}")[0] == 404


def test_an_invoice_sent_twice_is_charged_once(desk: Desk) -> None:
    late = behind(desk)
    url = late["open"].hosted_invoice_url
    answers = [desk.page(url, {"card": OK, "press": "one"})[0] for _ in range(2)]
    paid = [c for c in desk.api.v1.charges.list({"limit": 100}).data if c.status == "succeeded"]
    assert (answers, len(paid)) == ([303, 303], 2)


def test_a_receipt_tells_what_was_paid_and_given_back(desk: Desk) -> None:
    gift = desk.give()
    intent = gift["payment_intent"]
    charge = desk.api.v1.charges.list({"payment_intent": intent}).data[0]
    body = desk.page(str(charge.receipt_url))[1]
    assert "€5.00" in body
    assert "Visa •••• 4242" in body
    desk.api.v1.refunds.create({"payment_intent": intent, "amount": 200})
    body = desk.page(str(charge.receipt_url))[1]
    assert "-€2.00" in body
    assert "€3.00" in body


def test_there_is_no_receipt_for_what_was_not_paid(desk: Desk) -> None:
    session = desk.open_gift()
    desk.page(session.url, {"card": DECLINED})
    charge = desk.api.v1.charges.list().data[0]
    assert desk.page(f"{desk.base}/receipts/{charge.id}")[0] == 404


def test_a_first_payment_made_by_the_api_is_confirmed_at_the_bank(desk: Desk) -> None:
    alice = desk.api.v1.customers.create({"email": "alice@example.org"}).id
    method = desk.api.v1.payment_methods.attach(
        "pm_card_authenticationRequired", {"customer": alice}
    )
    price: Any = {
        "currency": "eur",
        "unit_amount": 199,
        "product": desk.product,
        "recurring": {"interval": "month"},
    }
    sub = desk.api.v1.subscriptions.create(
        {
            "customer": alice,
            "default_payment_method": method.id,
            "items": [{"price_data": price}],
            "payment_behavior": "default_incomplete",
            "expand": ["latest_invoice.payments"],
        }
    )
    invoice: Any = sub.latest_invoice
    intent = invoice.payments.data[0].payment.payment_intent
    desk.api.v1.payment_intents.confirm(
        intent, {"payment_method": method.id, "return_url": "http://127.0.0.1:1/back"}
    )
    _, _, back = desk.page(f"{desk.base}/3ds/{intent}", {"do": "complete"})
    assert back.startswith(f"http://127.0.0.1:1/back?payment_intent={intent}&")
    assert desk.subscription(sub.id).status == "active"


def test_a_mandate_can_be_read(desk: Desk) -> None:
    paid = desk.join(iban="DE89370400440532013000", name="Alice")
    charge: Any = desk.api.v1.charges.list({"customer": paid["customer"]}).data[0]
    ident = charge.payment_method_details.sepa_debit.mandate
    mandate: Any = desk.api.v1.mandates.retrieve(ident)
    details = mandate.payment_method_details.sepa_debit
    body = desk.page(details.url)[1]
    assert details.reference in body
    assert "Alice" in body


def test_a_payment_made_by_the_api_is_confirmed_at_the_bank(desk: Desk) -> None:
    asked: Any = {
        "amount": 500,
        "currency": "eur",
        "confirm": True,
        "payment_method": "pm_card_threeDSecure2Required",
        "return_url": "http://127.0.0.1:1/back",
    }
    made = desk.api.v1.payment_intents.create(asked)
    assert made.next_action is not None
    assert made.next_action.redirect_to_url is not None
    page = str(made.next_action.redirect_to_url.url)
    assert "€5.00" in desk.page(page)[1]
    back = desk.page(page, {"do": "complete"})[2]
    assert back.startswith(f"http://127.0.0.1:1/back?payment_intent={made.id}&")
    assert back.endswith("redirect_status=succeeded")
    assert desk.api.v1.payment_intents.retrieve(made.id).status == "succeeded"
    second = desk.api.v1.payment_intents.create(asked)
    page = f"{desk.base}/3ds/{second.id}"
    assert desk.page(page, {"do": "fail"})[2].endswith("redirect_status=failed")
    assert desk.api.v1.payment_intents.retrieve(second.id).status == "requires_payment_method"
