"""The account: what a supporter sees and may do, and that nobody else can."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client

from billing import checkout, inbox, receipts, stripe_setup
from billing.cause import Cause
from billing.models import Intent, Membership, Payment, StripeEvent
from billing.models.stripe import IntentKind, IntentState
from billing.states import MembershipState
from members import sessions
from members.models import Supporter
from members.privacy import copies
from members.urls import urlpatterns
from tests import rows
from tests.local_stripe import LocalStripe
from tests.postman import Postman
from tests.supporter_desk import press_in, signed_in, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def receipt_of(payment: Payment) -> Any:
    with transaction.atomic():
        return receipts.issue(payment, cause=Cause.reconcile(quiet=True))


@pytest.fixture
def paid(sandbox: LocalStripe, transactional_db: None) -> Membership:
    """Alice's monthly membership, paid at the local Stripe and taken in through our door."""
    stripe_setup.put_products(run="tests")
    stripe_setup.put_portal(run="tests")
    started = checkout.start(
        supporter=rows.alice(), plan=rows.plan(), amount_cents=199, press=uuid4().hex
    )
    sandbox.pay(started.url)
    take_in(sandbox)
    membership = Membership.objects.get()
    assert membership.state == MembershipState.ACTIVE
    return membership


def take_in(stripe: LocalStripe) -> None:
    assert set(Postman(stripe).carry()) <= {200}
    for event in StripeEvent.objects.order_by("created"):
        inbox.process(event.id)


ACCOUNT_PATHS = [
    ("GET", "/account/receipts/{receipt}/"),
    ("GET", "/account/data/{export}/"),
    ("GET", "/account/memberships/{membership}/cancel/"),
    ("POST", "/account/memberships/{membership}/cancel/"),
    ("GET", "/account/memberships/{membership}/cancelled/"),
    ("POST", "/account/memberships/{membership}/cancelled/"),
    ("POST", "/account/browsers/{browser}/end/"),
    ("POST", "/account/memberships/{membership}/keep/"),
    ("POST", "/account/memberships/{membership}/card/"),
    ("POST", "/account/memberships/{membership}/pay/"),
    ("POST", "/account/memberships/{membership}/drop/"),
    *(
        (method, f"/account/memberships/{{membership}}/{verb}/")
        for verb in ("amount", "rhythm", "pause", "skip", "resume", "withdraw", "undo")
        for method in ("GET", "POST")
    ),
]


# Without an id in them: each supporter's own, whoever signs in.
OWN_PATHS = [
    "/account/",
    "/account/letters/",
    "/account/address/",
    "/account/data/",
    "/account/erase/",
    "/account/history/",
    "/account/papers/",
    "/account/papers/2026/statement/",
    "/account/papers/2026/receipts/",
    "/account/browsers/",
]


def alices_path(path: str) -> str:
    membership = rows.membership(rows.alice())
    receipt = receipt_of(rows.payment(membership))
    export = copies.ask(rows.alice(), press="a press of Alice's")
    browser = sessions.begin(rows.alice(), user_agent="")
    return path.format(
        membership=membership.id, receipt=receipt.id, export=export.id, browser=browser.id
    )


@pytest.mark.parametrize(("method", "path"), ACCOUNT_PATHS)
def test_it_shows_a_stranger_nothing_of_alice(method: str, path: str) -> None:
    address = alices_path(path)
    stranger = signed_in(rows.charlie())
    assert stranger.generic(method, address).status_code == 404
    assert Intent.objects.count() == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *ACCOUNT_PATHS,
        ("POST", "/account/name/"),
        ("POST", "/account/data/copy/"),
        *(("GET", path) for path in OWN_PATHS),
        *(("POST", f"/account/{each}/") for each in ("letters", "address", "erase")),
        ("POST", "/account/browsers/end/"),
    ],
)
def test_it_asks_everybody_else_to_sign_in(method: str, path: str) -> None:
    answer = Client().generic(method, alices_path(path))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/")
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_has_no_account_address_that_the_stranger_did_not_try() -> None:
    known = {re.sub(r"{(\w+)}", r"<uuid:\1_id>", path).lstrip("/") for _, path in ACCOUNT_PATHS}
    routes = {str(each.pattern) for each in urlpatterns}
    private = {route for route in routes if route.startswith("account/") and "<uuid" in route}
    assert private == known


