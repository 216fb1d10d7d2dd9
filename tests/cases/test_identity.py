"""Whose money, whose row: found by exact ids or not at all, and told to nobody else."""

import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

import pytest
from django.conf import settings
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from billing import balance, reconcile
from billing.models import (
    LedgerLine,
    Membership,
    Payment,
    Receipt,
    Refund,
    StripeCustomer,
    StripeEvent,
)
from billing.models.stripe import EventState
from billing.states import MembershipState, PaymentState
from members import retention
from members.models import Supporter
from tests import rows
from tests.cases.acts import dashboard, dispute, everything, letters, paid, refund_there, settle
from tests.doors.conftest import Desk
from tests.doors.test_duplicates import CHOICE, checkout_of
from tests.doors.test_grace import FAILS_LATER, customer_of
from tests.local_stripe import LocalStripe

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# What a payload may leave null, by which RE's handler once found every row without one.
BLANK: Final = ("payment_intent", "charge", "customer", "subscription", "parent", "metadata")


@pytest.fixture
def forgetful(stripe: LocalStripe, settings: Settings) -> Iterator[None]:
    """A Stripe that tells everything but what an object belongs to."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            request = urllib.request.Request(  # noqa: S310 - an address of ours
                f"{stripe.url}{self.path}",
                headers={"Authorization": self.headers["Authorization"]},
            )
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - the same
                body = json.dumps(blanked(json.load(answer))).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    settings.STRIPE_API_BASE = f"http://127.0.0.1:{server.server_port}"
    yield
    server.shutdown()
    server.server_close()


def blanked(told: Any) -> Any:
    if isinstance(told, list):
        return [blanked(each) for each in told]
    if isinstance(told, dict):
        return {name: None if name in BLANK else blanked(each) for name, each in told.items()}
    return told


def live_fully(desk: Desk) -> None:
    """Charlie joins, pays twice, is refunded, warned of, disputed, changes cards: all unheard."""
    started = desk.open(rows.charlie(), "monthly", 199)
    told = desk.stripe.pay(started.url)
    desk.stripe.advance(months=1, seconds=7200)
    intents = [
        each["data"]["object"]["id"]
        for each in desk.stripe.ask("events?type=payment_intent.succeeded")["data"]
    ]
    desk.stripe.tell("refund", payment_intent=intents[0], amount=100)
    desk.stripe.tell("fraud_warning", payment_intent=intents[1])
    desk.stripe.tell("dispute", payment_intent=intents[1])
    desk.stripe.tell(f"customers/{told['customer']}/card", card=FAILS_LATER)
    desk.stripe.advance(months=1, seconds=7200)
    desk.stripe.tell(f"subscriptions/{told['subscription']}/cancel")


@pytest.mark.case("E17", "F5")
def test_an_object_that_names_nobody_is_nobodys(
    desk: Desk, forgetful: None, settings: Settings
) -> None:
    """Alice and Bob wait with ids that are not known yet: nothing of Charlie's is written there."""
    forgetful_base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, desk.stripe.url
    for who, slug in ((rows.alice(), "monthly"), (rows.bob(), "once")):
        desk.open(who, slug, 500)
    live_fully(desk)
    rows.membership(rows.alice(), stripe_method_id="")
    settings.STRIPE_API_BASE = forgetful_base
    before = everything()
    types = {each["type"] for each in desk.postman.fetch()}
    assert len(types) > 15
    desk.catch_up()
    assert everything() == before
    assert not LedgerLine.objects.exclude(payment=None).exists()
    states = StripeEvent.objects.exclude(type__startswith="payout")
    assert set(states.values_list("state", flat=True)) == {EventState.FOREIGN}


@pytest.mark.case("F6")
def test_a_second_subscription_under_the_same_reference_is_parked_and_changes_nobody(
    desk: Desk,
) -> None:
    """Staff copied a subscription in the dashboard, its metadata with it."""
    member = desk.join()
    before = everything()
    api = dashboard(desk)
    customer = customer_of(member)
    copied = api.subscriptions.create(
        {
            "customer": customer,
            "default_payment_method": member.stripe_method_id,
            "metadata": {"meitheal_ref": str(member.pk)},
            "items": [
                {
                    "price_data": {
                        "currency": "eur",
                        "unit_amount": 9900,
                        "recurring": {"interval": "month"},
                        "product": "meitheal_monthly",
                    }
                }
            ],
        }
    )
    desk.catch_up()
    assert everything() == before
    parked = StripeEvent.objects.filter(state=EventState.PARKED)
    assert parked.filter(object_id=copied.id, error__startswith="Unclaimed").exists()


@pytest.mark.case("F6")
def test_of_two_memberships_of_one_customer_only_the_one_that_is_meant_changes(
    desk: Desk,
) -> None:
    first = desk.join()
    customer = StripeCustomer.objects.get(memberships=first).stripe_customer_id
    second = desk.open(rows.alice(), "monthly", 500)
    desk.stripe.pay(second.url)
    desk.catch_up()
    other = Membership.objects.get(pk=second.subject)
    Membership.objects.filter(pk=other.pk).update(customer=first.customer)
    assert StripeCustomer.objects.get(memberships=other).stripe_customer_id == customer
    before = Membership.objects.filter(pk=first.pk).values().get()
    refund_there(desk, other.payments.get())
    desk.stripe.tell(f"subscriptions/{other.stripe_subscription_id}/cancel")
    settle(desk)
    after = Membership.objects.filter(pk=first.pk).values().get()
    assert after | {"applied_ticket": 0} == before | {"applied_ticket": 0}
    assert Membership.objects.get(pk=other.pk).state == MembershipState.ENDED
    assert Refund.objects.get().payment.membership_id == other.pk


