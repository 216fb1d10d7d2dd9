"""What a kind of letter is made of, and the list of kinds.

A kind has a function that composes it, called when the letter is about to be sent:

    @letters.composes("sign-in")
    def sign_in(letter: Letter) -> Draft | Skip: ...

It reads the rows that `letter.key` names, as they are now, and gives a Draft (what the templates
need), a Skip (not needed any more, and why) or a Postpone (cannot be known just now). It may ask
Stripe: no transaction is open. It must not write, and must be imported where the worker starts.

The words are in three templates, found in the template folders of all apps:

    letters/<kind>/subject.txt   one line, neutral (DESIGN 11)
    letters/<kind>/body.txt      extends letters/layout.txt, block `words`
    letters/<kind>/body.html     extends letters/layout.html, blocks `preheader`, `words`, ...

They see the draft's context and `charity` (billing.charity.Charity), `contact` (the address for
questions), `site_url` (no slash at its end), `account_url`, `name` (may be "") and `subject`. The
layouts greet, sign and end with the charity's identity; their block `regards` holds the good-bye.
The .txt templates are not escaped for HTML. `facts`, a list of (label, text), is drawn as a table
by including letters/facts.txt and letters/facts.html. A button: p.action around a.button.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from billing.models import Letter


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the letter. Its name shows in lists of mail, so it is neutral."""

    file_name: str
    content: bytes
    mime_type: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What the templates of this kind need."""

    context: dict[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Skip:
    """The letter is not needed any more. `reason` is in our words and names nobody."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Whether it is needed cannot be known just now: ask again later, as often as it takes."""

    reason: str


Composer = Callable[[Letter], Draft | Skip | Postpone]

COMPOSERS: Final[dict[str, Composer]] = {}


def composes(kind: str) -> Callable[[Composer], Composer]:
    """Register the function that composes letters of this kind."""

    def register(composer: Composer) -> Composer:
        COMPOSERS[kind] = composer
        return composer

    return register
