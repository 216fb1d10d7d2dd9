"""Joining with a little on top, and for a campaign: what is stored, and what stays with us."""

import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import stripe
import time_machine
from django.core import mail
from django.db import connection
from django.db.utils import IntegrityError
from django.test import Client

from billing import stripe_api, wishes
from billing.documents.receipt import facts
from billing.ids import new_id
from billing.models import Campaign, Intent, Membership, Payment, Receipt
from members.models import Consent, Supporter
from tests import rows
from tests.doors.conftest import Desk
from tests.local_stripe import LocalStripe

GOOD = {"email": "alice@example.org", "name": "Alice", "consent": "on", "adult": "on"}
MONTHLY = GOOD | {"plan": "monthly", "pick_monthly": "199"}


def press_on(page: Any) -> str:
    found = re.search(r'name="press" value="([^"]+)"', page.content.decode())
    assert found, page.content.decode()
    return found[1]


def review(client: Client, fields: dict[str, str], **more: str) -> Any:
    page = client.post("/", fields | more)
    assert page.status_code == 200
    return page


def pay(client: Client, desk: Desk, page: Any) -> None:
    """Press the button and pay on Stripe's page."""
    desk.stripe.pay(client.post("/join/pay", {"press": press_on(page)}).headers["Location"])
    desk.catch_up()


def words(page: Any) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.content.decode()).split())


def test_it_carries_what_is_given_on_top_from_the_form_to_each_receipt(
    client: Client, desk: Desk
) -> None:
    page = review(client, MONTHLY, extra_monthly="on")
    assert ">Pay €2.27 every month</button>" in page.content.decode()
    assert "You give €0.28 of it on top" in words(page)
    pay(client, desk, page)
    member = Membership.objects.get()
    assert (member.amount_cents, member.extra_cents) == (227, 28)
    desk.stripe.advance(days=32)
    desk.catch_up()
    assert list(Payment.objects.values_list("amount_cents", "extra_cents")) == [(227, 28)] * 2
    assert list(Receipt.objects.values_list("amount_cents", "extra_cents")) == [(227, 28)] * 2
    assert ("Of which given on top", "€0.28") in facts(Receipt.objects.latest("issued_at"))
    letters = [each for each in mail.outbox if each.subject == "Your receipt"]
    assert len(letters) == 2
    assert all("given on top: €0.28" in str(each.body) for each in letters)


def test_it_takes_what_is_on_top_off_again_with_one_press(client: Client, desk: Desk) -> None:
    page = review(client, MONTHLY, extra_monthly="on")
    found = re.search(r'name="drop" value="([^"]+)"', page.content.decode())
    assert found
    bare = client.post("/", {"drop": found[1]})
    assert ">Pay €1.99 every month</button>" in bare.content.decode()
    assert "on top" not in words(bare)
    pay(client, desk, bare)
    assert Membership.objects.values_list("amount_cents", "extra_cents").get() == (199, 0)


def test_a_gift_has_its_part_on_top_and_its_campaign(client: Client, desk: Desk) -> None:
    campaign = Campaign.objects.create(slug="stall-2026", name="A stall")
    fields = GOOD | {"plan": "once", "pick_once": "500", "extra_once": "on"}
    page = review(client, fields, campaign="stall-2026")
    assert ">Pay €5.33 once</button>" in page.content.decode()
    pay(client, desk, page)
    gift = Payment.objects.get()
    assert (gift.amount_cents, gift.extra_cents, gift.campaign) == (533, 33, campaign)
    assert Receipt.objects.get().extra_cents == 33


def test_another_amount_forgets_what_was_on_top(client: Client, desk: Desk) -> None:
    pay(client, desk, review(client, MONTHLY, extra_monthly="on"))
    member = Membership.objects.get()
    wishes.change_amount(membership=member, amount_cents=500, press=new_id().hex)
    desk.work()
    desk.stripe.advance(days=32)
    desk.catch_up()
    member.refresh_from_db()
    assert (member.amount_cents, member.extra_cents) == (500, 0)
    paid = Payment.objects.order_by("paid_at").values_list("amount_cents", "extra_cents")
    assert list(paid) == [(227, 28), (500, 0)]


def test_an_amount_below_what_was_on_top_can_be_set_in_the_dashboard(
    client: Client, desk: Desk
) -> None:
    own = GOOD | {"plan": "monthly", "pick_monthly": "own", "amount_monthly": "900"}
    pay(client, desk, review(client, own, extra_monthly="on"))
    member = Membership.objects.get()
    assert member.extra_cents > 1000
    edit(desk.stripe, member, cents=500)
    desk.catch_up()
    member.refresh_from_db()
    assert (member.amount_cents, member.extra_cents) == (500, 0)


def edit(local: LocalStripe, member: Membership, *, cents: int) -> None:
    """Staff set another price in the dashboard, for now and for all that follows."""
    snapshot = stripe_api.get_subscription(str(member.stripe_subscription_id))
    price: Any = {
        "currency": "eur",
        "unit_amount": cents,
        "product": snapshot.product_id,
        "recurring": {"interval": "month"},
    }
    dashboard = stripe.StripeClient("sk_test_local", base_addresses={"api": local.url})
    dashboard.v1.subscriptions.update(
        snapshot.id,
        {"items": [{"id": snapshot.item_id, "price_data": price}], "proration_behavior": "none"},
    )