@pytest.mark.case("F11")
def test_one_person_is_one_person_in_whatever_case_they_type_their_address(desk: Desk) -> None:
    for spelling in ("alice@example.org", "Alice@Example.ORG", " ALICE@example.org "):
        desk.stripe.pay(checkout_with(Client(), email=spelling))
        settle(desk)
    assert Supporter.objects.count() == 1
    assert Membership.objects.filter(supporter=rows.alice()).count() == 3


def checkout_with(client: Client, **fields: str) -> str:
    """Fill in the join form with other fields and press Pay; the address of Stripe's page."""
    page = client.post("/", CHOICE | fields).content.decode()
    found = re.search(r'name="press" value="([^"]+)"', page)
    assert found, page
    return str(client.post("/join/pay", {"press": found[1]}).headers["Location"])


@pytest.mark.case("E7")
def test_the_address_of_a_wallet_never_makes_a_second_person(desk: Desk) -> None:
    """Stripe's customer may carry another address than ours: letters go where we were told."""
    member = desk.join()
    dashboard(desk).customers.update(customer_of(member), {"email": "wallet@example.org"})
    desk.stripe.advance(months=1, seconds=7200)
    settle(desk)
    assert paid(member) == [199, 199]
    assert Supporter.objects.count() == 1
    assert {address for each in mail.outbox for address in each.to} == {"alice@example.org"}


@pytest.mark.case("E7")
def test_a_new_address_keeps_history_and_gets_what_is_written_from_then_on(desk: Desk) -> None:
    member = desk.join()
    alice = rows.alice()
    alice.email = "alice@example.net"
    alice.save()
    desk.stripe.advance(months=1, seconds=7200)
    desk.postman.carry()
    desk.work()
    assert mail.outbox[-1].to == ["alice@example.net"]
    assert alice.payments.count() == Receipt.objects.count() == 2
    assert not Supporter.objects.with_email("alice@example.org").exists()
    assert paid(member) == [199, 199]


@pytest.mark.case("E11")
def test_a_customer_deleted_at_stripe_ends_the_membership_and_later_money_still_lands(
    desk: Desk,
) -> None:
    """Stripe ends what a deleted customer subscribes to; the books stay."""
    member = desk.join()
    payment = member.payments.get()
    dashboard(desk).customers.delete(customer_of(member))
    settle(desk)
    member.refresh_from_db()
    assert member.state == MembershipState.ENDED
    refund_there(desk, payment)
    settle(desk)
    assert Refund.objects.get().payment == payment
    assert balance.prove().problems == []
    assert reconcile.run(apply=True).remaining == 0
    assert Supporter.objects.count() == 1
    desk.stripe.advance(months=2)
    settle(desk)
    assert paid(member) == [199]


@pytest.mark.case("E11")
def test_nobody_is_deleted_whose_billing_lives_or_who_ever_paid(desk: Desk) -> None:
    """Ending at Stripe comes first, so a deletion without it fails closed."""
    member = desk.join()
    gift = desk.give(500)
    long_after = rows.NEXT_YEAR.replace(year=2031)  # the books of these years are still kept
    assert retention.tidy(now=long_after).people == 0
    for who in (member.supporter, gift.supporter):
        with pytest.raises(Exception, match="protected"):
            who.delete()
    member.refresh_from_db()
    assert member.state == MembershipState.ACTIVE
    assert Payment.objects.filter(state=PaymentState.SUCCEEDED).count() == 2


@pytest.mark.case("F19")
def test_a_whole_life_writes_no_name_address_or_way_in_into_the_logs(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    client = Client()
    url = checkout_of(client)
    desk.stripe.pay(url)
    settle(desk)
    member = Membership.objects.get()
    client.post("/sign-in/", {"email": "alice@example.org"})
    desk.work()
    [link] = re.findall(r"/sign-in/\S+", "".join(str(each.body) for each in mail.outbox))
    client.post(link)
    assert client.get("/account/").status_code == 200
    desk.stripe.tell(f"customers/{customer_of(member)}/card", card=FAILS_LATER)
    desk.stripe.advance(months=1, seconds=7200)
    settle(desk)
    dispute(desk, member.payments.get(state=PaymentState.SUCCEEDED))
    assert "ended" in letters()
    assert "membership changed" in caplog.text
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    token = link.rstrip("/").rsplit("/", 1)[-1]
    for secret in ("alice", "example.org", url.split("?")[0], token, "whsec_", "sk_", session):
        assert secret.casefold() not in caplog.text.casefold()


@pytest.mark.case("F19")
def test_an_address_typed_into_the_sign_in_form_makes_no_row_of_anybody(desk: Desk) -> None:
    Client().post("/sign-in/", {"email": "charlie@example.org"})
    desk.work()
    assert not Supporter.objects.exists()
    assert not mail.outbox
