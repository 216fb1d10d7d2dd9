"""The shield at the door: free, a sum, a link by letter; up at once, down by itself."""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import letters
from billing.models import Intent, Letter, StripeEvent
from billing.models.letter import LetterState
from members import limits, retention, tasks
from members.models import Consent, JoinLink, ShieldChange, Supporter
from members.models.shield import Cause, Level
from members.models.staff import Role
from members.shield import watch
from tests import rows
from tests.letter_desk import link_in, sent
from tests.local_stripe import LocalStripe
from tests.staff_desk import signed_in as staff_signed_in
from tests.supporter_desk import folded, signed_in

# What it counts is in memory here, in either pass.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

GOOD = {
    "plan": "monthly",
    "amount_monthly": "1.99",
    "email": "charlie@example.org",
    "name": "Charlie",
    "consent": "on",
    "adult": "on",
}
SOMEWHERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"
ATTACKERS = "192.0.2.{}"
# What differs between two statements of one shape: values, and the names of savepoints.
VALUES = re.compile(r"X?'[^']*'|\"s\d+_x\d+\"|\b\d+\b")
IN_MEMORY = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "own"}
}
NOON = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _own_counts(settings: Any) -> Iterator[None]:
    """Counts of this test alone; three payment pages that nobody pays are pressure, six a storm."""
    settings.REDIS_URL = ""
    settings.CACHES = IN_MEMORY
    # Hands of tests are fast.
    settings.SHIELD_THRESHOLDS = settings.SHIELD_THRESHOLDS | {"unpaid": (3, 6), "hasty": (90, 99)}
    settings.SHIELD_PROOF_SUMS = 50
    limits.storage.cache_clear()
    cache.clear()
    yield
    cache.clear()
    limits.storage.cache_clear()


def review(client: Client, network: str = SOMEWHERE, **changes: str) -> Any:
    return client.post("/", GOOD | changes, REMOTE_ADDR=network)


def hidden(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.content.decode())
    assert found, folded(page.content.decode())[-3000:]
    return found[1]


def pay(page: Any, network: Any = SOMEWHERE, client: Any = None, **more: Any) -> Any:
    """Press the button of the review page, a while after it was shown."""
    fields = {"press": hidden(page, "press")} | more
    return (client or Client()).post("/join/pay", fields, REMOTE_ADDR=network)


def attack(times: int) -> None:
    """So many payment pages wanted, each from another network, and none of them paid."""
    for number in range(times):
        page = review(Client(), ATTACKERS.format(number))
        pay(page, ATTACKERS.format(number))


def solution(page: Any) -> dict[str, str]:
    """What a browser sends with the form when it has done its sum."""
    text = page.content.decode()
    told = {name: re.search(rf'data-{name}="([^"]+)"', text) for name in ("seed", "digest", "most")}
    seed, digest, most = (found[1] if found else "" for found in told.values())
    number = next(
        str(each)
        for each in range(int(most))
        if hashlib.sha256(f"{seed}:{each}".encode()).hexdigest() == digest
    )
    return {"challenge": hidden(page, "challenge"), "number": number}


def level() -> str:
    return watch.level(now=timezone.now()).value


def written() -> int:
    return sum(each.objects.count() for each in (Supporter, Consent, Intent))


# Calm --------------------------------------------------------------------------------------------
def test_in_the_calm_the_payment_page_opens_and_nothing_is_asked(stripe: LocalStripe) -> None:
    page = review(Client())
    assert "data-proof" not in page.content.decode()
    assert pay(page).status_code == 303
    assert level() == "calm"


def test_a_thousand_who_pay_press_nothing(stripe: LocalStripe) -> None:
    for number in range(4):
        rows.membership(
            Supporter.objects.create(email_hash=f"{number}" * 64, email_sealed=b""),
            started_at=timezone.now() - timedelta(minutes=1),
            stripe_subscription_id=f"sub_{number}",
        )
    tasks.watch_the_doors()
    attack(8)
    assert level() == "calm"


# Pressed -----------------------------------------------------------------------------------------
def test_under_pressure_a_sum_opens_the_payment_page(stripe: LocalStripe) -> None:
    attack(3)
    assert level() == "pressed"
    page = review(Client())
    answer = pay(page, **solution(page))
    assert answer.status_code == 303, answer.content
    assert answer.headers["Location"].startswith(stripe.url)


