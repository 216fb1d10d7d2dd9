"""No membership oracle: no public page answers one address otherwise than another (DESIGN 9).

Every case below is tried as five sorts of people and as somebody whom we never heard of. All that
a stranger could compare must be the same: status, headers, bytes, which statements the database is
asked, what is rung for, and so which rows come. A new form or page is one line of CASES.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import Settings

from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Membership, Payment
from members import limits, press, signin
from members.models.shield import ForceReason, Level
from members.models.staff import Role
from members.models.supporter import supporter_for
from members.privacy.parts import PARTS
from members.shield import watch
from tests import rows, staff_desk, supporter_desk
from tests.local_stripe import LocalStripe
from tests.supporter_desk import press_in

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NETWORK: Final = "203.0.113.7"  # one of the world's: this machine itself has no limits
JOIN: Final = {"plan": "monthly", "amount_monthly": "1.99", "consent": "on", "adult": "on"}


@dataclass(frozen=True)
class Person:
    """Somebody whom a stranger asks about, and all that the stranger may know of them."""

    email: str
    reference: UUID
    day: str
    amount: str
    last4: str
    # Ids of rows of ours: the stranger holds an old letter, or guesses.
    membership: UUID
    supporter: UUID
    signin: UUID


def _person(name: str, of: Membership | Payment | None = None) -> Person:
    """Every address is as long as the others, so that what was typed counts as much."""
    email = f"{name}@example.org"
    known = of.supporter if of else None
    asked = signin.ask(email=email).pk if known else uuid4()
    paid = of if isinstance(of, Payment) else None
    return Person(
        email=email,
        reference=of.pk if of else uuid4(),
        day="2/3/2026",
        amount="5.00" if paid else "1.99",
        last4="4242" if of else "0000",
        membership=of.pk if isinstance(of, Membership) else uuid4(),
        supporter=known.pk if known else uuid4(),
        signin=asked,
    )


def everybody() -> dict[str, Person]:
    """A member, one whose membership is over, who gave once, who only typed, who was erased."""

    def of(name: str) -> Any:
        return supporter_for(email=f"{name}@example.org", name="Somebody")

    member = rows.membership(of("known"))
    rows.payment(member)
    over = rows.membership(of("ended"), state="ended", ended_at=rows.START, end_reason="requested")
    rows.payment(over)
    gift = rows.payment(supporter=of("given"), amount_cents=500)
    typed = rows.membership(of("typed"), state="pending", stripe_subscription_id=None)
    gone = rows.membership(of("erase"), state="ended", ended_at=rows.START, end_reason="requested")
    people = {
        "a member": _person("known", member),
        "a former member": _person("ended", over),
        "who gave once": _person("given", gift),
        "who never paid": _person("typed", typed),
        "who was erased": _person("erase", gone),
        "nobody": _person("nobod"),
    }
    for part in PARTS:
        if part.wipe:
            part.wipe(gone.supporter)
    return people


Steps = Callable[[Client, Person], Iterator[Any]]


@dataclass(frozen=True)
class Case:
    """What a stranger does, step by step; how often, so that the limited answer is seen as well."""

    steps: Steps
    times: int = 2
    last_status: int = 200


def join(browser: Client, who: Person) -> Iterator[Any]:
    yield browser.post("/", JOIN | {"email": who.email})
    yield browser.post("/", JOIN | {"email": who.email, "amount_monthly": "x"})


def join_and_pay(browser: Client, who: Person) -> Iterator[Any]:
    page = browser.post("/", JOIN | {"email": who.email})
    yield browser.post("/join/pay", {"press": press_in(_text(page), "/join/pay")})


def ask_for_a_link_in_a_storm(browser: Client, who: Person) -> Iterator[Any]:
    """What the payment page's button answers while the public form only writes letters."""
    watch.force(
        level=Level.STORM,
        hours=1,
        reason=ForceReason.TESTING,
        by=staff_desk.staff().pk,
        now=timezone.now(),
    )
    page = browser.post("/", JOIN | {"email": who.email})
    yield browser.post("/join/pay", {"press": press_in(_text(page), "/join/pay")})


