"""A member of staff who helps one supporter, in the words of a test: open, choose, confirm."""

import re
from html import unescape
from typing import Any
from uuid import UUID

from django.test import Client

from members.models import Supporter


def path_of(supporter: Supporter, *more: object) -> str:
    return "/".join(["/staff/desk", str(supporter.pk), *map(str, more), ""])


def open_record(client: Client, supporter: Supporter, purpose: str = "asked") -> str:
    """Say why, and read the record."""
    client.post(path_of(supporter, "open"), {"purpose": purpose})
    page = client.get(path_of(supporter))
    assert page.status_code == 200, page.status_code
    return folded(page.content.decode())


def choose(
    client: Client, supporter: Supporter, act: str, about: UUID | None = None, **more: str
) -> Any:
    """Step one: what was chosen is posted, and the page of what happens comes back."""
    return client.post(path_of(supporter, act, about or supporter.pk), {"reason": "called"} | more)


def confirm(client: Client, page: Any, **more: str) -> Any:
    """Step two: the button of that page."""
    assert page.status_code == 200, folded(page.content.decode())
    found = re.search(r'name="press" value="([^"]+)"', page.content.decode())
    assert found, "no button to confirm with"
    return client.post(page.wsgi_request.path, {"press": unescape(found[1])} | more)


def do(
    client: Client, supporter: Supporter, act: str, about: UUID | None = None, **more: str
) -> Any:
    """Both steps; the sure tick where there is one."""
    return confirm(client, choose(client, supporter, act, about, **more), sure="yes")


def folded(text: str) -> str:
    return re.sub(r"\s+", " ", unescape(text))
