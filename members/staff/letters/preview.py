"""A letter as it would be written now, for eyes that must not learn whose it is.

Nothing sealed is opened while it is written, every link in it is dead, and a composer that tried
to write a row would be stopped: looking changes nothing.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, Final

from django.core.mail import EmailMultiAlternatives
from django.db import connection
from django.utils import translation

from billing.letters import Draft, Gather, Postpone, Recipient, Skip, compose, languages, mail
from billing.models import Letter
from members import vault
from members.staff.letters import masks, samples
from members.staff.letters.words import trouble

_HEADERS: Final = ("List-Unsubscribe", "Message-ID")


class _Writes(Exception):
    """A composer tried to change something."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What would be sent, or why nothing would be."""

    subject: str = ""
    # Masked, and only where it is not the address that its supporter has now.
    to: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    html: str = ""
    files: tuple[tuple[str, int], ...] = ()
    language: str = "en"
    discreet: bool = False
    # Where there is no letter: why, and how bad that is.
    verdict: str = ""
    tone: str = ""


def of_letter(letter: Letter) -> Preview:
    """The letter as its supporter would get it now, with a veil over who that is."""
    shown = _in_disguise(letter)
    try:
        with vault.closed(masks.VEIL), _looking_only():
            return languages.whole(mail.language(shown), lambda: _written(shown))
    except Exception as error:  # noqa: BLE001 - whatever is wrong with the letter, the page says so
        why = trouble(type(error).__name__)
        return Preview(verdict=f"It cannot be written just now. {why}", tone="bad")


def of_sample(kind: str, case: str, *, language: str, discreet: bool) -> Preview:
    """A letter of this kind with made-up data."""
    to = Recipient("alice@example.org", "", "Alice", language, discreet)
    with translation.override(language):
        draft = samples.draft(kind, case)
        return _shown(mail.write(Letter(kind=kind, key=f"sample {case}"), draft, to), to)


def recoloured(html: str, *, dark: bool) -> str:
    """The HTML as a mail program in this mode shows it, whatever mode the reader's own is in."""
    scheme = "dark" if dark else "light"
    html = html.replace('content="light dark"', f'content="{scheme}"')
    return html.replace("(prefers-color-scheme: dark)", "all" if dark else "not all")


def _in_disguise(letter: Letter) -> Letter:
    """The letter with a supporter for whose hash no link of ours opens. Never saved."""
    shown = copy(letter)
    if letter.supporter is not None:
        who = copy(letter.supporter)
        who.email_hash = secrets.token_hex(32)
        shown.supporter = who
    return shown


@contextmanager
def _looking_only() -> Iterator[None]:
    """Let nothing but questions through to the database."""

    def only_ask(
        execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        if not sql.lstrip("( ").upper().startswith(("SELECT", "WITH")):
            raise _Writes
        return execute(sql, params, many, context)

    with connection.execute_wrapper(only_ask):
        yield


def _written(letter: Letter) -> Preview:
    """What the sender would send, or do instead, in the language that is active."""
    outcome = compose(letter)
    if not isinstance(outcome, Draft):
        return _verdict(outcome)
    to = _veiled(outcome.to or mail.recipient(letter))
    preview = _shown(mail.write(letter, outcome, to), to)
    return replace(preview, to=to.email if outcome.to else "")


def _verdict(outcome: Skip | Postpone | Gather) -> Preview:
    if isinstance(outcome, Gather):
        return Preview(
            verdict="It would go with this supporter's next collected letter, as they chose.",
            tone="good",
        )
    if isinstance(outcome, Postpone):
        why = trouble(outcome.reason)
        return Preview(verdict=f"It would wait, and be tried again. {why}", tone="warn")
    return Preview(verdict=f"It would not be sent any more. {trouble(outcome.reason)}", tone="warn")


def _veiled(to: Recipient) -> Recipient:
    return replace(
        to, email=masks.address(to.email), email_hash="", name=masks.VEIL if to.name else ""
    )


def _shown(message: EmailMultiAlternatives, to: Recipient) -> Preview:
    headers = [("From", str(message.from_email)), ("Reply-To", ", ".join(message.reply_to))]
    headers += [(name, str(message.extra_headers.get(name, ""))) for name in _HEADERS]
    html = next((str(body) for body, kind in message.alternatives if kind == "text/html"), "")
    return Preview(
        subject=str(message.subject),
        headers=tuple((name, masks.dead_links(text)) for name, text in headers if text),
        text=masks.dead_links(str(message.body)),
        html=masks.dead_links(html),
        files=tuple((str(each[0]), len(each[1])) for each in message.attachments),
        language=to.language,
        discreet=to.discreet,
    )