def ask_to_sign_in(browser: Client, who: Person) -> Iterator[Any]:
    yield browser.post("/sign-in/", {"email": who.email})


def open_a_made_up_sign_in(browser: Client, who: Person) -> Iterator[Any]:
    path = f"/sign-in/{who.signin}/{'0' * 64}/"
    yield browser.get(path)
    yield browser.post(path)


def withdraw(browser: Client, who: Person) -> Iterator[Any]:
    stated = {"email": who.email, "reference": str(who.reference), "name": ""}
    page = browser.post("/withdraw/", stated)
    yield page
    pressed = {"press": press_in(_text(page), "/withdraw/confirm/")}
    yield browser.post("/withdraw/confirm/", pressed)
    yield browser.post("/withdraw/confirm/", pressed)


def report_a_charge(browser: Client, who: Person) -> Iterator[Any]:
    told = {"day": who.day, "amount": who.amount, "last4": who.last4}
    page = browser.get("/charge/")
    yield browser.post("/charge/", told | {"press": press_in(_text(page), "/charge/")})


def open_made_up_letters(browser: Client, who: Person) -> Iterator[Any]:
    """A link with a token of ours, but of another address; and one that was bent."""
    for purpose in Purpose:
        about = who.supporter if purpose == Purpose.STOP else who.membership
        link = urlsplit(links.url(purpose, about, holder="0" * 64)).path
        for path in (link, link[:-3] + "xx/"):
            yield browser.get(path)
            yield browser.post(path, {"press": press.make_for(button=purpose, subject=about)})


def ask_for_their_address(browser: Client, who: Person) -> Iterator[Any]:
    """A supporter asks to have their letters sent to an address that may be somebody's."""
    charlie = rows.charlie()
    browser.cookies.update(supporter_desk.signed_in(charlie).cookies)
    yield browser.post("/account/address/", {"email": who.email})


def sign_in_as_staff(browser: Client, who: Person) -> Iterator[Any]:
    yield browser.post("/staff/sign-in/", {"login": who.email, "password": "not a password"})


CASES: Final = {
    "join": Case(join, last_status=400),
    "join and pay": Case(join_and_pay, last_status=303),
    "join in a storm": Case(ask_for_a_link_in_a_storm, times=1),
    "sign in": Case(ask_to_sign_in, times=6, last_status=429),
    "sign-in link": Case(open_a_made_up_sign_in, last_status=410),
    "withdraw": Case(withdraw),
    "charge": Case(report_a_charge, times=6, last_status=429),
    "letters": Case(open_made_up_letters, times=1, last_status=404),
    "new address": Case(ask_for_their_address, times=4, last_status=429),
}


