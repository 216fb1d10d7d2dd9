"""The catalogues have every sentence of pages and letters, as it should be, in every language."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from django.conf import settings

from tests import messages

pytestmark = pytest.mark.once

CATALOGUES = messages.catalogues()
EVERY_CATALOGUE = pytest.mark.parametrize(
    "path", CATALOGUES, ids=lambda path: str(path.relative_to(messages.ROOT))
)
TEMPLATES = [path for app in messages.APPS for path in messages.templates(app)]

PLACE = re.compile(r"%\((\w+)\)s|\{(\w*)\}|%[sd]")
TAG = re.compile(r"</?[a-z][^>]*>")
TRANSLATED = re.compile(r"{%-?\s*blocktrans(?:late)?\b.*?{%\s*endblocktrans(?:late)?\s*%}", re.S)
CLASSES = re.compile(r"{% block \w+_class %}.*?{% endblock %}", re.S)
# What a tag is handed as it stands: `label="Go on"`, `default:"Home"`. In _() it is translated.
HANDED = re.compile(r"""(?:\w=|default:)"([^"]*[A-Z][^"]*)"(?=[^<>]*?[%}]})""")
LOGIC = re.compile(r"{%.*?%}|{{.*?}}|{#.*?#}", re.S)
# What a form sends back unseen, beside the words that people press.
SENT = re.compile(r"""(<(?:input type="(?:hidden|radio|checkbox)"|button) [^>]*?)value="[^"]*\"""")
SAME_EVERYWHERE = {"PDF"}
SHOWN_ATTRIBUTE = re.compile(r'\b(?:alt|title|aria-label|placeholder|value)="([^"]*)"')


def _sentences(catalogue: Catalog) -> dict[tuple[object, str | None], Message]:
    return {
        (each.id if isinstance(each.id, str) else tuple(each.id), each.context): each
        for each in catalogue
        if each.id
    }


def _counterparts(path: Path) -> list[tuple[str, str]]:
    """Each translation beside what it translates: that of one beside the English singular."""
    return [
        (messages.forms(each.id)[-1 if number else 0], translation)
        for each in _sentences(messages.read(path)).values()
        for number, translation in enumerate(messages.forms(each.string))
    ]


def test_it_has_a_catalogue_for_each_language_that_we_speak() -> None:
    spoken = {code for code, _name in settings.LANGUAGES} - {"en"}
    assert {(messages.app_of(each), messages.language_of(each)) for each in CATALOGUES} == {
        (app, language) for app in messages.APPS for language in spoken
    }


@EVERY_CATALOGUE
def test_it_has_every_sentence_that_is_said_and_no_other(path: Path) -> None:
    said = _sentences(messages.sentences(messages.app_of(path)))
    assert said
    assert set(_sentences(messages.read(path))) == set(said), "make messages brings them in"


@EVERY_CATALOGUE
def test_it_translates_every_sentence_and_somebody_looked_at_each(path: Path) -> None:
    catalogue = messages.read(path)
    assert [each.id for each in messages.untranslated(catalogue)] == []
    assert not catalogue.obsolete


@EVERY_CATALOGUE
def test_it_is_compiled_as_it_is_written(path: Path) -> None:
    written = {
        key: messages.forms(each.string) for key, each in _sentences(messages.read(path)).items()
    }
    compiled = {
        key: messages.forms(each.string)
        for key, each in _sentences(messages.compiled(path)).items()
    }
    assert compiled == written, "make messages compiles them"


@EVERY_CATALOGUE
def test_make_messages_would_change_nothing(path: Path) -> None:
    renewed = messages.renewed(path)
    assert path.read_bytes() == messages.as_po(renewed, path)
    assert path.with_suffix(".mo").read_bytes() == messages.as_mo(renewed)


@EVERY_CATALOGUE
def test_it_counts_as_the_language_does(path: Path) -> None:
    catalogue = messages.read(path)
    for each in _sentences(catalogue).values():
        assert len(messages.forms(each.string)) in {1, catalogue.num_plurals}


@EVERY_CATALOGUE
def test_it_leaves_every_place_that_is_filled_in(path: Path) -> None:
    for original, translation in _counterparts(path):
        assert set(PLACE.findall(translation)) == set(PLACE.findall(original)), translation
        assert "%" not in PLACE.sub("", translation).replace("%%", ""), translation


@EVERY_CATALOGUE
def test_it_leaves_every_tag_whole(path: Path) -> None:
    for original, translation in _counterparts(path):
        assert Counter(TAG.findall(translation)) == Counter(TAG.findall(original)), translation
        assert not re.search(r"[<>]", TAG.sub("", translation)), translation


@EVERY_CATALOGUE
def test_it_ends_each_sentence_as_the_original_ends(path: Path) -> None:
    for original, translation in _counterparts(path):
        assert translation == " ".join(translation.split()), translation
        ends = [text[-1] if text[-1] in ".,:?!" else "" for text in (original, translation)]
        assert ends[0] == ends[1], translation


def test_it_says_the_same_sentence_the_same_way_everywhere() -> None:
    said: dict[tuple[object, ...], object] = {}
    for path in CATALOGUES:
        for key, each in _sentences(messages.read(path)).items():
            again = said.setdefault((messages.language_of(path), *key), each.string)
            assert again == each.string


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: "/".join(path.parts[-2:]))
def test_no_template_has_words_that_cannot_be_translated(path: Path) -> None:
    source = CLASSES.sub("", TRANSLATED.sub("", path.read_text()))
    handed = [words for tag in LOGIC.findall(source) for words in HANDED.findall(tag)]
    assert [each for each in handed if not re.fullmatch(r"[jFYHi:, ]+", each)] == []
    rest = LOGIC.sub("", source)
    attributes = " ".join(SHOWN_ATTRIBUTE.findall(SENT.sub(r"\1", rest)))
    shown = re.sub(r"<!--.*?-->|<style.*?</style>|<[^>]*>", "", rest, flags=re.S)
    assert set(re.findall(r"[^\W\d_]+", f"{shown} {attributes}")) <= SAME_EVERYWHERE
