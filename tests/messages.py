"""`make messages`: the sentences of pages and letters, from the sources into the catalogues.

A catalogue stands in the app whose sentences it holds: <app>/locale/<language>/LC_MESSAGES/. The
.po is what people translate, the .mo what the service reads; both are kept in git, so that no
machine needs gettext's own programs. A new language is a new folder in both apps and a line in
LANGUAGES. A sentence that changed keeps its old translation, marked fuzzy, until somebody
has looked at it; one that is gone is dropped. The same sources give the same bytes.
"""

import io
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT: Final = Path(__file__).resolve().parent.parent
APPS: Final = ("billing", "members")
# What staff alone see is in English alone.
_ENGLISH_ALONE: Final = frozenset({"staff", "account", "allauth", "mfa"})

_KEYWORDS: Final = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_HEADER: Final = """\
# Pages and letters in {name}. Written by `make messages`; only what stands in msgstr is yours.
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Language: {language}\\n"
"Plural-Forms: {plural_forms}\\n"

"""
# Babel writes the hour into what it compiles; the same sentences shall give the same file.
_NO_TIME: Final = datetime(2026, 1, 1, tzinfo=UTC)


def catalogues() -> list[Path]:
    """The .po files of both apps."""
    return sorted(path for app in APPS for path in (ROOT / app).glob("locale/*/LC_MESSAGES/*.po"))


def app_of(path: Path) -> str:
    return path.relative_to(ROOT).parts[0]


def language_of(path: Path) -> str:
    return path.parent.parent.name


def sentences(app: str) -> Catalog:
    """What this app says to supporters, as its sources have it: the words and nothing else."""
    found = Catalog(creation_date=_NO_TIME)
    for path in _sources(ROOT / app):
        source = path.read_text()
        if path.suffix != ".py":
            # In brackets, as what is indented in a template is not indented as Python wants it.
            source = f"({templatize(source, origin=str(path))}\n)"
        where = path.relative_to(ROOT).as_posix()
        for _line, words, comments, context in extract(
            "python", io.BytesIO(source.encode()), keywords=_KEYWORDS, comment_tags=["Translators"]
        ):
            found.add(words, locations=[(where, 0)], auto_comments=comments, context=context)
    return found


def templates(app: str) -> list[Path]:
    """The templates of pages and letters that supporters see."""
    folder = ROOT / app / "templates"
    return sorted(
        path
        for path in folder.rglob("*.*")
        if path.suffix in {".html", ".txt"}
        and path.relative_to(folder).parts[0] not in _ENGLISH_ALONE
    )


def _sources(app: Path) -> Iterator[Path]:
    yield from templates(app.name)
    yield from sorted(path for path in app.rglob("*.py") if "migrations" not in path.parts)


def read(path: Path) -> Catalog:
    """The catalogue in a .po file."""
    with path.open("rb") as file:
        return read_po(file, locale=language_of(path))


def compiled(path: Path) -> Catalog:
    """What the .mo beside a .po file says."""
    with path.with_suffix(".mo").open("rb") as file:
        catalogue = read_mo(file)
    for each in catalogue:
        # Babel leaves the context of what it compiled as bytes.
        each.context = each.context.decode() if isinstance(each.context, bytes) else each.context
    return catalogue


def untranslated(catalogue: Catalog) -> list[Message]:
    """What has no translation yet, or one that nobody has looked at since the sentence changed."""
    return [each for each in catalogue if each.id and (each.fuzzy or not all(forms(each.string)))]


def forms(words: str | Sequence[str] | None) -> tuple[str, ...]:
    """A sentence, or each of its plural forms."""
    return (words,) if isinstance(words, str) else tuple(words or ("",))


def renewed(path: Path) -> Catalog:
    """The catalogue in a .po file, brought up to the sources of its app."""
    catalogue = read(path)
    catalogue.update(sentences(app_of(path)), update_creation_date=False)
    catalogue.obsolete.clear()
    catalogue.creation_date = catalogue.revision_date = _NO_TIME
    return catalogue


def as_po(catalogue: Catalog, path: Path) -> bytes:
    """A catalogue as people read it."""
    file = io.BytesIO()
    write_po(
        file,
        catalogue,
        width=100,
        omit_header=True,
        sort_by_file=True,
        include_previous=True,
        include_lineno=False,
    )
    return _header(catalogue, path).encode() + file.getvalue()


def _header(catalogue: Catalog, path: Path) -> str:
    return _HEADER.format(
        name=catalogue.locale.english_name if catalogue.locale else language_of(path),
        language=language_of(path),
        plural_forms=catalogue.plural_forms,
    )


def as_mo(catalogue: Catalog) -> bytes:
    """A catalogue as the service reads it; what is fuzzy stays out."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def main() -> int:
    """Update every catalogue, and name what is still to be translated. 1 if anything is."""
    missing = 0
    for path in catalogues():
        catalogue = renewed(path)
        path.write_bytes(as_po(catalogue, path))
        path.with_suffix(".mo").write_bytes(as_mo(catalogue))
        open_ones = untranslated(catalogue)
        missing += len(open_ones)
        print(f"{path.relative_to(ROOT)}: {len(open_ones)} to translate")
        for each in open_ones:
            print(f"  {'look at' if each.fuzzy else 'new'}: {each.id}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
