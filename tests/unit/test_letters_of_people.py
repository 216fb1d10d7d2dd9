"""The letters about an account: both kinds of mail, hostile names, and nothing that tells."""

from collections.abc import Iterator

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from pytest_django import Settings

from billing import letters
from billing.cause import Cause
from billing.letters.mail import indiscreet
from billing.wording import called
from members import addresses, signin
from members.models import Erasure, Supporter
from members.models.privacy import ErasureState
from members.privacy import copies
from tests import rows
from tests.letter_desk import link_in, press, sent

# What is said and drawn is the same on every database.
pytestmark = [pytest.mark.django_db, pytest.mark.once]

HOSTILE = ["Áine", "x" * 300, "<b>O'Brien</b>\r\nBcc: mallory@example.org", "\u202eevil \U0001f600"]


def all_of(alice: Supporter) -> Iterator[tuple[str, str, EmailMultiAlternatives]]:
    """Every kind of members' own, sent: the kind, the text and the mail."""
    # Without `alice` the rows would call her Alice again: nothing was paid yet.
    rows.payment(rows.membership(alice))
    signin.ask(email="alice@example.org")
    yield _sent("sign-in")
    addresses.ask(alice, email="new@example.net")
    told = _sent("address-confirm")
    yield told
    press(link_in(told[1]))
    yield _sent("address-told")
    copies.ask(alice, press="a press")
    yield _sent("export-ready")
    erasure = Erasure.objects.create(supporter=alice, state=ErasureState.TELLING)
    letters.queue(
        kind="erased", key=str(erasure.pk), supporter_id=alice.pk, cause=Cause.supporter()
    )
    yield _sent("erased")


def _sent(kind: str) -> tuple[str, str, EmailMultiAlternatives]:
    text = sent(kind)
    message = mail.outbox[-1]
    assert isinstance(message, EmailMultiAlternatives)
    return kind, text, message


@pytest.mark.parametrize("name", HOSTILE)
def test_they_stand_any_name(name: str) -> None:
    alice = rows.alice()
    alice.name = name
    alice.save()
    for kind, _, message in all_of(alice):
        html = str(message.alternatives[0][0])
        assert "<b>O" not in html, kind
        assert message.message()["Bcc"] is None
        assert not indiscreet(str(message.subject))
        assert "src=" not in html


@pytest.mark.parametrize(
    "name", ["Win at https://evil.example/", "www.evil.example", "evil.example", "//evil.example"]
)
def test_nobody_is_greeted_by_a_link_that_somebody_else_typed(name: str) -> None:
    """Who joins with a stranger's address chooses the name, and mail programs make it a link."""
    alice = rows.alice()
    alice.name = name
    alice.save()
    for kind, text, message in all_of(alice):
        assert "evil.example" not in text, kind
        assert "evil.example" not in str(message.alternatives[0][0]), kind


@pytest.mark.parametrize("name", ["J. R. O'Brien", "Dr. Áine", "J.R. Ní Bhriain"])
def test_a_name_with_a_full_stop_is_no_link(name: str) -> None:
    assert called(name) == name


def test_to_who_wants_it_discreet_they_are_plain_and_name_nobody(settings: Settings) -> None:
    settings.DISCREET_FROM_EMAIL = "Post <post@quiet.example>"
    alice = rows.alice()
    alice.discreet = True
    alice.save()
    for kind, text, message in all_of(alice):
        assert (message.alternatives, message.from_email) == ([], "Post <post@quiet.example>")
        assert "Alice" not in text, kind
        assert "National LGBT" not in text, kind


def test_the_new_address_is_told_no_name_and_the_old_one_no_new_address() -> None:
    for kind, text, message in all_of(rows.alice()):
        if kind == "address-confirm":
            assert message.to == ["new@example.net"]
            assert "Alice" not in text
        if kind == "address-told":
            assert message.to == ["alice@example.org"]
            assert "example.net" not in text
