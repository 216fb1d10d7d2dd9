"""The door Stripe knocks at, and everyone else who tries the handle."""

import json
import time
from typing import Any

import pytest
import stripe
from django.test import Client
from pytest_django.fixtures import Settings

from billing import inbox
from billing.models import Membership, Payment, StripeEvent
from billing.models.stripe import EventState
from tests import rows
from tests.doors.conftest import Desk
from tests.postman import Postman, sign

pytestmark = pytest.mark.django_db


def event(**more: Any) -> dict[str, Any]:
    fields = {
        "id": "evt_made_up",
        "object": "event",
        "type": "invoice.paid",
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": {"id": "in_made_up", "object": "invoice"}},
    }
    return fields | more


def body_of(**more: Any) -> bytes:
    return json.dumps(event(**more)).encode()


def knock(body: bytes, signature: str | None = None) -> int:
    answer = Client().post(
        "/stripe/webhook",
        body,
        content_type="application/json",
        headers={"Stripe-Signature": sign(body) if signature is None else signature},
    )
    return answer.status_code


@pytest.mark.case("E1", "F19")
def test_it_stores_a_signed_event_once_without_its_payload() -> None:
    body = body_of()
    assert (knock(body), knock(body)) == (200, 200)
    [stored] = StripeEvent.objects.all()
    assert (stored.type, stored.object_id) == ("invoice.paid", "in_made_up")
    assert (stored.state, stored.livemode) == (EventState.WAITING, False)


BODY = body_of()
REFUSED: dict[str, tuple[bytes, str]] = {
    "no signature": (BODY, ""),
    "garbage for a signature": (BODY, "t=soon,v1=abc"),
    "another secret": (BODY, sign(BODY, secret="whsec_other")),
    "a signature of another body": (BODY, sign(b"{}")),
    "not JSON": (b"hello", sign(b"hello")),
    "not UTF-8": (b"\xff\xfe", "t=1,v1=abc"),
    "a list": (b"[]", sign(b"[]")),
    "no id": (json.dumps({"type": "invoice.paid"}).encode(), ""),
    "an id that is too long": (body_of(id="e" * 300), sign(body_of(id="e" * 300))),
}


@pytest.mark.case("E21")
@pytest.mark.parametrize("why", REFUSED)
def test_it_refuses_what_is_not_from_stripe(why: str) -> None:
    body, signature = REFUSED[why]
    assert knock(body, signature) == 400
    assert not StripeEvent.objects.exists()


@pytest.mark.case("E21")
@pytest.mark.parametrize("seconds", [-310, 310])
def test_it_refuses_a_time_stamp_out_of_bounds(seconds: int) -> None:
    assert knock(BODY, sign(BODY, at=time.time() + seconds)) == 400
    assert not StripeEvent.objects.exists()


def test_it_refuses_a_body_of_two_megabytes() -> None:
    body = body_of(padding="x" * 2_000_000)
    assert knock(body) == 413
    assert not StripeEvent.objects.exists()


def test_it_takes_any_of_several_secrets(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", "whsec_old"]
    assert knock(BODY, sign(BODY, secret="whsec_old")) == 200
    both = f"{sign(BODY, secret='whsec_gone')},{sign(BODY, secret='whsec_new').split(',')[1]}"
    assert knock(BODY, both) == 200


@pytest.mark.case("E21")
@pytest.mark.parametrize(
    "more",
    [
        {"type": "customer.tax_id.created"},
        {"livemode": True},
        {"account": "acct_somebody_else"},
        {"data": {"object": {"object": "balance"}}},
    ],
    ids=["unknown type", "live mode", "another account", "no object id"],
)
def test_it_answers_what_is_not_for_us_and_keeps_nothing(more: dict[str, Any]) -> None:
    assert knock(body_of(**more)) == 200
    assert not StripeEvent.objects.exists()


def test_it_answers_only_to_post() -> None:
    assert Client().get("/stripe/webhook").status_code == 405


@pytest.mark.case("E20")
def test_it_takes_a_thin_event_for_the_signal_it_is() -> None:
    thin = {
        "id": "evt_thin",
        "object": "v2.core.event",
        "type": "v1.invoice.paid",
        "created": "2026-11-22T12:00:00.000Z",
        "livemode": False,
        "related_object": {"id": "in_thin", "type": "invoice", "url": "/v1/invoices/in_thin"},
    }
    assert knock(json.dumps(thin).encode()) == 200
    assert StripeEvent.objects.get().type == "invoice.paid"


def test_it_ignores_an_object_that_stripe_does_not_know(desk: Desk) -> None:
    knock(BODY)
    desk.work()
    assert StripeEvent.objects.get().state == EventState.IGNORED


@pytest.mark.case("E16", "F8")
def test_it_leaves_what_other_products_sell_alone(desk: Desk) -> None:
    api = stripe.StripeClient("sk_test_local", base_addresses={"api": desk.stripe.url}).v1
    customer = api.customers.create({"email": "charlie@example.org"})
    card = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    product = api.products.create({"name": "Something else"})
    api.subscriptions.create(
        {
            "customer": customer.id,
            "default_payment_method": card.id,
            "items": [
                {
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": 900,
                        "recurring": {"interval": "month"},
                        "product": product.id,
                    }
                }
            ],
        }
    )
    desk.catch_up()
    assert set(StripeEvent.objects.values_list("state", flat=True)) == {EventState.FOREIGN}
    assert not Membership.objects.exists()
    assert not Payment.objects.exists()


@pytest.mark.case("E3", "F6", "F10")
def test_it_parks_what_bears_a_reference_that_leads_nowhere_and_retries_when_asked(
    desk: Desk,
) -> None:
    started = desk.open(rows.alice(), "monthly", 199)
    desk.stripe.pay(started.url)
    lost = Membership.objects.get(pk=started.subject)
    Membership.objects.filter(pk=lost.pk).delete()
    desk.catch_up()
    parked = StripeEvent.objects.filter(state=EventState.PARKED)
    assert parked.filter(error__startswith="Unclaimed").exists()
    lost.save(force_insert=True)
    inbox.retry(parked.values_list("pk", flat=True))
    desk.work()
    assert not parked.exists()
    assert Membership.objects.get().state == "active"


@pytest.mark.case("E3")
def test_it_keeps_an_event_while_stripe_is_down_and_does_it_later(
    desk: Desk, postman: Postman
) -> None:
    started = desk.open(rows.alice(), "monthly", 199)
    desk.stripe.pay(started.url)
    events = postman.fetch()
    desk.stripe.tell("down", seconds=60)
    assert set(postman.carry(events[:1])) == {200}
    desk.work()
    assert StripeEvent.objects.get().state == EventState.WAITING
    assert StripeEvent.objects.get().error.startswith("Unavailable")
