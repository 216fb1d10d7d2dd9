"""Every kind of letter in every language, discreet or not, to whoever has whatever name."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email import message_from_bytes, policy
from html import unescape
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import trans_real
from pytest_django import Settings

from billing.letters import languages, mail
from billing.letters.draft import KINDS, Draft, Recipient
from billing.letters.links import Purpose
from billing.letters.samples import SAMPLES
from billing.models import Letter
from billing.wording import called
from members.staff.letters import samples as _samples  # noqa: F401 - adds those of members
from tests import messages

pytestmark = pytest.mark.once

CASES = [(kind, case) for kind in sorted(SAMPLES) for case in SAMPLES[kind]]
LANGUAGES = [code for code, _name in settings.LETTER_LANGUAGES]
MANNERS = [False, True]
EVERY_LETTER = pytest.mark.parametrize(
    ("kind", "case", "language", "discreet"),
    [(*case, language, manner) for case, language, manner in product(CASES, LANGUAGES, MANNERS)],
)
EVERY_DRESS = pytest.mark.parametrize(
    ("kind", "language", "discreet"), list(product(sorted(SAMPLES), LANGUAGES, MANNERS))
)

HOSTILE = {
    "turned around": "Alice\u202egnp.exe",
    "isolated": "\u2067Alice",
    "emoji": "Alice \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f469\U0001f3fd\u200d\U0001f680",
    "three hundred signs": "Muireann Ní Bhriain " * 15,
    "one long word": "A" * 300,
    "HTML": "</p></td><script>alert(1)</script><img src=x onerror=alert(1)>",
    "header": "Alice\r\nBcc: bob@example.org\r\n\r\nBoo",
    "template": "{{ charity.rcn }}{% include 'x' %}%(name)s%s{0}",
    "null": "Ali\x00ce\x1b[31m\x7f",
    "combining": "A" + "\u0301\u0327\u0489" * 60,
    "separators": "Alice\u2028Bcc: bob@example.org\u2029\u0085Boo",
    "Persian": "مینا\u200cسادات",  # noqa: RUF001 - Persian, not l
    "Irish": "Seán Ó Súilleabháin",
    "nothing to see": "\u200d \u202e\x00",
}

# DOMAIN 4.13: a letter about support asks for nothing but to manage, cancel, pay or ask.
CALLS = re.compile(
    r"\b(give more|increase|upgrade|top up|donate|share|tell (?:a|your) friends?|follow us"
    r"|campaign|petition|subscribe|sign up|join us|shop|event|tabhair tuilleadh|méadaigh|roinn"
    r"|lean muid|feachtas|liostáil|siopa)\b",
    re.IGNORECASE,
)
ROOMS = ("/account/", "/sign-in/", "/letter", "/withdraw/", "/staff/")


@pytest.fixture(autouse=True)
def _at_one_moment() -> Iterator[None]:
    """Links bear the moment at which they are written."""
    with time_machine.travel(datetime(2026, 3, 2, 12, 0, tzinfo=UTC), tick=False):
        yield


def _draft(kind: str, case: str) -> Draft:
    return SAMPLES[kind][case]()


def _written(
    kind: str, case: str, language: str, *, discreet: bool, name: str = "Alice"
) -> EmailMultiAlternatives:
    to = Recipient("alice@example.org", "", name, language, discreet)
    with languages.speaking(language) as missing:
        message = mail.write(Letter(kind=kind, key="sample"), _draft(kind, case), to)
    assert missing == set()
    return message


def _html(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0][0]) if message.alternatives else ""


def _shown(html: str) -> str:
    """What a reader sees of it."""
    bare = re.sub(r"<!--.*?-->|<head.*?</head>|<[^>]*>", " ", html, flags=re.S)
    return " ".join(unescape(bare).split())


class Links(HTMLParser):
    """Where a letter leads, and what a mail program would fetch to show it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.leads: list[str] = []
        self.loads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag in {"img", "link", "script", "iframe", "object", "embed", "video", "audio", "base"}:
            self.loads.append(tag)
        if tag == "form" or "ping" in given:
            self.loads.append(tag)
        self.loads += [f"{tag} {key}" for key in given if key in {"src", "srcset", "background"}]
        self.leads += [given["href"]] if "href" in given else []


def test_it_shows_a_sample_of_every_kind() -> None:
    assert set(SAMPLES) == set(KINDS)


