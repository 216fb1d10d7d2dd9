"""Joining: what the pages ask, say and refuse, and what is written when somebody pays."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.template.loader import get_template
from django.test import Client, RequestFactory

from billing import stripe_setup
from billing.models import Intent, Membership, Payment, Plan
from billing.states import MembershipState
from members import limits
from members.models import Consent, Supporter
from tests import rows
from tests.local_stripe import LocalStripe
from tests.supporter_desk import sign_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]

GOOD = {
    "plan": "monthly",
    "amount_monthly": "1.99",
    "email": "alice@example.org",
    "name": "Alice",
    "consent": "on",
    "adult": "on",
}


@pytest.fixture
def shop(sandbox: LocalStripe, transactional_db: None) -> LocalStripe:
    """The local Stripe with our products."""
    stripe_setup.put_products(run="tests")
    return sandbox


def review(client: Client, **changes: str) -> Any:
    return client.post("/", GOOD | changes)


def press_on(page: Any) -> str:
    found = re.search(r'name="press" value="([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def rows_written() -> int:
    return sum(model.objects.count() for model in (Supporter, Consent, Membership, Payment, Intent))


def test_it_shows_the_three_ways_with_nothing_ticked(client: Client) -> None:
    page = client.get("/").content.decode()
    assert page.index("€23.88 every year") < page.index("€1.99 every month")
    assert "from €2.00 once" in page
    assert "€23.27" in page and "€20.52" in page
    # A radio of the ways and one in each for its amount; no box.
    assert re.findall(r'type="(\w+)"[^>]*? checked', page) == ["radio"] * 4
    assert page.count('type="checkbox"') == 5
    assert re.search(r'id="plan-monthly"[^>]*checked', page)
    amounts = re.findall(r'name="pick_monthly" value="(\w+)"( checked)?', page)
    assert amounts == [("499", ""), ("299", ""), ("199", " checked"), ("own", "")]
    for words in ("€1.71 arrives", "€23.27 arrives", "€1.99 becomes €2.27", "GCN SUPPORT"):
        assert words in page


def test_it_takes_the_way_and_the_amount_from_a_link(client: Client) -> None:
    for link in ("/?plan=yearly&amount=30", "/?interval=year&amount=30,00"):
        page = client.get(link).content.decode()
        assert re.search(r'id="plan-yearly"[^>]*checked', page)
        assert re.search(r'name="amount_yearly" value="30.00"', page)
    page = client.get("/?interval=month&amount=4,99").content.decode()
    assert re.search(r'name="pick_monthly" value="499" checked', page)


def test_it_ignores_nonsense_in_a_link(client: Client) -> None:
    page = client.get("/", {"plan": "nonsense", "amount": '"><script>'}).content.decode()
    assert re.search(r'id="plan-monthly"[^>]*checked', page)
    assert "<script>" not in page
    assert "nonsense" not in page


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({}, "Pay €1.99 every month"),
        ({"amount_monthly": "1,99"}, "Pay €1.99 every month"),
        ({"amount_monthly": "€1.99"}, "Pay €1.99 every month"),
        ({"plan": "yearly", "amount_yearly": "23.88"}, "Pay €23.88 every year"),
        ({"plan": "once", "amount_once": "5"}, "Pay €5.00 once"),
        ({"plan": "once", "amount_once": "999.99"}, "Pay €999.99 once"),
    ],
)
def test_it_says_everything_before_the_button_that_pays(
    client: Client, changes: dict[str, str], label: str
) -> None:
    page = review(client, **changes)
    text = page.content.decode()
    assert page.status_code == 200
    before = text[: text.index(f">{label}</button>")]
    bank = "GCN* GIFT" if "once" in label else "GCN SUPPORT"
    for words in ("14 days", bank, "alice@example.org", "Registered Charity Number"):
        assert words in before
    assert "Withdraw from contract here" in before
    assert ("How to end it" in before) == ("once" not in label)
    assert rows_written() == 0
    assert "no-store" in page.headers["Cache-Control"]


def test_it_takes_a_plain_amount_for_the_way_that_is_chosen(client: Client) -> None:
    fields = {name: value for name, value in GOOD.items() if name != "amount_monthly"}
    page = client.post("/", fields | {"amount": "3.50"})
    assert ">Pay €3.50 every month</button>" in page.content.decode()


@pytest.mark.case("E18")
@pytest.mark.parametrize(
    "amount", ["1.999", "0", "-5", "1e9", "abc", "", "   ", "1.98", "1000", "1,000.00", "٣", "NaN"]
)
def test_it_refuses_a_bad_amount_beside_its_field(client: Client, amount: str) -> None:
    page = review(client, amount_monthly=amount)
    text = page.content.decode()
    assert page.status_code == 400
    field = re.search(r'<input[^>]*name="amount_monthly"[^>]*>', text)
    assert field
    assert 'aria-invalid="true"' in field[0]
    assert "id_amount_monthly_error" in field[0]
    assert 'id="id_amount_monthly_error"' in text
    assert 'href="#id_amount_monthly"' in text
    assert 'value="alice@example.org"' in text  # what was typed survives
    assert rows_written() == 0


@pytest.mark.parametrize(
    ("email", "advice"),
    [
        ("alice@example.org\r\nBcc: charlie@example.org", "on one line"),
        ("alice@example.org\n", "on one line"),
        ("a" * 290 + "@example.org", "too long"),
        ("alice@exämple.org", "xn--"),
        ("aliçe@example.org", "like alice@example.org"),
        ("alice", "like alice@example.org"),
        ("root@localhost", "like alice@example.org"),
        ("alice@[127.0.0.1]", "like alice@example.org"),
        ("alice@[IPv6:::1]", "like alice@example.org"),
        ("", "your receipts go there"),
    ],
)
def test_it_refuses_a_bad_address_with_advice(client: Client, email: str, advice: str) -> None:
    page = review(client, email=email)
    assert page.status_code == 400
    assert advice in page.content.decode()
    assert rows_written() == 0


@pytest.mark.parametrize(
    ("field", "value"), [("plan", "nonsense"), ("plan", ""), ("consent", ""), ("adult", "")]
)
def test_it_refuses_an_unknown_way_and_a_missing_tick(
    client: Client, field: str, value: str
) -> None:
    page = review(client, **{field: value})
    assert page.status_code == 400
    assert 'role="alert"' in page.content.decode()
    assert rows_written() == 0


@pytest.mark.parametrize(
    "name",
    ["Alice\r\nBcc: x", "Alice\u202egro", "\u2066Alice", "Al\u200bice", "Al\xadice", "A\x07"],
)
def test_it_refuses_a_name_with_what_cannot_be_seen(client: Client, name: str) -> None:
    page = review(client, name=name)
    assert page.status_code == 400
    assert "without signs that cannot be seen" in page.content.decode()


@pytest.mark.parametrize(
    "name",
    ["مینا\u200cسادات", "Alice \U0001f469\u200d\U0001f680"],  # noqa: RUF001 - Persian, not l
)
def test_it_takes_a_name_whose_letters_are_joined(
    client: Client, shop: LocalStripe, name: str
) -> None:
    client.post("/join/pay", {"press": press_on(review(client, name=name))})
    assert Supporter.objects.get().name == name


def test_it_takes_a_name_that_nobody_can_see_for_none(client: Client, shop: LocalStripe) -> None:
    client.post("/join/pay", {"press": press_on(review(client, name="\u200d \u200c"))})
    assert Supporter.objects.get().name == ""


def test_it_keeps_no_file_that_is_sent_along(rf: RequestFactory) -> None:
    file = SimpleUploadedFile("alice.jpg", b"x" * 3_000_000)
    request = rf.post("/", {"file": file, "email": "alice@example.org"})
    assert not request.FILES
    assert request.POST["email"] == "alice@example.org"


def test_it_writes_our_rows_and_leads_to_the_payment_page(
    client: Client, shop: LocalStripe
) -> None:
    answer = client.post("/join/pay", {"press": press_on(review(client))})
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith(shop.url)
    membership = Membership.objects.get()
    assert (membership.state, membership.amount_cents) == (MembershipState.PENDING, 199)
    assert membership.supporter.email == "alice@example.org"
    assert membership.supporter.name == "Alice"
    consent = Consent.objects.get()
    assert (consent.supporter, consent.text_version) == (membership.supporter, "2026-11")


def test_it_opens_one_checkout_for_a_double_click(client: Client, shop: LocalStripe) -> None:
    press = press_on(review(client))
    first = client.post("/join/pay", {"press": press})
    second = client.post("/join/pay", {"press": press})
    assert first.headers["Location"] == second.headers["Location"]
    assert Membership.objects.count() == Consent.objects.count() == Intent.objects.count() == 1


@pytest.mark.case("E4", "F17")
def test_it_opens_one_checkout_for_presses_at_the_same_moment(
    client: Client, shop: LocalStripe
) -> None:
    press = press_on(review(client))

    def pay(_: int) -> Any:
        try:
            return Client().post("/join/pay", {"press": press})
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(pay, range(4)))
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert Membership.objects.count() == Supporter.objects.count() == Intent.objects.count() == 1


@pytest.mark.case("E4")
def test_it_leads_to_thanks_when_the_press_was_paid_already(
    client: Client, shop: LocalStripe
) -> None:
    press = press_on(review(client, plan="once", amount_once="5"))
    shop.pay(client.post("/join/pay", {"press": press}).headers["Location"])
    answer = client.post("/join/pay", {"press": press})
    assert answer.headers["Location"] == f"/thanks/{Payment.objects.get().id}/"


def test_it_loses_nothing_while_the_payment_page_is_away(client: Client, shop: LocalStripe) -> None:
    press = press_on(review(client))
    shop.tell("down", seconds=60)
    page = client.post("/join/pay", {"press": press})
    assert page.status_code == 503
    assert "Nothing was charged" in page.content.decode()
    shop.tell("down", seconds=0)
    answer = client.post("/join/pay", {"press": press_on(page)})
    assert answer.status_code == 303
    assert Membership.objects.count() == Consent.objects.count() == 1


@pytest.mark.parametrize("bend", [lambda press: press[:-2] + "xx", lambda _: "", lambda _: "a:b:c"])
def test_it_refuses_a_bent_form_and_stores_nothing(client: Client, bend: Any) -> None:
    page = client.post("/join/pay", {"press": bend(press_on(review(client)))})
    assert page.status_code == 400
    assert "Nothing was stored and nothing was charged" in page.content.decode()
    assert rows_written() == 0


def test_it_refuses_a_way_that_is_no_longer_offered(client: Client) -> None:
    press = press_on(review(client))
    Plan.objects.filter(slug="monthly").update(active=False)
    assert client.post("/join/pay", {"press": press}).status_code == 400
    assert Membership.objects.count() == 0


def test_it_brings_everything_back_to_change_but_the_ticks(client: Client) -> None:
    press = press_on(review(client, amount_monthly="4,99"))
    page = client.post("/", {"change": press}).content.decode()
    assert 'name="pick_monthly" value="499" checked' in page
    assert 'value="alice@example.org"' in page
    assert not re.search(r'name="consent"[^>]*checked', page)


def test_it_answers_the_same_for_a_known_and_an_unknown_address(
    client: Client, shop: LocalStripe
) -> None:
    rows.membership(rows.alice())
    known = client.post("/join/pay", {"press": press_on(review(client))})
    unknown = client.post("/join/pay", {"press": press_on(review(client, email="b@example.org"))})
    assert known.status_code == unknown.status_code == 303
    assert len(known.headers["Location"]) == len(unknown.headers["Location"])
    assert Supporter.objects.with_email("alice@example.org").get().name == "Alice"


def test_it_lets_whoever_pays_name_the_person_and_nobody_after_that(
    client: Client, shop: LocalStripe
) -> None:
    for name in ("Mallory", "Alice"):
        client.post("/join/pay", {"press": press_on(review(client, name=name))})
    assert Supporter.objects.get().name == "Alice"
    rows.payment(rows.membership())
    client.post("/join/pay", {"press": press_on(review(client, name="Mallory"))})
    assert Supporter.objects.get().name == "Alice"


@pytest.fixture
def two_left(settings: Any) -> Iterator[None]:
    """Counts of this test alone; of 60 checkouts an hour, this network and we began 58."""
    settings.REDIS_URL = ""
    limits.storage.cache_clear()
    for network in ("203.0.113.7", "127.0.0.1"):
        for _ in range(58):
            assert limits.allow(limits.CHECKOUTS_PER_NETWORK, what="checkout", who=network)
    yield
    limits.storage.cache_clear()


def pay_from(network: str, page: Any) -> Any:
    return Client().post("/join/pay", {"press": press_on(page)}, REMOTE_ADDR=network)


def test_it_limits_what_one_network_begins_alike_for_any_address(
    client: Client, shop: LocalStripe, two_left: None
) -> None:
    rows.payment(rows.membership())
    known, unknown = review(client), review(client, email="nobody@example.org")
    for _ in range(2):  # the same press again costs nothing
        assert pay_from("203.0.113.7", known).status_code == 303
        assert pay_from("203.0.113.7", unknown).status_code == 303
    before = rows_written()
    for email in ("alice@example.org", "stranger@example.org"):
        refused = pay_from("203.0.113.7", review(client, email=email))
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "3600"
        assert "Nothing was charged" in refused.content.decode()
        assert email not in refused.content.decode()
    assert rows_written() == before
    assert pay_from("203.0.113.7", known).status_code == 303
    assert pay_from("203.0.113.8", refused).status_code == 303  # the button on the page still works


def test_it_does_not_limit_the_machine_itself(
    client: Client, shop: LocalStripe, two_left: None
) -> None:
    codes = [pay_from("127.0.0.1", review(client)).status_code for _ in range(3)]
    assert codes == [303] * 3


def test_it_keeps_the_address_out_of_urls_and_sessions(client: Client, shop: LocalStripe) -> None:
    answer = client.post("/join/pay", {"press": press_on(review(client))})
    assert "alice" not in answer.headers["Location"]
    assert not any("alice" in str(session.get_decoded()) for session in Session.objects.all())


def test_it_gives_a_signed_in_supporter_their_own_account(
    client: Client, shop: LocalStripe
) -> None:
    alice = rows.alice()
    sign_in(client, alice)
    page = client.get("/").content.decode()
    assert 'name="email"' not in page
    press = press_on(client.post("/", GOOD | {"email": "charlie@example.org"}))
    assert client.post("/join/pay", {"press": press}).status_code == 303
    assert Membership.objects.get().supporter == alice
    assert not Supporter.objects.with_email("charlie@example.org").exists()


def test_it_does_not_pay_for_somebody_who_signed_out_since(client: Client) -> None:
    sign_in(client, rows.alice())
    press = press_on(review(client))
    client.post("/sign-out/")
    assert client.post("/join/pay", {"press": press}).status_code == 400
    assert Membership.objects.count() == 0


@pytest.mark.case("E4")
def test_it_shows_what_became_of_a_payment_and_names_nobody(
    client: Client, shop: LocalStripe
) -> None:
    client.post("/join/pay", {"press": press_on(review(client))})
    membership = Membership.objects.get()
    waiting = client.get(f"/thanks/{membership.id}/")
    assert "We are waiting for your bank" in waiting.content.decode()
    assert waiting.headers["Refresh"] == f"3; url=/thanks/{membership.id}/?look=1"
    assert "Refresh" not in client.get(f"/thanks/{membership.id}/?look=40").headers
    Membership.objects.update(state="active", stripe_subscription_id="sub_1", started_at=rows.START)
    paid = client.get(f"/thanks/{membership.id}/")
    assert "Thank you" in paid.content.decode()
    assert "Refresh" not in paid.headers
    for page in (waiting, paid):
        assert "alice" not in page.content.decode().lower()


def test_it_says_when_a_payment_was_not_completed(client: Client) -> None:
    gift = rows.payment(state="expired", paid_at=None, stripe_payment_intent_id=None)
    assert "was not completed" in client.get(f"/thanks/{gift.id}/").content.decode()


@pytest.mark.parametrize(
    "path", ["/thanks/0190a0a0-0000-7000-8000-000000000000/", "/thanks/1/", "/nothing-here"]
)
def test_it_has_a_page_for_what_is_not_there(client: Client, path: str) -> None:
    page = client.get(path)
    assert page.status_code == 404
    assert "There is nothing here" in page.content.decode()


@pytest.mark.parametrize("path", ["/", "/privacy/", "/terms/", "/sign-in/", "/nothing-here"])
def test_it_says_who_the_charity_is_on_every_page(client: Client, path: str) -> None:
    text = client.get(path).content.decode()
    assert "Registered Charity Number 20034580" in text
    assert "National LGBT Federation CLG" in text
    title = re.search(r"<title>(.*?)</title>", text)
    assert title
    assert not any(word in title[1].lower() for word in ("lgbt", "gay", "queer", "pride"))
    assert " style=" not in text
    assert (
        re.sub(r'<script src="/static/members/[a-z]+\.js" defer></script>', "", text).find(
            "<script"
        )
        < 0
    )


def test_it_explains_a_form_that_came_without_its_cookie() -> None:
    page = Client(enforce_csrf_checks=True).post("/", GOOD)
    assert page.status_code == 403
    assert "The page was open too long" in page.content.decode()


@pytest.mark.parametrize("name", ["400.html", "500.html"])
def test_it_has_an_error_page_that_needs_nothing(name: str) -> None:
    text = get_template(name).render()  # as Django does it: no request, no context
    assert "<h1>" in text
    assert 'href="/"' in text