def test_without_the_sum_nothing_is_written_and_the_page_asks_again(stripe: LocalStripe) -> None:
    attack(3)
    before = written()
    page = review(Client())
    asked = pay(page)
    assert asked.status_code == 428
    assert written() == before
    again = pay(asked, **solution(asked))
    assert again.status_code == 303


def test_a_sum_is_good_once_for_one_page_of_one_form(stripe: LocalStripe, settings: Any) -> None:
    settings.SHIELD_THRESHOLDS = settings.SHIELD_THRESHOLDS | {"unpaid": (3, 99)}
    attack(3)
    page, other = review(Client()), review(Client(), email="other@example.org")
    right = solution(page)
    wrong = str((int(right["number"]) + 1) % 50)
    assert pay(page, **right | {"number": wrong}).status_code == 428, "wrong"
    assert pay(page, **right | {"number": "0x1"}).status_code == 428, "no number"
    assert pay(page, **right | {"challenge": "x" + right["challenge"]}).status_code == 428, "forged"
    assert pay(other, **right).status_code == 428, "of another page"
    foreign = proof_of_another_form(page)
    assert pay(page, **foreign).status_code == 428, "of another form"
    assert pay(page, **right).status_code == 303
    assert pay(page, **right).status_code == 303, "the same press opens the same page again"
    Intent.objects.all().delete()
    assert pay(page, **right).status_code == 428, "used"


def proof_of_another_form(page: Any) -> dict[str, str]:
    from members import press
    from members.shield import proofs

    about = press.read(hidden(page, "press"), button="join").id
    made = proofs.make(form="sign-in", about=about)
    number = next(
        str(each)
        for each in range(made.most)
        if hashlib.sha256(f"{made.seed}:{each}".encode()).hexdigest() == made.digest
    )
    assert proofs.solved(made.text, number, form="sign-in", about=about)
    cache.delete(f"shield:spent:{made.seed}")
    return {"challenge": made.text, "number": number}


def test_a_sum_expires(stripe: LocalStripe) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        attack(3)
        page = review(Client())
        done = solution(page)
        clock.shift(timedelta(hours=2, minutes=1))
        attack(3)
        assert level() == "pressed"
        assert pay(page, **done).status_code == 428


def test_without_script_or_patience_a_link_comes_instead(stripe: LocalStripe) -> None:
    attack(3)
    page = review(Client())
    assert "Send me a link instead" in page.content.decode()
    assert pay(page, by="letter").status_code == 200
    assert JoinLink.objects.count() == 1


# Storm -------------------------------------------------------------------------------------------
@pytest.fixture
def storm(stripe: LocalStripe) -> LocalStripe:
    attack(6)
    assert level() == "storm"
    JoinLink.objects.all().delete()
    Letter.objects.all().delete()
    return stripe


def test_in_a_storm_the_button_sends_a_link_and_says_so(storm: LocalStripe) -> None:
    page = review(Client())
    text = folded(page.content.decode())
    assert ">Send me the link</button>" in text and "Nothing is charged by this button" in text
    assert ">Pay €1.99 every month</button>" not in text
    before = written()
    answer = pay(page)
    assert answer.status_code == 200 and "Look into your mail" in answer.content.decode()
    assert written() == before, "no supporter before the link is pressed"


def test_the_link_shows_that_very_order_and_its_button_goes_on_to_stripe(
    storm: LocalStripe,
) -> None:
    pay(review(Client(), amount_monthly="4.99"))
    link = link_in(sent("join-link"))
    before = written()
    browser = Client()
    pages = [browser.get(link, REMOTE_ADDR=ELSEWHERE) for _ in range(2)]
    assert ">Pay €4.99 every month</button>" in folded(pages[0].content.decode())
    assert written() == before, "looking changes nothing"
    answers = [pay(page, ELSEWHERE, browser) for page in pages]
    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"], "one checkout"
    assert Supporter.objects.with_email("charlie@example.org").exists()


def test_the_answer_is_the_same_for_every_address(storm: LocalStripe) -> None:
    rows.payment(rows.membership())
    seen = []
    for email in ("alice@example.org", "who@example.org"):
        page = review(Client(), email=email)
        with CaptureQueriesContext(connection) as asked:
            answer = pay(page)
        shapes = [VALUES.sub("?", each["sql"]) for each in asked.captured_queries]
        seen.append((answer.content, answer.status_code, dict(answer.items()), shapes))
    assert seen[0] == seen[1]
    kinds = Letter.objects.values_list("kind", "supporter", "state").distinct()
    assert [(kind, whose is None) for kind, whose, _state in kinds] == [("join-link", True)]


