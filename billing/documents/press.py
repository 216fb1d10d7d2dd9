"""The press: draws a document with Typst, tagged, as PDF/UA-1 and PDF/A-2a, its fonts embedded.

The data goes in as JSON, so that a name which looks like a command stays a name. No font of the
machine is used, so that every machine draws the same bytes.
"""

import json
import unicodedata
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import typst
from django.conf import settings
from django.utils import translation

_HERE: Final = Path(__file__).parent
_SOURCES: Final = _HERE / "typst"
_FONTS: Final = _HERE / "fonts"

# In this order a letter is looked for; Libertinus comes with typst.
_FAMILIES: Final = (
    "Libertinus Serif",
    "Noto Naskh Arabic",
    "Noto Serif Hebrew",
    "Noto Serif Armenian",
    "Noto Serif Georgian",
    "Noto Serif Ethiopic",
    "Noto Serif Devanagari",
    "Noto Serif Bengali",
    "Noto Serif Gurmukhi",
    "Noto Serif Gujarati",
    "Noto Serif Tamil",
    "Noto Serif Telugu",
    "Noto Serif Kannada",
    "Noto Serif Malayalam",
    "Noto Serif Sinhala",
    "Noto Serif Thai",
    "Droid Sans Fallback",
)

_LONG_WORD: Final = 30
_BREAK: Final = "\u200b"  # zero width space: a line may end here
# They turn the order of the letters around, for all that follows in their line.
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
_TO_THE_LEFT: Final = frozenset({"R", "AL"})

Data = dict[str, Any]


def draw(source: str, data: Data, *, payer: str, name: str) -> bytes:
    """Draw a document in the language that is active, for a payer of this name under this label.

    "" leaves the name out (DOMAIN 1.4). A name with a letter that no font of ours has is left out
    too: a receipt without a name is good, one with boxes in its place is not. Raises
    typst.TypstError if even that cannot be drawn.
    """
    name = _printable(name)
    if name:
        shown = {"label": payer, "name": name, "leftward": _leftward(name)}
        try:
            return _compile(source, data | {"payer": shown})
        except typst.TypstError:
            pass
    return _compile(source, data | {"payer": None})


def _compile(source: str, data: Data) -> bytes:
    drawn: bytes = typst.compile(
        _SOURCES / source,
        root=_SOURCES,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"doc": json.dumps(data | {"language": _language(), "fonts": _FAMILIES})},
        pdf_standards=["a-2a", "ua-1"],
    )
    return drawn


def _language() -> str:
    """The language that the words are in: English stands in for those that we do not speak."""
    active = (translation.get_language() or "").partition("-")[0]
    return active if active in dict(settings.LETTER_LANGUAGES) else "en"


@lru_cache(maxsize=1)
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[_FONTS])


def _printable(name: str) -> str:
    """The name on one line: without what is no letter, and with places to break a word that long.

    Joiners stay: Persian and Malayalam are misspelt without them.
    """
    kept = "".join(each for each in name if each.isspace() or _shows(each))
    return " ".join(_breakable(word) for word in kept.split())


def _shows(letter: str) -> bool:
    return letter not in _TURNING and unicodedata.category(letter) not in {"Cc", "Cs"}


def _breakable(word: str) -> str:
    if len(word) <= _LONG_WORD:
        return word
    return _BREAK.join(word[at : at + 10] for at in range(0, len(word), 10))


def _leftward(name: str) -> bool:
    """Whether it is written from right to left: its first letter with a direction decides."""
    directions = (unicodedata.bidirectional(each) for each in name)
    strong = (each for each in directions if each in _TO_THE_LEFT or each == "L")
    return next(strong, "L") in _TO_THE_LEFT