def test_it_forgets_a_supporter_who_was_erased() -> None:
    supporter = rows.alice()
    client = signed_in(supporter)
    supporter.delete()
    assert client.get("/account/").status_code == 302


def test_it_tells_an_active_member_the_next_payment() -> None:
    rows.membership(rows.alice())
    text = text_of(signed_in(rows.alice()))
    assert "Hello, Alice" in text
    assert ">Active<" in text
    assert "2 April 2026" in text
    assert "memberships, and each of them is being paid" not in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"state": "past_due", "past_due_since": rows.START}, "did not go through"),
        ({"state": "paused"}, "nothing is being taken"),
        ({"ends_on": rows.NEXT_MONTH}, "Nothing more will be taken"),
        ({"state": "pending", "stripe_subscription_id": None}, "waiting for the first payment"),
        ({"state": "ended", "ended_at": rows.NEXT_MONTH}, "Earlier memberships"),
        ({"state": "expired"}, "There is no membership under this address yet"),
    ],
)
def test_it_says_how_a_membership_stands_in_plain_words(
    changes: dict[str, Any], words: str
) -> None:
    rows.membership(rows.alice(), **changes)
    text = text_of(signed_in(rows.alice()))
    assert words in text
    assert "Next payment" not in text


def test_it_says_honestly_that_there_are_two_memberships() -> None:
    rows.membership(rows.alice())
    rows.membership(rows.alice(), slug="yearly")
    text = text_of(signed_in(rows.alice()))
    assert "You have 2 memberships, and each of them is being paid" in text
    assert text.count("End this membership") == 2


def test_it_lists_payments_with_receipts_and_refunds() -> None:
    gift = rows.payment()
    receipt = receipt_of(gift)
    refund = rows.refund(gift)
    with transaction.atomic():
        note = receipts.credit(refund, cause=Cause.reconcile(quiet=True))
    rows.payment(supporter=gift.supporter, state="failed", paid_at=None)
    text = text_of(signed_in(rows.bob()))
    assert f"/account/receipts/{receipt.id}/" in text
    assert f"/account/receipts/{note.id}/" in text
    assert "Refunded: €5.00" in text
    assert ">Failed<" in text


def test_it_gives_a_receipt_as_a_file_with_a_neutral_name() -> None:
    receipt = receipt_of(rows.payment())
    answer = signed_in(rows.bob()).get(f"/account/receipts/{receipt.id}/")
    assert answer.content.startswith(b"%PDF")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert receipt.file_name in answer.headers["Content-Disposition"]
    assert "no-store" in answer.headers["Cache-Control"]


def test_it_asks_the_database_no_more_for_many_payments_than_for_two(
    django_assert_max_num_queries: Any,
) -> None:
    membership = rows.membership(rows.alice())
    for _ in range(12):
        receipt_of(rows.payment(membership))
    client = signed_in(rows.alice())
    with django_assert_max_num_queries(12):
        client.get("/account/")


def test_it_changes_the_name_and_takes_none_for_an_answer() -> None:
    client = signed_in(rows.alice())
    client.post("/account/name/", {"name": "Áine Ní Shúilleabháin"})
    assert "Hello, Áine Ní Shúilleabháin" in text_of(client)
    client.post("/account/name/", {"name": ""})
    assert Supporter.objects.get().name == ""
    refused = client.post("/account/name/", {"name": "x" * 101})
    assert refused.status_code == 400
    assert "100 characters" in refused.content.decode()


def test_it_ends_a_membership_with_the_paid_period_in_two_clicks(paid: Membership) -> None:
    client = signed_in(rows.alice())
    path = f"/account/memberships/{paid.id}/cancel/"
    page = text_of(client, path)
    assert Membership.objects.get().ends_on is None  # looking is not ending
    after = f"/account/memberships/{paid.id}/cancelled/"
    assert client.post(path, {"press": press_in(page, path)}).headers["Location"] == after
    membership = Membership.objects.get()
    assert membership.state == MembershipState.ACTIVE
    assert membership.ends_on == membership.period_end
    text = text_of(client)
    assert ">Ending<" in text
    assert "We have noted your wish" not in text
    assert "already ending" in text_of(client, path)


