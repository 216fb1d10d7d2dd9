"""Reading a PDF as a screen reader or a search would."""

import io
import re
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader


def text_of(pdf: bytes, *, pages: int | None = 1) -> str:
    """The words of a document on one line; it must have so many pages, or any number (None)."""
    reader = PdfReader(io.BytesIO(pdf))
    assert pages is None or len(reader.pages) == pages
    text = "\n".join(page.extract_text() for page in reader.pages)
    # Where a word too long for its line may be broken.
    return re.sub(r"\s+", " ", text.replace("\u200b", "").replace("\u00ad", ""))


def language_of(pdf: bytes) -> str:
    """The language that a document says it is in."""
    return str(PdfReader(io.BytesIO(pdf)).root_object["/Lang"])


def unembedded_fonts(pdf: bytes) -> set[str]:
    """The fonts that a document names without bringing them along."""
    reader = PdfReader(io.BytesIO(pdf))
    fonts = [font for page in reader.pages for font in _fonts(page)]
    assert fonts
    return {str(font["/BaseFont"]) for font in fonts if not _is_embedded(font)}


def _fonts(page: Any) -> Iterator[Any]:
    for font in (page["/Resources"].get("/Font") or {}).values():
        yield font.get_object()


def _is_embedded(font: Any) -> bool:
    inner = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    descriptor = inner["/FontDescriptor"].get_object()
    return any(key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3"))