@pytest.fixture(autouse=True)
def _own_counts(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = ""
    limits.storage.cache_clear()
    yield
    limits.storage.cache_clear()


@pytest.mark.parametrize("case", CASES)
def test_nobody_can_tell_whether_an_address_is_known(
    case: str,
    stripe: LocalStripe,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    people = everybody()
    tried = CASES[case]
    capture = django_capture_on_commit_callbacks
    told = {name: undone(partial(seen, tried, who, capture)) for name, who in people.items()}
    nobody = told.pop("nobody")
    for name, theirs in told.items():
        for step, (hers, nobodys) in enumerate(zip(theirs, nobody, strict=True)):
            assert asdict(hers) == asdict(nobodys), (case, step, f"{name} is told from nobody")
    assert nobody[-1].status == tried.last_status
    assert all(each.asked for each in nobody if each.status == 200 and each.rung)
    assert all("no-store" in each.headers["Cache-Control"] for each in nobody)
    assert all(each.headers["Referrer-Policy"] != "unsafe-url" for each in nobody)


class _Undo(Exception):
    """Takes back what was done to see it."""


def undone(see: Callable[[], list["Seen"]]) -> list["Seen"]:
    """What was seen, with the database and the limits as they were before."""
    found: list[Seen] = []
    limits.storage.cache_clear()
    cache.clear()
    with suppress(_Undo), transaction.atomic():
        found = see()
        raise _Undo
    return found


@dataclass(frozen=True)
class Seen:
    """All of one answer that a stranger could compare, or that would make it slower."""

    status: int
    headers: dict[str, str]
    body: str
    asked: list[str]
    rung: list[tuple[str, int]]


def seen(case: Case, who: Person, capture: DjangoCaptureOnCommitCallbacks) -> list[Seen]:
    browser = Client(REMOTE_ADDR=NETWORK)
    found: list[Seen] = []
    for _ in range(case.times):
        steps = case.steps(browser, who)
        while True:
            with CaptureQueriesContext(connection) as queries, capture() as rung:
                answer = next(steps, None)
            if answer is None:
                break
            found.append(
                Seen(
                    answer.status_code,
                    _headers(answer, who),
                    _body(answer, who),
                    [_shape(each["sql"]) for each in queries],
                    [(each.args[0], len(each.args[1])) for each in rung],  # type: ignore[attr-defined]  # a partial
                )
            )
    return found


def _text(answer: Any) -> str:
    return str(answer.content.decode())


# What is made anew for each page: a token against forgery, a press (whose length is told in steps,
# for it is packed), a nonce, and the id of a row or of a checkout, in an address that is led to.
_ANEW: Final = (
    (re.compile(r'(name="made" value=")[^"]+'), r"\1"),
    (re.compile(r'(csrfmiddlewaretoken" value)="\w+"'), r"\1"),
    (re.compile(r"nonce-[^']+"), "nonce"),
    (re.compile(r'nonce="[^"]+"'), "nonce"),
    (re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "id"),
    (re.compile(r"cs_test_\w+"), "checkout"),
)
_PRESS: Final = re.compile(r'(name="(?:press|change)" value)="([^"]+)"')


def _body(answer: Any, who: Person) -> str:
    text = _PRESS.sub(lambda found: f"{found[1]} {len(found[2]) // 32}", _text(answer))
    return _without(text.replace(who.email, "address"))


def _headers(answer: Any, who: Person) -> dict[str, str]:
    told = {name: _without(value.replace(who.email, "")) for name, value in answer.headers.items()}
    told |= dict.fromkeys(told.keys() & {"Expires"}, "a moment")
    if answer.headers.get("Content-Length"):
        told["Content-Length"] = str(len(_body(answer, who)))  # as the body, without what is anew
    cookies = {name: bool(each.value) for name, each in answer.cookies.items()}
    return told | {"cookies": str(cookies)}


def _without(text: str) -> str:
    for pattern, kept in _ANEW:
        text = pattern.sub(kept, text)
    return text


# What differs from statement to statement of one shape: texts, bytes, numbers, what is not there,
# names of savepoints.
_VALUES: Final = re.compile(r"'(?:[^']|'')*'|X'\w*'|\bNULL\b|\b\d+\b|\bs\d+_x\d+\b")


def _shape(sql: str) -> str:
    return _VALUES.sub("?", sql)


def test_the_way_in_for_staff_says_the_same_of_an_address_that_is_not_staffs() -> None:
    """Django's hasher runs for both; how often the database is asked is allauth's matter."""
    staff_desk.staff(Role.SUPPORT, email="known@example.org")
    pages = []
    for name in ("known", "nobod"):
        who = _person(name)
        (answer,) = sign_in_as_staff(Client(REMOTE_ADDR=NETWORK), who)
        pages.append((answer.status_code, _headers(answer, who), _body(answer, who)))
    assert pages[0] == pages[1]
