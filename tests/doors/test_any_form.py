"""Whatever is posted to whatever form: an answer in words, and nobody else's rows are touched.

The forms are those of the table of test_authorisation, so that a new page is tried by itself. A
field gets arbitrary text, nothing, several values, what is too long, and bytes that are no text.
"""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from members import limits
from tests import rows
from tests.belongings import Belongings
from tests.doors.test_authorisation import MACHINES, NOT_THAT_WAY, TABLE
from tests.local_stripe import LocalStripe
from tests.routes import filled
from tests.row_digest import Rows, every_row
from tests.supporter_desk import signed_in
from tests.visitor import Page

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FORMS: Final = sorted(
    route
    for route, rule in TABLE.items()
    if rule.post["alice"] != NOT_THAT_WAY
    and not route.startswith("staff/")
    and route not in MACHINES
)
TYPE: Final = "application/x-www-form-urlencoded"
# What hypothesis seldom makes: bytes that are no text, half a surrogate, a NUL, what turns the
# writing round, numbers that are none or too many, and more than any field takes.
ODD: Final = (
    *("%00", "a%00b", "%ED%A0%80", "%FF%FE", "%F0%9F", "%E2%80%AE", "%0D%0ABcc:+x", "%EF%BB%BF"),
    *("NaN", "1e999", "-0", "9" * 5000, "%D9%A1%D9%A2", "0x10", "a" * 60_000, "%3Cscript%3E"),
    *("%7B%7B+x+%7D%7D", "2/3/2026", "1.99", "on", "alice%40example.org", "null", "%25s%25n"),
)
TEXTS: Final = st.one_of(
    st.sampled_from(ODD),
    st.text(max_size=40).map(lambda text: quote_plus(text.encode("utf-8", "surrogatepass"))),
    st.binary(max_size=20).map(quote_plus),
)
# For each field: left as the page has it, or left out, or these values.
FILLED: Final = st.one_of(st.just("as it is"), st.just("left out"), st.lists(TEXTS, max_size=3))


class Forms:
    """Alice's browser, what stands in each form she can see, and a stranger's rows."""

    def __init__(self) -> None:
        self.things = Belongings()
        self.browser = signed_in(self.things.alice)
        before = every_row()
        charlies = rows.membership(rows.charlie())
        rows.payment(charlies)
        self.strangers: Rows = dict(every_row().items() - before.items())
        self.pages = [self._page("/"), self._page("/account/"), self._page("/account/data/")]

    def path(self, route: str) -> str:
        return filled(route, self.things.ids | TABLE[route].ids(self.things))

    def _page(self, path: str) -> Page:
        answer = self.browser.get(path)
        return Page(path, answer.status_code, answer.content.decode(errors="replace"))

    def fields(self, path: str) -> dict[str, str]:
        """What the form that leads to this path holds, with a fresh press of the right button."""
        shown = [*self.pages, self._page(path)]
        found = {"press": self.things.press_for(path)}
        for page in shown:
            for form in page.forms:
                if (urlsplit(form.action).path or page.url) == path and form.method == "post":
                    found |= dict.fromkeys(form.names, "") | form.values
        return found


def body_of(fields: Mapping[str, str], filling: Mapping[str, Any]) -> str:
    """The fields as a browser would send them, filled in as told."""
    told = []
    for name, value in fields.items():
        chosen = filling.get(name, "as it is")
        if chosen == "as it is":
            told.append((name, quote_plus(value)))
        elif chosen != "left out":
            told += [(name, text) for text in chosen]
    return "&".join(f"{quote_plus(name)}={text}" for name, text in told)


def check(forms: Forms, route: str, data: st.DataObject) -> None:
    """One thing posted to one form, and taken back again."""
    limits.storage.cache_clear()
    path, before = forms.path(route), transaction.savepoint()
    fields = forms.fields(path)
    filling = {name: data.draw(FILLED, label=name) for name in fields}
    filling["unheard-of"] = data.draw(FILLED, label="unheard-of")
    answer = forms.browser.post(path, body_of(fields, filling), content_type=TYPE)
    assert answer.status_code != 500
    if answer.status_code == 400:
        assert untied(answer.content.decode(), path) == [], path
    after = every_row()
    assert {key: after.get(key) for key in forms.strangers} == forms.strangers, path
    transaction.savepoint_rollback(before)


QUICK: Final = settings(
    max_examples=4,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("route", FORMS)
def test_whatever_is_posted_is_answered_in_words(route: str, sandbox: LocalStripe) -> None:
    forms = Forms()

    @QUICK
    @given(st.data())
    def post(data: st.DataObject) -> None:
        check(forms, route, data)

    post()


@pytest.mark.long
@pytest.mark.parametrize("route", FORMS)
def test_much_more_that_is_posted_is_answered_in_words(route: str, sandbox: LocalStripe) -> None:
    forms = Forms()

    @settings(QUICK, max_examples=100, phases=[Phase.explicit, Phase.generate, Phase.shrink])
    @given(st.data())
    def post(data: st.DataObject) -> None:
        check(forms, route, data)

    post()


class _Errors(HTMLParser):
    """Reads which fields are marked as wrong, what describes them, and what is said aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[dict[str, str]] = []
        self.texts: dict[str, str] = {}
        self.alerts = 0
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.alerts += given.get("role") == "alert"
        if given.get("aria-invalid") == "true":
            self.marked.append(given)
        if tag not in {"input", "img", "meta", "link", "br", "hr"}:
            self._open.append((tag, given.get("id", "")))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        for _, own in self._open:
            if own and data.strip():
                self.texts[own] = self.texts.get(own, "") + data


def untied(html: str, path: str) -> list[str]:
    """What is wrong with how a page tells its errors: nothing said, or a field not tied to it.

    A page that does not offer the form again has nothing to mark: all of it says why not.
    """
    if not any(urlsplit(form.action).path == path for form in Page(path, 400, html).forms):
        return []
    page = _Errors()
    page.feed(html)
    silent = [
        str(field.get("name"))
        for field in page.marked
        if not any(page.texts.get(each) for each in field.get("aria-describedby", "").split())
    ]
    return silent if page.marked or page.alerts else ["nothing is said"]