def test_the_letter_names_nobody_and_is_the_same_for_a_supporter(storm: LocalStripe) -> None:
    rows.payment(rows.membership())
    texts = []
    for email in ("alice@example.org", "who@example.org"):
        pay(review(Client(), email=email, name="Alice"))
        texts.append(re.sub(r"/letters/\S+", "LINK", sent("join-link")))
        message = mail.outbox[-1]
        assert message.to == [email]
        assert not getattr(message, "alternatives", None), "plain text"
        assert "GCN" not in message.subject + str(message.from_email).split("<")[0]
        assert "Alice" not in str(message.body)
    assert texts[0] == texts[1]


def test_nobodys_mailbox_is_flooded_and_who_asks_does_not_learn_it(storm: LocalStripe) -> None:
    networks = [ATTACKERS.format(100 + number) for number in range(5)]
    pages = [pay(review(Client(), each, email="who@example.org"), each) for each in networks]
    assert len({each.content for each in pages}) == 1
    assert JoinLink.objects.count() == Letter.objects.count() == 3
    # Mail to who+1 and who+2 comes to who.
    for each in networks:
        assert pay(review(Client(), each, email=f"Who+{each}@example.org"), each).status_code == 200
    assert JoinLink.objects.count() == Letter.objects.count() == 3


def test_one_network_gets_so_many_links_an_hour(storm: LocalStripe) -> None:
    codes = [pay(review(Client(), email=f"{n}@example.org")) for n in range(11)]
    assert [each.status_code for each in codes] == [200] * 10 + [429]
    assert codes[-1].headers["Retry-After"] == "3600"
    assert JoinLink.objects.count() == 10


def test_the_same_press_writes_one_letter(storm: LocalStripe) -> None:
    page = review(Client())
    assert [pay(page).status_code for _ in range(2)] == [200, 200]
    assert JoinLink.objects.count() == Letter.objects.count() == 1


def test_the_order_lies_sealed_and_is_gone_after_a_day(storm: LocalStripe) -> None:
    pay(review(Client()))
    row = JoinLink.objects.get()
    assert b"charlie" not in bytes(row.order_sealed) + bytes(row.email_sealed)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=5)):
        tasks.look_after_people()
        assert not JoinLink.objects.exists()
        letter = Letter.objects.get()
        assert letters.deliver(letter.pk) == LetterState.SKIPPED


def test_who_is_signed_in_has_shown_a_mailbox_and_goes_on(storm: LocalStripe) -> None:
    alice = rows.alice()
    rows.payment(rows.membership(alice))
    client = signed_in(alice)
    page = review(client)
    assert ">Pay €1.99 every month</button>" in folded(page.content.decode())
    assert pay(page, client=client).status_code == 303


# Up and down -------------------------------------------------------------------------------------
def test_it_goes_up_at_once_and_down_by_itself_after_a_quiet_while(stripe: LocalStripe) -> None:
    staff_signed_in(Role.SUPPORT)
    with time_machine.travel(NOON, tick=False) as clock:
        seen = []
        for minutes in (0, 10, 50, 10, 20, 20):
            clock.shift(timedelta(minutes=minutes))
            if minutes == 0:
                attack(6)
            tasks.watch_the_doors()
            tasks.watch_the_doors()
            seen.append(level())
        assert "opens only by a link in a letter" in folded(sent("shield-alert"))
    assert seen[:2] == ["storm", "storm"]
    assert seen[-1] == "calm"
    told = list(ShieldChange.objects.order_by("at").values_list("level", "cause", "because"))
    assert told[0] == (Level.STORM, Cause.PRESSURE, "unpaid")
    assert told[-1][0] == Level.CALM
    assert Letter.objects.filter(kind="shield-alert").count() == 1


def test_a_pause_of_a_minute_opens_nothing(stripe: LocalStripe) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        refused("payment_intent.payment_failed", 50)
        tasks.watch_the_doors()
        seen = []
        for _ in range(5):
            clock.shift(timedelta(minutes=6))
            tasks.watch_the_doors()
            seen.append(level())
    assert seen == ["storm", "storm", "storm", "calm", "calm"], "it was last pressed after six"


