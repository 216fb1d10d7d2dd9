"""The words a supporter agrees to, with the version that the record keeps (DOMAIN 4.2).

Whoever changes a word of it gives it a new version: a record points at the words that were read.
"""

from typing import Final

VERSION: Final = "2026-11"
LOCALE: Final = "en-IE"
_TEXT: Final = (
    "I understand that supporting {name} may imply something about my sexual orientation or gender "
    "identity, and I agree to {name} and its payment provider using my details to run my support."
)


def statement(*, name: str) -> str:
    """The sentence beside the box, in the name of the charity that asks."""
    return _TEXT.format(name=name)
