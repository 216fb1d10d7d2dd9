"""Who may open and press what: every address of the service, tried as everybody.

The table below names each route with what it answers to whom. A route that is added fails the
test until it is named here; what looks, and what presses without the right to, changes no row.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.test import Client
from pytest_django.fixtures import Settings

from members.models import StaffMember
from members.models.staff import Role
from tests import rows, staff_desk, supporter_desk
from tests.belongings import Belongings
from tests.routes import ADMIN, filled, ours, routes
from tests.row_digest import changed, every_row, writing

pytestmark = [pytest.mark.django_db, pytest.mark.once]

STAFF: Final = ("viewer", "support", "finance", "admin")
HELPERS: Final = ("support", "finance", "admin")
KEEPERS: Final = ("finance", "admin")
OUTSIDE: Final = ("anonymous", "alice", "charlie", "deactivated")
# The admin does not tell them from another of their kind.
ALIKE: Final = ("charlie", "support", "finance")
PEOPLE: Final = (*OUTSIDE, "unproven", *STAFF)

# Answers, in words. A page that leads on within the service counts as what it leads to.
PAGE, MOVES, BAD, OVER = "page", "moves", "bad", "over"
SIGN_IN, STAFF_SIGN_IN, ENROL = "sign-in", "staff sign-in", "enrol"
REFUSED, HIDDEN, NOT_THAT_WAY = "refused", "hidden", "not that way"
_LED: Final = {
    "/sign-in/": SIGN_IN,
    "/staff/sign-in/": STAFF_SIGN_IN,
    "/staff/second-factor/enrol/": ENROL,
}
_SAID: Final = {200: PAGE, 400: BAD, 403: REFUSED, 404: HIDDEN, 405: NOT_THAT_WAY, 409: BAD}
_SAID_TOO: Final = {410: OVER, 429: BAD, 204: PAGE}


@dataclass(frozen=True)
class Rule:
    """What a route answers when it is opened, and when it is pressed with nothing filled in."""

    get: Mapping[str, str]
    post: Mapping[str, str]
    # Values in the route that are not those of `Belongings.ids`.
    ids: Callable[[Belongings], dict[str, object]] = lambda _things: {}
    # A press by these may change rows: it is theirs to make.
    may_change: frozenset[str] = field(default_factory=frozenset)


def everybody(answer: str, **others: str) -> dict[str, str]:
    return {person: others.get(person, answer) for person in PEOPLE}


def public(get: str = PAGE, post: str = NOT_THAT_WAY, **more: Any) -> Rule:
    """Open to everybody, and the same for everybody."""
    return Rule(everybody(get), everybody(post), **more)


def own(get: str = PAGE, post: str = NOT_THAT_WAY) -> Rule:
    """Each supporter's own, whoever signs in: nothing in the address says whose."""
    return Rule(
        _asked_to_sign_in(get, get),
        _asked_to_sign_in(post, post),
        may_change=frozenset({"alice", "charlie"}),
    )


def alices(get: str = PAGE, post: str = NOT_THAT_WAY) -> Rule:
    """About one row of Alice's: to any other supporter there is no such thing."""
    return Rule(
        _asked_to_sign_in(get, HIDDEN),
        _asked_to_sign_in(post, HIDDEN),
        may_change=frozenset({"alice"}),
    )


def _asked_to_sign_in(alice: str, charlie: str) -> dict[str, str]:
    if alice == NOT_THAT_WAY:  # asked before anything else
        return everybody(NOT_THAT_WAY)
    return everybody(SIGN_IN, alice=alice, charlie=charlie)


def staff(
    get: str = PAGE, post: str = NOT_THAT_WAY, roles: tuple[str, ...] = STAFF, **more: Any
) -> Rule:
    """Behind the gate (password and second factor), for these roles."""
    return Rule(_gated(get, roles), _gated(post, roles), may_change=frozenset(roles), **more)


def helpers(get: str = PAGE, post: str = NOT_THAT_WAY) -> Rule:
    return staff(get, post, HELPERS)


def keepers(get: str = PAGE, post: str = NOT_THAT_WAY, **more: Any) -> Rule:
    return staff(get, post, KEEPERS, **more)


def _gated(answer: str, roles: tuple[str, ...]) -> dict[str, str]:
    inside = {each: answer if each in roles else _refused(answer) for each in STAFF}
    return everybody(STAFF_SIGN_IN, unproven=ENROL, **inside)


def _refused(answer: str) -> str:
    return answer if answer == NOT_THAT_WAY else REFUSED


def _way_in(answer: str) -> dict[str, str]:
    """Who has a password's session already is led on."""
    return everybody(MOVES, **dict.fromkeys(OUTSIDE, answer))


