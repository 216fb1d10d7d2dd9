"""The words a supporter agrees to, with the version that the record keeps (DOMAIN 4.2).

Whoever changes a word of it, in any language, gives it a new version: a record points at the words
that were read. They stand here and not in a catalogue, where a translation might change unnoticed.
"""

from typing import Final

from django.utils.translation import get_language

VERSION: Final = "2026-11"
_LOCALES: Final = {"en": "en-IE", "ga": "ga-IE"}
_TEXTS: Final = {
    "en-IE": (
        "I understand that supporting {name} may imply something about my sexual orientation or "
        "gender identity, and I agree to {name} and its payment provider using my details to run "
        "my support."
    ),
    "ga-IE": (
        "Tuigim go bhféadfadh tacaíocht a thabhairt do {name} rud éigin a thabhairt le fios "
        "faoi mo ghnéaschlaonadh nó faoi m\u2019fhéiniúlacht inscne, agus toilím leis go "
        "n-úsáidfidh {name} agus a sholáthraí íocaíochtaí mo shonraí chun mo thacaíocht a "
        "reáchtáil."
    ),
}


def language() -> str:
    """The language of the pages just now, as letters name it: "en" or "ga"."""
    spoken = (get_language() or "en").partition("-")[0]
    return spoken if spoken in _LOCALES else "en"


def locale() -> str:
    """The locale in which the statement is read just now."""
    return _LOCALES[language()]


def statement(*, name: str, read: str = "") -> str:
    """The sentence beside the box, in the name of the charity that asks; as it was `read`, if so.

    `read` is the locale of a record.
    """
    return _TEXTS[read or locale()].format(name=name)
