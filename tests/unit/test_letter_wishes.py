"""How a supporter wants letters: chosen in the account, kept, and what it means said beside it."""

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from billing.models import Letter
from members.models import Supporter
from tests import rows
from tests.supporter_desk import signed_in, text_of

# What is said and drawn is the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

PATH = "/account/letters/"
CHOSEN = {"language": "ga", "receipt_rhythm": "quarter", "discreet": "on"}


def test_it_keeps_what_was_chosen_and_shows_it_again() -> None:
    client = signed_in(rows.alice())
    assert client.post(PATH, CHOSEN).headers["Location"] == PATH
    alice = rows.alice()
    assert (alice.language, alice.receipt_rhythm) == ("ga", "quarter")
    assert (alice.discreet, alice.wants_statement) == (True, False)
    page = text_of(client, PATH)
    assert "Saved." in page
    for box in ('value="ga" id="language-ga" checked', 'id="id_discreet" aria-describedby'):
        assert box in page
    assert "Saved." not in text_of(client, PATH)


def test_it_changes_nothing_of_anybody_else() -> None:
    bob = rows.bob().pk
    before = Supporter.objects.filter(pk=bob).values().get()
    signed_in(rows.alice()).post(PATH, CHOSEN)
    assert Supporter.objects.filter(pk=bob).values().get() == before


@pytest.mark.parametrize("field", ["language", "receipt_rhythm"])
def test_it_takes_only_what_is_offered(field: str) -> None:
    answer = signed_in(rows.alice()).post(PATH, CHOSEN | {field: "xx"})
    assert answer.status_code == 400
    assert "Choose" in answer.content.decode()
    assert rows.alice().language == "en"


def test_it_offers_every_language_that_letters_are_written_in() -> None:
    page = text_of(signed_in(rows.alice()), PATH)
    for code, name in django_settings.LETTER_LANGUAGES:
        assert f'value="{code}"' in page
        assert name in page


def test_it_shows_the_sender_as_it_will_appear(settings: Settings) -> None:
    settings.DISCREET_FROM_EMAIL = "Post <post@quiet.example>"
    page = text_of(signed_in(rows.alice()), PATH)
    assert "Post <post@quiet.example>" in page


def test_it_is_reached_from_the_account_and_writes_no_letter() -> None:
    client = signed_in(rows.alice())
    assert PATH in text_of(client)
    client.post(PATH, CHOSEN)
    assert not Letter.objects.exists()