def _way_out(answer: str) -> dict[str, str]:
    """For whoever has come in by password, with the second factor or still without."""
    return everybody(answer, **dict.fromkeys(OUTSIDE, STAFF_SIGN_IN))


def _enrolment() -> dict[str, str]:
    return everybody(MOVES, **dict.fromkeys(OUTSIDE, STAFF_SIGN_IN), unproven=PAGE)


_M: Final = "account/memberships/<uuid:membership_id>"
_WITH_PAGE: Final = ("cancel", "withdraw", "undo", "amount", "rhythm", "pause", "skip", "resume")
# Its presses lead on by themselves where they cannot be read.
_LEADS_BACK: Final = {"pause": MOVES, "pay": MOVES, "card": MOVES}
MACHINES: Final = frozenset({"stripe/webhook", "healthz", "mail/events/<slug:service>/", "badge/"})
TABLE: Final[dict[str, Rule]] = {
    # Machines, which show a signature or a secret of their own
    "stripe/webhook": public(NOT_THAT_WAY, BAD),
    "healthz": public("503"),  # no worker was seen here
    "badge/": public(REFUSED),  # of no page that the settings name
    "mail/events/<slug:service>/": public(HIDDEN, HIDDEN),  # no service is named in the settings
    # Everybody
    "": public(PAGE, BAD),
    "join/pay": public(NOT_THAT_WAY, BAD),
    "thanks/<uuid:subject>/": public(),
    "withdraw/": public(PAGE, BAD),
    "withdraw/confirm/": public(MOVES, BAD),
    "charge/": public(PAGE, BAD),
    "privacy/": public(),
    "terms/": public(),
    "accessibility/": public(),
    # Pages of the news site and stalls
    "embed/button.svg": public(),
    "embed/meter.svg": public(),
    "embed/meter.json": public(),
    "s/<slug:slug>/": public(MOVES),
    # Whoever holds the letter
    "letters/back/": public(),
    "letters/<str:purpose>/<uuid:subject>/<str:token>/": public(PAGE, BAD),
    "letters/stop/<uuid:subject>/<str:token>/": public(PAGE, BAD, ids=Belongings.to_stop),
    "sign-in/": public(PAGE, BAD),
    "sign-in/<uuid:signin_id>/<str:token>/": public(OVER, OVER),  # with the token of another link
    "sign-out/": public(NOT_THAT_WAY, MOVES, may_change=frozenset({"alice", "charlie"})),
    # Supporters, each their own
    "account/": own(),
    "account/name/": own(NOT_THAT_WAY, MOVES),
    "account/letters/": own(PAGE, BAD),
    "account/address/": own(PAGE, BAD),
    "account/data/": own(),
    "account/data/copy/": own(NOT_THAT_WAY, MOVES),
    "account/erase/": own(PAGE, BAD),
    "account/badge/": own(PAGE, MOVES),
    "account/history/": own(),
    "account/papers/": own(),
    "account/browsers/": own(),
    "account/browsers/end/": own(NOT_THAT_WAY, PAGE),
    # One row of Alice's
    "account/data/<uuid:export_id>/": alices(),
    "account/receipts/<uuid:receipt_id>/": alices(),
    "account/papers/<int:year>/statement/": alices(),
    "account/papers/<int:year>/receipts/": alices(),
    "account/browsers/<uuid:browser_id>/end/": alices(NOT_THAT_WAY, MOVES),
    f"{_M}/cancelled/": alices(MOVES, MOVES),
    **{f"{_M}/{verb}/": alices(PAGE, _LEADS_BACK.get(verb, BAD)) for verb in _WITH_PAGE},
    **{
        f"{_M}/{verb}/": alices(NOT_THAT_WAY, _LEADS_BACK.get(verb, BAD))
        for verb in ("keep", "drop", "pay", "card")
    },
    # Staff: who reads figures and samples, and who works with members
    "staff/": staff(),
    "staff/reports/": staff(),
    "staff/reports/trustees/": staff(),
    "staff/reports/<slug:which>/": staff(),
    "staff/reports/<slug:which>.csv": staff(),
    "staff/reports/<slug:which>.xlsx": staff(),
    "staff/letters/kinds/": staff(),
    "staff/letters/kinds/<slug:kind>/": staff(),
    "staff/letters/kinds/<slug:kind>/html/": staff(),
    "staff/members/": helpers(),
    "staff/inbox/": helpers(),
    "staff/inbox/retry/": helpers(NOT_THAT_WAY, MOVES),
    "staff/inbox/look-up/": helpers(),
    "staff/inbox/events/<str:event_id>/": helpers(),
    # The books, for who keeps them
    "staff/books/": keepers(),
    "staff/books/accounts/": keepers(),
    "staff/books/year/<int:year>/": keepers(),
    "staff/books/year/<int:year>/income.csv": keepers(),
    "staff/books/year/<int:year>/scheme.csv": keepers(),
    "staff/books/<str:month>/": keepers(),
    "staff/books/<str:month>/pack.csv": keepers(),
    "staff/books/<str:month>/pack.xlsx": keepers(),
    "staff/books/<str:month>/payouts/": keepers(),
    "staff/books/<str:month>/payouts.csv": keepers(),
    "staff/books/<str:month>/journal/<slug:layout>/": keepers(),
    "staff/books/<str:month>/close/": keepers(PAGE, BAD),
    "staff/desk/": helpers(PAGE, BAD),
    "staff/desk/<uuid:supporter_id>/": helpers(),
    "staff/desk/<uuid:supporter_id>/open/": helpers(NOT_THAT_WAY, BAD),
    "staff/desk/<uuid:supporter_id>/who/": staff(NOT_THAT_WAY, MOVES, ("support", "admin")),
    "staff/desk/<uuid:supporter_id>/<slug:act>/<uuid:about>/": helpers(MOVES, MOVES),
    "staff/lists/": keepers(),
    "staff/lists/new/<slug:subject>/": keepers(PAGE, BAD, ids=lambda _: {"subject": "memberships"}),
    "staff/lists/<uuid:list_id>/": keepers(HIDDEN),  # a colleague asked for it
    "staff/lists/<uuid:list_id>/file/": keepers(HIDDEN, HIDDEN),
    "staff/lists/<uuid:list_id>/stop/": keepers(NOT_THAT_WAY, HIDDEN),
    "staff/lists/<uuid:list_id>/answer/": keepers(PAGE, MOVES),
    "staff/reading/": staff(roles=("admin",)),
    "staff/reading/<uuid:staff_id>/": staff(roles=("admin",)),
    "staff/team/": staff(PAGE, BAD, ("admin",)),
    "staff/team/lock/": staff(MOVES, MOVES, ("admin",)),
    "staff/team/<uuid:member_id>/": staff(PAGE, MOVES, ("admin",)),
    "staff/board/": staff(),
    "staff/board/acknowledge/<int:alarm_id>/": helpers(NOT_THAT_WAY, MOVES),
    "staff/shield/": helpers(PAGE, BAD),
    "staff/shield/let-go/": helpers(NOT_THAT_WAY, MOVES),
    "staff/stalls/": helpers(PAGE, BAD),
    "staff/stalls/<slug:slug>/switch/": helpers(NOT_THAT_WAY, MOVES),
    "staff/stalls/<slug:slug>/poster/": helpers(),
    "staff/letters/": helpers(),
    "staff/letters/retry/": helpers(NOT_THAT_WAY, MOVES),
    "staff/letters/suppressed/": helpers(PAGE, PAGE),
    "staff/letters/suppressed/<uuid:suppression_id>/": helpers(PAGE, MOVES),
    "staff/letters/<uuid:letter_id>/": helpers(),
    "staff/letters/<uuid:letter_id>/html/": helpers(),
    "staff/letters/<uuid:letter_id>/hold/": helpers(PAGE, BAD),
    "staff/letters/<uuid:letter_id>/release/": helpers(PAGE, BAD),
    # Staff: the way in, and their own password and second factor
    "staff/sign-in/": Rule(_way_in(PAGE), _way_in(PAGE)),
    "staff/sign-out/": Rule(_way_out(PAGE), everybody(STAFF_SIGN_IN)),
    "staff/closed/": public(),
    "staff/demo-code/": public(HIDDEN),
    "staff/password/": staff(PAGE, PAGE),
    "staff/password/confirm/": Rule(_way_out(PAGE), _way_out(PAGE)),
    "staff/second-factor/": staff(),
    "staff/second-factor/code/": Rule(_way_out(MOVES), _way_out(MOVES)),
    "staff/second-factor/confirm/": staff(PAGE, PAGE),
    "staff/second-factor/enrol/": Rule(_enrolment(), _enrolment()),
    "staff/second-factor/passkey/": Rule(_way_out(PAGE), _way_out(PAGE)),
    "staff/second-factor/<int:factor_id>/remove/": staff(HIDDEN, HIDDEN),  # a colleague's
    "staff/second-factor/recovery/": staff(HIDDEN),  # none were made yet
    "staff/second-factor/recovery/new/": staff(PAGE, MOVES),
    "staff/second-factor/recovery/recovery-codes.txt": staff(HIDDEN),
}


