"""The mailbox of the demo: letters land as files and are read in the browser, never sent.

DEBUG only. A letter holds addresses and links that sign in, so its file is for its owner alone.
"""

import os
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage as ReadMessage
from email.utils import parsedate_to_datetime
from functools import wraps
from pathlib import Path
from typing import Any, Final, TypeVar, cast
from uuid import uuid4

from csp.decorators import csp
from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

SHOWN: Final = 100
_NAME: Final = re.compile(r"[0-9]{19,20}-[0-9a-f]{12}")
_HEADERS: Final = ("From", "To", "Reply-To", "Subject", "Date", "Message-ID")
_View = TypeVar("_View", bound=Callable[..., HttpResponse])


def _under_policy(policy: dict[str, list[str]]) -> Callable[[_View], _View]:
    """Send this policy instead of the site's. The library's types know no view with arguments."""
    return cast("Callable[[_View], _View]", csp(policy))


class EmailBackend(BaseEmailBackend):
    """Puts each message into MAILBOX_DIR as one .eml file that only its owner may read."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for message in email_messages:
            _store(message.message().as_bytes())
        return len(email_messages)


def _store(raw: bytes) -> None:
    """Write under another name first: a reader sees the whole letter or none."""
    folder = Path(settings.MAILBOX_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{time.time_ns()}-{uuid4().hex[:12]}"
    draft = folder / f"{name}.part"
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(raw)
    draft.rename(folder / f"{name}.eml")


@dataclass(frozen=True, slots=True)
class Part:
    """A file that came with a letter."""

    number: int
    file_name: str
    mime_type: str
    content: bytes


def _bytes_of(part: ReadMessage) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


@dataclass(frozen=True, slots=True)
class Mail:
    """One letter as it would have arrived."""

    name: str
    message: ReadMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "(no subject)")

    @property
    def recipient(self) -> str:
        return str(self.message["To"] or "")

    @property
    def sent_at(self) -> Any:
        return parsedate_to_datetime(str(self.message["Date"]))

    @property
    def headers(self) -> list[tuple[str, str]]:
        return [(name, str(self.message[name])) for name in _HEADERS if self.message[name]]

    @property
    def text(self) -> str:
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    @property
    def parts(self) -> list[Part]:
        return [
            Part(
                number,
                part.get_filename() or f"part-{number}",
                part.get_content_type(),
                _bytes_of(part),
            )
            for number, part in enumerate(self.message.iter_attachments())
        ]

    def _body(self, kind: str) -> str:
        part = self.message.get_body(preferencelist=(kind,))
        return str(part.get_content()) if part else ""


def _names() -> list[str]:
    """The names of all letters, newest first; they begin with the time."""
    folder = Path(settings.MAILBOX_DIR)
    return sorted((file.stem for file in folder.glob("*.eml")), reverse=True)


def _open(name: str) -> Mail:
    """One letter. Raises Http404, also for a name that would lead out of the folder."""
    file = Path(settings.MAILBOX_DIR) / f"{name}.eml"
    if not _NAME.fullmatch(name) or not file.is_file():
        raise Http404
    return Mail(name, message_from_bytes(file.read_bytes(), policy=policy.default))


def _demo_only(view: Any) -> Any:
    """404 unless DEBUG is on, whatever the list of addresses says."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEBUG:
            raise Http404
        response: HttpResponseBase = view(*args, **kwargs)
        return response

    return never_cache(require_safe(guarded))


@_demo_only
def index(request: HttpRequest) -> HttpResponse:
    """What there is to try in the demo."""
    return render(request, "config/demo.html")


@_demo_only
def mailbox(request: HttpRequest) -> HttpResponse:
    """The newest letters; the page looks again by itself."""
    names = _names()
    context = {"mails": [_open(name) for name in names[:SHOWN]], "count": len(names)}
    response = render(request, "config/mailbox/list.html", context)
    response.headers["Refresh"] = "4"
    return response


@_demo_only
@_under_policy(
    {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "script-src": ["'self'"],
        "img-src": ["'self'"],
        "frame-src": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
)
def letter(request: HttpRequest, name: str) -> HttpResponse:
    """One letter: its headers, its look, its text, its files."""
    return render(request, "config/mailbox/letter.html", {"mail": _open(name)})


@_demo_only
@xframe_options_sameorigin
@_under_policy(
    {
        "default-src": ["'none'"],
        "style-src": ["'unsafe-inline'"],
        "img-src": ["data:"],
        "frame-ancestors": ["'self'"],
        "base-uri": ["'none'"],
    }
)
def body(_request: HttpRequest, name: str) -> HttpResponse:
    """The HTML of a letter, under a policy that loads nothing: as strict a mail program as any."""
    # A link is to leave the frame, in which our own pages refuse to be shown.
    return HttpResponse(_open(name).html.replace("<head>", '<head><base target="_blank">', 1))


@_demo_only
def part(_request: HttpRequest, name: str, number: int) -> HttpResponse:
    """A file of a letter, to download."""
    parts = _open(name).parts
    if number >= len(parts):
        raise Http404
    found = parts[number]
    return HttpResponse(
        found.content,
        content_type=found.mime_type,
        headers={"Content-Disposition": f'attachment; filename="{found.file_name}"'},
    )


urlpatterns = [
    path("", index, name="demo"),
    path("mailbox", mailbox, name="mailbox-short"),
    path("mailbox/", mailbox, name="mailbox"),
    path("mailbox/<str:name>/", letter, name="mailbox-letter"),
    path("mailbox/<str:name>/body/", body, name="mailbox-body"),
    path("mailbox/<str:name>/<int:number>/", part, name="mailbox-part"),
]
