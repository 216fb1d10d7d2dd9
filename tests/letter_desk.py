"""A letter in somebody's hand: its link opened and pressed in a browser without a session."""

import re
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.core import mail
from django.test import Client

from billing import letters
from billing.letters import links
from billing.letters.links import Purpose
from billing.models import Letter
from billing.models.letter import LetterState
from members.models import Supporter
from tests.supporter_desk import folded, press_in


def path_of(purpose: Purpose, subject: UUID, holder: Supporter | str) -> str:
    """The path of a link in a letter to this supporter, or to the address with this hash."""
    hashed = holder if isinstance(holder, str) else holder.email_hash
    return urlsplit(links.url(purpose, subject, holder=hashed)).path


def look(path: str, client: Client | None = None) -> str:
    """The page behind a link, as one reads it."""
    answer = (client or Client()).get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return folded(answer.content.decode())


def press(path: str, client: Client | None = None, **more: str) -> Any:
    """Open a link and press its button."""
    client = client or Client()
    return client.post(path, {"press": press_in(look(path, client), path), **more})


def sent(kind: str) -> str:
    """Send the letter of this kind that waits, and give its text."""
    letter = Letter.objects.filter(kind=kind).latest("created_at")
    assert letters.deliver(letter.pk) == LetterState.SENT, Letter.objects.get(pk=letter.pk).reason
    return str(mail.outbox[-1].body)


def link_in(text: str) -> str:
    """The path of the first letter's link in a text."""
    found = re.search(r"https?://[^/\s]+(/letters/\S+)", text)
    assert found, text
    return found[1]
