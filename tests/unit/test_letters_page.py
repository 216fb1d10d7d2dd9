"""docs/letters.md tells of every kind of letter what staff are told of it, word for word."""

import os
from collections.abc import Iterator

from billing.letters.draft import KINDS
from members.staff.letters.words import ABOUT, MATTERS
from tests.processes import ROOT

PAGE = ROOT / "docs" / "letters.md"
START = "<!-- Below: from members/staff/letters/words.py; MEITHEAL_WRITE=1 writes it anew. -->\n"


def test_it_says_of_every_kind_when_and_why() -> None:
    head, _, told = PAGE.read_text().partition(START)
    wanted = "".join(_tables())
    if os.environ.get("MEITHEAL_WRITE"):
        PAGE.write_text(head + START + wanted)
        told = wanted
    assert told == wanted


def _tables() -> Iterator[str]:
    for matter in MATTERS:
        yield f"\n## {matter}\n\n| Kind | It is due when | What binds us to it |\n|---|---|---|\n"
        for kind in sorted(KINDS):
            about = ABOUT[kind]
            if about.matter == matter:
                yield f"| **{about.name}** `{kind}` | {about.why} | {about.binding} |\n"