def test_a_payment_that_is_heard_of_after_its_amount_was_changed_keeps_its_part(
    client: Client, desk: Desk
) -> None:
    pay(client, desk, review(client, MONTHLY, extra_monthly="on"))
    desk.stripe.advance(days=32)
    with time_machine.travel(datetime.fromtimestamp(desk.stripe.ask("clock")["now"], UTC)):
        late = [each for each in desk.postman.fetch() if "subscription" not in each["type"]]
        member = Membership.objects.get()
        edit(desk.stripe, member, cents=300)
        changed = [each for each in desk.postman.fetch() if "subscription" in each["type"]]
        desk.postman.carry(changed)
        desk.work()
        member.refresh_from_db()
        assert (member.amount_cents, member.extra_cents) == (300, 0)
        assert Payment.objects.count() == 1
        desk.postman.carry(late)
        desk.work()
    assert list(Payment.objects.values_list("amount_cents", "extra_cents")) == [(227, 28)] * 2


def test_a_campaign_is_kept_all_the_way_and_stripe_never_hears_of_it(
    client: Client, desk: Desk
) -> None:
    Campaign.objects.create(slug="loud-2026", name="Loud")
    page = client.get("/?campaign=loud-2026")
    assert 'name="campaign" value="loud-2026"' in page.content.decode()
    wrong = client.post("/", {"plan": "monthly", "campaign": "loud-2026"})
    assert wrong.status_code == 400
    assert 'name="campaign" value="loud-2026"' in wrong.content.decode()
    reviewed = review(client, MONTHLY, campaign="loud-2026")
    again = client.post("/", {"change": press_on(reviewed)})
    assert 'name="campaign" value="loud-2026"' in again.content.decode()
    client.post("/join/pay", {"press": press_on(reviewed)})
    member = Membership.objects.get()
    assert member.campaign and member.campaign.slug == "loud-2026"
    params = Intent.objects.get().params
    assert "loud" not in str(params)
    back = urlsplit(params["cancel_url"])
    assert parse_qs(back.query)["cancelled"] == [str(member.pk)]
    came_back = client.get(f"/?{back.query}").content.decode()
    assert 'name="campaign" value="loud-2026"' in came_back
    assert 'name="pick_monthly" value="199" checked' in came_back
    assert "You came back without paying" in came_back


@pytest.mark.parametrize("slug", ["unheard-of", "asleep", "a\x00b", '"><b>', "x" * 40])
def test_a_campaign_that_does_not_count_is_not_kept(client: Client, db: None, slug: str) -> None:
    Campaign.objects.create(slug="asleep", name="Asleep", active=False)
    for page in (
        client.get("/", {"campaign": slug}),
        client.post("/", {"plan": "monthly", "campaign": slug}),
    ):
        assert 'name="campaign"' not in page.content.decode()
        assert slug not in page.content.decode()
    assert review(client, MONTHLY, campaign=slug)


def test_a_preset_counts_and_what_was_typed_beside_it_is_told_of(client: Client, db: None) -> None:
    page = review(client, MONTHLY, amount_monthly="7<b>")
    assert ">Pay €1.99 every month</button>" in page.content.decode()
    assert "You chose €1.99 and typed “7&lt;b&gt;” beside it" in page.content.decode()
    assert "typed" not in words(review(client, MONTHLY, amount_monthly="1,99"))
    own = review(client, MONTHLY, pick_monthly="own", amount_monthly="7")
    assert ">Pay €7.00 every month</button>" in own.content.decode()


def test_what_was_typed_for_another_way_is_nobodys_concern(client: Client, db: None) -> None:
    review(client, MONTHLY, amount_yearly="\x00", pick_once="nonsense")


def test_an_amount_that_is_not_offered_is_no_preset(client: Client, db: None) -> None:
    page = client.post("/", MONTHLY | {"pick_monthly": "150"})
    assert page.status_code == 400
    assert 'href="#id_pick_monthly"' in page.content.decode()
    assert 'aria-describedby="id_pick_monthly_error"' in page.content.decode()


def test_whoever_joins_in_irish_is_written_to_in_irish(
    client: Client, desk: Desk, settings: Any
) -> None:
    settings.LANGUAGES = settings.LETTER_LANGUAGES
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "ga"
    page = review(client, MONTHLY)
    assert "Tuigim" in client.get("/").content.decode()
    client.post("/join/pay", {"press": press_on(page)})
    assert Supporter.objects.get().language == "ga"
    assert Consent.objects.values_list("text_version", "locale").get() == ("2026-11", "ga-IE")


def test_the_database_refuses_a_receipt_that_is_all_on_top(db: None) -> None:
    payment = rows.payment()
    with pytest.raises(IntegrityError), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_payment SET extra_cents = amount_cents WHERE last4 = %s",
            [payment.last4],
        )


def test_the_language_switch_keeps_what_a_link_asked_for_and_repeats_nothing_else(
    client: Client, desk: Desk
) -> None:
    Campaign.objects.create(slug="stall-2026", name="A stall")
    asked = "interval=year&amount=30&campaign=stall-2026"
    page = client.get(f"/?{asked}&lang=en&who=zebra").content.decode()
    assert '<a href="?lang=ga&amp;interval=year&amp;amount=30' in page
    assert '&amp;campaign=stall-2026" lang="ga"' in page
    strange = client.get("/?interval=zebra&amount=zebra&campaign=zebra&lang=en").content.decode()
    assert '<a href="?lang=ga" lang="ga"' in strange
    assert "zebra" not in page + strange
