"""What a kind of letter is made of, and the list of kinds.

A kind has a function that composes it, called when the letter is about to be sent:

    @letters.composes("sign-in")
    def sign_in(letter: Letter) -> Outcome: ...

It reads the rows that `letter.key` names, as they are now, and gives a Draft (what the templates
need), a Skip (not needed any more, and why), a Postpone (cannot be known just now) or a Gather (it
goes with the supporter's next collected letter). It may ask Stripe: no transaction is open. It must
not write, and must be imported where the worker starts. The supporter's language is active: what it
puts into words goes through gettext.

The words are in three templates, found in the template folders of all apps:

    letters/<kind>/subject.txt   one line, neutral (DESIGN 11)
    letters/<kind>/body.txt      extends letters/layout.txt, block `words`
    letters/<kind>/body.html     extends letters/layout.html, blocks `preheader`, `words`, ...

Every sentence of theirs is a {% translate %} or {% blocktranslate trimmed %}, the same in text and
HTML wherever it can be, so that a translator meets it once.

They see the draft's context and `charity` (billing.charity.Charity), `contact` (the address for
questions), `site_url` (no slash at its end), `account_url`, `withdraw_page`, `name` (may be ""),
`subject`, `signature` (who signs: the charity, or nobody to a supporter who wants it discreet) and
`discreet`.
The layouts greet, sign and end with the charity's identity; their block `regards` holds the
good-bye. The .txt templates are not escaped for HTML. `facts`, a list of (label, text), is drawn as
a table by including letters/facts.txt and letters/facts.html; `actions`, a list of (label, link),
by letters/actions.txt and letters/actions.html, the first as a button, the account after the last.
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
class Recipient:
    """Whom a letter goes to. The hash is the one that suppressed addresses are kept under."""

    email: str = field(repr=False)
    email_hash: str
    name: str = field(default="", repr=False)
    language: str = "en"
    discreet: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What the templates of this kind need.

    `to` is for the few letters that do not go to the address that their supporter has now. With
    `leave_url`, whoever gets the letter can say that it was the last of its kind.
    """

    context: dict[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    to: Recipient | None = None
    leave_url: str = ""


@dataclass(frozen=True, slots=True)
class Skip:
    """The letter is not needed any more. `reason` is in our words and names nobody."""

    reason: str


@dataclass(frozen=True, slots=True)
class Postpone:
    """Whether it is needed cannot be known just now: ask again later, as often as it takes."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gather:
    """The supporter wants it with others of its kind, in one letter (see letters.gathering)."""


Outcome = Draft | Skip | Postpone | Gather
Composer = Callable[[Letter], Outcome]


@dataclass(frozen=True, slots=True)
class Kind:
    """How letters of one kind are made.

    One that `states_identity` is a document: the law wants the charity's full name in it, however
    discreet its supporter wants it (DOMAIN 1.1). One `to_staff` has no supporter: its draft says
    whom it goes to. Nor has one with `speaks`, which goes to an address that is no supporter's yet:
    that says in which language. One that is `owed`, since the law wants it or they asked for it,
    goes also to who called another letter unwanted.
    """

    compose: Composer
    states_identity: bool = False
    to_staff: bool = False
    owed: bool = False
    speaks: Callable[[Letter], str] | None = None


KINDS: Final[dict[str, Kind]] = {}


def composes(
    kind: str,
    *,
    states_identity: bool = False,
    to_staff: bool = False,
    owed: bool = False,
    speaks: Callable[[Letter], str] | None = None,
) -> Callable[[Composer], Composer]:
    """Register the function that composes letters of this kind."""

    def register(composer: Composer) -> Composer:
        KINDS[kind] = Kind(composer, states_identity, to_staff, owed, speaks)
        return composer

    return register
