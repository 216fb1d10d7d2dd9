"""A letter speaks one language: whole in its supporter's, or whole in English, never mixed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from gettext import GNUTranslations, NullTranslations
from typing import Final, TypeVar
from weakref import WeakSet

import structlog
from django.utils import translation
from django.utils.translation import trans_real

log = structlog.get_logger(__name__)

_Said = TypeVar("_Said")

_ENGLISH: Final = "en"
_missing: Final[ContextVar[set[str] | None]] = ContextVar("missing", default=None)
_watched: Final[WeakSet[GNUTranslations]] = WeakSet()


class _Untranslated(NullTranslations):
    """Stands behind a catalogue: hears what that has no words for, and answers in English."""

    def gettext(self, message: str) -> str:
        missing = _missing.get()
        if missing is not None:
            missing.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        self.gettext(msgid1)
        return msgid1 if n == 1 else msgid2


def whole(language: str, say: Callable[[], _Said]) -> _Said:
    """Say it in this language; in English if it holds one sentence that nobody has translated yet.

    `say` is called with the language active, and may be called a second time with English.
    """
    with speaking(language) as missing:
        said = say()
    if not missing:
        return said
    log.warning("letter goes in English", language=language, untranslated=len(missing))
    with speaking(_ENGLISH):
        return say()


@contextmanager
def speaking(language: str) -> Iterator[set[str]]:
    """Make the language active; the set fills with the sentences that it turns out to lack."""
    missing: set[str] = set()
    if language != _ENGLISH:
        _watch(trans_real.translation(language))
    before = _missing.set(missing)
    try:
        with translation.override(language):
            yield missing
    finally:
        _missing.reset(before)


def _watch(catalogue: GNUTranslations) -> None:
    # Django keeps one object per language and process, until a test changes the settings.
    if catalogue not in _watched:
        catalogue.add_fallback(_Untranslated())
        _watched.add(catalogue)
