"""A signed-in supporter at their account, in the words of a test: pages, forms, presses."""

import re
from html import unescape
from typing import Any

from django.test import Client
from django.utils import timezone

from billing.models import Membership
from members import sessions
from members.models import Supporter


def signed_in(supporter: Supporter) -> Client:
    """A browser that holds the session of this supporter."""
    client = Client()
    sign_in(client, supporter)
    return client


def sign_in(client: Client, supporter: Supporter, *, user_agent: str = "") -> None:
    """Give this browser a session of the supporter."""
    session = client.session
    session["supporter"] = str(supporter.id)
    session["supporter_since"] = timezone.now().isoformat()
    session["supporter_browser"] = str(sessions.begin(supporter, user_agent=user_agent).id)
    session.save()


def text_of(client: Client, path: str = "/account/") -> str:
    """The page at this address as one reads it in a browser's source, white space folded."""
    page = client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    return folded(page.content.decode())


def folded(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(text))


def press_in(text: str, action: str) -> str:
    """The hidden press of the form that leads to this address."""
    form = text[text.index(f'action="{action}"') :]
    found = re.search(r'name="press" value="([^"]+)"', form)
    assert found
    return found[1]


def path_of(membership: Membership, verb: str) -> str:
    return f"/account/memberships/{membership.id}/{verb}/"


def press(client: Client, membership: Membership, verb: str, query: str = "", **more: str) -> Any:
    """Open the page of an act (for buttons without one: the account) and press its button."""
    path = path_of(membership, verb)
    page = "/account/" if verb in {"keep", "drop", "pay", "card"} else path + query
    return client.post(path, {"press": press_in(text_of(client, page), path), **more})