def test_refused_payments_press_but_failed_renewals_do_not(stripe: LocalStripe) -> None:
    refused("payment_intent.payment_failed", 12)
    refused("invoice.payment_failed", 12)
    tasks.watch_the_doors()
    assert level() == "calm"
    StripeEvent.objects.filter(type="invoice.payment_failed").delete()
    tasks.watch_the_doors()
    assert level() == "pressed"


def refused(kind: str, times: int) -> None:
    StripeEvent.objects.bulk_create(
        StripeEvent(
            id=f"evt_{kind}_{n}",
            type=kind,
            object_id="pi_1",
            livemode=False,
            created=timezone.now(),
        )
        for n in range(times)
    )


def test_forms_that_no_hand_sent_press_and_are_not_refused(
    stripe: LocalStripe, settings: Any
) -> None:
    settings.SHIELD_THRESHOLDS = settings.SHIELD_THRESHOLDS | {"hasty": (4, 50), "unpaid": (90, 99)}
    client = Client()
    with time_machine.travel(NOON, tick=False) as clock:
        made = hidden(client.get("/"), "made")
        clock.shift(timedelta(seconds=30))
        for _ in range(4):
            assert review(client, made=made).status_code == 200
        assert level() == "calm", "a hand needs half a minute"
        made = hidden(client.get("/"), "made")
        clock.shift(timedelta(seconds=1))
        for number, each in enumerate((made, made, "bent", "")):
            assert review(client, ATTACKERS.format(number), made=each).status_code == 200
        assert level() == "pressed"


def test_the_machine_itself_presses_nobody(stripe: LocalStripe) -> None:
    for _ in range(8):
        assert pay(review(Client(), "127.0.0.1"), "127.0.0.1").status_code == 303
    assert level() == "calm"


def test_who_was_counted_is_forgotten_at_midnight() -> None:
    midnight = datetime(2026, 11, 24, tzinfo=UTC)
    with time_machine.travel(midnight - timedelta(minutes=1), tick=False) as clock:
        codes = [ask_to_sign_in().status_code for _ in range(6)]
        clock.shift(timedelta(seconds=30))
        codes.append(ask_to_sign_in().status_code)
        clock.shift(timedelta(seconds=31))
        codes.append(ask_to_sign_in().status_code)
    assert codes == [200] * 5 + [429, 429, 200]


def ask_to_sign_in() -> Any:
    return Client().post("/sign-in/", {"email": "alice@example.org"}, REMOTE_ADDR=SOMEWHERE)


def test_who_is_turned_away_is_told_when_to_come_back() -> None:
    for _ in range(6):
        answer = ask_to_sign_in()
    assert answer.headers["Retry-After"] == "3600"


