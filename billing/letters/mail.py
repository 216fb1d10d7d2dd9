"""A letter as a mail: the templates, the headers, the foot. Text first, HTML beside it."""

import re
import textwrap
from email.utils import parseaddr
from functools import lru_cache
from typing import Any, Final

import css_inline
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template import Context, Engine
from django.utils.crypto import salted_hmac

from billing import charity
from billing.documents import ACCOUNT_PATH, WITHDRAW_PATH
from billing.letters.draft import KINDS, Draft, Recipient
from billing.models import Letter
from billing.wording import called

_WIDTH: Final = 76
_BLANK_LINES: Final = re.compile(r"\n\s*\n\s*\n+")
_PREHEADER: Final = re.compile(r'id="preheader"[^>]*>(.*?)<', re.DOTALL)


class Indiscreet(ValueError):
    """A word that others may see says more of the supporter than they chose to tell (DESIGN 11)."""


def recipient(letter: Letter) -> Recipient:
    """Its supporter, as they are known now and as they want to be written to."""
    who = letter.supporter
    assert who is not None  # noqa: S101 - the sender skips letters to nobody
    return Recipient(
        email=who.email,
        email_hash=who.email_hash,
        name=who.name,
        language=language(letter),
        discreet=who.discreet,
    )


def language(letter: Letter) -> str:
    """The language in which its reader is written to: theirs if we have it, else English."""
    speaks = KINDS[letter.kind].speaks
    if speaks is not None:
        wanted = speaks(letter)
    else:
        wanted = letter.supporter.language if letter.supporter else ""
    return wanted if wanted in dict(settings.LETTER_LANGUAGES) else "en"


def write(letter: Letter, draft: Draft, to: Recipient) -> EmailMultiAlternatives:
    """Write the mail, in the language that is active.

    To who wants it discreet it is plain text, from nobody in particular, without a name. Raises
    Indiscreet where the subject, the preheader or a file name would tell too much.
    """
    context = _context(letter.kind, draft, to)
    subject = _one_line(_render(letter.kind, "subject.txt", context))
    context["subject"] = subject
    text = _wrapped(_render(letter.kind, "body.txt", context))
    _check_discretion(subject, *(each.file_name for each in draft.attachments))
    support = charity.current().support_email
    message = EmailMultiAlternatives(
        subject=subject,
        body=text,
        from_email=settings.DISCREET_FROM_EMAIL if to.discreet else settings.DEFAULT_FROM_EMAIL,
        to=[to.email],
        reply_to=[support] if support and not to.discreet else None,
        headers={**_headers(draft), "Message-ID": message_id(letter)},
    )
    if not to.discreet:
        html = _inliner().inline(_render(letter.kind, "body.html", context))
        _check_discretion(*_PREHEADER.findall(html))
        message.attach_alternative(html, "text/html")
    for each in draft.attachments:
        message.attach(each.file_name, each.content, each.mime_type)
    return message


def _headers(draft: Draft) -> dict[str, str]:
    """What mail programs read. Only who can be rid of a letter is told how (RFC 2369, RFC 8058)."""
    headers = {"Auto-Submitted": "auto-generated"}
    if draft.leave_url:
        headers["List-Unsubscribe"] = f"<{draft.leave_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def message_id(letter: Letter) -> str:
    """The same for the same letter, so that mail programs know a second copy. Tells nothing.

    Its host is the discreet sender's for all: a reader may become discreet between two tries.
    """
    digest = salted_hmac("billing.letters", f"{letter.kind}:{letter.key}", algorithm="sha256")
    host = parseaddr(settings.DISCREET_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{digest.hexdigest()[:40]}@{host}>"


def indiscreet(text: str) -> bool:
    """Whether a text that others may see holds one of the words it must not (INDISCREET_WORDS)."""
    return any(word in text.casefold() for word in settings.INDISCREET_WORDS)


def _check_discretion(*visible: str) -> None:
    if any(indiscreet(text) for text in visible):
        raise Indiscreet


def _context(kind: str, draft: Draft, to: Recipient) -> dict[str, Any]:
    identity = charity.current()
    return {
        **draft.context,
        "charity": identity,
        "contact": identity.support_email or parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
        "site_url": settings.SITE_URL,
        "account_url": settings.SITE_URL + ACCOUNT_PATH,
        "withdraw_page": settings.SITE_URL + WITHDRAW_PATH,
        "name": "" if to.discreet else called(to.name),
        "discreet": to.discreet,
        "language": to.language,
        "signature": "" if to.discreet else identity.trading_name or identity.legal_name,
        "identity_lines": identity.identity_lines
        if KINDS[kind].states_identity or not to.discreet
        else [],
    }


def _render(kind: str, part: str, context: dict[str, Any]) -> str:
    template = Engine.get_default().get_template(f"letters/{kind}/{part}")
    # Django would escape a text like a page: O'Brien would become O&#x27;Brien.
    return str(template.render(Context(context, autoescape=part.endswith(".html"))))


def _one_line(text: str) -> str:
    """A subject on one line: a line break in it would begin a header of somebody else's making."""
    return " ".join(text.split())


def _wrapped(text: str) -> str:
    """Lines that a plain mail program shows whole. A link is never broken."""
    lines = [
        textwrap.fill(
            line,
            _WIDTH,
            subsequent_indent=" " * (len(line) - len(line.lstrip())),
            break_long_words=False,
            break_on_hyphens=False,
        )
        for line in text.splitlines()
    ]
    return _BLANK_LINES.sub("\n\n", "\n".join(lines)).strip() + "\n"


@lru_cache(maxsize=1)
def _inliner() -> css_inline.CSSInliner:
    # At-rules stay: dark mode and narrow screens cannot be inlined. Nothing is ever fetched.
    return css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)
