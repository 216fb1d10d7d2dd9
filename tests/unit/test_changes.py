"""What the account offers, what each page says before anything is pressed, and what it refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from billing import renewals
from billing.models import Intent, Membership
from billing.models.stripe import IntentKind, IntentState
from members import acts, press, standing
from members.acts import Act
from tests import rows
from tests.supporter_desk import folded, path_of, press_in, signed_in, text_of

# Pages and words are the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

# Three weeks into the first period of rows.membership: nothing is due for days.
TODAY = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def alice() -> Client:
    return signed_in(rows.alice())


def page(client: Client, membership: Membership, verb: str, query: str = "") -> str:
    return text_of(client, path_of(membership, verb) + query)


def wish(membership: Membership, kind: IntentKind, state: IntentState, **params: Any) -> Intent:
    return Intent.objects.create(
        kind=kind,
        press=f"{kind}-{membership.id}"[:64],
        subject=membership.id,
        params=params,
        state=state,
        answered_at=None if state == IntentState.OPEN else TODAY,
    )


def yearly(**more: object) -> Membership:
    return rows.membership(rows.alice(), slug="yearly", **more)


def test_it_offers_other_amounts_and_says_when_a_new_one_begins(alice: Client) -> None:
    text = page(alice, rows.membership(rows.alice()), "amount")
    assert "on 2 April 2026. Nothing is charged today." in text
    for query in ("?amount=2.99", "?amount=4.99", "?amount=9.99"):
        assert f'href="{query}"' in text
    assert 'href="?amount=1.99"' not in text
    assert 'name="press"' not in text


@pytest.mark.case("E6")
def test_it_shows_old_and_new_amount_and_the_day_before_the_button(alice: Client) -> None:
    text = page(alice, rows.membership(rows.alice()), "amount", "?amount=5")
    before, _, after = text.partition("<button class=")
    for words in (
        "<dd>€1.99 every month</dd>",
        "<strong>2 April 2026</strong>, your next payment: €5.00",
        "<dt>Charged today</dt> <dd>Nothing</dd>",
    ):
        assert words in text[: text.index("Pay €5.00 every month from 2 April")]
    assert before and after


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1.98", "The least we can take this way is €1.99."),
        ("two", "Enter the amount in euros and cents"),
        ("", "Enter an amount"),
        ("1.99", "That is what you give already."),
    ],
)
def test_it_asks_again_for_an_amount_that_will_not_do(
    typed: str, words: str, alice: Client
) -> None:
    text = page(alice, rows.membership(rows.alice()), "amount", f"?amount={typed}")
    assert words in text
    assert 'name="press"' not in text


def test_the_press_of_one_amount_cannot_ask_for_another(alice: Client) -> None:
    membership = rows.membership(rows.alice())
    path = path_of(membership, "amount")
    signed = press_in(page(alice, membership, "amount", "?amount=5"), path)
    assert press.read(signed, button=Act.AMOUNT).about["cents"] == 500
    assert alice.post(path, {"press": signed[:-2] + "xx", "amount": "9"}).status_code == 400
    assert Intent.objects.count() == 0


@pytest.mark.case("E6")
def test_it_shows_the_exact_charge_and_day_of_paying_yearly(alice: Client) -> None:
    text = page(alice, rows.membership(rows.alice()), "rhythm")
    told = text[: text.index("Pay €23.88 every year from 2 April")]
    assert "<strong>€23.88 on 2 April 2026</strong>, in place of the €1.99 due that day" in told
    assert "<dt>Charged today</dt> <dd>Nothing</dd>" in told
    assert "It stays so until 2 April 2026." in told


def test_it_shows_the_yearly_charge_with_another_amount(alice: Client) -> None:
    membership = rows.membership(rows.alice(), amount_cents=500)
    assert "Pay €60.00 every year from 2 April" in page(alice, membership, "rhythm")
    assert "Pay €30.00 every year" in page(alice, membership, "rhythm", "?amount=30")
    text = page(alice, membership, "rhythm", "?amount=10")
    assert "The least we can take this way is €23.88." in text
    assert "Pay €60.00 every year" in text


def test_it_shows_what_paying_monthly_would_be(alice: Client) -> None:
    text = page(alice, yearly(amount_cents=3000), "rhythm")
    assert "<strong>€2.50 on 2 March 2027</strong>, in place of the €30.00 due that day" in text


def test_it_names_the_payments_that_each_pause_leaves_out(alice: Client) -> None:
    text = page(alice, rows.membership(rows.alice()), "pause")
    for words in (
        "next payment 2 May 2026</span>",
        "Leaves out €1.99 on 2 April. The pause ends by itself on 3 April 2026.",
        "next payment 2 June 2026</span>",
        "Leaves out €1.99 on 2 April and 2 May. The pause ends by itself on 3 May 2026.",
        "next payment 2 July 2026</span>",
        "Leaves out €1.99 on 2 April, 2 May and 2 June. The pause ends by itself on 3 June 2026.",
        "nothing is owed afterwards",
        "Charged today: nothing.",
    ):
        assert words in text


def test_it_offers_no_pause_longer_than_the_setting(alice: Client, settings: Any) -> None:
    settings.PAUSE_DAYS = 31
    text = page(alice, rows.membership(rows.alice()), "pause")
    assert "1 month" in text
    assert "2 months" not in text


def test_three_months_fit_on_the_day_of_a_payment_too() -> None:
    """92 days from 1 July to 1 October; the day that the invoice needs does not count."""
    start, end = (datetime(2026, month, 1, 12, tzinfo=UTC) for month in (7, 8))
    membership = rows.membership(rows.alice(), period_start=start, period_end=end)
    with time_machine.travel(start, tick=False):
        assert "3 months" in page(signed_in(rows.alice()), membership, "pause")


def test_it_names_the_payment_that_is_skipped_and_the_one_after(alice: Client) -> None:
    text = page(alice, rows.membership(rows.alice()), "skip")
    assert "<strong>€1.99 on 2 April 2026</strong>. It is not owed afterwards." in text
    assert "€1.99 on <strong>2 May 2026</strong>" in text


def test_it_says_until_when_it_is_paused_and_when_the_next_payment_is(alice: Client) -> None:
    until = rows.NEXT_MONTH + timedelta(days=1)
    membership = rows.membership(rows.alice(), state="paused", resumes_on=until)
    text = text_of(alice)
    assert "It is paused until <strong>3 April 2026</strong>" in text
    assert "€1.99</strong> on <strong>2 May 2026</strong>" in text
    resume = page(alice, membership, "resume")
    assert "€1.99 on <strong>2 April 2026</strong>" in resume
    assert "<dt>Charged today</dt> <dd>Nothing</dd>" in resume


def test_it_says_what_a_pause_of_stripes_own_kind_charges_on_resuming(alice: Client) -> None:
    membership = rows.membership(rows.alice(), state="paused", period_end=TODAY)
    text = page(alice, membership, "resume")
    assert "<strong>€1.99</strong>: a new period begins today" in text


def test_it_says_that_a_switch_is_lost_by_what_drops_it(alice: Client) -> None:
    membership = rows.membership(
        rows.alice(), next_amount_cents=2388, next_interval="year", changes_on=rows.NEXT_MONTH
    )
    text = text_of(alice)
    assert "€23.88</strong> on <strong>2 April 2026</strong>" in text
    assert "changing the amount before then takes this change back" in text
    assert "Take the change back" in text
    for verb, query in [("cancel", ""), ("pause", ""), ("skip", ""), ("amount", "?amount=5")]:
        assert "taken back" in page(alice, membership, verb, query), verb


def test_it_lists_what_is_ahead_in_order(alice: Client) -> None:
    until = rows.NEXT_MONTH + timedelta(days=1)
    rows.membership(rows.alice(), state="paused", resumes_on=until)
    text = text_of(alice)
    ahead = text[text.index('<ol class="ahead"') : text.index("</ol>")]
    parts = [
        "2 Apr 2026",
        "is left out",
        "3 Apr 2026",
        "The pause ends",
        "2 May 2026",
        "€1.99.</span>",
    ]
    places = [ahead.index(part) for part in parts]
    assert places == sorted(places)


def test_it_says_what_the_new_amount_was_before_and_offers_it_back(alice: Client) -> None:
    membership = rows.membership(rows.alice(), amount_cents=500)
    rows.payment(membership, amount_cents=199)
    text = text_of(alice)
    assert "€5.00</strong> on <strong>2 April 2026</strong>" in text
    assert "for the present period you paid €1.99" in text
    assert f'href="{path_of(membership, "amount")}?amount=1.99">Change it back' in text


def test_it_says_until_when_an_overdue_payment_can_be_made(alice: Client) -> None:
    membership = rows.membership(rows.alice(), state="past_due", past_due_since=TODAY)
    text = text_of(alice)
    assert "stays as it is until <strong>3 April 2026</strong>" in text
    assert press_in(text, path_of(membership, "pay"))


EVERY = set(Act)
NEVER_MONTHLY = EVERY - {Act.DROP, Act.RESUME, Act.PAY, Act.KEEP, Act.UNDO}


@pytest.mark.parametrize(
    ("slug", "changes", "offered"),
    [
        ("monthly", {}, NEVER_MONTHLY - {Act.WITHDRAW}),
        ("monthly", {"started_at": TODAY}, NEVER_MONTHLY),
        ("yearly", {}, {Act.AMOUNT, Act.RHYTHM, Act.CANCEL}),
        ("monthly", {"ends_on": rows.NEXT_MONTH}, {Act.KEEP}),
        ("monthly", {"state": "paused"}, {Act.RESUME, Act.CANCEL}),
        ("monthly", {"state": "past_due", "past_due_since": TODAY}, {Act.PAY, Act.CANCEL}),
        ("monthly", {"state": "pending", "stripe_subscription_id": None}, {Act.PAY}),
        ("monthly", {"state": "ended", "ended_at": TODAY, "started_at": TODAY}, set()),
        ("monthly", {"state": "expired"}, set()),
        (
            "monthly",
            {"next_amount_cents": 2388, "next_interval": "year", "changes_on": rows.NEXT_MONTH},
            (NEVER_MONTHLY - {Act.WITHDRAW}) | {Act.DROP},
        ),
    ],
)
def test_it_offers_what_the_state_allows_and_nothing_else(
    slug: str, changes: dict[str, Any], offered: set[Act], alice: Client
) -> None:
    membership = rows.membership(rows.alice(), slug=slug, **changes)
    assert acts.possible(standing.of(membership)) == offered
    text = text_of(alice)
    for act in (Act.AMOUNT, Act.RHYTHM, Act.PAUSE, Act.SKIP, Act.RESUME, Act.CANCEL, Act.WITHDRAW):
        assert (f'href="{path_of(membership, act)}"' in text) is (act in offered), act


@pytest.mark.parametrize("act", sorted(EVERY - {Act.PAY}))
def test_a_press_of_what_cannot_be_done_says_why_and_does_nothing(act: Act, alice: Client) -> None:
    membership = rows.membership(rows.alice(), state="ended", ended_at=TODAY)
    about = {"subject": str(membership.id), "cents": 500, "interval": "year"}
    pressed = {"press": press.make(button=act, about=about), "months": "1"}
    answer = alice.post(path_of(membership, act), pressed)
    assert answer.status_code == 409
    assert "has ended" in answer.content.decode() or act == Act.CANCEL
    assert Intent.objects.count() == 0


@pytest.mark.parametrize(
    ("act", "slug", "changes", "why"),
    [
        (Act.PAUSE, "yearly", {}, "You pay once a year"),
        (Act.SKIP, "monthly", {"ends_on": rows.NEXT_MONTH}, "Keep it first"),
        (Act.AMOUNT, "monthly", {"state": "past_due", "past_due_since": TODAY}, "overdue"),
        (Act.AMOUNT, "monthly", {"state": "paused"}, "End the pause first"),
        (Act.RESUME, "monthly", {}, "not paused"),
        (Act.WITHDRAW, "monthly", {}, "ended on 16 March 2026"),
        (Act.UNDO, "monthly", {}, "only membership"),
        (Act.CANCEL, "monthly", {"ends_on": rows.NEXT_MONTH}, "already ending"),
    ],
)
def test_it_says_why_something_cannot_be_done(
    act: Act, slug: str, changes: dict[str, Any], why: str, alice: Client
) -> None:
    membership = rows.membership(rows.alice(), slug=slug, **changes)
    assert why in page(alice, membership, act)


@pytest.mark.parametrize("act", ["amount", "rhythm", "pause", "skip", "cancel"])
@pytest.mark.parametrize("pressed", ["", "bent"])
def test_a_bad_press_does_nothing_and_offers_the_page_again(
    act: str, pressed: str, alice: Client
) -> None:
    membership = rows.membership(rows.alice())
    answer = alice.post(path_of(membership, act), {"press": pressed, "months": "1"})
    assert answer.status_code == 400
    assert "Nothing was done." in answer.content.decode()
    assert Intent.objects.count() == 0


def dublin(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of March 2026 before the clocks change, when Dublin shows UTC."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_withdrawing_is_offered_on_the_first_day_and_on_the_last(alice: Client) -> None:
    """Joined on Monday 2 March 2026: the last day is Monday the 16th (DOMAIN 2.3)."""
    membership = rows.membership(rows.alice())
    link = f'href="{path_of(membership, "withdraw")}">Withdraw from contract here</a>'
    for moment, offered in [
        (rows.START, True),
        (dublin(16, 23, 59), True),
        (dublin(17, 0), False),
    ]:
        with time_machine.travel(moment, tick=False):
            text = text_of(alice)
            assert (link in text) is offered, moment
            assert "End this membership" in text


def test_a_renewal_opens_no_new_time_to_withdraw(alice: Client) -> None:
    renewed = datetime(2026, 4, 2, 11, tzinfo=UTC)
    membership = rows.membership(
        rows.alice(), period_start=renewed, period_end=renewed + timedelta(days=30)
    )
    rows.payment(membership, paid_at=renewed)
    with time_machine.travel(renewed, tick=False):
        assert path_of(membership, "withdraw") not in text_of(alice)


def test_withdrawing_takes_two_steps_with_the_words_of_the_law(alice: Client) -> None:
    membership = rows.membership(rows.alice(), started_at=TODAY)
    rows.payment(membership, paid_at=TODAY)
    assert path_of(membership, "withdraw") in text_of(alice)
    text = page(alice, membership, "withdraw")
    assert ">Confirm withdrawal</button>" in text
    for words in (str(membership.id), "alice@example.org", "Alice", "€1.99 every month"):
        assert words in text
    assert "All you paid, <strong>€1.99</strong>, goes back" in text


def test_only_the_newer_of_two_memberships_can_be_undone(alice: Client) -> None:
    older = rows.membership(rows.alice())
    newer = yearly(created_at=TODAY, started_at=TODAY)
    rows.payment(newer, amount_cents=2388)
    text = text_of(alice)
    assert "You have 2 memberships" in text
    assert path_of(newer, "undo") in text
    assert path_of(older, "undo") not in text
    assert "<strong>€23.88</strong>: all you paid for it" in page(alice, newer, "undo")
    assert "only membership" in page(alice, older, "undo")


@pytest.mark.parametrize(("days", "offered"), [(60, True), (61, False)])
def test_a_second_membership_is_undone_by_a_press_for_sixty_days_then_by_a_person(
    alice: Client, settings: Settings, days: int, offered: bool
) -> None:
    settings.CHARITY = {**settings.CHARITY, "support_email": "help@example.org"}
    rows.membership(rows.alice())
    newer = yearly(created_at=TODAY, started_at=TODAY - timedelta(days=days))
    rows.payment(newer, amount_cents=2388)
    text, undo = text_of(alice), page(alice, newer, "undo")
    assert (path_of(newer, "undo") in text) is offered
    assert ("undo the newer one below" in text) is offered
    assert ("Undo it and refund me" in undo) is offered
    assert ("write to help@example.org, and a person will look" in undo) is not offered


def test_it_does_not_promise_money_that_went_back_already(alice: Client) -> None:
    rows.membership(rows.alice())
    newer = rows.membership(rows.alice(), created_at=TODAY)
    rows.refund(rows.payment(newer, amount_cents=500), amount_cents=300)
    assert "<strong>€2.00</strong>" in page(alice, newer, "undo")


@pytest.mark.parametrize(
    ("kind", "params", "words"),
    [
        (
            IntentKind.CHANGE_AMOUNT,
            {"amount_cents": 500},
            'Next payment: <strong class="figure">€5.00</strong>',
        ),
        (
            IntentKind.CHANGE_INTERVAL,
            {"amount_cents": 2388, "interval": "year"},
            "From then on you pay once a year.",
        ),
        (
            IntentKind.PAUSE,
            {"fields": {"pause_collection": {"resumes_at": 1775217600}}},
            "It is paused until <strong>3 April 2026</strong>",
        ),
        (IntentKind.END_NOW, {"reason": "withdrawn"}, "noted your wish to end it at once"),
    ],
)
def test_a_wish_that_waits_for_stripe_is_shown_as_noted(
    kind: IntentKind, params: dict[str, Any], words: str, alice: Client
) -> None:
    wish(rows.membership(rows.alice()), kind, IntentState.OPEN, **params)
    text = text_of(alice)
    assert "We have noted your wish" in text
    assert words in text


def test_nothing_more_is_offered_once_an_end_is_noted(alice: Client) -> None:
    membership = rows.membership(rows.alice())
    wish(membership, IntentKind.END_NOW, IntentState.OPEN, reason="withdrawn")
    assert acts.possible(standing.of(membership)) == set()
    assert "Next payment" not in text_of(alice)


def test_a_wish_that_stripe_refused_later_is_told(alice: Client) -> None:
    wish(rows.membership(rows.alice()), IntentKind.CHANGE_AMOUNT, IntentState.REFUSED)
    assert "You asked to change the amount, and our payment provider did not take it" in text_of(
        alice
    )
    with time_machine.travel(TODAY + timedelta(days=4), tick=False):
        assert "did not take it" not in text_of(alice)


def test_a_press_that_was_taken_already_leads_back_to_the_account(alice: Client) -> None:
    membership = rows.membership(rows.alice(), state="ended", ended_at=TODAY)
    about = {"subject": str(membership.id)}
    pressed = press.make(button=Act.WITHDRAW, about=about)
    Intent.objects.create(
        kind=IntentKind.END_NOW,
        press=press.read(pressed, button=Act.WITHDRAW).id,
        subject=membership.id,
        state=IntentState.DONE,
    )
    answer = alice.post(path_of(membership, "withdraw"), {"press": pressed})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/account/")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "You give €1.99 every month already"),
        ({"state": "past_due", "past_due_since": TODAY}, "Pay what is open"),
        ({"state": "pending", "stripe_subscription_id": None}, "Go on to the payment page"),
    ],
)
def test_the_join_page_tells_a_signed_in_member_what_stands(
    changes: dict[str, Any], words: str, alice: Client
) -> None:
    rows.membership(rows.alice(), **changes)
    assert words in text_of(alice, "/")
    assert words not in text_of(Client(), "/")
    assert 'class="card" method="post" action="/"' in text_of(alice, "/")


def test_titles_say_nothing_of_what_is_inside(alice: Client) -> None:
    membership = rows.membership(rows.alice(), started_at=TODAY)
    for verb in ("amount", "rhythm", "pause", "skip", "cancel", "withdraw"):
        title = page(alice, membership, verb).split("<title>")[1].split("</title>")[0]
        assert "€" not in title
        assert "Alice" not in title


def test_one_account_page_asks_no_more_for_many_memberships(
    alice: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        wish(rows.membership(rows.alice()), IntentKind.KEEP, IntentState.OPEN)
    with django_assert_max_num_queries(12):
        folded(alice.get("/account/").content.decode())


@pytest.mark.case("E14")
@given(
    days=st.integers(0, 8 * 365),
    number=st.integers(0, 40),
    yearly=st.booleans(),
)
def test_dues_keep_the_day_on_which_it_began(days: int, number: int, yearly: bool) -> None:
    """31 January, 28 February, 31 March: whichever period one looks from (PEERS E14)."""
    began = datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(days=days)
    interval = "year" if yearly else "month"
    ends = renewals.next_dues(
        60, period_start=began, period_end=began, interval=interval, after=began
    )
    if yearly and (began.month, began.day) == (2, 29):
        return
    seen = renewals.next_dues(
        5,
        period_start=ends[number],
        period_end=ends[number + 1],
        interval=interval,
        after=ends[number],
    )
    assert seen == ends[number + 1 : number + 6]
    assert all(due.day == began.day or due.day < began.day for due in ends)