@EVERY_LETTER
def test_it_is_whole_in_one_language(kind: str, case: str, language: str, discreet: bool) -> None:
    message = _written(kind, case, language, discreet=discreet)
    assert message.subject
    assert "None" not in str(message.body)
    assert "\n\n\n" not in str(message.body)
    for line in str(message.body).splitlines():
        assert len(line) <= 76 or " " not in line.strip()
    html = _html(message)
    assert bool(html) is not discreet
    if html:
        lang = "en-IE" if language == "en" else language
        assert f'<html lang="{lang}"' in html
        assert "<p></p>" not in html


def _pseudo(text: str) -> str:
    """The sentence in letters that are nobody's; places and tags stay."""
    parts = re.split(r"(%\(\w+\)s|\{\w*\}|<[^>]*>)", text)
    kept = [
        part
        if index % 2
        else re.sub(r"[A-Za-z]", lambda sign: chr(0x24D0 + ord(sign[0].lower()) - 97), part)
        for index, part in enumerate(parts)
    ]
    return "".join(kept)


@pytest.fixture(scope="module")
def nobodys_letters() -> bytes:
    """A catalogue in which every sentence of the letters, and every month, is written so."""
    catalogue = Catalog(locale="ga")
    for app in messages.APPS:
        for each in messages.sentences(app):
            if each.id:
                catalogue.add(each.id, _pseudo_forms(each.id), context=each.context)
    for month in _months():
        catalogue.add(month, _pseudo(month))
    return messages.as_mo(catalogue)


@pytest.fixture
def _in_nobodys_letters(settings: Settings, tmp_path: Path, nobodys_letters: bytes) -> None:
    folder = tmp_path / "ga" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(nobodys_letters)
    settings.LOCALE_PATHS = [str(tmp_path)]


def _pseudo_forms(sentence: str | tuple[str, ...] | list[str]) -> str | tuple[str, ...]:
    if isinstance(sentence, str):
        return _pseudo(sentence)
    return tuple(_pseudo(sentence[-1]) for _form in range(5))


def _months() -> list[str]:
    of_django = Path(trans_real.__file__).parents[2] / "conf/locale/ga/LC_MESSAGES/django.mo"
    with of_django.open("rb") as file:
        return [
            str(each.id)
            for each in read_mo(file)
            if each.context is None and re.fullmatch(r"[A-Z][a-z]{2,8}", str(each.id))
        ]


# Names that are the same in every language.
NAMES = {
    *("Alice", "GCN", "National", "LGBT", "Federation", "CLG", "Support", "Visa", "Mastercard"),
    *("SEPA", "IBAN", "IE", "UTC", "PDF", "Stripe"),
}


@pytest.mark.usefixtures("_in_nobodys_letters")
@pytest.mark.parametrize(("kind", "case"), CASES)
def test_no_word_of_it_is_beyond_a_translator(kind: str, case: str) -> None:
    message = _written(kind, case, "ga", discreet=False)
    for text in (str(message.subject), str(message.body), _shown(_html(message))):
        bare = re.sub(r"https?://\S+|\S+@\S+|\S*\d\S*|gcn\.ie|The magazine by post", " ", text)
        assert set(re.findall(r"[A-Za-z]{2,}", bare)) - NAMES == set()


@EVERY_LETTER
def test_it_is_discreet_wherever_others_may_look(
    kind: str, case: str, language: str, discreet: bool
) -> None:
    message = _written(kind, case, language, discreet=discreet)
    preheader = re.findall(r'id="preheader"[^>]*>([^<]*)<', _html(message))
    names = [str(attachment[0]) for attachment in message.attachments]
    for text in (message.subject, message.from_email, *preheader, *names):
        assert text.strip()
        assert not mail.indiscreet(text), text
    assert "\n" not in message.subject
    assert len(message.subject) <= 60
    for text in preheader:
        assert len(text) <= 130
    for name in names:
        assert re.fullmatch(r"[a-z0-9-]+\.[a-z]{3}", name)


@EVERY_DRESS
def test_it_says_nothing_of_who_writes_to_whom_but_where_the_law_wants_it(
    kind: str, language: str, discreet: bool
) -> None:
    (case, *_) = SAMPLES[kind]
    message = _written(kind, case, language, discreet=discreet)
    text = re.sub(r"https?://\S+|\S+@\S+", "", f"{message.subject} {message.body}")
    assert ("Alice" in text) is not discreet
    if discreet and not KINDS[kind].states_identity:
        assert "GCN" not in text
        assert "LGBT" not in text
        assert not mail.indiscreet(text)
    elif not KINDS[kind].to_staff:
        assert "National LGBT Federation CLG" in text
        assert "20034580" in text


