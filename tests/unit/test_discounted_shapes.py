"""What a subscription and an invoice cost, read from Stripe's objects: pure, by examples."""

from typing import Any

import pytest

from billing import stripe_shapes as shapes

NOW, LATER = 1_800_000_000, 1_802_592_000


def item(cents: int, *, every: str = "month", quantity: int | None = 1) -> dict[str, Any]:
    recurring = {"interval": every, "interval_count": 1}
    price = {"id": "price_1", "currency": "eur", "unit_amount": cents, "recurring": recurring}
    period = {"current_period_start": NOW, "current_period_end": LATER}
    return {"id": f"si_{cents}", "price": price, "quantity": quantity, **period}


def off(*, end: int | None = None, duration: str = "forever", **coupon: Any) -> dict[str, Any]:
    return {"source": {"coupon": {"duration": duration, **coupon}}, "end": end}


def subscription(*items: dict[str, Any], **more: Any) -> dict[str, Any]:
    told = {"id": "sub_1", "status": "active", "created": NOW, "livemode": False}
    return {**told, "items": {"data": list(items)}, **more}


@pytest.mark.parametrize(
    ("discounts", "lasting", "due"),
    [
        ([], 199, 199),
        # Half a cent upwards is taken off.
        ([off(percent_off=50)], 99, 99),
        ([off(percent_off=33.3)], 133, 133),
        ([off(amount_off=500, currency="eur")], 0, 0),
        ([off(percent_off=50), off(amount_off=50)], 49, 49),
        ([off(percent_off=50, duration="once")], 199, 99),
        # Its months are over before the next payment, or after it.
        ([off(percent_off=50, duration="repeating", end=LATER)], 99, 199),
        ([off(percent_off=50, duration="repeating", end=LATER + 1)], 99, 99),
        (["di_that_was_not_told_in_full"], 199, 199),
    ],
)
def test_what_lasts_is_its_amount_and_what_is_off_once_is_in_the_next_payment(
    discounts: list[Any], lasting: int, due: int
) -> None:
    found = shapes.subscription(subscription(item(199), discounts=discounts))
    assert (found.amount_cents, found.due_cents) == (lasting, due)


def test_items_of_another_rhythm_are_not_in_the_amount_and_make_it_odd() -> None:
    found = shapes.subscription(subscription(item(500), item(300), item(2400, every="year")))
    assert (found.amount_cents, found.interval) == (800, "month and year")


@pytest.mark.parametrize(("quantity", "cents"), [(2, 1000), (0, 0), (None, 500)])
def test_as_many_as_there_are(quantity: int | None, cents: int) -> None:
    found = shapes.subscription(subscription(item(500, quantity=quantity)))
    assert found.amount_cents == cents


def test_who_is_sent_invoices_is_charged_with_nothing() -> None:
    card = {"id": "pm_1", "type": "card", "card": {"exp_year": 2030, "exp_month": 1}}
    told = subscription(item(500), default_payment_method=card, collection_method="send_invoice")
    found = shapes.subscription(told)
    assert (found.method_id, found.method_kind) == ("", "invoice")
