"""Every letter with a document, for whoever it goes to."""

import pytest

from billing.letters.mail import indiscreet
from tests import rows
from tests.enclosures import alice_who, every_document, files_of, sent
from tests.reading import language_of, text_of

# What is said and drawn is the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

HOSTILE = [
    "Seán Ó Súilleabháin",
    "مینا\u200cسادات <b>(Mina)</b>",  # noqa: RUF001 - Persian, not l
    "Alice \U0001f469\u200d\U0001f680",
    "A name as long as life itself " * 10,
    "W" * 300,
    '#eval("1") $x$ {{ name }} {% now %} </td><script>',
    "Alice\r\nBcc: charlie@example.org",
]


@pytest.mark.parametrize("language", ["en", "ga"])
@pytest.mark.parametrize("name", HOSTILE)
def test_every_document_reaches_whoever_has_such_a_name(name: str, language: str) -> None:
    alice = alice_who(name=name, language=language)
    for letter in every_document(alice):
        message = sent(letter)
        assert message.message().as_bytes()
        assert message.to == ["alice@example.org"]
        assert "Bcc" not in message.message()
        assert "<script" not in str(message.alternatives[0][0])
        ((_name, pdf),) = files_of(message).items()
        assert language_of(pdf) == f"{language}-IE"
        assert "National LGBT Federation CLG" in text_of(pdf, pages=None)


def test_every_document_of_who_wants_it_discreet_goes_without_a_name() -> None:
    for letter in every_document(alice_who(discreet=True)):
        message = sent(letter)
        assert not message.alternatives
        assert "Alice" not in str(message.body)
        assert "Alice" not in text_of(*files_of(message).values())


def test_no_document_has_a_subject_or_a_file_name_that_tells() -> None:
    for letter in every_document(rows.alice()):
        message = sent(letter)
        for text in (str(message.subject), *files_of(message)):
            assert not indiscreet(text)
            assert "GCN" not in text


def test_every_document_leaves_no_hole_in_its_text() -> None:
    for letter in every_document(rows.alice()):
        text = str(sent(letter).body)
        assert "\n\n\n" not in text
        assert "None" not in text
        assert "{" not in text