@EVERY_LETTER
def test_it_fetches_nothing_and_leads_only_to_us(
    kind: str, case: str, language: str, discreet: bool
) -> None:
    message = _written(kind, case, language, discreet=discreet)
    html = _html(message)
    links = Links(html)
    assert links.loads == []
    assert not re.search(r"url\(|@import|@font-face", html)
    written_out = re.findall(r"https?://[^\s<>\"]+", f"{message.body} {_shown(html)}")
    for address in links.leads + written_out:
        where = urlsplit(address)
        if where.scheme == "mailto":
            assert address == "mailto:hello@gcn.example"
            continue
        if address.rstrip(".,") == settings.CHARITY["website"]:
            continue
        assert address.startswith(f"{settings.SITE_URL}/"), address
        assert where.path.startswith(ROOMS), address
        assert "utm_" not in where.query


@EVERY_LETTER
def test_it_says_how_to_be_rid_of_it_only_where_that_is_true(
    kind: str, case: str, language: str, discreet: bool
) -> None:
    message = _written(kind, case, language, discreet=discreet)
    with languages.speaking(language):
        leave = _draft(kind, case).leave_url
    assert ("List-Unsubscribe" in message.extra_headers) is bool(leave)
    if leave:
        assert message.extra_headers["List-Unsubscribe"] == f"<{leave}>"
        assert leave in str(message.body)
        assert f"/{Purpose.STOP}/" in leave


@EVERY_LETTER
def test_it_asks_for_nothing_more(kind: str, case: str, language: str, discreet: bool) -> None:
    message = _written(kind, case, language, discreet=discreet)
    for text in (str(message.subject), str(message.body), _shown(_html(message))):
        assert not CALLS.findall(text)
    buttons = re.findall(r'class="button"', _html(message))
    assert len(buttons) <= 4


@EVERY_DRESS
def test_it_takes_any_name_as_a_name(kind: str, language: str, discreet: bool) -> None:
    (case, *_) = SAMPLES[kind]
    plain = _written(kind, case, language, discreet=discreet, name="Zoë")
    _, _, plain_words = _body(plain).partition("\n\n")
    for which, name in HOSTILE.items():
        message = _written(kind, case, language, discreet=discreet, name=name)
        read = message_from_bytes(message.message().as_bytes(), policy=policy.default)
        assert str(read["Subject"]).strip() == plain.subject, which
        assert (read["To"], read["Bcc"]) == ("alice@example.org", None), which
        assert read.keys() == message_from_bytes(plain.message().as_bytes()).keys(), which
        greeting, _, words = _body(message).partition("\n\n")
        if called(name):  # a line that states nothing is left out
            assert _anonymous(words, name) == _anonymous(plain_words, "Zoë"), which
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u2028-\u202e\u2066-\u2069]", greeting), which
        if html := _html(message):
            assert _tags(html) == _tags(_html(plain)), which
            assert not re.search("[\x00\u202a-\u202e\u2066-\u2069]", html), which


def _anonymous(words: str, name: str) -> str:
    """The words without the name, where a letter states it once more, however its lines break."""
    return " ".join(words.split()).replace(called(name), "").replace(" .", ".")


def _body(message: EmailMultiAlternatives) -> str:
    return str(message.body)


def _tags(html: str) -> list[str]:
    return re.findall(r"</?[a-z0-9]+", html)


def test_it_goes_in_english_where_one_sentence_has_no_words(
    settings: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "letters" / "sign-in"
    folder.mkdir(parents=True)
    (folder / "subject.txt").write_text('{% load i18n %}{% translate "A sentence of our own" %}')
    options: dict[str, Any] = settings.TEMPLATES[0]
    settings.TEMPLATES = [options | {"DIRS": [str(tmp_path)]}]
    to = Recipient("alice@example.org", "", "Alice", "ga", discreet=False)

    def write() -> EmailMultiAlternatives:
        return mail.write(Letter(kind="sign-in", key="sample"), _draft("sign-in", "usual"), to)

    message = languages.whole("ga", write)
    assert message.subject == "A sentence of our own"
    assert str(message.body).startswith("Dear Alice,\n\nHere is your link to sign in:")
    assert 'lang="en-IE"' in _html(message)