@pytest.fixture(autouse=True)
def _all_doors_there(settings: Settings) -> None:
    """A news site that shows the meter and badges."""
    settings.NEWS_ORIGINS = ["https://news.example"]
    settings.METER_GOAL_MEMBERS = 100


@pytest.fixture
def things() -> Belongings:
    return Belongings()


def browser_of(person: str) -> Client:
    """A browser in which this person has signed in as far as they can."""
    if person == "anonymous":
        return Client()
    if person in {"alice", "charlie"}:
        return supporter_desk.signed_in(getattr(rows, person)())
    email = f"{person}@newsroom.example"
    if person == "unproven":
        client = Client()
        staff_desk.give_password(client, staff_desk.staff(Role.ADMIN, email=email))
        return client
    role = Role.ADMIN if person == "deactivated" else Role(person)
    client = staff_desk.signed_in(role, email=email)
    if person == "deactivated":
        StaffMember.objects.filter(email=email).update(is_active=False)
    return client


def answer_of(response: Any) -> str:
    """What a response says, in the words of the table."""
    if response.status_code in {301, 302, 303}:
        return _LED.get(urlsplit(response.headers["Location"]).path, MOVES)
    return (_SAID | _SAID_TOO).get(response.status_code, str(response.status_code))


def leaving_last() -> list[str]:
    """The table's routes, those that sign out at the end."""
    last = ["account/browsers/end/", "sign-out/", "staff/sign-out/"]
    return [*(route for route in TABLE if route not in last), *last]