def test_with_redis_away_it_lets_through_and_staff_see_it(
    stripe: LocalStripe, settings: Any
) -> None:
    desk = staff_signed_in()
    settings.CACHES = {
        "default": {
            "BACKEND": "config.cache.ForgivingRedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    page = review(Client())
    assert pay(page).status_code == 303
    assert "Redis does not answer" in desk.get("/staff/shield/").content.decode()
    settings.CACHES = IN_MEMORY


# Staff -------------------------------------------------------------------------------------------
def test_staff_hold_a_level_for_some_hours_and_let_it_go(stripe: LocalStripe) -> None:
    desk = staff_signed_in(Role.SUPPORT)
    assert "Nothing has pressed yet" in desk.get("/staff/shield/").content.decode()
    answer = desk.post("/staff/shield/", {"level": "storm", "hours": "1", "reason": "warned"})
    assert answer.status_code == 302
    assert pay(review(Client(), "127.0.0.1"), "127.0.0.1").status_code == 200, "also for ourselves"
    assert JoinLink.objects.count() == 1
    text = folded(desk.get("/staff/shield/").content.decode())
    assert "Set by staff (stripe or the bank warned us)" in text
    assert "because a colleague said so" in folded(sent("shield-alert"))
    desk.post("/staff/shield/let-go/")
    assert pay(review(Client())).status_code == 303
    desk.post("/staff/shield/", {"level": "storm", "hours": "1", "reason": "warned"})
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        assert level() == "calm"
    causes = list(ShieldChange.objects.order_by("at").values_list("cause", flat=True))
    assert causes == [Cause.FORCED, Cause.RELEASED, Cause.FORCED]


def test_staff_can_also_say_that_the_shield_is_mistaken(storm: LocalStripe) -> None:
    desk = staff_signed_in()
    desk.post("/staff/shield/", {"level": "calm", "hours": "4", "reason": "mistaken"})
    assert pay(review(Client())).status_code == 303


def test_a_level_is_set_with_its_hours_and_its_reason_or_not_at_all(stripe: LocalStripe) -> None:
    desk = staff_signed_in()
    answer = desk.post("/staff/shield/", {"level": "storm", "hours": "500"})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "Choose a reason." in text and "Choose how long." in text
    assert not ShieldChange.objects.exists()
    assert (
        staff_signed_in(Role.VIEWER, email="v@example.org").get("/staff/shield/").status_code == 403
    )


def test_the_page_counts_forms_and_names_no_network(storm: LocalStripe) -> None:
    pay(review(Client(), email="alice@example.org"))
    tasks.watch_the_doors()
    text = folded(staff_signed_in().get("/staff/shield/").content.decode())
    assert "Links to the payment page, by letter" in text
    for secret in (SOMEWHERE, "192.0.2.", "alice"):
        assert secret not in text


def test_retention_leaves_no_order_behind(storm: LocalStripe) -> None:
    pay(review(Client()))
    with time_machine.travel(timezone.now() + timedelta(days=2)):
        retention.tidy(now=timezone.now())
        tasks.look_after_people()
    assert not JoinLink.objects.exists()


# One network alone -------------------------------------------------------------------------------
def test_one_network_alone_never_closes_the_door_to_everybody_else(
    stripe: LocalStripe, settings: Any
) -> None:
    settings.SHIELD_THRESHOLDS = {
        "unpaid": [25, 60],
        "refused": [10, 40],
        "hasty": [10, 60],
        "sign_ins": [150, 1000],
        "limited": [60, 500],
    }
    with time_machine.travel(NOON, tick=False):
        page = review(Client(), ATTACKERS.format(1), made="bent")
        for _ in range(70):
            review(Client(), ATTACKERS.format(1), made="bent")
            pay(page, ATTACKERS.format(1), client=Client(), press="bent")
        assert level() == "calm", "forms that no hand sent"
        Intent.objects.all().delete()
        for _ in range(60):
            Intent.objects.all().delete()
            pay(page, ATTACKERS.format(1))
        assert level() == "calm", "payment pages"
        for _ in range(160):
            Client().post("/sign-in/", {"email": "a@example.org"}, REMOTE_ADDR=ATTACKERS.format(1))
        assert level() == "calm", "links to sign in, and askings beyond the limit"


# By letter ---------------------------------------------------------------------------------------
def test_the_button_of_one_more_step_says_what_is_paid(stripe: LocalStripe) -> None:
    attack(3)
    asked = pay(review(Client(), amount_monthly="4.99"))
    assert asked.status_code == 428
    assert ">Pay €4.99 every month</button>" in folded(asked.content.decode())


def test_the_page_of_a_letter_says_what_is_agreed_to_and_keeps_one_consent(
    storm: LocalStripe,
) -> None:
    """Anybody may have ticked the box for the mailbox's owner, who reads here what was ticked."""
    with time_machine.travel(timezone.now(), tick=False) as clock:
        asked = timezone.now()
        pay(review(Client(headers={"Accept-Language": "ga"}), email="who@example.org"))
        link = link_in(sent("join-link"))
        for _ in range(2):
            clock.shift(timedelta(minutes=5))
            page = Client().get(link, REMOTE_ADDR=ELSEWHERE, headers={"Accept-Language": "en"})
            assert "Tuigim go bhféadfadh" in page.content.decode(), "in the language it was read in"
            assert pay(page, ELSEWHERE).status_code == 303
    consent = Consent.objects.get(supporter__in=Supporter.objects.with_email("who@example.org"))
    assert (consent.locale, consent.given_at) == ("ga-IE", asked)


def test_the_switch_of_language_on_an_answer_to_a_press_leads_somewhere(storm: LocalStripe) -> None:
    client = Client()
    answer = pay(review(client), client=client)
    assert 'href="?lang=ga"' in answer.content.decode()
    led = client.get("/join/pay?lang=ga", follow=True)
    assert led.status_code == 200
    assert 'lang="ga-IE"' in led.content.decode()
    assert Client().get("/join/pay").status_code == 405, "what nobody led to is as it was"