def test_it_keeps_a_membership_after_all_and_may_end_it_again(paid: Membership) -> None:
    client = signed_in(rows.alice())
    cancel, keep = (f"/account/memberships/{paid.id}/{verb}/" for verb in ("cancel", "keep"))
    for _ in range(2):
        client.post(cancel, {"press": press_in(text_of(client, cancel), cancel)})
        assert Membership.objects.get().ends_on is not None
        client.post(keep, {"press": press_in(text_of(client), keep)})
        assert Membership.objects.get().ends_on is None
    assert "Next payment" in text_of(client)
    assert Intent.objects.exclude(kind=IntentKind.CHECKOUT).count() == 4


def test_it_presses_once_for_a_double_click(paid: Membership) -> None:
    client = signed_in(rows.alice())
    path = f"/account/memberships/{paid.id}/cancel/"
    press = press_in(text_of(client, path), path)
    for _ in range(2):
        assert client.post(path, {"press": press}).status_code == 302
    assert Intent.objects.exclude(kind=IntentKind.CHECKOUT).count() == 1


def test_it_notes_the_wish_while_stripe_is_away(paid: Membership, sandbox: LocalStripe) -> None:
    client = signed_in(rows.alice())
    path = f"/account/memberships/{paid.id}/cancel/"
    press = press_in(text_of(client, path), path)
    sandbox.tell("down", seconds=60)
    client.post(path, {"press": press})
    sandbox.tell("down", seconds=0)
    text = text_of(client)
    assert "We have noted your wish" in text
    assert ">Ending<" in text
    assert "Next payment" not in text
    assert Intent.objects.filter(state=IntentState.OPEN).count() == 1


@pytest.mark.parametrize("press", ["", "bent"])
def test_it_does_not_end_anything_without_a_good_press(press: str) -> None:
    membership = rows.membership(rows.alice())
    path = f"/account/memberships/{membership.id}/cancel/"
    assert signed_in(rows.alice()).post(path, {"press": press}).status_code == 400
    assert Intent.objects.count() == 0


def test_it_does_not_take_the_press_of_one_membership_for_another() -> None:
    first, second = rows.membership(rows.alice()), rows.membership(rows.alice())
    client = signed_in(rows.alice())
    path = f"/account/memberships/{first.id}/cancel/"
    press = press_in(text_of(client, path), path)
    other = f"/account/memberships/{second.id}/cancel/"
    assert client.post(other, {"press": press}).status_code == 400
    assert Intent.objects.count() == 0


def test_it_leads_to_the_page_for_changing_the_card(paid: Membership, sandbox: LocalStripe) -> None:
    client = signed_in(rows.alice())
    path = f"/account/memberships/{paid.id}/card/"
    answer = client.post(path, {"press": press_in(text_of(client), path)})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(sandbox.url)


def test_it_says_so_when_the_card_cannot_be_changed_now(
    paid: Membership, sandbox: LocalStripe
) -> None:
    client = signed_in(rows.alice())
    path = f"/account/memberships/{paid.id}/card/"
    press = press_in(text_of(client), path)
    sandbox.tell("down", seconds=60)
    answer = client.post(path, {"press": press})
    sandbox.tell("down", seconds=0)
    assert answer.status_code == 503
    assert "Nothing was changed" in answer.content.decode()


def test_it_uses_the_customer_of_a_signed_in_supporter(
    paid: Membership, sandbox: LocalStripe
) -> None:
    client = signed_in(rows.alice())
    page = client.post(
        "/", {"plan": "yearly", "amount_yearly": "23.88", "consent": "on", "adult": "on"}
    ).content.decode()
    url = client.post("/join/pay", {"press": press_in(page, "/join/pay")}).headers["Location"]
    sandbox.pay(url)
    take_in(sandbox)
    assert rows.alice().customers.count() == 1
    assert Membership.objects.filter(state=MembershipState.ACTIVE).count() == 2