def test_every_address_is_in_the_table() -> None:
    """A page that is added is named there, with who may open it; one that goes, goes there too."""
    assert set(ours()) == set(TABLE)


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_opens_what_is_theirs_and_looking_changes_nothing(
    person: str, things: Belongings
) -> None:
    browser, before = browser_of(person), every_row()
    found, expected = {}, {}
    for route in leaving_last():
        path = filled(route, things.ids | TABLE[route].ids(things))
        with writing() as written:
            found[route] = answer_of(browser.get(path))
            if person == "alice":
                browser.head(path)
        expected[route] = TABLE[route].get[person]
        assert written == [], route
    assert found == expected
    assert every_row() == before


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_presses_what_is_theirs_and_nobody_presses_for_alice(
    person: str, things: Belongings
) -> None:
    """Whoever may not press holds a good press of hers; it changes no row but their own."""
    browser, before = browser_of(person), every_row()
    own = whose(person) if person not in {"alice", *HELPERS} else set()
    found, expected = {}, {}
    for route in leaving_last():
        rule = TABLE[route]
        stolen = {} if person == "alice" else {"press": things.press_for(route)}
        with writing() as written:
            path = filled(route, things.ids | rule.ids(things))
            found[route] = answer_of(browser.post(path, stolen))
        expected[route] = rule.post[person]
        assert person in rule.may_change or written == [], route
    assert found == expected
    if person not in {"alice", *HELPERS}:
        assert changed(before, every_row()) <= own | whose(person)


def whose(person: str) -> set[str]:
    """The keys of what is a person's own."""
    if person == "charlie":
        charlie = rows.charlie()
        return {str(each) for each in (charlie.pk, *charlie.browsers.values_list("pk", flat=True))}
    member = StaffMember.objects.filter(email__startswith=f"{person}@").first()
    own = Authenticator.objects.filter(user=member).values_list("pk", flat=True)
    return {str(each) for each in own}


@pytest.mark.parametrize(
    "person",
    [pytest.param(each, marks=pytest.mark.long if each in ALIKE else ()) for each in PEOPLE],
)
def test_the_reading_room_is_opened_by_helpers_and_changed_by_nobody(
    person: str, things: Belongings
) -> None:
    """Django's admin: each page of each table."""
    browser = browser_of(person)
    names = {"app_label": "billing", "url": "nothing/", "content_type_id": 1}
    names |= {"object_id": things.membership.pk}
    allowed = {
        **{each: {STAFF_SIGN_IN} for each in OUTSIDE},
        "unproven": {ENROL},
        "viewer": {REFUSED, MOVES, HIDDEN},
    }.get(person, {PAGE, MOVES, REFUSED, HIDDEN, NOT_THAT_WAY})
    in_the_room = [route for route in routes() if route.startswith(ADMIN)]
    assert len(in_the_room) > len(apps.get_app_config("billing").models)
    for route in in_the_room:
        path = filled(route, names)
        with writing() as written:
            found = {answer_of(browser.get(path)), answer_of(browser.post(path, {"_save": "1"}))}
        assert found <= allowed, (path, found)
        assert written == [], path
